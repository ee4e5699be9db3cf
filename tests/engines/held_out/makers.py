"""Makes control images of the models: as clay, as a thing on a backdrop, as lines, and disguised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np

from rerender.engines.preview.plan import SLOTS, Setting
from tests.engines.held_out import disguises
from tests.engines.held_out.houses import HOUSES
from tests.engines.held_out.products import FLOOR, PRODUCTS
from tests.engines.held_out.raster import OVERSAMPLING, Buffers, clay, drawn, rasterise, slots_of
from tests.engines.held_out.rooms import ROOMS
from tests.engines.held_out.unseen_houses import UNSEEN_HOUSES
from tests.engines.held_out.unseen_products import UNSEEN_PRODUCTS
from tests.engines.held_out.unseen_rooms import UNSEEN_ROOMS

MODELS = HOUSES | ROOMS | PRODUCTS | UNSEEN_HOUSES | UNSEEN_ROOMS | UNSEEN_PRODUCTS


@dataclass(frozen=True, eq=False)
class Picture:
    """Grey or colour pixels, uint8 of (H, W), (H, W, 3) or (H, W, 4), and the slot code that each should get."""

    pixels: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class HeldOut:
    """One control image: what it should be taken for, and how it is drawn, given its long side in pixels."""

    name: str
    kind: str
    setting: Setting
    make: Callable[[int], Picture]

    def draw(self, side: int = 512) -> Picture:
        """The picture with `side` pixels on its long side, drawn once."""
        return _drawn(self, side)


@lru_cache(maxsize=160)
def _drawn(control: HeldOut, side: int) -> Picture:
    return control.make(side)


@lru_cache(maxsize=4)
def _buffers(model: str, width: int, height: int) -> Buffers:
    parts, view = MODELS[model]
    return rasterise(parts, view, width * OVERSAMPLING, height * OVERSAMPLING)


def _size(side: int, aspect: float) -> tuple[int, int]:
    return (side, round(side / aspect)) if aspect >= 1 else (round(side * aspect), side)


def _reduced(plane: np.ndarray, width: int, height: int) -> np.ndarray:
    return cv2.resize(plane.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)


def _truth(model: str, width: int, height: int) -> np.ndarray:
    codes = slots_of(MODELS[model][0], _buffers(model, width, height))
    return cv2.resize(codes, (width, height), interpolation=cv2.INTER_NEAREST)


def _sky(model: str, width: int, height: int) -> np.ndarray:
    rows = np.linspace(0, 1, height * OVERSAMPLING)[:, None]
    return np.broadcast_to(0.97 - 0.05 * (1 - rows), (height * OVERSAMPLING, width * OVERSAMPLING))


@cache
def clay_of(model: str, aspect: float = 1.0) -> Callable[[int], Picture]:
    """Grey and lit by the sun, before a plain sky."""

    @cache
    def make(side: int) -> Picture:
        width, height = _size(side, aspect)
        parts, view = MODELS[model]
        grey = clay(parts, view, _buffers(model, width, height), _sky(model, width, height))
        return Picture(_to_bytes(_reduced(grey, width, height)), _truth(model, width, height))

    return make


@cache
def product_of(model: str, low: float, high: float, aspect: float = 1.0) -> Callable[[int], Picture]:
    """On a backdrop that goes from `low` grey at the top to `high` at the bottom."""

    @cache
    def make(side: int) -> Picture:
        width, height = _size(side, aspect)
        parts, view = MODELS[model]
        rows = np.linspace(low, high, height * OVERSAMPLING)[:, None]
        sky = np.broadcast_to(rows, (height * OVERSAMPLING, width * OVERSAMPLING))
        caught = 0 if parts[0] is FLOOR else -1
        grey = clay(parts, view, _buffers(model, width, height), sky, unlit=caught)
        return Picture(_to_bytes(_reduced(grey, width, height)), _truth(model, width, height))

    return make


@cache
def line_of(
    model: str, aspect: float = 1.0, weight: float = 2.4, between_faces: bool = False
) -> Callable[[int], Picture]:
    """Ink on white paper; `weight` is a line's width in a picture of 1024 pixels."""

    @cache
    def make(side: int) -> Picture:
        width, height = _size(side, aspect)
        paper = drawn(_buffers(model, width, height), weight, np.random.RandomState(3), between_faces)
        return Picture(_to_bytes(_reduced(paper, width, height)), _truth(model, width, height))

    return make


def seen_through(disguise: Callable[[Picture], np.ndarray], make: Callable[[int], Picture]) -> Callable[[int], Picture]:
    """The same picture with its pixels changed."""

    def made(side: int) -> Picture:
        plain = make(side)
        return Picture(disguise(plain), plain.truth)

    return made


def _to_bytes(plane: np.ndarray) -> np.ndarray:
    return np.round(np.clip(plane, 0, 1) * 255).astype(np.uint8)


def cut_out(picture: Picture) -> np.ndarray:
    """The sky cut away, as a viewport saves it."""
    opaque = np.where(picture.truth == SLOTS.index("sky"), 0, 255).astype(np.uint8)
    return np.dstack([picture.pixels] * 3 + [opaque])


def disguised(name: str, make: Callable[[int], Picture]) -> Callable[[int], Picture]:
    """The same picture in one of the disguises."""
    table: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = disguises.DISGUISES
    return seen_through(lambda picture: table[name](picture.pixels, picture.truth), make)
