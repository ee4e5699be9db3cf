"""Small tools on float32 planes that every stage uses: seeded noise, blurs, the guided filter, mixing.

A `Plane` is one (H, W) float32 array, a `Planes` three of them as (3, H, W): planar, so that a mask multiplies
a picture without strided copies. Colours inside the engine are linear light, taken as the square of sRGB.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.plan import Colour

# cv2's type stubs do not follow dtypes, so these say float32 and uint8 by name only.
Plane = NDArray[Any]
Planes = NDArray[Any]
Bytes = NDArray[Any]


def stage_rng(seed: int, stage: str) -> np.random.RandomState:
    """The random stream of one stage: the same on every run, as numpy freezes RandomState and crc32 has no salt."""
    return np.random.RandomState((seed * 2_654_435_761 + zlib.crc32(stage.encode())) & 0xFFFFFFFF)


def fbm(
    shape: tuple[int, int],
    cells: float,
    octaves: int,
    rng: np.random.RandomState,
    *,
    stretch: tuple[float, float] = (1.0, 1.0),
    gain: float = 0.5,
) -> Plane:
    """Fractal value noise in about 0..1: a sum of random lattices, cubically enlarged (Perlin 1985; Ebert et al.).

    `cells` counts lattice cells along the long side, so that the noise looks the same at every size;
    `stretch` multiplies them along x and y.
    """
    down, across = (_ratio(side, max(shape)) for side in shape)
    total: Plane = np.zeros(tuple(max(2, side // 4) for side in shape), np.float32)
    amplitude, weight = 1.0, 0.0
    for octave in range(octaves):
        frequency = cells * 2**octave
        rows = max(2, int(frequency * stretch[1] * down) + 2)
        columns = max(2, int(frequency * stretch[0] * across) + 2)
        if total.shape != shape and (6 * rows > total.shape[0] or 6 * columns > total.shape[1]):
            # What is smooth was summed up small.
            total = cv2.resize(total, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
        height, width = total.shape
        lattice: Plane = rng.random_sample((rows, columns)).astype(np.float32)
        if rows > height or columns > width:
            lattice = cv2.resize(lattice, (min(columns, width), min(rows, height)), interpolation=cv2.INTER_AREA)
        layer = cv2.resize(lattice, (width, height), interpolation=cv2.INTER_CUBIC)
        cv2.scaleAdd(layer, amplitude, total, dst=total)
        weight += amplitude
        amplitude *= gain
    if total.shape != shape:
        total = cv2.resize(total, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    total /= np.float32(weight)
    return total


def _ratio(side: int, long_side: int) -> float:
    """A side as a share of the long one, in 32nds.

    A picture computed smaller than it is asked for has sides rounded to pixels. Were they taken as they are, its
    lattices would now and then have one row fewer, and with it all their numbers, and the picture, would be others.
    """
    # So rounded that no usual ratio of sides, thirds, fifths, sevenths or 128ths, lies near a step.
    return int(32 * side / long_side + 0.875) / 32


def coarse_fbm(
    shape: tuple[int, int], cells: float, octaves: int, rng: np.random.RandomState, reduce: int = 4
) -> Plane:
    """`fbm` computed on a reduced plane and enlarged, for noise without fine detail."""
    height, width = shape
    small = fbm((max(2, height // reduce), max(2, width // reduce)), cells, octaves, rng)
    return resize(small, (height, width))


def resize(plane: Plane, shape: tuple[int, int]) -> Plane:
    """`plane` at another (H, W), bilinear."""
    return cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def blur(plane: Plane, sigma: float) -> Plane:
    """Gaussian blur of one plane; a large `sigma` (pixels) is applied to a reduced copy."""
    height, width = plane.shape
    factor = 2 ** int(math.log2(sigma / 1.5)) if sigma >= 3 else 1
    if factor <= 1:
        return cv2.GaussianBlur(plane, (0, 0), max(0.3, sigma))
    size = (max(2, width // factor), max(2, height // factor))
    small = cv2.GaussianBlur(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), (0, 0), sigma / factor)
    return resize(small, (height, width))


def shifted(plane: Plane, down: int, right: int) -> Plane:
    """The plane moved by whole pixels, its edge repeated behind it: a roll would let the far side in."""
    height, width = plane.shape
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return plane[np.ix_(rows, columns)]


def magnitude(across: Plane, down: Plane) -> Plane:
    """The length of each gradient. OpenCV's own is now and then the last bit off, by where in memory the planes lie."""
    squares: Plane = across * across
    squares += down * down
    return np.sqrt(squares, out=squares)


