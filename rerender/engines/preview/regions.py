"""Regions of a drawing or a clay render: trapped-ball segmentation, merging over weak borders, features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.fields import Bytes, Plane, magnitude

Labels = NDArray[Any]
PerRegion = NDArray[Any]

BALL_RADII = (7, 4, 2, 1, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """A partition of an (h, w) image into `count` regions, numbered in `labels`.

    Every other field has one value a region. Lengths are shares of the image's height or width, areas of its
    pixels; `touch_*` is the share of that border which the region covers; `fill` its share of its bounding box.
    """

    labels: Labels
    count: int
    area: PerRegion
    centre_x: PerRegion
    centre_y: PerRegion
    left: PerRegion
    right: PerRegion
    top: PerRegion
    bottom: PerRegion
    touch_top: PerRegion
    touch_bottom: PerRegion
    touch_left: PerRegion
    touch_right: PerRegion
    fill: PerRegion
    aspect: PerRegion
    luma: PerRegion
    luma_spread: PerRegion
    colour: PerRegion

    def mask(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(h, w): where a chosen region lies. `chosen` has one flag a region."""
        flags: NDArray[np.bool_] = chosen[self.labels]
        return flags

    def box(self, region: int) -> tuple[slice, slice]:
        """The rows and columns of a region's bounding box."""
        height, width = self.labels.shape
        top, left = round(self.top[region] * height), round(self.left[region] * width)
        bottom, right = round(self.bottom[region] * height), round(self.right[region] * width)
        return slice(top, bottom + 1), slice(left, right + 1)

    def points(self, region: int) -> NDArray[np.float32]:
        """(n, 2) float32: the x and y of a region's pixels, in pixels."""
        rows, columns = self.box(region)
        inside = self.labels[rows, columns] == region
        points: NDArray[np.float32] = (np.argwhere(inside)[:, ::-1] + (columns.start, rows.start)).astype(np.float32)
        return points


def scharr(luma: Plane) -> Plane:
    """The slope of luma, as its change over two pixels."""
    across = cv2.Scharr(luma, cv2.CV_32F, 1, 0, scale=1 / 16)
    down = cv2.Scharr(luma, cv2.CV_32F, 0, 1, scale=1 / 16)
    return magnitude(across, down)


def trapped_ball(edges: Bytes) -> Labels:
    """Flood the free space between `edges` with balls of falling size (Zhang et al. 2009).

    A ball does not leak through a gap narrower than itself, so open drawings still give closed regions.
    Every pixel gets a label from 0 on, edge pixels the nearest one.
    """
    free = edges == 0
    labels = np.zeros(edges.shape, np.int32)
    following = 1
    for radius in BALL_RADII:
        remaining = (free & (labels == 0)).astype(np.uint8)
        ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        seeds = cv2.erode(remaining, ball, borderValue=1) if radius else remaining
        count, components, stats, _ = cv2.connectedComponentsWithStats(seeds, connectivity=4)
        large = stats[:, cv2.CC_STAT_AREA] >= (6 if radius else 12)
        large[0] = False
        if not large.any():
            continue
        numbers = np.zeros(count, np.float32)
        numbers[large] = np.arange(large.sum()) + following
        grown = cv2.dilate(numbers[components], ball) if radius else numbers[components]
        take = (remaining > 0) & (grown > 0)
        labels[take] = grown[take].astype(np.int32)
        following += int(large.sum())
    return _compact(fill_nearest(labels, labels > 0))


def merge_small(labels: Labels, least: int) -> Labels:
    """Give regions of fewer than `least` pixels to their nearest neighbours."""
    sizes = np.bincount(labels.ravel())
    keep = (sizes >= least)[labels]
    return _compact(fill_nearest(labels, keep)) if keep.any() else labels


