"""What every medium promises, and what makes each of them what it is."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import get_args

import cv2
import numpy as np
import pytest

from rerender.engines.preview import PreviewEngine
from rerender.engines.preview.engine import LOCK_STRENGTH
from rerender.engines.preview.fields import stage_rng
from rerender.engines.preview.media import MEDIA
from rerender.engines.preview.media.flow import Flow, along, edge_flow, reduced, swayed
from rerender.engines.preview.media.strokes import (
    construction_lines,
    hatching,
    paper_grain,
    posterised,
    tooth,
    turned_strokes,
)
from rerender.engines.preview.plan import Medium
from rerender.engines.preview.planner import plan
from rerender.engines.preview.room import line_segments
from rerender.engines.preview.scene import Scene
from tests.engines.controls import SAMPLE_NAMES, clay_house, drawn_room, edge_recall, garden_photo, request, sample

# Its prompt, the share of lines that a house and, in the median, the samples keep.
PROMPTS: dict[Medium, tuple[str, float]] = {
    "photo": ("photo", 0.92),
    "watercolor": ("watercolor", 0.92),
    "oil": ("oil painting", 0.92),
    "gouache": ("gouache", 0.92),
    "pencil": ("pencil sketch", 0.85),
    "coloured_pencil": ("coloured pencil drawing", 0.85),
    "ink": ("ink drawing", 0.75),
    "charcoal": ("charcoal drawing", 0.85),
    "marker": ("marker rendering", 0.85),
    "pastel": ("soft pastel drawing", 0.92),
    "comic": ("comic", 0.75),
    "blueprint": ("blueprint", 0.75),
    "clay": ("clay render", 0.92),
    "neon": ("neon", 0.75),
}
MEDIUM_NAMES = tuple(PROMPTS)
DRY = ("pencil", "coloured_pencil", "ink", "charcoal", "blueprint", "clay")
ODD = {
    "black": np.zeros((64, 64), np.uint8),
    "white": np.full((64, 64), 255, np.uint8),
    "noise": np.random.RandomState(1).randint(0, 256, (300, 300, 3), np.uint8),
    "transparent": np.zeros((16, 16, 4), np.uint8),
    "white on black": 255 - drawn_room(),
}


@pytest.fixture(scope="module")
def engine() -> PreviewEngine:
    return PreviewEngine()


@pytest.fixture(scope="module")
def quick() -> PreviewEngine:
    """For what shows at any working size."""
    return PreviewEngine(256)


@pytest.fixture(scope="module")
def houses(engine: PreviewEngine) -> dict[Medium, np.ndarray]:
    """The house in every medium."""
    return {medium: picture(engine, prompt) for medium, (prompt, _) in PROMPTS.items()}


@pytest.fixture(scope="module")
def studio(engine: PreviewEngine) -> tuple[Scene, np.ndarray]:
    """The house as a scene, and its picture just before the medium."""
    seen: list[tuple[Scene, np.ndarray]] = []

    def look(scene: Scene, exposed: np.ndarray) -> np.ndarray:
        seen.append((scene, exposed.copy()))
        return exposed

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MEDIA, "photo", look)
        picture(engine, "photo")
    return seen[0]


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(count)
    yield
    cv2.setNumThreads(before)


def picture(engine: PreviewEngine, prompt: str, pixels: np.ndarray | None = None, **options: object) -> np.ndarray:
    return engine.render(request(prompt, clay_house() if pixels is None else pixels, **options))[0]


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


# ---- all of them


def test_every_medium_of_the_plan_is_drawn_locked_and_asked_for_by_a_prompt() -> None:
    media = set(get_args(Medium))
    assert set(MEDIA) == set(LOCK_STRENGTH) == set(PROMPTS) == media
    assert len(media) == 14
    assert [plan(prompt).medium for prompt, _ in PROMPTS.values()] == list(PROMPTS)


def test_no_two_media_look_alike(houses: dict[Medium, np.ndarray]) -> None:
    alike = {
        (one, other): round(difference(houses[one], houses[other]), 1)
        for one, other in itertools.combinations(houses, 2)
        if difference(houses[one], houses[other]) < 5
    }
    assert alike == {}


@pytest.mark.parametrize("medium", MEDIUM_NAMES)
def test_a_house_keeps_its_lines_in_every_medium(medium: Medium, houses: dict[Medium, np.ndarray]) -> None:
    assert edge_recall(clay_house(), houses[medium]) >= PROMPTS[medium][1]


@pytest.mark.proof
@pytest.mark.parametrize("medium", MEDIUM_NAMES)
def test_the_samples_keep_their_lines_in_every_medium(engine: PreviewEngine, medium: Medium) -> None:
    prompt, floor = PROMPTS[medium]
    kept = []
    for name in SAMPLE_NAMES:
        data, grey, size = sample(name)
        kept.append(edge_recall(grey, engine.render(request(prompt, data, size=size))[0]))
    assert statistics.median(kept) >= floor


@pytest.mark.parametrize("medium", MEDIUM_NAMES)
def test_a_medium_is_the_same_bytes_with_any_number_of_threads(
    medium: Medium, studio: tuple[Scene, np.ndarray]
) -> None:
    scene, exposed = studio
    pictures = []
    for count in (1, 4):
        with threads(count):
            pictures.append(MEDIA[medium](scene, exposed.copy()))
    assert np.array_equal(*pictures)


@pytest.mark.parametrize("medium", [medium for medium in MEDIUM_NAMES if medium != "clay"])
def test_another_seed_lays_other_strokes_over_the_same_picture(
    medium: Medium, studio: tuple[Scene, np.ndarray]
) -> None:
    """Clay has none: there a seed moves the light only."""
    scene, exposed = studio
    one, other = (MEDIA[medium](replace(scene, seed=seed), exposed.copy()) for seed in (7, 8))
    assert np.abs(one - other).mean() > 0.002


@pytest.mark.parametrize("medium", [medium for medium in MEDIUM_NAMES if medium != "photo"])
def test_every_medium_draws_the_contours(medium: Medium, studio: tuple[Scene, np.ndarray]) -> None:
    """Not the lock and not the tones alone: light on blueprints and in neon, dark everywhere else."""
    scene, exposed = studio
    drawn, without = (
        MEDIA[medium](replace(scene, lines=lines), exposed.copy()) for lines in (scene.lines, scene.lines * 0)
    )
    change = float((drawn - without)[:, scene.lines > 0.5].mean())
    assert (change if medium in ("blueprint", "neon") else -change) > 0.04


@pytest.mark.parametrize("medium", MEDIUM_NAMES)
def test_a_medium_leaves_the_scene_as_it_was(medium: Medium, studio: tuple[Scene, np.ndarray]) -> None:
    """The next picture of the batch is made from it."""
    scene, exposed = studio
    planes = {"lines": scene.lines, "luma": scene.luma, **scene.masks}
    before = {name: plane.copy() for name, plane in planes.items()}
    MEDIA[medium](scene, exposed.copy())
    assert [name for name, plane in planes.items() if not np.array_equal(plane, before[name])] == []


@pytest.mark.parametrize("medium", ["watercolor", "ink", "neon"])
def test_a_medium_asked_for_with_half_its_weight_lets_the_photo_show_through(
    engine: PreviewEngine, medium: Medium, houses: dict[Medium, np.ndarray]
) -> None:
    drawn = houses[medium]
    # Neon brings the night, which has no half.
    photo = picture(engine, "photo, night") if medium == "neon" else houses["photo"]
    half = picture(engine, f"({PROMPTS[medium][0]}:0.5)")
    assert difference(half, photo) < difference(drawn, photo)
    assert difference(half, drawn) < difference(drawn, photo)


@pytest.mark.parametrize("medium", MEDIUM_NAMES)
def test_a_large_picture_shows_the_same_strokes_as_a_small_one(
    quick: PreviewEngine, medium: Medium, houses: dict[Medium, np.ndarray]
) -> None:
    small = picture(quick, PROMPTS[medium][0])
    reduced_pictures = [cv2.resize(one, (64, 64), interpolation=cv2.INTER_AREA) for one in (small, houses[medium])]
    assert difference(*reduced_pictures) < 8


@pytest.mark.parametrize(("medium", "odd"), list(zip(MEDIUM_NAMES, itertools.cycle(ODD))))
def test_no_control_image_is_too_odd_to_be_drawn(quick: PreviewEngine, odd: str, medium: Medium) -> None:
    assert 8 < picture(quick, PROMPTS[medium][0], ODD[odd]).mean() < 254


@pytest.mark.proof
@pytest.mark.parametrize("medium", MEDIUM_NAMES)
@pytest.mark.parametrize("odd", ODD)
def test_no_control_image_is_too_odd_to_be_drawn_in_any_medium(quick: PreviewEngine, odd: str, medium: Medium) -> None:
    assert 8 < picture(quick, PROMPTS[medium][0], ODD[odd]).mean() < 254


def test_no_medium_takes_many_times_as_long_as_a_photo(engine: PreviewEngine, studio: tuple[Scene, np.ndarray]) -> None:
    def seconds(draw: Callable[[], object]) -> float:
        started = time.process_time()
        draw()
        return time.process_time() - started

    scene, exposed = studio
    photo = min(seconds(lambda: picture(engine, "photo")) for _ in range(3))
    took = {medium: seconds(lambda medium=medium: MEDIA[medium](scene, exposed.copy())) for medium in MEDIUM_NAMES}
    assert {medium: own for medium, own in took.items() if own > 5 * photo} == {}


def test_flakes_fall_over_a_painting_and_not_on_a_sheet_of_drawing_paper(quick: PreviewEngine) -> None:
    def specks(medium: Medium) -> int:
        """Pixels of the sky that are much lighter in snow than under a grey sky."""
        snow, grey = (picture(quick, f"{PROMPTS[medium][0]}, {sky}") for sky in ("heavy snow", "overcast, fog"))
        rise = snow[:100].astype(int).min(axis=2) - grey[:100].min(axis=2)
        return int((rise > np.median(rise) + 40).sum())

    assert specks("oil") > 20
    assert {medium: specks(medium) for medium in DRY} == dict.fromkeys(DRY, 0)


# ---- each of them


@pytest.mark.parametrize(("medium", "inset"), [("watercolor", 3), ("gouache", 6)])
def test_paint_ends_before_the_paper_does(medium: Medium, inset: int, houses: dict[Medium, np.ndarray]) -> None:
    rim = np.concatenate([houses[medium][:inset].reshape(-1, 3), houses[medium][-inset:].reshape(-1, 3)])
    assert np.median(rim, axis=0).min() > 220


@pytest.mark.parametrize("medium", ["pencil", "ink", "charcoal"])
def test_what_is_drawn_in_black_has_no_colour_but_the_papers(
    quick: PreviewEngine, medium: Medium, houses: dict[Medium, np.ndarray]
) -> None:
    assert np.ptp(houses[medium].astype(int), axis=2).max() < 40
    red = picture(quick, f"{PROMPTS[medium][0]}, red roof").astype(int)
    assert np.ptp(red, axis=2).max() < 40


@pytest.mark.parametrize("medium", ["watercolor", "oil", "gouache", "coloured_pencil", "marker", "pastel", "comic"])
def test_what_is_drawn_in_colour_keeps_a_red_roof_red(quick: PreviewEngine, medium: Medium) -> None:
    roof = picture(quick, f"{PROMPTS[medium][0]}, red roof")[160:210, 190:330].reshape(-1, 3).mean(0)
    assert roof[0] > roof[1:].max() + 40


def test_clay_is_one_material_whatever_the_prompt_names(
    engine: PreviewEngine, houses: dict[Medium, np.ndarray]
) -> None:
    brick = picture(engine, "clay render, red brick walls, copper roof, green lawn")
    assert difference(brick, houses["clay"]) < 1
    assert np.ptp(houses["clay"].astype(int), axis=2).mean() < 14


def test_a_clay_model_stands_in_the_light_of_the_hour(engine: PreviewEngine, houses: dict[Medium, np.ndarray]) -> None:
    evening, night = (picture(engine, f"clay render, {hour}").astype(int) for hour in ("golden hour", "night"))
    warmth = [float((model[..., 0] - model[..., 2].astype(int)).mean()) for model in (evening, houses["clay"])]
    assert warmth[0] > warmth[1] + 8
    assert night.mean() < 0.75 * houses["clay"].mean()


def test_neon_glows_along_the_lines_in_the_dark(engine: PreviewEngine, houses: dict[Medium, np.ndarray]) -> None:
    lit = houses["neon"].astype(int)
    sky, eaves = lit[20:90, 20:490], lit[226:240, 130:390]
    assert sky.mean() < 60
    assert eaves.max(2).mean() > 140
    for side in (lit[226:240, 110:180], lit[226:240, 330:400]):
        assert np.ptp(side, axis=2).mean() > 50


def test_neon_is_magenta_on_one_side_and_cyan_on_the_other(houses: dict[Medium, np.ndarray]) -> None:
    lit = houses["neon"].astype(int)
    left, right = ((half[..., 0] - half[..., 1]).mean() for half in (lit[:, :170], lit[:, -170:]))
    assert min(left, right) < 0 < max(left, right)


def test_neon_turns_a_sunny_photo_into_a_night(engine: PreviewEngine) -> None:
    day, night = (picture(engine, prompt, garden_photo()) for prompt in ("photo", "neon"))
    assert night.mean() < 0.7 * day.mean()


def test_a_comic_is_printed_in_few_tones(houses: dict[Medium, np.ndarray]) -> None:
    """The ten fullest of 64 levels of lightness hold more of a comic than of a photo."""

    def fullest(house: np.ndarray) -> float:
        counts = np.sort(np.bincount(cv2.cvtColor(house, cv2.COLOR_RGB2GRAY).ravel() // 4, minlength=64))
        return float(counts[-10:].sum() / counts.sum())

    assert fullest(houses["comic"]) > fullest(houses["photo"]) + 0.05


def test_blueprints_and_sketches_rule_lines_past_the_corners(houses: dict[Medium, np.ndarray]) -> None:
    """On the blueprint of the house more than its own outline is light, but only near it."""
    light = houses["blueprint"].min(axis=2) > 85
    own = cv2.dilate((cv2.Canny(clay_house(), 5, 15) > 0).astype(np.uint8), np.ones((11, 11), np.uint8)) > 0
    near = cv2.dilate(own.astype(np.uint8), np.ones((61, 61), np.uint8)) > 0
    assert (light & ~own).sum() > 40
    assert (light & ~near).sum() == 0
    assert len(line_segments(clay_house().astype(np.float32) / 255)) > 4


# ---- their tools


@pytest.mark.parametrize(
    "tool",
    [
        lambda scene: hatching(scene, "x", 30, 40),
        lambda scene: turned_strokes(scene, "x", 30, 40),
        lambda scene: paper_grain(scene, 1.0),
        tooth,
        lambda scene: construction_lines(scene, 30),
    ],
    ids=["hatching", "broad strokes", "grain", "tooth", "ruler"],
)
def test_strokes_and_paper_are_the_seeds_own(tool: Callable[[Scene], np.ndarray], studio: tuple[Scene, object]) -> None:
    one, same, other = (tool(replace(studio[0], seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_rulers_are_laid_along_lines_only(studio: tuple[Scene, object]) -> None:
    scene = studio[0]
    ruled = construction_lines(scene, 30)
    assert 0.9 < ruled.max() <= 1
    assert not construction_lines(replace(scene, lines=scene.lines * 0), 30).any()
    near = cv2.dilate((scene.lines > 0.2).astype(np.uint8), np.ones((41, 41), np.uint8))
    assert not ruled[near == 0].any()


def test_posterising_leaves_few_levels_and_keeps_their_order() -> None:
    ramp = np.linspace(0, 0.999, 1000, dtype=np.float32)[None]
    levels = posterised(ramp, 4, 40)[0] * 4
    assert (np.diff(levels) >= -1e-5).all()
    between = np.abs((ramp[0] * 4) % 1 - 0.5) < 0.1
    assert np.abs(levels - np.rint(levels))[~between].max() < 0.02
    assert set(np.rint(levels).astype(int)) == {0, 1, 2, 3, 4}


def test_the_brush_follows_an_edge() -> None:
    stripes = np.zeros((64, 64), np.float32)
    stripes[:, ::8] = stripes[:, 1::8] = 1
    flow = edge_flow(stripes, 3)
    assert np.abs(flow.y).min() > 0.99
    assert flow.certainty.max() <= 1


def test_where_no_edge_is_the_brush_goes_its_own_way() -> None:
    swept = swayed(edge_flow(np.zeros((32, 32), np.float32), 3), np.full((32, 32), 0.7, np.float32))
    assert swept.x == pytest.approx(np.cos(0.7), abs=1e-4)
    assert np.hypot(swept.x, swept.y) == pytest.approx(1, abs=1e-4)


def test_strokes_smooth_along_the_brush_and_not_across_it() -> None:
    level = Flow(np.ones((96, 96), np.float32), np.zeros((96, 96), np.float32), np.ones((96, 96), np.float32))
    noise = stage_rng(1, "x").random_sample((96, 96)).astype(np.float32)
    strokes = along(level, noise, 8, 1.5)
    assert np.abs(np.diff(strokes, axis=1)).mean() < 0.6 * np.abs(np.diff(strokes, axis=0)).mean()
    assert along(level, np.full((96, 96, 3), 0.4, np.float32), 5, 2.0) == pytest.approx(0.4, abs=1e-5)
    # A direction has no sign: turned round in every other stripe, it leads the same way.
    turned = np.where(np.arange(96) // 8 % 2, np.float32(-1), np.float32(1))[None] * level.x
    assert along(Flow(turned, level.y, level.certainty), noise, 8, 1.5)[:, 20:76] == pytest.approx(
        strokes[:, 20:76], abs=0.12
    )
    assert reduced(level, (48, 24)).x.shape == (48, 24)
