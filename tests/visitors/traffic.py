"""Every byte that one visitor was sent, kept once, for finding what should not be in it."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

CANARY = re.compile(rb"canary[0-9a-f]{24}")
NEEDLE = 32
"""How many bytes of a file make it certain that they are of this file."""

_BITS = 24
# So long are the tables that JPEG files of one quality share.
_HEADER = 1024


@dataclass
class Traffic:
    """Kept in a file, each message once. What one visitor was sent of a page drawn again and again differs in nothing
    but the number of its run."""

    path: Path
    received: int = 0
    canaries: set[bytes] = field(default_factory=set)
    _seen: set[bytes] = field(default_factory=set)

    def message(self, frame: bytes, message: ForwardMsg) -> None:
        """A message over the socket: of a delta only what it draws is compared with what came before."""
        self.received += len(frame)
        self._note(frame)
        self._keep(message.delta.SerializeToString() if message.WhichOneof("type") == "delta" else frame)

    def file(self, data: bytes) -> None:
        """The body of an HTTP answer; of an archive also what is in it."""
        self.received += len(data)
        self._note(data)
        self._keep(data)
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    self.file(name.encode() + archive.read(name))

    def _note(self, data: bytes) -> None:
        self.canaries.update(CANARY.findall(data))

    def _keep(self, data: bytes) -> None:
        digest = hashlib.sha256(data).digest()
        if digest not in self._seen:
            self._seen.add(digest)
            with self.path.open("ab") as file:
                file.write(data)

    def holds(self, needles: Iterable[bytes]) -> set[bytes]:
        """Those of the needles, each of `NEEDLE` bytes, that are anywhere in what was received."""
        return found(self.path.read_bytes() if self.path.exists() else b"", set(needles))


def found(haystack: bytes, needles: set[bytes]) -> set[bytes]:
    """Those of the needles that are in the haystack: thousands of them in one pass."""
    if not needles or len(haystack) < NEEDLE:
        return set()
    first = np.frombuffer(b"".join(needle[:4] for needle in needles), "<u4") >> (32 - _BITS)
    may_begin = np.zeros(1 << _BITS, bool)
    may_begin[first] = True
    hits: set[bytes] = set()
    for offset in range(4):
        words = np.frombuffer(haystack, "<u4", (len(haystack) - offset) // 4, offset)
        for place in np.flatnonzero(may_begin[words >> (32 - _BITS)]) * 4 + offset:
            hits.add(haystack[place : place + NEEDLE])
    return hits & needles


def needles_of(data: bytes, count: int = 6) -> set[bytes]:
    """Windows of a file that are in no other: behind its header and tables, and none that is nearly of one byte."""
    step = max(1, (len(data) - _HEADER - NEEDLE) // count)
    windows = (data[place : place + NEEDLE] for place in range(_HEADER, len(data) - NEEDLE, step))
    return {window for window in windows if len(set(window)) >= NEEDLE // 2}