def merge_weak_borders(
    labels: Labels,
    border_strength: Plane,
    luma: Plane,
    *,
    strength_limit: float,
    luma_limit: float,
    small_share: float = 1.0,
) -> Labels:
    """Merge neighbours over weak shared borders, the weakest first (in the spirit of Felzenszwalb & Huttenlocher 2004).

    A border's strength is the mean of `border_strength` along it. Regions whose mean luma differs by more than
    `luma_limit` stay apart; with `small_share` one of the two must be smaller than that share of the image.
    """
    count = int(labels.max()) + 1
    pairs, strengths, _ = borders(labels, border_strength, count)
    area = np.bincount(labels.ravel(), minlength=count).astype(float)
    mean = np.bincount(labels.ravel(), luma.ravel(), count) / area
    parent = np.arange(count)

    for index in np.argsort(strengths, kind="stable"):
        if strengths[index] > strength_limit:
            break
        first, second = _root(parent, pairs[index] // count), _root(parent, pairs[index] % count)
        apart = first == second or abs(mean[first] - mean[second]) > luma_limit
        if apart or min(area[first], area[second]) > small_share * labels.size:
            continue
        both = area[first] + area[second]
        mean[first] = (mean[first] * area[first] + mean[second] * area[second]) / both
        area[first] = both
        parent[second] = first
    return _joined(labels, parent)


def merge_over_gaps(labels: Labels, inked: Bytes, *, gap: int, share: float, small: float) -> Labels:
    """Merge neighbours that no line parts along `gap` pixels, and along that share of their border, most open first.

    One of the two must be smaller than `small`, a share of the image. `inked` is 1 on and beside lines.
    """
    count = int(labels.max()) + 1
    pairs, strengths, length = borders(labels, inked.astype(np.float32), count)
    gaps = (1 - strengths) * length
    area = np.bincount(labels.ravel(), minlength=count).astype(float)
    parent = np.arange(count)
    for index in np.argsort(strengths, kind="stable"):
        if 1 - strengths[index] < share:
            break
        first, second = _root(parent, pairs[index] // count), _root(parent, pairs[index] % count)
        apart = first == second or gaps[index] < gap
        if apart or min(area[first], area[second]) > small * labels.size:
            continue
        area[first] += area[second]
        parent[second] = first
    return _joined(labels, parent)


def _root(parent: Labels, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = int(parent[node])
    return int(node)


def _joined(labels: Labels, parent: Labels) -> Labels:
    return _compact(np.array([_root(parent, node) for node in range(len(parent))], np.int32)[labels])


def measure(labels: Labels, luma: Plane, rgb: Bytes) -> Regions:
    """The features of every region. All arrays are of the same (h, w)."""
    height, width = labels.shape
    flat = labels.ravel()
    count = int(flat.max()) + 1
    pixels = np.bincount(flat, minlength=count).astype(float)

    def mean(values: NDArray[Any]) -> PerRegion:
        means: PerRegion = np.bincount(flat, values.ravel(), count) / pixels
        return means

    rows, columns = (np.asarray(plane, np.float32) for plane in np.mgrid[0:height, 0:width])
    left, top, right, bottom = _boxes(labels, count)
    mean_luma = mean(luma)
    box_width, box_height = right - left + 1, bottom - top + 1
    return Regions(
        labels=labels,
        count=count,
        area=pixels / flat.size,
        centre_x=mean(columns) / width,
        centre_y=mean(rows) / height,
        left=left / width,
        right=right / width,
        top=top / height,
        bottom=bottom / height,
        touch_top=_share(labels[:2], count),
        touch_bottom=_share(labels[-2:], count),
        touch_left=_share(labels[:, :2], count),
        touch_right=_share(labels[:, -2:], count),
        fill=pixels / (box_width * box_height),
        aspect=box_width / box_height,
        luma=mean_luma,
        luma_spread=np.sqrt(np.maximum(mean(luma * luma) - mean_luma**2, 0)),
        colour=np.stack([mean(rgb[..., channel]) / 255 for channel in range(3)], axis=1),
    )


def _boxes(labels: Labels, count: int) -> tuple[PerRegion, PerRegion, PerRegion, PerRegion]:
    """The first and last column and row of every region."""
    flat = labels.ravel()
    # Sixteen bits are sorted by radix.
    order = np.argsort(flat.astype(np.uint16) if count < 1 << 16 else flat, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=count))])
    rows, columns = np.divmod(order, labels.shape[1])
    left, right = np.minimum.reduceat(columns, first[:-1]), np.maximum.reduceat(columns, first[:-1])
    top, bottom = rows[first[:-1]], rows[first[1:] - 1]
    return left.astype(float), top.astype(float), right.astype(float), bottom.astype(float)


def _share(border: Labels, count: int) -> PerRegion:
    return np.bincount(border.ravel(), minlength=count) / border.size


def borders(labels: Labels, strength: Plane, count: int) -> tuple[NDArray[np.int64], PerRegion, PerRegion]:
    """Every pair of neighbours once, as `low * count + high`, the mean strength along its border, its length."""
    keys, values = [], []
    for first, second in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        differ = labels[first] != labels[second]
        a, b = labels[first][differ].astype(np.int64), labels[second][differ]
        keys.append(np.minimum(a, b) * count + np.maximum(a, b))
        values.append(np.maximum(strength[first][differ], strength[second][differ]))
    pairs, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    length = np.bincount(inverse, minlength=len(pairs))
    return pairs, np.bincount(inverse, np.concatenate(values), len(pairs)) / np.maximum(1, length), length


def fill_nearest(labels: Labels, known: NDArray[np.bool_]) -> Labels:
    """Give every pixel that is not `known` the label of the nearest known one."""
    if known.all() or not known.any():
        return labels
    _, nearest = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(np.max(nearest)) + 1, np.int32)
    table[nearest[known]] = labels[known]
    filled: Labels = table[nearest]
    return filled


def _compact(labels: Labels) -> Labels:
    present = np.bincount(labels.ravel()) > 0
    numbers = (np.cumsum(present) - 1).astype(np.int32)
    compact: Labels = numbers[labels]
    return compact
