"""The shell of a room seen from inside: the point that its lines run to, and the back wall's rectangle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.fields import Bytes, Plane, median
from rerender.engines.preview.regions import Regions, scharr

# How many rows and columns are tried for each side of the back wall.
CANDIDATES = 14
# The planes of `Shell.planes`.
BACK, CEILING, FLOOR, LEFT, RIGHT = range(5)
# From this share of its lines on, found as edges, a shell is a room's.
SUPPORTED = 0.62


@dataclass(frozen=True, slots=True)
class Shell:
    """A room as a box (after Hedau et al. 2009): the back wall's sides and the vanishing point, in pixels.

    `support` is the share of the box's upper lines, which no furniture hides, that are edges of the picture.
    """

    left: float
    top: float
    right: float
    bottom: float
    vanishing: tuple[float, float]
    support: float

    def planes(self, shape: tuple[int, int]) -> NDArray[np.uint8]:
        """(h, w): which plane of the box each pixel shows."""
        x, y = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
        vx, vy = self.vanishing
        # How far out a pixel lies, where 1 is the back wall's own side in that direction.
        out = np.stack(
            [
                (vy - y) / max(vy - self.top, 1),
                (y - vy) / max(self.bottom - vy, 1),
                (vx - x) / max(vx - self.left, 1),
                (x - vx) / max(self.right - vx, 1),
            ]
        )
        planes: NDArray[np.uint8] = (out.argmax(axis=0) + 1).astype(np.uint8)
        planes[out.max(axis=0) <= 1] = BACK
        return planes


def looks_into_a_room(shell: Shell | None, regions: Regions) -> bool:
    """Whether a shell is well supported, under a ceiling that is one calm plane and no sky that goes on beside it."""
    if shell is None or shell.support < SUPPORTED:
        return False
    ceiling = shell.planes(regions.labels.shape) == CEILING
    inside = np.bincount(regions.labels[ceiling], minlength=regions.count)
    largest = int(inside.argmax())
    return bool(inside[largest] > 0.6 * ceiling.sum() and inside[largest] > 0.6 * regions.area[largest] * ceiling.size)


def find_shell(luma: Plane) -> Shell | None:
    """The box of a room seen straight on, the best supported by edges; None where no lines run to one point."""
    height, width = luma.shape
    x, y, support = _vanishing_point(line_segments(luma), luma.shape)
    if support < 0.01 * max(height, width):
        return None
    across, down = cv2.Scharr(luma, cv2.CV_32F, 1, 0), cv2.Scharr(luma, cv2.CV_32F, 0, 1)
    slope = scharr(luma)
    edge = slope > max(0.012, 3.5 * median(slope))
    level = _thick(edge & (np.abs(down) > 1.7 * np.abs(across)), (5, 1))
    upright = _thick(edge & (np.abs(across) > 1.7 * np.abs(down)), (1, 5))
    any_edge = _thick(edge, (5, 5))
    near = 0.04 * max(height, width)
    tops, bottoms = _peaks(level.sum(axis=1), 4, y - near), _peaks(level.sum(axis=1), y + near, height - 4)
    lefts, rights = _peaks(upright.sum(axis=0), 4, x - near), _peaks(upright.sum(axis=0), x + near, width - 4)
    if not (len(tops) and len(bottoms) and len(lefts) and len(rights)):
        return None
    top = _covered(level, tops, lefts, rights)[:, None]
    bottom = _covered(level, bottoms, lefts, rights)[None]
    left = _covered(upright.T, lefts, tops, bottoms).transpose(1, 2, 0)[..., None]
    right = _covered(upright.T, rights, tops, bottoms).transpose(1, 2, 0)[:, :, None]
    corners = [_along_rays(any_edge, (x, y), columns, rows) for rows in (tops, bottoms) for columns in (lefts, rights)]
    upper_left, upper_right = corners[0][:, None, :, None], corners[1][:, None, None, :]
    lower_left, lower_right = corners[2][None, :, :, None], corners[3][None, :, None, :]
    upper = (1.5 * top + upper_left + upper_right) / 3.5
    score = upper + 0.25 * bottom + 0.25 * (left + right) + 0.2 * (lower_left + lower_right)
    best = np.unravel_index(int(score.argmax()), score.shape)
    at_top, at_bottom, at_left, at_right = (int(index) for index in best)
    found = float(np.broadcast_to(upper, score.shape)[best])
    sides = (float(lefts[at_left]), float(tops[at_top]), float(rights[at_right]), float(bottoms[at_bottom]))
    return Shell(*sides, (x, y), found)


def line_segments(luma: Plane) -> NDArray[Any]:
    """Straight segments as (n, 4): x0, y0, x1, y1 in pixels (LSD, von Gioi et al. 2010)."""
    found = cv2.createLineSegmentDetector(0).detect((np.clip(luma, 0, 1) * 255).astype(np.uint8))[0]
    return np.zeros((0, 4), np.float32) if found is None else found.reshape(-1, 4)


def _vanishing_point(segments: NDArray[Any], shape: tuple[int, ...]) -> tuple[float, float, float]:
    """The pixel that most oblique lines of all four quarters aim at, and their length in the two poorest quarters."""
    height, width = shape
    start, along = segments[:, :2], segments[:, 2:] - segments[:, :2]
    length = np.hypot(along[:, 0], along[:, 1])
    slope = np.abs(along[:, 1]) / (np.abs(along[:, 0]) + 1e-6)
    oblique = (slope > 0.18) & (slope < 6) & (length > 0.05 * max(height, width))
    start, along, length = start[oblique], along[oblique] / length[oblique, None], length[oblique]
    y, x = (
        plane.ravel()
        for plane in np.meshgrid(np.linspace(0.3, 0.7, 21) * height, np.linspace(0.3, 0.7, 21) * width, indexing="ij")
    )
    if len(start) < 4:
        return width / 2, height / 2, 0.0
    offset_x, offset_y = x[:, None] - start[None, :, 0], y[:, None] - start[None, :, 1]
    aimed = np.abs(offset_x * along[:, 1] - offset_y * along[:, 0]) < 0.012 * max(height, width)
    middle = start + along * length[:, None] / 2
    right, low = middle[None, :, 0] > x[:, None], middle[None, :, 1] > y[:, None]
    quarters = np.stack([((right == a) & (low == b) & aimed) @ length for a in (False, True) for b in (False, True)])
    # One quarter may be hidden by furniture, or by a cupboard up to the ceiling.
    ranked = np.sort(quarters, axis=0)
    best = int((ranked[0] + ranked[1] + 0.2 * ranked[2]).argmax())
    return float(x[best]), float(y[best]), float(ranked[0, best] + ranked[1, best]) / 2


def _thick(edge: NDArray[np.bool_], size: tuple[int, int]) -> Bytes:
    thick: Bytes = cv2.dilate(edge.astype(np.uint8), np.ones(size, np.uint8))
    return thick


def _peaks(profile: NDArray[Any], start: float, end: float) -> NDArray[np.int64]:
    """The places between `start` and `end` where most edge pixels lie in line, apart from one another."""
    profile = profile.astype(float)
    kept: list[int] = []
    for place in np.argsort(-profile, kind="stable").tolist():
        if start < place < end and profile[place] > 0 and all(abs(place - other) > 6 for other in kept):
            kept.append(place)
            if len(kept) == CANDIDATES:
                break
    return np.array(sorted(kept), np.int64)


def _covered(edge: Bytes, lines: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[Any]:
    """(lines, starts, ends): the share of each row `lines` that is edge between columns `starts` and `ends`."""
    summed = np.cumsum(edge[lines], axis=1, dtype=float)
    covered: NDArray[Any] = summed[:, None, ends] - summed[:, starts, None]
    covered /= np.maximum(1, ends[None] - starts[:, None])
    return covered


def _along_rays(
    edge: Bytes, vanishing: tuple[float, float], columns: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[Any]:
    """(rows, columns): the share of edge on the way from each corner outwards to the picture's border."""
    height, width = edge.shape
    x, y = np.meshgrid(columns.astype(float), rows.astype(float))
    step_x, step_y = x - vanishing[0], y - vanishing[1]
    reach_x = np.where(step_x > 0, width - 2 - x, x - 1) / np.maximum(np.abs(step_x), 1)
    reach_y = np.where(step_y > 0, height - 2 - y, y - 1) / np.maximum(np.abs(step_y), 1)
    reach = np.minimum(reach_x, reach_y)
    share = np.linspace(0.02, 1, 48)[:, None, None] * reach
    at_x = np.clip(x + share * step_x, 0, width - 1).astype(int)
    at_y = np.clip(y + share * step_y, 0, height - 1).astype(int)
    found = edge[at_y, at_x].mean(axis=0)
    # A corner at the picture's border has no way to go and says nothing.
    known: NDArray[Any] = np.where(reach * np.hypot(step_x, step_y) > 0.02 * max(height, width), found, 0.3)
    return known
