"""Draws faces with a depth buffer: as clay with sun, soft shadows and contact shade, and which slot is where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from rerender.engines.preview.fields import blur
from rerender.engines.preview.plan import SLOTS
from tests.engines.held_out.shapes import Face, Part, Point

NEAR = 0.05
OVERSAMPLING = 2
SHADOW_SIDE = 1024
LIGHT_JITTER = [(np.cos(t) * r, np.sin(t) * r) for t, r in zip(np.arange(7) * 2.4, np.linspace(0, 1, 7), strict=True)]


@dataclass(frozen=True)
class View:
    """Where the picture is taken from: the vertical field of view in degrees, `rise` in half heights."""

    eye: Point
    target: Point
    field_of_view: float = 40.0
    rise: float = 0.0
    sun: Point = (-0.5, 0.8, -0.5)
    softness: float = 0.05
    ambient: tuple[float, float] = (0.36, 0.12)
    """Light from all sides, and how much more of it comes from above."""

    def axes(self) -> np.ndarray:
        """(3, 3): the camera's right, up and forward."""
        return _axes(np.subtract(self.target, self.eye))


@dataclass(frozen=True, eq=False)
class Buffers:
    """What lies under each sample: the part's and the face's number (-1 for none), inverse depth, place, normal."""

    part: np.ndarray
    face: np.ndarray
    nearness: np.ndarray
    place: np.ndarray
    normal: np.ndarray


def rasterise(parts: Sequence[Part], view: View, width: int, height: int) -> Buffers:
    """The nearest face under every sample of a picture of this size."""
    axes = right, up, forward = view.axes()
    eye = np.array(view.eye)
    focal = height / 2 / np.tan(np.radians(view.field_of_view) / 2)
    middle = width / 2 - 0.5, height / 2 - 0.5 + view.rise * height / 2
    nearness = np.zeros((height, width), np.float32)
    part_at, face_at = np.full((2, height, width), -1, np.int32)
    faces: list[tuple[np.ndarray, int]] = []
    for number, part in enumerate(parts):
        for face in part.faces:
            local = _clip((face - eye) @ axes.T)
            if len(local) < 3:
                continue
            normal = _normal(local)
            offset = float(normal @ local.mean(axis=0))
            if abs(offset) < 1e-7:
                continue
            corners = local[:, :2] / local[:, 2:] * (focal, -focal) + middle
            box = _box(corners, width, height)
            if box is None:
                continue
            covered = _covered(corners, box)
            x = (np.arange(box[1].start, box[1].stop) - middle[0]) / focal
            y = (middle[1] - np.arange(box[0].start, box[0].stop)) / focal
            value = (normal[0] * x[None] + normal[1] * y[:, None] + normal[2]) / offset
            closer = covered & (value > nearness[box])
            nearness[box][closer] = value[closer]
            part_at[box][closer] = number
            face_at[box][closer] = len(faces)
            world = normal @ axes
            faces.append((-world if offset > 0 else world, number))
    x = (np.arange(width) - middle[0]) / focal
    y = (middle[1] - np.arange(height)) / focal
    ray = (right[:, None, None] * x[None, None] + up[:, None, None] * y[None, :, None]) + forward[:, None, None]
    place = eye[:, None, None] + ray / np.maximum(nearness, 1e-3)
    place = place.astype(np.float32)
    normal = _normals(parts, faces, part_at, face_at, place, ray.astype(np.float32))
    return Buffers(part_at, face_at, nearness, place, normal)


def clay(parts: Sequence[Part], view: View, buffers: Buffers, sky: np.ndarray, unlit: int = -1) -> np.ndarray:
    """Grey (H, W) 0..1 of the parts before `sky`; of the part `unlit` only the shadow falls on the sky's own grey."""
    sun = (np.array(view.sun) / np.linalg.norm(view.sun)).astype(np.float32)
    lit = _sunlight(parts, view, buffers)
    facing = np.clip(np.tensordot(sun, buffers.normal, 1), 0, 1)
    contact = _contact(buffers)
    albedo = np.array([part.albedo for part in parts], np.float32)[buffers.part]
    from_all_sides, from_above = view.ambient
    light = 0.62 * facing * lit + (from_all_sides + from_above * buffers.normal[1]) * contact
    grey = np.clip(light * albedo, 0, 1) ** (1 / 1.8)
    catcher = buffers.part == unlit
    grey[catcher] = (sky * (0.55 + 0.45 * lit) * (0.6 + 0.4 * contact))[catcher]
    return np.where(buffers.part < 0, sky, grey)


