"""Material-ID images: one flat colour a material, as modelling programs and segmentation models export them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.fields import Bytes, Plane
from rerender.engines.preview.kinds import chroma_of
from rerender.engines.preview.plan import Setting, from_hex
from rerender.engines.preview.regions import Labels, PerRegion, Regions, fill_nearest
from rerender.engines.preview.slot_codes import (
    GLASS,
    GROUND,
    LAMP,
    OBJECT,
    OBJECT2,
    ROOF,
    SKY,
    VEGETATION,
    WALL,
    Codes,
    Mask,
)

# Neighbours that differ by no more than this are of one flat colour; JPEG leaves a little.
FLATNESS = 6
# The colours of the ADE20K classes, which segmentation models paint with, by the slot that each class fills.
ADE20K: dict[int, tuple[str, ...]] = {
    WALL: ("787878", "b47878", "ff09e0", "7702ff", "ff3d06", "ff290a", "ff8200"),
    SKY: ("06e6e6", "787850"),
    GROUND: ("503232", "8c8c8c", "04fa07", "ebff07", "787846", "ffff00", "a09614"),
    GLASS: ("e6e6e6", "00ffad"),
    VEGETATION: ("04c803", "ccff04", "ff0000", "8fff8c"),
    LAMP: ("e0ff08", "00ffc2", "001fff", "ffd600"),
    OBJECT: ("0b66ff", "cc05ff", "cc4603", "08ffd6", "ff095c", "ff3307", "00ebff", "1ec8ff"),
    OBJECT2: ("e005ff", "ff0652", "08ff33", "07ffff", "ffe000", "ff0633", "0a00ff", "ff0029"),
}


def flat_colours(rgb: Bytes) -> Labels | None:
    """(h, w) numbers of the flat colours of a material-ID image, from 0 on; None for any other picture."""
    if float(np.mean(chroma_of(rgb) > 30)) < 0.2:
        return None
    flat = _flat(rgb)
    if float(flat.mean()) < 0.85:
        return None
    colours, counts = _palette(rgb[flat])
    kept = counts > 0.001 * flat.size
    colours = colours[kept]
    coloured = chroma_of(colours[None].astype(np.uint8))[0] > 40
    gaudy = float(counts[kept][coloured].sum()) / flat.size
    if not 3 <= len(colours) <= 40 or coloured.sum() < 2 or gaudy < 0.2 or counts[kept].sum() < 0.9 * flat.sum():
        return None
    distance = np.stack([np.abs(rgb.astype(np.int16) - colour).max(axis=2) for colour in colours])
    nearest = distance.argmin(axis=0).astype(np.int32)
    # In a smooth picture under tinted light, too, neighbours are alike, but its colours are only steps of a slope.
    if _evenness(rgb[flat], nearest[flat]) < 0.6:
        return None
    # Between two colours lies a third one that is on no surface.
    return fill_nearest(nearest, flat & (distance.min(axis=0) < 3 * FLATNESS))


def drawn_borders(rgb: Bytes) -> Plane:
    """A material-ID image of any size read as a drawing: (H, W) luma, white with ink between the colours."""
    unit = max(rgb.shape) / 1024
    step = cv2.morphologyEx(rgb, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)).max(axis=2).astype(np.float32)
    ink: Plane = cv2.GaussianBlur(np.clip(step / 60, 0, 1), (0, 0), max(0.5, 0.7 * unit))
    return 1 - np.float32(0.8) * np.clip(ink, 0, 1)


def split(colours: Labels) -> Labels:
    """(h, w): every connected patch of one colour as a region of its own."""
    labels = np.zeros(colours.shape, np.int32)
    following = 0
    for colour in range(int(colours.max()) + 1):
        count, patches = cv2.connectedComponents((colours == colour).astype(np.uint8), connectivity=4)
        inside = patches > 0
        labels[inside] = patches[inside] + following - 1
        following += count - 1
    return labels


def mapped_codes(regions: Regions, colours: Labels, setting: Setting) -> Codes:
    """(h, w) slot codes of a material-ID image: by the classes' own colours where they are ADE20K's, else by place."""
    palette = _means(regions, colours)
    slots = _by_name(palette, np.bincount(colours.ravel()) / colours.size)
    if slots is None:
        slots = _by_place(regions, colours, palette, setting)
    codes: Codes = slots[colours]
    return codes


def _flat(rgb: Bytes) -> NDArray[np.bool_]:
    across = np.abs(np.diff(rgb.astype(np.int16), axis=1, append=rgb[:, -1:])).max(axis=2)
    down = np.abs(np.diff(rgb.astype(np.int16), axis=0, append=rgb[-1:])).max(axis=2)
    flat: NDArray[np.bool_] = np.maximum(across, down) <= FLATNESS
    return flat


def _palette(pixels: Bytes) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """The colours of (n, 3) pixels, near ones taken together, and how often each occurs, the most frequent first."""
    coarse = pixels.astype(np.int64) // 8
    keys = coarse[:, 0] << 10 | coarse[:, 1] << 5 | coarse[:, 2]
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    colours: list[NDArray[np.int16]] = []
    totals: list[int] = []
    for number in np.argsort(-counts, kind="stable")[:400]:
        colour = pixels[first[number]].astype(np.int16)
        for other, known in enumerate(colours):
            if np.abs(colour - known).max() <= 2 * FLATNESS:
                totals[other] += int(counts[number])
                break
        else:
            colours.append(colour)
            totals.append(int(counts[number]))
    return np.array(colours, np.int16).reshape(-1, 3), np.array(totals, np.int64)


def _evenness(pixels: Bytes, nearest: NDArray[np.int32]) -> float:
    """The share of (n, 3) pixels that are within one level of the median of all that have the same `nearest` (n,)."""
    groups = (pixels[nearest == colour].astype(np.int16) for colour in np.unique(nearest))
    even = [np.abs(group - np.median(group, axis=0)).max(axis=1) <= 1 for group in groups]
    return float(np.concatenate(even).mean())


def _means(regions: Regions, colours: Labels) -> PerRegion:
    """(colours, 3): the mean sRGB of each flat colour, 0 to 255."""
    count = int(colours.max()) + 1
    owner = np.zeros(regions.count, np.int64)
    owner[regions.labels.ravel()] = colours.ravel()
    weight = np.bincount(owner, regions.area, count)
    means = [
        np.bincount(owner, regions.area * regions.colour[:, c], count) / np.maximum(weight, 1e-9) for c in range(3)
    ]
    return np.stack(means, axis=1) * 255


def _by_name(palette: PerRegion, share: PerRegion) -> Codes | None:
    """The slot of each colour, when nearly all of the picture is in ADE20K's colours."""
    named = [(code, from_hex(text)) for code, texts in ADE20K.items() for text in texts]
    table = np.rint(255 * np.array([colour for _, colour in named]))
    distance = np.abs(palette[:, None] - table[None]).max(axis=2)
    known = distance.min(axis=1) < 8
    if float(share[known].sum()) < 0.8:
        return None
    codes: Codes = np.array([code for code, _ in named], np.uint8)[distance.argmin(axis=1)]
    return np.where(known, codes, np.uint8(OBJECT2))


