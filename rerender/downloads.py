"""Fetching outputs from addresses that a server names, so nothing about them is trusted."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from urllib.parse import unquote_to_bytes, urljoin

from rerender.errors import DownloadError, ImageError, RerenderError
from rerender.images import decode

FORMATS, MAX_BYTES, MAX_PIXELS, MAX_REDIRECTS = ("PNG", "JPEG", "WEBP"), 60_000_000, 64_000_000, 3

Answer = tuple[int, Mapping[str, str], bytes]  # status, headers, body


def fetch(src: str, base_url: str, ask: Callable[[str], Answer]) -> bytes:
    """The picture behind `src` (absolute, relative or `data:`), byte for byte; proven to be a whole PNG, JPEG or WEBP.

    `ask` asks one address once and follows nothing. Raises `DownloadError`, which keeps bytes that are no picture.
    """
    data = _inline(src) if src.startswith("data:") else _follow(src, base_url, ask)
    if len(data) > MAX_BYTES:
        raise DownloadError(f"The output is over {MAX_BYTES // 1_000_000} MB.")
    try:
        decode(data, FORMATS, MAX_PIXELS)
    except ImageError as error:
        raise DownloadError(f"The output is not a usable picture. {error}", data) from None
    return data


def _follow(target: str, url: str, ask: Callable[[str], Answer]) -> bytes:
    for _ in range(1 + MAX_REDIRECTS):
        try:
            url = urljoin(url, target)
            status, headers, body = ask(url)
        except (ValueError, RerenderError) as error:
            raise DownloadError(f"The output could not be fetched. {error}") from None
        if status == 200:
            return body
        if status not in (301, 302, 303, 307, 308):
            raise DownloadError(f"The output could not be fetched: its address answered with status {status}.")
        target = headers.get("Location", "")
    raise DownloadError("The output could not be fetched: its address leads on and on.")


def _inline(url: str) -> bytes:
    header, _, payload = url.partition(",")
    data = unquote_to_bytes(payload)
    try:
        return b64decode(data, validate=True) if header.endswith(";base64") else data
    except binascii.Error:
        raise DownloadError("The output's inline picture is broken.") from None
