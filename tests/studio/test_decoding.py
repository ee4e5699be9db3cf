"""Strangers' pictures, opened one at a time and only up to a size."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from rerender import images
from rerender.errors import ImageError
from rerender.studio import capsule, decoding
from rerender.studio.archive import Archive, ArchiveError
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.limits import LOCAL_LIMITS, Limits
from tests.fake_api import picture, png_header
from tests.studio.helpers import read
from tests.studio.rows import add_run


@pytest.fixture(autouse=True)
def _afterwards_as_before() -> Iterator[None]:
    yield
    decoding.allow(LOCAL_LIMITS)


def photo(width: int, height: int, format: str = "PNG", mode: str = "RGB") -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    image = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, format)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "is_taken"),
    [
        (picture(1000, 1000), True),
        (picture(1010, 1000), False),
        (picture(1010, 1000, format="JPEG"), False),
        (picture(700, 700, format="WEBP"), True),
        (picture(720, 720, format="WEBP"), False),
        (png_header(15_000, 15_000), False),
    ],
    ids=["exactly", "over", "JPEG over", "WebP of half", "WebP over half", "a bomb"],
)
def test_a_picture_is_opened_up_to_the_pixels_that_are_allowed_and_a_webp_up_to_half_of_them(
    data: bytes, is_taken: bool
) -> None:
    decoding.allow(replace(LOCAL_LIMITS, megapixels=1, decodes_at_once=1))
    if is_taken:
        assert decoding.copy_to_keep(data)[0] == data
        return
    for opens in (decoding.copy_to_keep, decoding.size_of):
        with pytest.raises(ImageError, match=r"pixels.* save it smaller"):
            opens(data)


def test_where_there_is_room_for_it_a_webp_may_have_as_many_pixels_as_any_other() -> None:
    decoding.allow(replace(LOCAL_LIMITS, megapixels=1))
    assert decoding.size_of(picture(1000, 1000, format="WEBP")) == (1000, 1000)
    assert LOCAL_LIMITS.decodes_at_once > 1
    assert Limits.of("hosted").decodes_at_once == 1
    with pytest.raises(ImageError, match=r"over 1 million pixels, the most that are opened here; save it smaller"):
        decoding.size_of(picture(1010, 1000, format="WEBP"))


def test_a_file_over_the_size_of_an_upload_is_refused_unopened() -> None:
    decoding.allow(replace(LOCAL_LIMITS, upload_mb=1))
    with pytest.raises(ImageError, match="over 1 MB, the most that is taken here"):
        decoding.copy_to_keep(b"\x89PNG" + bytes(1_000_000))


def test_one_who_waits_too_long_for_a_turn_is_told_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "WAITS_FOR", 0.01)
    decoding.allow(replace(LOCAL_LIMITS, megapixels=1, decodes_at_once=1))
    inside, leave = threading.Event(), threading.Event()

    def open_for_long() -> None:
        with decoding.turn(picture(900, 900)):
            inside.set()
            leave.wait(60)

    other = threading.Thread(target=open_for_long)
    other.start()
    assert inside.wait(60)
    with pytest.raises(decoding.Busy, match="Nothing was sent; try again"):
        decoding.size_of(picture(500, 500))
    assert decoding.size_of(picture()) == (64, 48), "there is room for small ones beside it"
    leave.set()
    other.join()
    assert decoding.size_of(picture(500, 500)) == (500, 500)


def test_a_thread_whose_turn_it_is_need_not_wait_for_itself_and_a_broken_file_frees_its_place() -> None:
    decoding.allow(replace(LOCAL_LIMITS, decodes_at_once=1))
    with decoding.turn(picture()), decoding.turn(picture()):
        assert decoding.size_of(picture()) == (64, 48)
    for _ in range(3):
        with pytest.raises(ImageError, match="broken"):
            decoding.size_of(b"no picture")


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_of_a_large_file_a_session_keeps_a_copy_from_which_the_same_is_prepared(mode: str) -> None:
    decoding.allow(replace(LOCAL_LIMITS, kept_upload_kb=4000))
    data = photo(3000, 2400, mode=mode)
    if mode == "RGBA":
        clear = Image.open(io.BytesIO(data))
        clear.paste((0, 0, 0, 0), (0, 0, 1500, 1200))
        buffer = io.BytesIO()
        clear.save(buffer, "PNG")
        data = buffer.getvalue()
    kept, size = decoding.copy_to_keep(data)
    assert size == (3000, 2400)
    assert len(kept) < len(data) / 2
    for width, height in ((1024, 824), (2048, 2048)):
        from_file, from_copy = (
            np.asarray(Image.open(io.BytesIO(images.prepare(one, width, height, keep_alpha=True))), np.int16)
            for one in (data, kept)
        )
        assert from_file.shape == from_copy.shape
        assert np.abs(from_file - from_copy).mean() < 3


def test_a_small_file_is_kept_as_it_came() -> None:
    data = photo(640, 512)
    assert decoding.copy_to_keep(data) == (data, (640, 512))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("kept_kb", [100, 2000])
@pytest.mark.parametrize("size", [(15_990, 156), (2400, 1600)], ids=["very wide", "as large as can be sent"])
def test_the_copy_of_a_large_file_is_never_larger_than_the_limit(
    size: tuple[int, int], kept_kb: int, mode: str
) -> None:
    decoding.allow(replace(LOCAL_LIMITS, kept_upload_kb=kept_kb))
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], len(mode)), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG", compress_level=1)
    kept, own = decoding.copy_to_keep(buffer.getvalue())
    assert own == size
    assert len(kept) <= kept_kb * 1000
    copy = images.load(kept)
    assert max(copy.size) <= 4096
    assert min(copy.size) >= images.MIN_SIDE
    assert copy.mode == mode


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Another picture is being opened that takes all the room, until this is set."""
    monkeypatch.setattr(decoding, "WAITS_FOR", 0.01)
    decoding.allow(replace(LOCAL_LIMITS, megapixels=2, decodes_at_once=1))
    inside, leave = threading.Event(), threading.Event()

    def open_for_long() -> None:
        with decoding.turn(png_header(2000, 1000)):
            inside.set()
            leave.wait(60)

    other = threading.Thread(target=open_for_long)
    other.start()
    assert inside.wait(60)
    yield leave
    leave.set()
    other.join()