def smoothstep(low: float, high: float, value: Plane) -> Plane:
    """0 below `low`, 1 above `high`, a smooth cubic between; falling when `high` is below `low`."""
    ramp: Plane = (value - np.float32(low)) * np.float32(1.0 / (high - low))
    np.clip(ramp, 0.0, 1.0, out=ramp)
    ramp *= ramp * (np.float32(3.0) - np.float32(2.0) * ramp)
    return ramp


def guided_filter(guide: Plane, source: Plane, radius: int, epsilon: float, reduce: int = 4) -> Plane:
    """Fast guided filter with a grey guide (He & Sun 2015): `source`, of any size, follows the edges of `guide`."""
    height, width = guide.shape
    size = (max(8, width // reduce), max(8, height // reduce))
    window = (2 * max(1, radius // reduce) + 1,) * 2
    small_guide = cv2.resize(guide, size, interpolation=cv2.INTER_AREA)
    small_source = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
    mean_guide, mean_source = cv2.blur(small_guide, window), cv2.blur(small_source, window)
    variance = cv2.blur(small_guide * small_guide, window) - mean_guide * mean_guide
    covariance = cv2.blur(small_guide * small_source, window) - mean_guide * mean_source
    slope = covariance / (np.maximum(variance, 0) + epsilon)
    offset = mean_source - slope * mean_guide
    slope, offset = (resize(cv2.blur(part, window), (height, width)) for part in (slope, offset))
    slope *= guide
    slope += offset
    return slope


def luminance(planes: Planes) -> Plane:
    """Luma of a picture (Rec. 601 weights), (3, H, W) to (H, W)."""
    luma: Plane = planes[0] * np.float32(0.299)
    cv2.scaleAdd(planes[1], 0.587, luma, dst=luma)
    cv2.scaleAdd(planes[2], 0.114, luma, dst=luma)
    return luma


def percentiles(values: Plane, *shares: float) -> tuple[float, ...]:
    """The values below which that share, 0 to 100, of all lies; between two of them in proportion.

    numpy's own loads its masked arrays first, 0.08 s of a process's first render, and takes twice as long.
    """
    flat = values.ravel()
    places = [(flat.size - 1) * share / 100 for share in shares]
    kept = np.partition(flat, sorted({at for place in places for at in (int(place), math.ceil(place))}))
    lows = [float(kept[int(place)]) for place in places]
    highs = [float(kept[math.ceil(place)]) for place in places]
    return tuple(low + (high - low) * (place % 1) for low, high, place in zip(lows, highs, places, strict=True))


def percentile(values: Plane, share: float) -> float:
    """One of `percentiles`."""
    return percentiles(values, share)[0]


def median(values: Plane) -> float:
    """The middle value."""
    return percentiles(values, 50)[0]


def linear(colour: Colour) -> Colour:
    """An sRGB colour in the engine's linear light."""
    red, green, blue = colour
    return red * red, green * green, blue * blue


def filled(shape: tuple[int, int], colour: Colour) -> Planes:
    """A picture of one colour."""
    planes = np.empty((3, *shape), np.float32)
    for plane, value in zip(planes, colour, strict=True):
        plane.fill(value)
    return planes


def mix_into(planes: Planes, target: Planes | Iterable[float], mask: Plane | float) -> None:
    """Move `planes` towards `target`, a picture or a colour, by `mask`. In place."""
    for plane, value in zip(planes, target, strict=True):
        step = np.subtract(value, plane, dtype=np.float32)
        step *= mask
        plane += step


def add_into(planes: Planes, colour: Iterable[float], amount: Plane) -> None:
    """Add `colour` times `amount` to `planes`. In place."""
    for plane, value in zip(planes, colour, strict=True):
        cv2.scaleAdd(amount, float(value), plane, dst=plane)


def saturate(planes: Planes, factor: float) -> None:
    """Multiply the distance of each pixel from its own grey. In place."""
    grey = luminance(planes)
    grey *= np.float32(1.0 - factor)
    planes *= np.float32(factor)
    planes += grey


def to_linear(rgb: Bytes) -> Planes:
    """(H, W, 3) uint8 sRGB to linear (3, H, W)."""
    planes = np.ascontiguousarray(np.moveaxis(rgb, 2, 0)).astype(np.float32)
    planes *= np.float32(1 / 255)
    planes *= planes
    return planes


def to_bytes(planes: Planes) -> Bytes:
    """(3, H, W) sRGB in 0..1 to (H, W, 3) uint8, rounded and clipped."""
    merged: Bytes = cv2.merge([cv2.convertScaleAbs(np.clip(plane, 0, 1), alpha=255) for plane in planes])
    return merged
