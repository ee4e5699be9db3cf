"""A thing before a plain backdrop is parted from the shadow that it casts, however crisp that is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from rerender.engines.preview import PreviewEngine
from rerender.engines.preview.subject import Subject, find_subject
from tests.engines.controls import request

SHADE = 0.55
STEM, FOOT = np.s_[200:380, 250:262], (256, 384)


def backdrop() -> np.ndarray:
    """A grey paper, lighter towards its foot."""
    return np.repeat(np.linspace(0.6, 0.85, 512, dtype=np.float32)[:, None], 512, axis=1)


def shaded(picture: np.ndarray, *outline: tuple[int, int]) -> np.ndarray:
    """The picture with a crisp shadow on it; where it lies comes back too."""
    cast = np.zeros(picture.shape, np.uint8)
    cv2.fillPoly(cast, [np.array(outline, np.int32)], 1)
    picture[cast > 0] *= SHADE
    return cast > 0


def lamp(picture: np.ndarray) -> np.ndarray:
    """Draws a lamp with a white shade, a slim stem and a round foot; where it is comes back."""
    thing = np.zeros(picture.shape, np.uint8)
    cv2.ellipse(picture, FOOT, (60, 14), 0, 0, 360, 0.95, -1)
    cv2.ellipse(thing, FOOT, (60, 14), 0, 0, 360, 1, -1)
    picture[STEM] = np.linspace(0.98, 0.5, 12)
    thing[STEM] = 1
    across = np.linspace(1, 0.85, 180, dtype=np.float32)
    for row in range(80, 205):
        half = 45 + (row - 80) * 45 // 125
        picture[row, 256 - half : 256 + half] = np.interp(np.linspace(0, 179, 2 * half), np.arange(180), across)
        thing[row, 256 - half : 256 + half] = 1
    return thing > 0


def chair(picture: np.ndarray) -> np.ndarray:
    """Draws a chair with a dark back, a white seat and four legs; where it is comes back."""
    thing = np.zeros(picture.shape, np.uint8)
    legs = [((x, 290), (x + 12, foot)) for x, foot in ((170, 430), (320, 430), (215, 380), (285, 380))]
    faces = [(*leg, 0.5) for leg in legs]
    faces += [((190, 90), (310, 230), 0.45), ((165, 285), (335, 300), 0.5)]
    for start, end, grey in faces:
        for plane, value in ((picture, grey), (thing, 1)):
            cv2.rectangle(plane, start, end, value, -1)
    top = np.array([(190, 230), (310, 230), (335, 284), (165, 284)], np.int32)
    for plane, value in ((picture, 0.95), (thing, 1)):
        cv2.fillPoly(plane, [top], value)
    return thing > 0


def seen(picture: np.ndarray) -> Subject:
    return find_subject(cv2.GaussianBlur(picture, (0, 0), 0.7))


def share(mask: np.ndarray, where: np.ndarray) -> float:
    """How much of a place is taken for the thing, without its rim."""
    inner = cv2.erode(where.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return float(mask[inner].mean())


@pytest.mark.parametrize("side", [-1, 1], ids=["left", "right"])
def test_a_hard_shadow_that_leaves_the_picture_is_not_taken_for_the_thing(side: int) -> None:
    picture = backdrop()
    far = 256 + 260 * side
    cast = shaded(picture, (256, 376), (far, 340), (far, 385), (256, 390))
    thing = lamp(picture)
    found = seen(picture)
    assert share(found.mask, thing) > 0.97
    assert share(found.mask, cast & ~thing) < 0.03
    assert abs(float(np.median(found.shadow[cast & ~thing])) - SHADE) < 0.03


def test_a_thin_shadow_that_leaves_the_picture_is_not_taken_for_a_bar() -> None:
    picture = backdrop()
    cast = shaded(picture, (256, 380), (512, 378), (512, 386), (256, 388))
    thing = lamp(picture)
    found = seen(picture)
    assert float(found.mask[cast & ~thing].mean()) < 0.1
    assert share(found.mask, thing) > 0.97


def test_a_hard_shadow_beside_the_thing_is_not_taken_for_a_part_of_it() -> None:
    """It ends within the picture, and no soft edge gives it away."""
    picture = backdrop()
    cast = shaded(picture, (175, 425), (40, 380), (40, 335), (120, 345))
    thing = chair(picture)
    found = seen(picture)
    assert share(found.mask, cast & ~thing) < 0.03
    assert share(found.mask, thing) > 0.95


def test_the_floor_between_the_shadows_of_two_legs_is_floor() -> None:
    picture = backdrop()
    for foot in (380, 430):
        shaded(picture, (0, foot - 6), (320, foot - 6), (320, foot), (0, foot))
    thing = chair(picture)
    found = seen(picture)
    floor = np.zeros(thing.shape, bool)
    floor[388:420, 20:316] = True
    assert share(found.mask, floor & ~thing) < 0.05
    assert share(found.mask, thing) > 0.95


def test_a_slim_stem_is_of_one_piece() -> None:
    """Its light side is as light as the backdrop, its dark one as dark as the shadow beside it."""
    picture = backdrop()
    shaded(picture, (120, 330), (250, 345), (250, 380), (120, 370))
    lamp(picture)
    mask = seen(picture).mask
    assert mask[STEM].any(axis=1).all()


def test_only_the_thing_is_painted_and_its_hard_shadow_darkens_the_backdrop() -> None:
    picture = backdrop()
    shaded(picture, (256, 376), (512, 340), (512, 385), (256, 390))
    lamp(picture)
    pixels = np.round(cv2.GaussianBlur(picture, (0, 0), 0.7) * 255).astype(np.uint8)
    painted = PreviewEngine(512).render(request("red product, white background", pixels))[0].astype(int)
    shadow, lit = painted[360:376, 440:490].mean((0, 1)), painted[360:376, 20:70].mean((0, 1))
    assert np.ptp(shadow) < 30
    assert shadow.mean() < lit.mean() - 25