def an_exported_run(database: Database) -> tuple[io.BytesIO, bytes]:
    """An archive with one run, and its picture with its settings."""
    when = {"created_at": 1.7e9, "finished_at": 1.7e9 + 1, "stored_at": 1.7e9 + 1}
    run_id = add_run(database, results=[picture(64, 48)], control_image=picture(1200, 1000), **when)
    run = read(History(database, "ours"), run_id)
    file = io.BytesIO()
    Archive(database, "ours").export(file)
    return file, capsule.write(picture(64, 48), 0, run, picture(1200, 1000))


def test_while_others_are_opened_a_picture_is_called_neither_broken_nor_without_settings(
    database: Database, busy: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, carrier = an_exported_run(database)
    with pytest.raises(ArchiveError, match=r"^Other pictures are being opened.*Nothing was imported; try again"):
        Archive(database, "theirs").import_from(file)
    with pytest.raises(decoding.Busy):
        capsule.read(carrier)
    assert History(database, "theirs").latest() is None
    busy.set()
    monkeypatch.setattr(decoding, "WAITS_FOR", 10.0)  # The other thread leaves a moment later.
    Archive(database, "theirs").import_from(file)
    theirs = History(database, "theirs")
    run = theirs.latest()
    assert run is not None
    assert [one.is_readable for one in theirs.outputs(run.run_id)] == [True]
    assert capsule.read(carrier) is not None


def test_one_of_ours_is_opened_whatever_else_is(busy: threading.Event) -> None:
    with decoding.turn(picture(), is_ours=True):
        pass
    with pytest.raises(decoding.Busy), decoding.turn(picture()):
        pass
    busy.set()


def test_neither_an_archive_nor_a_capsule_brings_a_picture_past_the_limit(database: Database) -> None:
    file, carrier = an_exported_run(database)
    decoding.allow(replace(LOCAL_LIMITS, megapixels=1))
    with pytest.raises(ArchiveError, match=r"over 1 million pixels.*Nothing was imported"):
        Archive(database, "theirs").import_from(file)
    assert capsule.read(carrier) is None
    decoding.allow(LOCAL_LIMITS)
    assert capsule.read(carrier) is not None
