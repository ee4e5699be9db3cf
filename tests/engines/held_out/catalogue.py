"""The held-out control images by name, drawn when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np

from rerender.engines.preview.plan import SLOTS, Setting
from tests.engines.held_out import disguises
from tests.engines.held_out.houses import HOUSES
from tests.engines.held_out.products import PRODUCTS
from tests.engines.held_out.raster import OVERSAMPLING, Buffers, clay, drawn, rasterise, slots_of
from tests.engines.held_out.rooms import ROOMS

MODELS = HOUSES | ROOMS | PRODUCTS


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
        return _drawn(self.name, side)


@lru_cache(maxsize=80)
def _drawn(name: str, side: int) -> Picture:
    return CONTROLS[name].make(side)


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
def _clay(model: str, aspect: float = 1.0) -> Callable[[int], Picture]:
    @cache
    def make(side: int) -> Picture:
        width, height = _size(side, aspect)
        parts, view = MODELS[model]
        grey = clay(parts, view, _buffers(model, width, height), _sky(model, width, height))
        return Picture(_to_bytes(_reduced(grey, width, height)), _truth(model, width, height))

    return make


@cache
def _product(model: str, low: float, high: float, aspect: float = 1.0) -> Callable[[int], Picture]:
    """On a backdrop that goes from `low` grey at the top to `high` at the bottom."""

    @cache
    def make(side: int) -> Picture:
        width, height = _size(side, aspect)
        parts, view = MODELS[model]
        rows = np.linspace(low, high, height * OVERSAMPLING)[:, None]
        sky = np.broadcast_to(rows, (height * OVERSAMPLING, width * OVERSAMPLING))
        caught = -1 if model == "table_and_chair" else 0
        grey = clay(parts, view, _buffers(model, width, height), sky, unlit=caught)
        return Picture(_to_bytes(_reduced(grey, width, height)), _truth(model, width, height))

    return make


@cache
def _line(model: str, aspect: float = 1.0, weight: float = 2.4) -> Callable[[int], Picture]:
    @cache
    def make(side: int) -> Picture:
        width, height = _size(side, aspect)
        paper = drawn(_buffers(model, width, height), weight, np.random.RandomState(3))
        return Picture(_to_bytes(_reduced(paper, width, height)), _truth(model, width, height))

    return make


def _seen_through(
    disguise: Callable[[Picture], np.ndarray], make: Callable[[int], Picture]
) -> Callable[[int], Picture]:
    def made(side: int) -> Picture:
        plain = make(side)
        return Picture(disguise(plain), plain.truth)

    return made


def _to_bytes(plane: np.ndarray) -> np.ndarray:
    return np.round(np.clip(plane, 0, 1) * 255).astype(np.uint8)


def _alpha(picture: Picture) -> np.ndarray:
    """The sky cut away, as a viewport saves it."""
    opaque = np.where(picture.truth == SLOTS.index("sky"), 0, 255).astype(np.uint8)
    return np.dstack([picture.pixels] * 3 + [opaque])


def _disguised(name: str, make: Callable[[int], Picture]) -> Callable[[int], Picture]:
    table: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = disguises.DISGUISES
    return _seen_through(lambda picture: table[name](picture.pixels, picture.truth), make)


def _catalogue() -> list[HeldOut]:
    houses = [HeldOut(f"{name} clay", "clay", "exterior", _clay(name, 4 / 3)) for name in HOUSES]
    rooms = [HeldOut(f"{name} clay", "clay", "interior", _clay(name, 4 / 3)) for name in ROOMS]
    lines = [HeldOut(f"{name} line", "line", "interior", _line(name, 4 / 3)) for name in ROOMS]
    backdrops = {
        "vase": (0.62, 0.62),
        "mug": (0.97, 0.97),
        "stool": (0.55, 0.85),
        "lamp": (0.72, 0.80),
        "bottle": (0.85, 0.75),
        "armchair": (0.9, 0.7),
        "table_and_chair": (0.8, 0.8),
    }
    products = [HeldOut(f"{name} clay", "clay", "product", _product(name, *grey)) for name, grey in backdrops.items()]
    return [
        *houses,
        *rooms,
        *lines,
        *products,
        HeldOut("villa line", "line", "exterior", _line("villa", 4 / 3)),
        HeldOut("tower white on dark", "line", "exterior", _disguised("white on dark", _line("tower", 3 / 4))),
        HeldOut("barn on grey paper", "line", "exterior", _disguised("grey paper", _line("barn", 4 / 3))),
        HeldOut("bedroom on grey paper", "line", "interior", _disguised("grey paper", _line("bedroom", 4 / 3))),
        HeldOut("villa with alpha", "clay", "exterior", _seen_through(_alpha, _clay("villa", 4 / 3))),
        HeldOut(
            "l_house material colours", "flat", "exterior", _disguised("material colours", _clay("l_house", 4 / 3))
        ),
        HeldOut(
            "kitchen material colours", "flat", "interior", _disguised("material colours", _clay("kitchen", 4 / 3))
        ),
        HeldOut("barn in a viewport", "clay", "exterior", _disguised("viewport", _clay("barn", 16 / 9))),
        HeldOut("townhouses photo", "photo", "exterior", _disguised("noisy photo", _clay("townhouses", 4 / 3))),
        HeldOut("villa photo", "photo", "exterior", _disguised("noisy photo", _clay("villa", 4 / 3))),
        HeldOut("l_house very dark", "clay", "exterior", _disguised("very dark", _clay("l_house", 4 / 3))),
        HeldOut("villa low contrast", "clay", "exterior", _disguised("low contrast", _clay("villa", 4 / 3))),
        HeldOut("vase low contrast", "clay", "product", _disguised("low contrast", _product("vase", 0.62, 0.62))),
        HeldOut("stool noisy", "clay", "product", _disguised("noisy", _product("stool", 0.8, 0.9))),
    ]


CONTROLS: dict[str, HeldOut] = {control.name: control for control in _catalogue()}
