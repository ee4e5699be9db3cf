"""The media a picture can be made in, one file each."""

from __future__ import annotations

from collections.abc import Callable

from rerender.engines.preview.fields import Planes
from rerender.engines.preview.media.blueprint import blueprint
from rerender.engines.preview.media.ink import ink
from rerender.engines.preview.media.pencil import pencil
from rerender.engines.preview.media.photo import photo
from rerender.engines.preview.media.watercolor import watercolor
from rerender.engines.preview.plan import Medium
from rerender.engines.preview.scene import Scene

__all__ = ["MEDIA"]

MEDIA: dict[Medium, Callable[[Scene, Planes], Planes]] = {
    "photo": photo,
    "watercolor": watercolor,
    "pencil": pencil,
    "ink": ink,
    "blueprint": blueprint,
}
