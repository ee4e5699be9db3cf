"""What the slider is given: the files as they are, or a reduced copy that is said to be one."""

from __future__ import annotations

import io
import json
import os
import struct
import tomllib

from PIL import Image

from rerender.ui import compare as slider
from rerender.ui import components
from tests.e2e.app import ROOT


def unpacked(data: bytes) -> tuple[dict, list[bytes]]:
    length = struct.unpack(">I", data[:4])[0]
    header = json.loads(data[4 : 4 + length])
    files, start = [], 4 + length
    for size in header["sizes"]:
        files.append(data[start : start + size])
        start += size
    assert start == len(data)
    return header, files


def noise(side: int) -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(file, "PNG")
    return file.getvalue()


def test_the_files_travel_byte_for_byte_and_add_next_to_nothing() -> None:
    files = [(noise(64), "image/png"), (b"", "image/png"), (noise(32), "image/webp")]
    packed = components.pack({"labels": ["Kontrollbild · ü"]}, files)
    header, sent = unpacked(packed)
    assert sent == [data for data, _ in files]
    assert header["types"] == ["image/png", "image/png", "image/webp"]
    assert header["labels"] == ["Kontrollbild · ü"]


def test_the_same_files_keep_their_key_and_others_get_another() -> None:
    one, other = noise(32), noise(32)
    keys = [
        unpacked(components.pack({"labels": [label]}, [(data, "image/png")]))[0]["key"]
        for label, data in (("a", one), ("b", one), ("a", other))
    ]
    assert keys[0] == keys[1]
    assert keys[0] != keys[2]


def test_a_file_is_shown_as_it_is_until_it_would_block_the_page_and_then_says_that_it_is_reduced() -> None:
    small = slider.Side(noise(200), "image/png", "Preview", "a preview")
    assert slider._shown(small) is small
    large = slider.Side(noise(1700), "image/png", "Preview", "a preview")
    assert len(large.data) > slider.SHOWN_MAX_BYTES
    shown = slider._shown(large)
    assert shown.label == "Preview (shown reduced)"
    assert len(shown.data) < slider.SHOWN_MAX_BYTES
    assert Image.open(io.BytesIO(shown.data)).format == "JPEG"


def test_two_pictures_of_any_size_fit_together_into_one_message() -> None:
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    largest = slider.Side(noise(2700), "image/png", "Preview", "x" * 10_000)
    assert len(largest.data) > 20_000_000, "more than a control image may have"
    shown = slider._shown(largest)
    assert shown.label == "Preview (shown reduced)"
    one = max(len(shown.data), slider.SHOWN_MAX_BYTES)
    assert 2 * one + 1_000_000 < config["server"]["maxMessageSize"] * 1e6


def test_a_large_file_that_is_no_picture_is_not_sent_and_its_label_says_so() -> None:
    shown = slider._shown(slider.Side(b"x" * 9_000_000, "image/png", "Preview", "a preview"))
    assert not shown.data
    assert shown.label == "Preview (cannot be shown)"
