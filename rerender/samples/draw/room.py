"""The living room: a line drawing in one-point perspective, drawn from the back to the front."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["draw"]

Place = tuple[float, float, float]
"""Metres: x to the right, y up, z away from the viewer."""

EYE: Place = (0.35, 1.5, -5.0)
LEFT, RIGHT, BACK, FRONT, CEILING = -3.7, 3.5, 3.2, -4.6, 2.85
OVERSAMPLING = 3
INK = 32
BOLD, PLAIN, FINE = 2.8, 2.0, 1.3


class Sheet:
    """White paper, and a hand that draws what stands in a room on it."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        self._width, self._height = width, height
        self._pixels = np.full((height * OVERSAMPLING, width * OVERSAMPLING), 255, np.uint8)
        self._focal = 0.98 * height * OVERSAMPLING
        self._random = np.random.RandomState(seed)

    def finished(self) -> NDArray[np.uint8]:
        """The drawing as (height, width) uint8."""
        small = cv2.resize(self._pixels, (self._width, self._height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    def at(self, place: Place) -> NDArray[np.float64]:
        """Where a place in the room appears on the paper."""
        x, y, z = np.subtract(place, EYE)
        centre = np.array([self._width * 0.5, self._height * 0.455]) * OVERSAMPLING
        return np.asarray(centre + self._focal * np.array([x, -y]) / z)

    def line(self, start: Place, end: Place, weight: float = PLAIN) -> None:
        """A straight line as a steady hand draws it: it wavers by less than its own width."""
        self.stroke(np.linspace(self.at(start), self.at(end), 28), weight)

    def stroke(self, path: NDArray[np.float64], weight: float = PLAIN, *, closed: bool = False) -> None:
        """A line along points on the paper."""
        count = len(path)
        drift = np.cumsum(self._random.normal(0, 0.16, (count, 2)), axis=0)
        drift -= np.linspace(0, 1, count)[:, None] * drift[-1]
        self._polyline(path + drift * OVERSAMPLING * 0.5, weight, closed)

    def face(self, *corners: Place, weight: float = PLAIN) -> None:
        """A flat face: hides what is behind it and has an outline."""
        self._erase([self.at(corner) for corner in corners])
        for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
            self.line(start, end, weight)

    def shape(self, path: NDArray[np.float64], weight: float = PLAIN) -> None:
        """A closed outline on the paper that hides what is behind it."""
        self._erase(path)
        self.stroke(path, weight, closed=True)

    def box(self, low: Place, high: Place, weight: float = PLAIN) -> None:
        """A box: the faces that the viewer sees, the front last."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        if y1 < EYE[1]:
            self.face((x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1), weight=weight)
        if y0 > EYE[1]:
            self.face((x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1), weight=weight)
        for x, seen in ((x0, x0 > EYE[0]), (x1, x1 < EYE[0])):
            if seen:
                self.face((x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1), weight=weight)
        self.face((x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0), weight=weight)

    def ring(self, centre: Place, radius: float, weight: float = PLAIN, flatness: float | None = None) -> None:
        """A level circle; with `flatness`, an ellipse facing the viewer, so many times as high as wide."""
        turn = np.linspace(0, 2 * np.pi, 49)
        if flatness is None:
            ring = [(centre[0] + radius * np.cos(t), centre[1], centre[2] + radius * np.sin(t)) for t in turn]
        else:
            rise = radius * flatness
            ring = [(centre[0] + radius * np.cos(t), centre[1] + rise * np.sin(t), centre[2]) for t in turn]
        self.shape(np.array([self.at((float(x), float(y), float(z))) for x, y, z in ring]), weight)

    def leaf(self, root: Place, tip: Place, breadth: float, weight: float = FINE) -> None:
        """A pointed leaf with its middle rib."""
        start, end = self.at(root), self.at(tip)
        along = end - start
        across = np.array([-along[1], along[0]]) * breadth
        share = np.linspace(0, 1, 16)[:, None]
        bulge = 4 * share * (1 - share) ** 1.3
        rib = start + along * share + across * 0.35 * bulge
        self.shape(np.concatenate([rib + across * bulge, (rib - across * bulge)[::-1]]), weight)
        self.stroke(rib[:13], FINE * 0.7)

    def _erase(self, path: NDArray[np.float64] | Sequence[NDArray[np.float64]]) -> None:
        cv2.fillPoly(self._pixels, [_fixed_point(np.asarray(path))], 255, cv2.LINE_AA, 4)

    def _polyline(self, path: NDArray[np.float64], weight: float, closed: bool) -> None:
        thickness = max(1, round(weight * OVERSAMPLING))
        cv2.polylines(self._pixels, [_fixed_point(path)], closed, INK, thickness, cv2.LINE_AA, 4)


def _fixed_point(path: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.round(path * 16).astype(np.int32)


def draw(width: int = 1536, height: int = 1024) -> NDArray[np.uint8]:
    """The drawing as (height, width) uint8 grey."""
    sheet = Sheet(width, height, seed=4)
    _shell(sheet)
    _window(sheet)
    _door(sheet)
    _pictures(sheet)
    _rug(sheet)
    _sideboard(sheet)
    _floor_lamp(sheet, -2.5, 2.6)
    _sofa(sheet)
    _plant(sheet, 2.1, 2.5)
    _coffee_table(sheet)
    _armchair(sheet)
    _pendant(sheet)
    return sheet.finished()


def _shell(sheet: Sheet) -> None:
    sheet.face((LEFT, 0, BACK), (RIGHT, 0, BACK), (RIGHT, CEILING, BACK), (LEFT, CEILING, BACK), weight=BOLD)
    for x in (LEFT, RIGHT):
        for y in (0.0, CEILING):
            sheet.line((x, y, BACK), (x, y, FRONT), BOLD)
        sheet.line((x, 0.13, BACK), (x, 0.13, FRONT), FINE)
    sheet.line((LEFT, 0.13, BACK), (RIGHT, 0.13, BACK), FINE)
    for x in np.linspace(LEFT, RIGHT, 15)[1:-1].tolist():
        sheet.line((x, 0, BACK), (x, 0, FRONT), FINE * 0.8)


def _window(sheet: Sheet) -> None:
    left, right, sill, head = -2.0, 0.95, 1.08, 2.42
    sheet.box((left - 0.12, sill - 0.07, BACK - 0.16), (right + 0.12, sill, BACK), FINE)
    sheet.face((left, sill, BACK), (right, sill, BACK), (right, head, BACK), (left, head, BACK), weight=BOLD)
    panes = np.linspace(left + 0.08, right - 0.02, 4).tolist()
    low, high = sill + 0.08, head - 0.08
    for start, next_start in pairwise(panes):
        end = next_start - 0.06
        sheet.face((start, low, BACK), (end, low, BACK), (end, high, BACK), (start, high, BACK), weight=FINE)


def _door(sheet: Sheet) -> None:
    near, far, head = 1.75, 2.7, 2.15
    sheet.face((RIGHT, 0, near), (RIGHT, 0, far), (RIGHT, head, far), (RIGHT, head, near), weight=BOLD)
    inner = (near + 0.09, far - 0.09, head - 0.08)
    sheet.face((RIGHT, 0, inner[0]), (RIGHT, 0, inner[1]), (RIGHT, inner[2], inner[1]), (RIGHT, inner[2], inner[0]))
    for low, high in ((0.2, 0.9), (1.1, 1.9)):
        near_panel, far_panel = inner[0] + 0.14, inner[1] - 0.14
        sheet.face(
            (RIGHT, low, near_panel), (RIGHT, low, far_panel), (RIGHT, high, far_panel), (RIGHT, high, near_panel),
            weight=FINE,
        )  # fmt: skip
    sheet.ring((RIGHT - 0.03, 1.02, near + 0.16), 0.035, FINE, flatness=1.0)


def _pictures(sheet: Sheet) -> None:
    for left, right, low, high in ((1.45, 2.0, 1.5, 2.25), (2.16, 2.66, 1.5, 2.25)):
        for inset, weight in ((0.0, PLAIN), (0.07, FINE)):
            x0, x1, y0, y1 = left + inset, right - inset, low + inset, high - inset
            if y1 - y0 > 0.1:
                sheet.face((x0, y0, BACK), (x1, y0, BACK), (x1, y1, BACK), (x0, y1, BACK), weight=weight)


def _rug(sheet: Sheet) -> None:
    for inset, weight in ((0.0, PLAIN), (0.14, FINE)):
        x0, x1, z0, z1 = -2.0 + inset, 1.75 - inset, -1.25 + inset, 1.3 - inset
        sheet.face((x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1), weight=weight)


def _sideboard(sheet: Sheet) -> None:
    for z in (0.45, 2.2):
        sheet.box((LEFT + 0.06, 0, z), (LEFT + 0.1, 0.17, z + 0.05), FINE)
        sheet.box((LEFT + 0.42, 0, z), (LEFT + 0.46, 0.17, z + 0.05), FINE)
    sheet.box((LEFT + 0.02, 0.17, 0.35), (LEFT + 0.5, 0.72, 2.35))
    for z in (1.02, 1.68):
        sheet.line((LEFT + 0.5, 0.17, z), (LEFT + 0.5, 0.72, z), FINE)
    for z, height in ((1.2, 0.28), (1.11, 0.32), (1.02, 0.26), (0.93, 0.3)):
        sheet.box((LEFT + 0.12, 0.72, z), (LEFT + 0.36, 0.72 + height, z + 0.07), FINE)
    _vase(sheet, (LEFT + 0.27, 0.72, 1.85))


def _vase(sheet: Sheet, foot: Place) -> None:
    x, y, z = foot
    for angle, length in ((-0.5, 0.42), (0.42, 0.45), (0.0, 0.55), (-0.22, 0.5), (0.2, 0.52)):
        sheet.leaf((x, y + 0.26, z), (x + np.sin(angle) * length, y + 0.26 + np.cos(angle) * length, z), 0.07)
    heights = np.linspace(0, 0.3, 14)
    profile = 0.06 + 0.055 * np.sin(heights / 0.3 * 2.9 + 0.15)
    right = [sheet.at((x + float(r), y + float(h), z)) for r, h in zip(profile, heights, strict=True)]
    left = [sheet.at((x - float(r), y + float(h), z)) for r, h in zip(profile, heights, strict=True)]
    sheet.shape(np.array(right + left[::-1]), FINE)


def _sofa(sheet: Sheet) -> None:
    left, right, front, back = -1.75, 1.35, 1.55, 2.55
    for x in (left + 0.06, right - 0.12):
        sheet.box((x, 0, front + 0.06), (x + 0.06, 0.14, front + 0.12), FINE)
    sheet.box((left, 0.14, back - 0.22), (right, 0.88, back))
    middle = (left + right) / 2
    for start, end in ((left + 0.24, middle), (middle, right - 0.24)):
        sheet.box((start, 0.45, back - 0.42), (end, 0.84, back - 0.22), PLAIN)
    sheet.box((left + 0.24, 0.14, front + 0.04), (right - 0.24, 0.30, back - 0.22))
    for start, end in ((left + 0.24, middle), (middle, right - 0.24)):
        sheet.box((start, 0.30, front), (end, 0.47, back - 0.42))
    for x in (left, right - 0.24):
        sheet.box((x, 0.14, front), (x + 0.24, 0.64, back))
    for centre, lean in ((left + 0.52, 0.1), (right - 0.55, -0.1)):
        low, high, z = 0.47, 0.82, back - 0.5
        foot = [(centre - 0.2, low, z), (centre + 0.2, low, z)]
        head = [(centre + 0.2 + lean, high, z), (centre - 0.2 + lean, high, z)]
        sheet.face(*foot, *head, weight=FINE)


def _coffee_table(sheet: Sheet) -> None:
    for z in (0.85, 0.0):
        for x in (-0.75, 0.5):
            sheet.box((x, 0, z), (x + 0.06, 0.36, z + 0.06), FINE)
    sheet.box((-0.85, 0.36, -0.1), (0.66, 0.42, 1.0))
    sheet.box((-0.55, 0.42, 0.3), (-0.15, 0.46, 0.6), FINE)
    sheet.box((-0.5, 0.46, 0.34), (-0.2, 0.49, 0.56), FINE)
    _bowl(sheet, (0.28, 0.42, 0.45))


def _bowl(sheet: Sheet, foot: Place) -> None:
    x, y, z = foot
    turn = np.linspace(0, np.pi, 20)
    body = [sheet.at((x - 0.17 * float(np.cos(t)), y + 0.13 - 0.13 * float(np.sin(t)), z)) for t in turn]
    sheet.shape(np.array(body), FINE)
    sheet.ring((x, y + 0.13, z), 0.17, FINE)


def _armchair(sheet: Sheet) -> None:
    left, right, front, back = 1.95, 2.95, -0.75, 0.15
    for x in (left + 0.05, right - 0.1):
        sheet.box((x, 0, front + 0.05), (x + 0.05, 0.14, front + 0.1), FINE)
    sheet.box((left, 0.14, back - 0.2), (right, 0.86, back))
    sheet.box((left + 0.17, 0.14, front + 0.03), (right - 0.17, 0.30, back - 0.2))
    sheet.box((left + 0.17, 0.30, front), (right - 0.17, 0.46, back - 0.2))
    for x in (right - 0.17, left):
        sheet.box((x, 0.14, front), (x + 0.17, 0.62, back))


def _floor_lamp(sheet: Sheet, x: float, z: float) -> None:
    sheet.ring((x, 0.015, z), 0.19)
    sheet.face((x - 0.015, 0.02, z), (x + 0.015, 0.02, z), (x + 0.015, 1.5, z), (x - 0.015, 1.5, z), weight=FINE)
    sheet.face((x - 0.29, 1.42, z), (x + 0.29, 1.42, z), (x + 0.18, 1.82, z), (x - 0.18, 1.82, z))


def _plant(sheet: Sheet, x: float, z: float) -> None:
    random = np.random.RandomState(9)
    sheet.face((x - 0.17, 0, z), (x + 0.17, 0, z), (x + 0.25, 0.45, z), (x - 0.25, 0.45, z))
    sheet.face((x - 0.27, 0.40, z), (x + 0.27, 0.40, z), (x + 0.27, 0.47, z), (x - 0.27, 0.47, z), weight=FINE)
    for angle in (-1.15, 1.2, -0.85, 0.9, -0.6, 0.62, -0.32, 0.36, 0.02):
        length = float(random.uniform(0.7, 0.82) * (1.18 - 0.28 * abs(angle)))
        tip = (x + float(np.sin(angle)) * length, 0.47 + float(np.cos(angle)) * length, z)
        sheet.leaf((x + 0.1 * angle, 0.47, z), tip, 0.1)


def _pendant(sheet: Sheet) -> None:
    x, z, low = -0.1, 0.8, 2.05
    sheet.line((x, CEILING, z), (x, low + 0.24, z), FINE)
    turn = np.linspace(0, np.pi, 24)
    dome = [sheet.at((x + 0.3 * float(np.cos(t)), low + 0.25 * float(np.sin(t)), z)) for t in turn]
    sheet.shape(np.array(dome), PLAIN)
