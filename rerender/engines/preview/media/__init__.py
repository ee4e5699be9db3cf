"""The media a picture can be made in, one file each."""

from __future__ import annotations

from collections.abc import Callable

from rerender.engines.preview.fields import Planes
from rerender.engines.preview.media.blueprint import blueprint
from rerender.engines.preview.media.charcoal import charcoal
from rerender.engines.preview.media.clay import clay
from rerender.engines.preview.media.coloured_pencil import coloured_pencil
from rerender.engines.preview.media.comic import comic
from rerender.engines.preview.media.gouache import gouache
from rerender.engines.preview.media.ink import ink
from rerender.engines.preview.media.marker import marker
from rerender.engines.preview.media.neon import neon
from rerender.engines.preview.media.oil import oil
from rerender.engines.preview.media.pastel import pastel
from rerender.engines.preview.media.pencil import pencil
from rerender.engines.preview.media.photo import photo
from rerender.engines.preview.media.watercolor import watercolor
from rerender.engines.preview.plan import Medium
from rerender.engines.preview.scene import Scene

__all__ = ["MEDIA"]

MEDIA: dict[Medium, Callable[[Scene, Planes], Planes]] = {
    "photo": photo,
    "watercolor": watercolor,
    "oil": oil,
    "gouache": gouache,
    "pencil": pencil,
    "coloured_pencil": coloured_pencil,
    "ink": ink,
    "charcoal": charcoal,
    "marker": marker,
    "pastel": pastel,
    "comic": comic,
    "blueprint": blueprint,
    "clay": clay,
    "neon": neon,
}
