"""Fetching outputs from addresses that a server names, so nothing about them is trusted."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from urllib.parse import unquote_to_bytes, urljoin

from rerender.errors import DownloadError, ImageError, RerenderError
from rerender.opening import decode
from rerender.transport import Answer

FORMATS, MAX_BYTES, MAX_PIXELS, MAX_REDIRECTS = ("PNG", "JPEG", "WEBP"), 60_000_000, 64_000_000, 3
MAX_ESCAPES = 1_000_000  # in a `data:` URL; each takes 200 bytes while it is read
Turn = Callable[[bytes], AbstractContextManager[object]]  # within it these bytes are decoded


def fetch(src: str, base_url: str, ask: Callable[[str], Answer], turn: Turn = nullcontext) -> bytes:
    """The picture behind `src` (absolute, relative or `data:`), byte for byte; proven to be a whole PNG, JPEG or WEBP.

    `ask` asks one address once and follows nothing. Raises `DownloadError`, which keeps bytes that are no picture, and
    what `turn` raises.
    """
    data = _inline(src) if src[:5].lower() == "data:" else _follow(src, base_url, ask)
    if len(data) > MAX_BYTES:
        raise DownloadError(f"The output is over {MAX_BYTES // 1_000_000} MB.")
    try:
        with turn(data):
            decode(data, FORMATS, MAX_PIXELS)
    except ImageError as error:
        raise DownloadError(f"The output is not a usable picture. {error}", data) from None
    return data


def _follow(target: str, url: str, ask: Callable[[str], Answer]) -> bytes:
    for _ in range(1 + MAX_REDIRECTS):
        try:
            url = urljoin(url, target)
            answer = ask(url)
        except RerenderError as error:
            raise DownloadError(f"The output could not be fetched. {error}") from None
        except ValueError:  # a library's own words are for nobody
            raise DownloadError("The output could not be fetched: its address is not a URL.") from None
        if answer.status == 200:
            return answer.body
        if answer.status not in (301, 302, 303, 307, 308):
            raise DownloadError(f"The output could not be fetched: its address answered with status {answer.status}.")
        target = answer.headers.get("Location", "")
    raise DownloadError("The output could not be fetched: its address leads on and on.")


def _inline(url: str) -> bytes:
    header, _, payload = url.partition(",")
    try:
        if payload.count("%") > MAX_ESCAPES:
            raise ValueError
        data = unquote_to_bytes(payload)
        return b64decode(data, validate=True) if header.lower().endswith(";base64") else data
    except ValueError:
        raise DownloadError("The output's inline picture is broken.") from None