def _by_place(regions: Regions, colours: Labels, palette: PerRegion, setting: Setting) -> Codes:
    """The slot of each colour by where it lies, what its patches look like, and for plants and sky by its hue."""
    count = len(palette)
    owner = np.zeros(regions.count, np.int64)
    owner[regions.labels.ravel()] = colours.ravel()
    area = np.bincount(owner, regions.area, count)

    def mean(values: PerRegion) -> PerRegion:
        averages: PerRegion = np.bincount(owner, regions.area * values, count) / np.maximum(area, 1e-9)
        return averages

    height, top = mean(regions.centre_y), np.bincount(owner, regions.touch_top, count)
    bottom, filled = np.bincount(owner, regions.touch_bottom, count), mean(regions.fill)
    largest = np.zeros(count)
    np.maximum.at(largest, owner, regions.area)
    sides = np.bincount(owner, regions.touch_left + regions.touch_right, count)
    red, green, blue = palette.T
    slots = np.full(count, 255, np.uint8)
    _take(slots, SKY, (top > 0.25) & (height < 0.45), top)
    _take(slots, GROUND, (bottom > 0.25) & (height > 0.55), bottom)
    green_enough = (green > 1.15 * red) & (green > 1.15 * blue)
    slots[(slots == 255) & green_enough & (largest < 0.2)] = VEGETATION
    bluish = (blue > red + 12) & (filled > 0.55) & (largest < 0.06)
    slots[(slots == 255) & bluish & (height < 0.75)] = GLASS
    if setting == "interior":
        yellow = (red > 180) & (green > 160) & (blue < 0.7 * green)
        slots[(slots == 255) & yellow & (area < 0.03)] = LAMP
        _take(slots, WALL, (slots == 255) & (height < 0.6), area + sides)
        _take(slots, OBJECT, (slots == 255) & (height > 0.45), area)
        slots[slots == 255] = OBJECT2
        return slots
    rest = slots == 255
    _take(slots, WALL, rest, area * (height > 0.3) + 0.05 * area)
    if (slots == WALL).any():
        above = (slots == 255) & (height < float(height[slots == WALL][0]) + 0.02) & (area > 0.008)
        slots[above] = ROOF
    slots[slots == 255] = WALL
    return slots


def _take(slots: Codes, code: int, allowed: Mask, score: PerRegion) -> None:
    """Give `code` to the open, allowed colour of the highest score, if there is one. In place."""
    allowed = allowed & (slots == 255)
    if allowed.any():
        slots[int(np.argmax(np.where(allowed, score, -1.0)))] = code
