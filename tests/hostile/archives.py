"""Archives with anything in them, and ZIPs with tricks."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rerender.studio.manifest import FORMAT, RUN_FIELDS, VERSION
from tests.hostile.building import MARK, File
from tests.studio.archives import PICTURES, STORED

MANIFEST = "manifest.json"
OUTPUTS = 16  # the most that a run can have


def run_json(number: int, control_image: str, outputs: list[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    row = {name: value for name, value in asdict(STORED).items() if name in RUN_FIELDS}
    # Without outputs none are stored either.
    at = {} if outputs else {"stored_at": None}
    return {**row, **at, "run_id": f"{number:032}", "control_image": control_image, "outputs": outputs, **changed}


def document(runs: list[dict[str, Any]], images: dict[str, str]) -> bytes:
    preferences: dict[str, Any] = {}
    whole = {"format": FORMAT, "version": VERSION, "runs": runs, "images": images, "preferences": preferences}
    return json.dumps(whole).encode()


def zipped(files: list[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def archive_of(every: list[File]) -> bytes:
    """An archive whose runs have these files as outputs, `OUTPUTS` each."""
    named = {sha(file.data): f"pictures/{number}" for number, file in enumerate(every)} | {sha(PICTURES[0]): "control"}
    runs = []
    for number, start in enumerate(range(0, len(every), OUTPUTS)):
        part = every[start : start + OUTPUTS]
        outputs = [{"position": place, "image": sha(file.data)} for place, file in enumerate(part)]
        runs.append(run_json(number, sha(PICTURES[0]), outputs))
    files = {name: file.data for file in every if (name := named[sha(file.data)])}
    content = [(MANIFEST, document(runs, named)), ("control", PICTURES[0]), *files.items()]
    return zipped(content)


def archive_with_control_image(data: bytes, number: int = 0) -> bytes:
    row = run_json(number, sha(data), [])
    return zipped([(MANIFEST, document([row], {sha(data): "pictures/a.png"})), ("pictures/a.png", data)])


# Tricks

PATHS = (
    "../../evil.sh", "/etc/cron.d/evil", "C:\\Windows\\evil.exe", "C:evil", "\\\\host\\share\\evil", "..\\..\\evil",
    "a/../../../evil", "./././../evil", "file:///etc/passwd", "~/.ssh/authorized_keys", "con", "NUL.png", "a\nb.png",
    "a\x00b.png", "\u202egnp.exe", "\u2066gnp.sh", "a" * 60_000, ".", "..", "/", "", "pictures/", "%2e%2e%2fevil",
    "....//evil", "$(touch owned).png", "`touch owned`.png", "-rf", "\ud7ff\uffff.png", "pictures/a.png/b",
    "evil.png ", "evil.png.",
)  # fmt: skip


def tricks() -> Iterator[File]:
    """ZIPs none of which harms; `is_picture` says whether an import may take it."""
    control = PICTURES[0]
    good = [(MANIFEST, document([run_json(0, sha(control), [])], {sha(control): "a.png"})), ("a.png", control)]
    yield File("as it should be", zipped(good), True)
    for path in PATHS:
        yield File(f"with the path {path[:30]!r} beside", zipped([*good, (path or "x/", b"#!/bin/sh\n" + MARK)]), True)
        manifest = document([run_json(0, sha(control), [])], {sha(control): path})
        yield File(f"that names the path {path[:30]!r}", zipped([(MANIFEST, manifest), ("a.png", control)]), False)
        if 0 < len(path) < 1000 and "\0" not in path:
            there = zipped([(MANIFEST, manifest), (path, control)])
            yield File(f"whose picture is at {path[:30]!r}", there, None)
    yield from _links(good)
    yield from _bent(good)
    yield from _packed(good)


def _links(good: list[Any]) -> Iterator[File]:
    for kind, name in (
        (0o120777, "a symbolic link"),
        (0o020666, "a device"),
        (0o010666, "a pipe"),
        (0o104777, "setuid"),
    ):
        info = zipfile.ZipInfo("a.png")
        info.create_system, info.external_attr = 3, kind << 16
        yield File(f"whose picture is {name}", zipped([good[0], (info, b"/etc/passwd")]), False)
        info = zipfile.ZipInfo(MANIFEST)
        info.create_system, info.external_attr = 3, kind << 16
        yield File(f"whose list is {name}", zipped([(info, b"/etc/passwd"), good[1]]), False)


def _bent(good: list[Any]) -> Iterator[File]:
    whole, other = zipped(good), PICTURES[1]
    yield File("with a picture twice", zipped([*good, ("a.png", other)]), False)
    yield File("with a list twice", zipped([*good, (MANIFEST, b"{}")]), False)
    yield File("with the list in capitals", zipped([("MANIFEST.JSON", good[0][1]), good[1]]), False)
    yield File("with a list in a folder", zipped([("a/" + MANIFEST, good[0][1]), good[1]]), False)
    yield File("behind a script", b"#!/bin/sh\necho owned\n" + whole, True)
    yield File("behind a picture", PICTURES[2] + whole, True)
    yield File("before a picture", whole + PICTURES[2], None)
    yield File("with a comment of 65535", whole[:-2] + b"\xff\xff" + b"<script>" * 8192, None)
    yield File("in another", zipped([("inner.zip", whole)]), False)
    yield File("without its end", whole[:-30], False)
    yield File("without its beginning", whole[100:], False)
    at = whole.index(b"PK\x01\x02")
    for name, offset, value in (
        ("with a wrong sum", 16, b"\1\2\3\4"),
        ("encrypted", 8, b"\1\0"),
        ("of another disk", 34, b"\7\0"),
        ("whose entry is elsewhere", 42, b"\xff\xff\xff\x7f"),
        ("of version 99", 6, b"\x63\0"),
        ("of method 99", 10, b"\x63\0"),
        ("whose entry says 4 GB", 24, b"\xfe\xff\xff\xff"),
        ("whose entry says nothing", 24, b"\0\0\0\0"),
        ("whose name is longer than all", 28, b"\xff\xff"),
    ):
        changed = whole[: at + offset] + value + whole[at + offset + len(value) :]
        yield File(f"{name}", changed, None if name in ("of another disk",) else False)
    end = whole.rindex(b"PK\x05\x06")
    for count in (0, 65_535):
        said = whole[: end + 8] + struct.pack("<HH", count, count) + whole[end + 12 :]
        yield File(f"that says {count} entries", said, None)
    for offset in (12, 16):
        said = whole[: end + offset] + b"\xff\xff\xff\x7f" + whole[end + offset + 4 :]
        yield File(f"whose end is wrong at {offset}", said, False)
    zip64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 2**40, 2**40, 2**40, 2**40)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    yield File("of 2^40 entries", whole[:end] + zip64 + locator + whole[end:], False)


def _packed(good: list[Any]) -> Iterator[File]:
    zeros = bytes(60_000_000)
    yield File("with a bomb beside", zipped([*good, ("bomb", zeros)], zipfile.ZIP_DEFLATED), False)
    yield File("whose list is a bomb", zipped([(MANIFEST, zeros)], zipfile.ZIP_DEFLATED), False)
    inner = zipped([("bomb", zeros)], zipfile.ZIP_DEFLATED)
    yield File("of bombs in bombs", zipped([*good, *((f"{n}.zip", inner) for n in range(50))]), None)
    yield File("of 20001 entries", zipped([*good, *((f"{number}", b"") for number in range(20_001))]), False)
    yield File("of bzip2", zipped(good, zipfile.ZIP_BZIP2), False)
    yield File("of LZMA", zipped(good, zipfile.ZIP_LZMA), False)
    yield File("whose list is deep", zipped([(MANIFEST, b"[" * 1_000_000)]), False)
    yield File("whose list is wide", zipped([(MANIFEST, b"[" + b"{}," * 5_000_000 + b"{}]")]), False)
    yield File("whose list is a number", zipped([(MANIFEST, b"9" * 10_000_000)]), False)
    yield File("of pages that share their bytes", _shared(), False)


def _shared() -> bytes:
    """Two hundred entries, each of which is the same megabyte of packed zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(50_000_000)) + packer.flush()
    sum_ = zlib.crc32(bytes(50_000_000))
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, sum_, len(packed), 50_000_000, 13, 0)
    local = b"PK\x03\x04" + head + MANIFEST.encode() + packed
    entries = b""
    for number in range(200):
        name = MANIFEST.encode() if not number else f"{number:013}".encode()
        entries += b"PK\x01\x02" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + entries + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 200, 200, len(entries), len(local), 0)
