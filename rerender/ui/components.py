"""What our browser components share: their files, and how pictures travel to them.

Streamlit sends raw bytes to a component only as the whole of `data`, so a JSON header and the files follow each
other in one buffer: 4 bytes of header length, the header, then the files. `pictures.js` takes it apart again.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

NOTHING = (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
"""The file of a picture that cannot be shown."""

_HERE = Path(__file__).parent


def declare(name: str) -> Any:
    """Register the component whose HTML, CSS and JavaScript lie in the folder `name`; returns its mount function."""
    folder = _HERE / name
    shared = (_HERE / "pictures.js").read_text("utf-8")
    return st.components.v2.component(
        f"rerender.{name}",
        html=(folder / f"{name}.html").read_text("utf-8"),
        css=(folder / f"{name}.css").read_text("utf-8"),
        js=shared + (folder / f"{name}.js").read_text("utf-8"),
    )


def script(name: str) -> Any:
    """Register the component that is a script alone, in the folder `name`; returns its mount function."""
    return st.components.v2.component(f"rerender.{name}", js=(_HERE / name / f"{name}.js").read_text("utf-8"))


def said(key: str, what: str) -> Any:
    """What the component of this key has just said under the name `what`.

    None when the page was drawn without it meanwhile: Streamlit then calls its callback, but has forgotten its state.
    """
    return st.session_state.get(key, {}).get(what)


def pack(header: dict[str, Any], files: Sequence[tuple[bytes, str]]) -> bytes:
    """One buffer of a JSON header and files, each given as (bytes, MIME type).

    The header gains `sizes`, `types` and `key`, a hash of the files by which the browser keeps their URLs.
    """
    digest = hashlib.sha256()
    for data, _ in files:
        digest.update(hashlib.sha256(data).digest())
    described = header | {
        "sizes": [len(data) for data, _ in files],
        "types": [mime for _, mime in files],
        "key": digest.hexdigest(),
    }
    encoded = json.dumps(described).encode()
    return b"".join([struct.pack(">I", len(encoded)), encoded, *(data for data, _ in files)])
