"""Procedural textures as square tiles that repeat: metals, weaves, hides, grains, leaves (Ebert et al. 2002).

A pattern is made for `side` pixels and looks the same at every side. Nothing in it knows where it will be laid.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from rerender.engines.preview.fields import Bytes, Plane, smoothstep


class Texture(NamedTuple):
    """`tone` (side, side) is lightness around 0, within about ±1; `accent` 0..1 is where the second colour shows.

    The second colour is mortar, a gap, a vein or a streak of rust; None where there is none.
    """

    tone: Plane
    accent: Plane | None = None

    def mapped(self, change: Callable[[Plane], Plane]) -> Texture:
        """The texture with `change` applied to each plane."""
        return Texture(change(self.tone), None if self.accent is None else change(self.accent))


Pattern = Callable[[int, np.random.RandomState], Texture]


def noise(
    side: int,
    cells: float,
    octaves: int,
    rng: np.random.RandomState,
    *,
    stretch: tuple[float, float] = (1.0, 1.0),
    gain: float = 0.5,
) -> Plane:
    """Value noise around 0 that repeats at the tile's edges; `cells` counts lattice cells along a side."""
    reduced = max(16, side // 4)
    total: Plane = np.zeros((reduced, reduced), np.float32)
    amplitude, weight = 1.0, 0.0
    for octave in range(octaves):
        columns, rows = (max(2, round(cells * 2**octave * along)) for along in stretch)
        if len(total) < side and max(columns, rows) > reduced // 6:
            # What is smooth was summed up small.
            total = _enlarged(total, side)
        lattice: Plane = rng.random_sample((rows, columns)).astype(np.float32)
        rows, columns = min(rows, len(total)), min(columns, len(total))
        if lattice.shape != (rows, columns):
            lattice = cv2.resize(lattice, (columns, rows), interpolation=cv2.INTER_AREA)
        cv2.scaleAdd(_enlarged(lattice, len(total)), amplitude, total, dst=total)
        weight += amplitude
        amplitude *= gain
    if len(total) < side:
        total = _enlarged(total, side)
    total *= np.float32(1 / weight)
    total -= np.float32(0.5)
    return total


def _enlarged(lattice: Plane, side: int) -> Plane:
    """A lattice that repeats as a tile that repeats, cubically interpolated."""
    rows, columns = lattice.shape
    padded = cv2.copyMakeBorder(lattice, 2, 2, 2, 2, cv2.BORDER_WRAP)
    width, height = round(side * (columns + 4) / columns), round(side * (rows + 4) / rows)
    left, top = (width - side) // 2, (height - side) // 2
    large = cv2.resize(padded, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(large[top : top + side, left : left + side])


def even(side: int, _rng: np.random.RandomState) -> Texture:
    """Without any texture."""
    return Texture(np.zeros((side, side), np.float32))


def mottled(side: int, rng: np.random.RandomState, *, cells: float = 6, gain: float = 0.62) -> Texture:
    """Clouds of all sizes: plaster, paint."""
    tone = noise(side, cells, 6, rng, gain=gain)
    tone *= np.float32(2.4)
    return Texture(tone)


def brushed(side: int, rng: np.random.RandomState) -> Texture:
    """Metal brushed in one direction, with soft clouds of light."""
    tone = noise(side, 3, 3, rng, stretch=(1, 60), gain=0.9)
    tone *= np.float32(1.5)
    tone += noise(side, 2, 3, rng) * np.float32(2)
    return Texture(tone)


def standing_seams(side: int, rng: np.random.RandomState, *, trays: int = 12) -> Texture:
    """Sheet metal in upright trays: each seam a light edge and its shadow, each tray slightly buckled."""
    across = np.arange(side, dtype=np.float32) * np.float32(trays / side) % 1
    tone = noise(side, 4, 4, rng, stretch=(2, 0.7))
    tone *= np.float32(1.8)
    tone += np.repeat(rng.uniform(-0.5, 0.5, trays), math.ceil(side / trays))[:side].astype(np.float32)
    tone += smoothstep(0.08, 0.0, across) * np.float32(1.6)
    accent = smoothstep(0.86, 1.0, across)
    return Texture(tone, np.ascontiguousarray(np.broadcast_to(accent, tone.shape)))


def patina(side: int, rng: np.random.RandomState) -> Texture:
    """Copper that has begun to weather."""
    tone = noise(side, 5, 7, rng, gain=0.7)
    tone *= np.float32(3)
    return Texture(tone)


def curtain_wall(side: int, _rng: np.random.RandomState, *, rows: int = 2, columns: int = 5) -> Texture:
    """Panes between slim mullions."""
    place = np.arange(side, dtype=np.float32) / np.float32(side)
    down, along = place * rows % 1, place * columns % 1
    bars = np.maximum(smoothstep(0.035, 0.015, along)[None], smoothstep(0.03, 0.012, down)[:, None])
    return Texture(np.zeros((side, side), np.float32), bars)


def weave(side: int, rng: np.random.RandomState, *, threads: int = 150, slubs: float = 0.4) -> Texture:
    """Plain weave: warp over weft, over and under in turn; `slubs` are the thick places of linen's yarn."""
    place = np.arange(side, dtype=np.float32) * np.float32(threads / side)
    wave = np.sin(place * np.float32(math.pi))
    tone = wave[:, None] * wave[None] * np.float32(0.5)
    yarn = noise(side, threads / 18, 2, rng, stretch=(1, 12), gain=0.9)
    yarn += noise(side, threads / 18, 2, rng, stretch=(12, 1), gain=0.9)
    cv2.scaleAdd(yarn, 2.4 * slubs, tone, dst=tone)
    tone += noise(side, 3, 3, rng) * np.float32(0.6)
    return Texture(tone)


def nap(side: int, rng: np.random.RandomState) -> Texture:
    """Velvet's pile, stroked this way and that: broad soft patches, and a fine fuzz."""
    tone = noise(side, 3, 4, rng, stretch=(1, 1.6), gain=0.45)
    tone *= np.float32(3.2)
    tone += noise(side, 120, 2, rng) * np.float32(0.7)
    return Texture(tone)


def _cells(side: int, rng: np.random.RandomState, count: int) -> tuple[Plane, Plane]:
    """Grains about `count` random points (Worley 1996): each one's own tone -1..1, and 0..1 towards its rim."""
    number = count * count
    seeds: Bytes = np.full((side, side), 255, np.uint8)
    rows, columns = ((rng.random_sample(number) * side).astype(int) for _ in range(2))
    seeds[rows, columns] = 0
    distance, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    distance *= np.float32(count / side / 0.75)
    tones = np.zeros(number + 1, np.float32)
    # Labels count along the rows, which depends on the size; the points do not.
    tones[labels[rows, columns]] = rng.uniform(-1, 1, number)
    return tones[labels], np.minimum(distance, 1, out=distance)


def hide(side: int, rng: np.random.RandomState, *, count: int = 110) -> Texture:
    """Leather: a pebbled grain with darker creases, and broad wear."""
    own, rim = _cells(side, rng, count)
    tone = smoothstep(1.0, 0.2, rim)
    tone -= np.float32(0.5)
    cv2.scaleAdd(own, 0.25, tone, dst=tone)
    cv2.scaleAdd(noise(side, 3, 4, rng, gain=0.6), 1.9, tone, dst=tone)
    return Texture(tone)


def pebbles(side: int, rng: np.random.RandomState, *, count: int = 90) -> Texture:
    """Gravel: stones of many greys with dark gaps between."""
    own, rim = _cells(side, rng, count)
    tone = own * np.float32(0.8)
    tone += smoothstep(0.9, 0.1, rim) * np.float32(0.5)
    tone += noise(side, 5, 3, rng) * np.float32(0.8)
    return Texture(tone, smoothstep(0.62, 1.0, rim))


def specks(side: int, rng: np.random.RandomState, *, cells: float = 110) -> Texture:
    """Asphalt's aggregate: light and dark specks, worn in tracks."""
    tone = noise(side, cells, 2, rng, gain=0.9)
    tone *= np.float32(2.6)
    tone += noise(side, 3, 4, rng, stretch=(1.6, 0.5)) * np.float32(1.6)
    return Texture(tone)


def drifts(side: int, rng: np.random.RandomState, *, crests: float = 14) -> Texture:
    """Sand: fine grains over ripples that the wind drew."""
    phase = np.arange(side, dtype=np.float32)[:, None] * np.float32(2 * math.pi * round(crests) / side)
    bent = noise(side, 3, 4, rng) * np.float32(9)
    bent += phase
    tone = np.sin(bent, out=bent)
    tone *= np.float32(0.35)
    tone += noise(side, 120, 2, rng, gain=0.9) * np.float32(1.8)
    return Texture(tone)


def blades(side: int, rng: np.random.RandomState, *, cells: float = 80) -> Texture:
    """Grass and leaves: tufts, upright blades, and patches of straw."""
    tone = noise(side, 9, 5, rng, gain=0.7)
    tone *= np.float32(1.5)
    tone += noise(side, cells, 2, rng, stretch=(2.2, 0.55), gain=0.9) * np.float32(2.2)
    return Texture(tone, smoothstep(0.02, 0.32, noise(side, 5, 5, rng, gain=0.65)))


def leaves(side: int, rng: np.random.RandomState, *, count: int = 70) -> Texture:
    """Foliage: leaves that catch the light singly, in clumps with dark between them."""
    own, rim = _cells(side, rng, count)
    tone = noise(side, 12, 4, rng, gain=0.75)
    tone *= np.float32(2.4)
    cv2.scaleAdd(own, 0.45, tone, dst=tone)
    tone -= smoothstep(0.4, 1.0, rim) * np.float32(0.5)
    return Texture(tone, smoothstep(0.25, 0.9, own))


def ripples(side: int, rng: np.random.RandomState) -> Texture:
    """Water: long low waves across the view, shorter ones on them."""
    tone = noise(side, 4, 5, rng, stretch=(0.6, 4), gain=0.62)
    tone *= np.float32(2.6)
    return Texture(tone)


linen_weave = partial(weave, threads=120, slubs=1.0)