def drawn(buffers: Buffers, weight: float, rng: np.random.RandomState, between_faces: bool = False) -> np.ndarray:
    """Ink on white, (H, W) 0..1: silhouettes and creases, by a hand that wavers by less than a line's width.

    Far ground falls away from row to row as if it had edges; only `between_faces` it has none.
    """
    edge = np.zeros(buffers.part.shape, bool)
    for axis in (0, 1):
        ahead, behind = (np.s_[1:], np.s_[:-1]) if axis == 0 else (np.s_[:, 1:], np.s_[:, :-1])
        jump = np.abs(buffers.nearness[ahead] - buffers.nearness[behind])
        step = buffers.part[ahead] != buffers.part[behind]
        other = buffers.face[ahead] != buffers.face[behind]
        step |= (other | (not between_faces)) & (
            jump > 0.03 * np.maximum(buffers.nearness[ahead], buffers.nearness[behind]) + 1e-4
        )
        turn = (buffers.normal[(np.s_[:], *_both(ahead))] * buffers.normal[(np.s_[:], *_both(behind))]).sum(axis=0)
        edge[behind] |= step | ((turn < 0.9) & other)
    height, width = edge.shape
    side = max(1, round(weight * OVERSAMPLING * max(edge.shape) / 1024 / OVERSAMPLING))
    ink = cv2.dilate(edge.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    drift = [
        cv2.resize(rng.normal(0, 0.0009 * width, (9, 9)).astype(np.float32), (width, height), interpolation=2)
        for _ in "xy"
    ]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return 1 - 0.88 * cv2.remap(ink.astype(np.float32), x + drift[0], y + drift[1], cv2.INTER_LINEAR)


def slots_of(parts: Sequence[Part], buffers: Buffers) -> np.ndarray:
    """(H, W) slot codes, the sky's where nothing is."""
    codes = np.array([*(SLOTS.index(part.slot) for part in parts), SLOTS.index("sky")], np.uint8)
    return codes[buffers.part]


def _both(index: object) -> tuple[object, ...]:
    return index if isinstance(index, tuple) else (index,)


def _axes(forward: np.ndarray) -> np.ndarray:
    forward = forward / np.linalg.norm(forward)
    right = np.cross((0.0, 1.0, 0.0), forward)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def _normal(face: Face) -> np.ndarray:
    """By Newell's method, so that three corners in a row do no harm."""
    (_, xy, xz), (yx, _, yz), (zx, zy, _) = face.T @ np.concatenate([face[1:], face[:1]])
    normal = np.array([yz - zy, zx - xz, xy - yx])
    return normal / (np.sqrt(normal @ normal) + 1e-12)


def _clip(local: Face) -> Face:
    """What of a face lies before the camera."""
    if local[:, 2].min() >= NEAR:
        return local
    kept = []
    for start, end in zip(local, np.roll(local, -1, axis=0), strict=True):
        if start[2] >= NEAR:
            kept.append(start)
        if (start[2] >= NEAR) != (end[2] >= NEAR):
            kept.append(start + (end - start) * (NEAR - start[2]) / (end[2] - start[2]))
    return np.array(kept)


def _box(corners: np.ndarray, width: int, height: int) -> tuple[slice, slice] | None:
    low = np.floor(corners.min(axis=0)).astype(int)
    high = np.ceil(corners.max(axis=0)).astype(int) + 1
    left, top = max(0, low[0]), max(0, low[1])
    right, bottom = min(width, high[0]), min(height, high[1])
    return None if left >= right or top >= bottom else (slice(top, bottom), slice(left, right))


def _covered(corners: np.ndarray, box: tuple[slice, slice]) -> np.ndarray:
    mask = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.uint8)
    moved = np.clip((corners - (box[1].start, box[0].start)) * 16, -(1 << 24), 1 << 24)
    cv2.fillConvexPoly(mask, np.round(moved).astype(np.int32), 1, cv2.LINE_8, 4)
    return mask > 0


