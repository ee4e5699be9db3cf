"""What the analysis sees in a control image: kind, setting, and which part is what."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from rerender import images, samples
from rerender.engines.preview.analysis import AnalysisCache, analyse
from rerender.engines.preview.control import decode, fit
from rerender.engines.preview.regions import merge_over_gaps, merge_weak_borders, trapped_ball
from rerender.engines.preview.slot_codes import GLASS, GROUND, OBJECT, OBJECT2, ROOF, RUG, SKY, VEGETATION, WALL
from rerender.engines.preview.slots import assign
from tests.engines.controls import clay_house, cut_out_chair, drawn_room, garden_photo, png


def seen(pixels: np.ndarray, width: int = 512, height: int = 512):
    return analyse(fit(decode(png(pixels)), width, height))


@pytest.mark.parametrize(
    ("pixels", "kind", "setting"),
    [
        (clay_house(), "clay", "exterior"),
        (garden_photo(), "photo", "exterior"),
        (drawn_room(), "line", "interior"),
        (cut_out_chair(), "clay", "product"),
    ],
    ids=["clay house", "photo", "drawn room", "cut-out"],
)
def test_kind_and_setting_come_from_the_picture(pixels: np.ndarray, kind: str, setting: str) -> None:
    analysis = seen(pixels)
    assert (analysis.kind, analysis.setting) == (kind, setting)


def test_clay_in_warm_light_is_no_map_of_materials() -> None:
    dimmer = np.linspace(1, 0.7, 512)[:, None, None]
    tinted = clay_house()[..., None] * (0.8, 0.58, 0.4) * dimmer
    assert seen(tinted.astype(np.uint8)).kind == "photo"


def test_a_drawing_of_a_house_is_no_interior() -> None:
    """It has no lines that run from all four corners to one point."""
    paper = np.full((512, 512), 255, np.uint8)
    cv2.rectangle(paper, (120, 240), (390, 420), 20, 2)
    cv2.polylines(paper, [np.array([(100, 240), (255, 120), (410, 240)], np.int32)], True, 20, 2)
    for x in range(150, 380, 60):
        cv2.rectangle(paper, (x, 290), (x + 30, 330), 20, 2)
    analysis = seen(paper)
    assert (analysis.kind, analysis.setting) == ("line", "exterior")


def test_a_light_drawing_on_dark_paper_is_turned_round() -> None:
    """A blueprint as control image gives the same regions as the drawing it was made from."""
    dark, light = seen(255 - drawn_room()), seen(drawn_room())
    assert dark.kind == "line"
    assert dark.inverted
    assert np.abs(dark.luma - light.luma).mean() < 0.01


def test_a_house_is_parted_into_sky_ground_roof_wall_and_glass() -> None:
    codes = assign(seen(clay_house()), "exterior").codes
    places = {(60, 250): SKY, (480, 250): GROUND, (180, 250): ROOF, (390, 250): WALL, (310, 158): GLASS}
    assert {place: int(codes[place]) for place in places} == places


def test_a_window_is_glass_with_all_its_panes_and_the_shade_of_a_roof_is_not() -> None:
    """Bars part a window into panes; one pane lies in the shade, and so does the wall over the door."""
    house = clay_house()
    house[300:, 110:400] = 178
    house[246:400, 110:400] = 178
    for top, bottom, grey in ((280, 296, 60), (301, 340, 96)):
        for left in (140, 160, 180):
            cv2.rectangle(house, (left, top), (left + 15, bottom), grey, -1)
    cv2.rectangle(house, (260, 247), (330, 280), 120, -1)
    codes = assign(seen(house), "exterior").codes
    assert np.mean(codes[282:338, 142:194] == GLASS) > 0.95
    assert not (codes[:, 215:] == GLASS).any()


def test_a_roofs_shade_over_a_window_is_wall() -> None:
    house = decode(images.prepare(samples.load("clay-house"), 768, 512))
    codes = assign(analyse(fit(house, 512, 341)), "exterior").codes
    for left, right in ((192, 216), (300, 344)):
        assert np.mean(codes[216:244, left:right] == GLASS) > 0.95
        assert np.mean(codes[200:207, left:right] == WALL) > 0.95


def test_round_clay_is_vegetation() -> None:
    """A ball is shaded evenly in all directions, a flat face is not."""
    picture = clay_house().astype(np.float32)
    y, x = np.mgrid[0:512, 0:512]
    radius = 46
    x, y = (x - 456) / radius, (y - 390) / radius
    inside = x * x + y * y < 1
    depth = np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    picture[inside] = (60 + 190 * np.clip(0.35 * -x - 0.75 * y + 0.5 * depth, 0, 1))[inside]
    codes = assign(seen(picture.astype(np.uint8)), "exterior").codes
    ball = codes[inside]
    assert np.mean(ball == VEGETATION) > 0.6
    assert np.mean(codes[250:400, 115:395] == VEGETATION) < 0.02


def test_a_drawn_room_has_ceiling_floor_walls_and_a_window() -> None:
    codes = assign(seen(drawn_room()), "interior").codes
    places = {
        (60, 250): SKY,
        (490, 250): GROUND,
        (220, 170): WALL,
        (225, 60): WALL,
        (220, 250): GLASS,
        (325, 256): OBJECT,
    }
    assert {place: int(codes[place]) for place in places} == places


@pytest.mark.parametrize("size", [(1024, 1024), (768, 512), (1024, 680), (1536, 1024), (1024, 512)])
def test_the_plants_of_the_drawn_sample_are_plants_in_every_shape(size: tuple[int, int]) -> None:
    analysis = analyse(
        fit(decode(images.prepare(samples.load("living-room"), *size)), 512, round(512 * size[1] / size[0]))
    )
    codes = assign(analysis, "interior").codes
    leaves = np.count_nonzero(codes == VEGETATION)
    assert 500 < leaves < 3000
    assert np.count_nonzero(codes[:, 320:390] == VEGETATION) > 0.4 * leaves


def test_a_line_with_a_wide_gap_parts_nothing_and_one_with_a_narrow_gap_does() -> None:
    labels = np.zeros((40, 60), np.int32)
    labels[:, 30:] = 1
    inked = np.zeros((40, 60), np.uint8)
    inked[:, 28:32] = 1
    inked[10:13, 28:32] = 0
    assert merge_over_gaps(labels, inked, gap=5, share=0.2, small=1).max() == 1
    inked[10:20, 28:32] = 0
    assert merge_over_gaps(labels, inked, gap=5, share=0.2, small=1).max() == 0
    assert merge_over_gaps(labels, inked, gap=5, share=0.2, small=0.4).max() == 1


def test_a_rug_is_not_the_floor() -> None:
    room = drawn_room()
    cv2.fillPoly(room, [np.array([(330, 800), (700, 800), (830, 960), (200, 960)], np.int32)], 255)
    cv2.polylines(room, [np.array([(330, 800), (700, 800), (830, 960), (200, 960)], np.int32)], True, 30, 3)
    codes = assign(seen(room), "interior").codes
    assert codes[440, 256] == RUG
    assert codes[500, 30] == GROUND


def test_alpha_parts_thick_from_thin() -> None:
    slots = assign(seen(cut_out_chair()), "product")
    assert slots.sure
    assert [int(slots.codes[place]) for place in ((220, 250), (400, 172), (60, 60))] == [OBJECT, OBJECT2, SKY]


def test_an_armrest_before_a_seat_is_frame_and_a_shadow_on_the_seat_is_not() -> None:
    chair = cut_out_chair()
    cv2.rectangle(chair, (120, 240), (375, 256), (120, 120, 120, 255), -1)
    cv2.rectangle(chair, (220, 170), (290, 178), (90, 90, 90, 255), -1)
    codes = assign(seen(chair), "product").codes
    assert np.mean(codes[243:254, 125:370] == OBJECT2) > 0.95
    assert (codes[165:180, 200:310] == OBJECT).all()
    assert (codes[270:310, 160:350] == OBJECT).all()


def test_a_body_full_of_creases_is_parted_by_its_outline() -> None:
    chair = cut_out_chair()
    noise = np.random.RandomState(0).randint(0, 256, (512, 512, 1), np.uint8)
    chair[..., :3] = np.where(chair[..., 3:] > 0, noise, 0)
    codes = assign(seen(chair), "product").codes
    assert np.mean(codes[160:310, 160:350] == OBJECT) > 0.95
    assert np.mean(codes[345:425, 167:177] == OBJECT2) > 0.95


def test_regions_are_not_trusted_where_there_are_none() -> None:
    for pixels in (np.zeros((64, 64), np.uint8), np.random.RandomState(0).randint(0, 256, (512, 512), np.uint8)):
        for setting in ("exterior", "interior", "product"):
            slots = assign(seen(pixels), setting)
            assert not slots.sure
            assert not slots.sky_sure


def test_a_dark_photo_has_no_sky_to_replace() -> None:
    blurred = cv2.GaussianBlur(np.random.RandomState(5).randint(0, 90, (512, 512, 3), np.uint8), (0, 0), 30)
    blurred[..., 1] += 40
    assert not assign(seen(blurred), "exterior").sky_sure


def test_the_backdrop_below_a_thing_in_a_photo_is_no_sky_to_replace() -> None:
    photo = np.full((512, 512, 3), (215, 200, 180), np.uint8)
    photo[150:400, 200:320] = (60, 120, 130)
    assert not assign(seen(photo), "exterior").sky_sure


def test_a_ball_does_not_leak_through_a_gap_in_a_line() -> None:
    edges = np.zeros((100, 100), np.uint8)
    edges[:, 50] = 1
    edges[40:45, 50] = 0
    labels = trapped_ball(edges)
    assert labels[50, 20] != labels[50, 80]


def test_weak_borders_merge_and_strong_ones_stay() -> None:
    labels = np.repeat(np.repeat(np.array([[0, 1], [2, 3]], np.int32), 20, 0), 20, 1)
    border = np.zeros((40, 40), np.float32)
    border[:, 18:22] = 1
    merged = merge_weak_borders(labels, border, np.ones((40, 40), np.float32), strength_limit=0.5, luma_limit=1)
    assert merged[0, 0] == merged[39, 0]
    assert merged[0, 0] != merged[0, 39]


def test_the_cache_keeps_only_the_last_few() -> None:
    analysis = seen(clay_house(), 64, 64)
    cache = AnalysisCache(limit=2)
    keys = [(name, 64, 64) for name in "abc"]
    for key in keys[:2]:
        cache.put(key, analysis)
    assert cache.get(keys[0]) is analysis
    cache.put(keys[2], replace(analysis))
    assert cache.get(keys[1]) is None
    assert cache.get(keys[0]) is analysis
