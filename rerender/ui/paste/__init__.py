"""An image from the clipboard: Ctrl+V anywhere on the page, or a button; made small enough to travel."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from rerender.ui import components

MAX_SIDE, MAX_BYTES = 2048, 10_000_000
"""What is larger is reduced in the browser first, because it travels inside the page's one connection."""

NAME = "Pasted image"

_mount = components.declare("paste")


def paste(on_paste: Callable[[bytes, str], None], *, shown: bool, key: str) -> None:
    """Listen for pasted images, and with `shown` also draw the button; `on_paste` gets the bytes and a name.

    A smaller file comes byte for byte. The bytes are a stranger's: they may be no picture at all.
    """

    def pasted() -> None:
        if (said := components.said(key, "pasted")) is not None:
            on_paste(decoded(said), NAME)

    # A trigger and no state: a state would be sent again, megabytes and all, with each later click.
    _mount(data={"shown": shown, "side": MAX_SIDE, "bytes": MAX_BYTES}, key=key, on_pasted_change=pasted)


def decoded(value: object) -> bytes:
    """The bytes in what the browser sent, a base64 text; nothing for everything else."""
    if not isinstance(value, str):
        return b""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