def _normals(
    parts: Sequence[Part],
    faces: Sequence[tuple[np.ndarray, int]],
    part_at: np.ndarray,
    face_at: np.ndarray,
    place: np.ndarray,
    ray: np.ndarray,
) -> np.ndarray:
    flat = np.array([*(normal for normal, _ in faces), (0.0, 1.0, 0.0)], np.float32)
    normal = np.moveaxis(flat[face_at], -1, 0).copy()
    for number, part in enumerate(parts):
        inside = part_at == number
        if part.normals is None or not inside.any():
            continue
        smooth = part.normals(place[:, inside])
        away = (smooth * ray[:, inside]).sum(axis=0) > 0
        normal[:, inside] = np.where(away, -smooth, smooth)
    return normal


def _sunlight(parts: Sequence[Part], view: View, buffers: Buffers) -> np.ndarray:
    """1 in the sun to 0 in shadow: a depth map from the sun, looked up at several places for a soft edge."""
    axes = _axes(-np.array(view.sun, float))
    seen = buffers.place[:, buffers.part >= 0]
    low, high = (axes @ seen).min(axis=1), (axes @ seen).max(axis=1)
    scale = (SHADOW_SIDE - 1) / max(high[0] - low[0], high[1] - low[1])
    depth = np.full((SHADOW_SIDE, SHADOW_SIDE), np.inf, np.float32)
    for part in parts:
        # A room's ceiling would leave it in the dark.
        for face in part.faces if part.casts_shadow else ():
            local = face @ axes.T
            normal = _normal(local)
            flat = (local[:, :2] - low[:2]) * scale
            box = _box(flat, SHADOW_SIDE, SHADOW_SIDE)
            if box is None or abs(normal[2]) < 1e-3:
                continue
            x = np.arange(box[1].start, box[1].stop) / scale + low[0] - local[0, 0]
            y = np.arange(box[0].start, box[0].stop) / scale + low[1] - local[0, 1]
            value = local[0, 2] - (normal[0] * x[None] + normal[1] * y[:, None]) / normal[2]
            closer = _covered(flat, box) & (value < depth[box])
            depth[box][closer] = value[closer]
    local = np.tensordot(axes.astype(np.float32), buffers.place + buffers.normal * np.float32(0.012), 1)
    # A sample belongs to the texel that it lies in, where `remap` takes the one whose corner is nearest.
    column, row = (((local[axis] - low[axis]) * scale - 0.5).astype(np.float32) for axis in (0, 1))
    depth += np.float32(2.5 / scale + 0.01)
    spread = np.float32(view.softness * scale)
    lit = np.zeros(buffers.part.shape, np.float32)
    for right, up in np.array(LIGHT_JITTER, np.float32) * spread:
        lit += local[2] < cv2.remap(depth, column + right, row + up, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    return cv2.GaussianBlur(lit / len(LIGHT_JITTER), (0, 0), 1.5)


def _contact(buffers: Buffers) -> np.ndarray:
    """Shade where something near stands before a surface: nearness against its own surroundings at three scales."""
    nearness = buffers.nearness.astype(np.float32)
    shade = np.ones(nearness.shape, np.float32)
    for share, strength in ((0.012, 0.9), (0.04, 0.7), (0.1, 0.4)):
        around = blur(nearness, share * max(nearness.shape))
        well = np.clip(around / np.maximum(nearness, np.float32(1e-3)) - 1, 0, 0.6)
        # What stands far before a surface does not shade it.
        shade -= 2 * strength * well * np.exp(-((well / np.float32(0.05)) ** 2))
    return np.clip(shade, 0.45, 1)
