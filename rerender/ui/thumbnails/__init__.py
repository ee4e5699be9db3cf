"""Thumbnails of which one is chosen, by pointer or by arrow keys: samples, the pictures of a batch, a series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rerender.ui import components

_mount = components.declare("thumbnails")


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One small picture: a file's bytes and MIME type, its text alternative, and a caption or none.

    `state` is a word or two over a picture that is not there: why, in place of it.
    """

    data: bytes
    mime: str
    alt: str
    caption: str = ""
    state: str = ""


def thumbnails(
    items: Sequence[Thumbnail],
    *,
    label: str,
    chosen: int | None,
    on_choose: Callable[[int], None],
    key: str,
    widest: str = "1fr",
    narrowest: str = "",
    aspect: float = 1.0,
) -> None:
    """Show `items` with `chosen` (an index, or None) marked; `on_choose` gets the index of a new choice.

    They stand in one row, or in as many as keep each as wide as `narrowest`. `label` names the group for assistive
    technology, `widest` and `narrowest` are CSS lengths and `aspect` is the width over the height.
    """

    def chose() -> None:
        index = components.said(key, "chosen")
        if type(index) is int and 0 <= index < len(items):
            on_choose(index)

    header = {
        "label": label,
        "chosen": chosen,
        "alts": [item.alt for item in items],
        "captions": [item.caption for item in items],
        "states": [item.state for item in items],
        "widest": widest,
        "narrowest": narrowest,
        "aspect": aspect,
    }
    _mount(
        data=components.pack(header, [(item.data, item.mime) for item in items]),
        key=key,
        on_chosen_change=chose,
    )
