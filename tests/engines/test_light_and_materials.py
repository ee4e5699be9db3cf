"""How materials lie and shine, what light and weather do, and what the lock may draw: stage by stage."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import pytest

from rerender.engines.base import Cancelled
from rerender.engines.preview import PreviewEngine
from rerender.engines.preview.analysis import Analysis, analyse
from rerender.engines.preview.base_colour import base_colour
from rerender.engines.preview.control import ControlImage, decode, fit
from rerender.engines.preview.engine import make_scene
from rerender.engines.preview.laying import SMALLEST_FEATURE, Laying
from rerender.engines.preview.light import LIGHTS, light_of, relight
from rerender.engines.preview.materials import MATERIALS
from rerender.engines.preview.perspective import faces, ground_layout, metres_per_pixel, wall_layout
from rerender.engines.preview.plan import SLOTS
from rerender.engines.preview.scene import Scene
from rerender.engines.preview.slot_codes import GLASS, SKY, WALL
from rerender.engines.preview.structure_lock import edges, guide, lock_structure
from tests.engines.controls import (
    clay_house,
    cut_out_chair,
    drawn_room,
    edge_recall,
    garden_photo,
    png,
    request,
    sample,
)
from tests.engines.held_out import CONTROLS


@pytest.fixture(scope="module")
def engine() -> PreviewEngine:
    return PreviewEngine()


@pytest.fixture(scope="module")
def lockless() -> PreviewEngine:
    """An engine that draws no edge back in."""
    return PreviewEngine(lock=0.0)


def scene_of(prompt: str, pixels: np.ndarray | bytes, size: tuple[int, int] = (512, 512), seed: int = 7) -> Scene:
    control, analysis = looked_at(pixels if isinstance(pixels, bytes) else png(pixels), size)
    return make_scene(control, prompt, analysis).with_seed(seed)


@lru_cache(maxsize=8)
def looked_at(data: bytes, size: tuple[int, int]) -> tuple[ControlImage, Analysis]:
    image, scale = decode(data), 512 / max(size)
    return fit(image, *size), analyse(fit(image, round(size[0] * scale), round(size[1] * scale)))


def street(prompt: str, seed: int = 7) -> Scene:
    data, _, size = sample("street")
    return scene_of(prompt, data, (size[0] // 2, size[1] // 2), seed)


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other)


# ---- materials lie in perspective, at a plausible scale


def test_boards_of_a_floor_run_to_the_rooms_vanishing_point() -> None:
    scene = scene_of("oak floor, interior", CONTROLS["bedroom clay"].draw(512).pixels, (512, 384))
    assert scene.analysis.shell is not None
    layout = ground_layout(scene)
    vx, vy = scene.analysis.shell.vanishing
    for across in (-120, 40, 150):
        along = [layout.u[row, round(vx + across * (row - vy) / (370 - vy))] for row in (300, 335, 370)]
        assert np.ptp(along) < 0.02 * max(1.0, abs(along[0]))
    assert np.all(np.diff(layout.v[round(vy) + 20 :, 0]) < 0), "metres run out from the viewer"


def test_courses_of_a_side_wall_run_to_the_rooms_vanishing_point() -> None:
    scene = scene_of("brick walls, interior", CONTROLS["bedroom clay"].draw(512).pixels, (512, 384))
    shell = scene.analysis.shell
    assert shell is not None
    layout, (vx, vy) = wall_layout(scene), shell.vanishing
    columns = [round(shell.left * share) for share in (0.2, 0.5, 0.9)]
    heights = [layout.v[round(vy - 0.35 * (vx - column)), column] for column in columns]
    assert np.ptp(heights) < 0.03 * abs(heights[0])


def test_faces_of_one_family_share_their_vanishing_point() -> None:
    """All that vanish to one side of the street do so at one point, and what the others found is not used."""
    scene = street("brick facades")
    found = [face for face in faces(scene.analysis, scene.slots.codes) if face.vanishing is not None]
    points: dict[bool, set[tuple[float, ...]]] = {}
    for face in found:
        assert face.vanishing is not None
        to_the_right = bool(face.vanishing[0] > face.centre[0])
        points.setdefault(to_the_right, set()).add(tuple(face.vanishing))
    assert len(found) > len(points)
    assert all(len(family) == 1 for family in points.values())


def test_its_windows_tell_how_large_a_building_is() -> None:
    """The same house farther off: each pixel spans as much more of it as the house is smaller."""
    near = clay_house()
    far = cv2.copyMakeBorder(clay_house(320), 96, 96, 96, 96, cv2.BORDER_REPLICATE)
    ratio = metres_per_pixel(scene_of("house", far)) / metres_per_pixel(scene_of("house", near))
    assert ratio == pytest.approx(512 / 320, rel=0.15)


def test_no_texture_is_too_fine_to_be_seen_and_none_breaks_the_colour() -> None:
    """Joints on a wall and on the ground lie apart, and each material keeps its own mean: texture is not a tint."""
    for material in ("brick", "stone", "oak", "marble", "tiles", "concrete"):
        scene = scene_of(f"{material} walls, {material} ground, house", clay_house())
        for slot in ("wall", "ground"):
            texture = Laying(scene).texture(slot)
            assert texture is not None
            assert texture.tone.std() > 0.05
            assert MATERIALS[material].variation * abs(float(texture.tone.mean())) < 0.02
            if texture.accent is not None and MATERIALS[material].feature:
                # Where joints crowd closer than SMALLEST_FEATURE, they blur into a tint of all.
                assert np.median(texture.accent) < 0.1
                joint = texture.accent > 0.3
                in_a_column = float((joint[1:] & ~joint[:-1]).sum(axis=0).mean())
                assert scene.shape[0] / in_a_column > SMALLEST_FEATURE * scene.unit


def test_a_drawn_floor_gets_no_second_joints() -> None:
    texture = Laying(scene_of("tiles floor, living room", drawn_room())).texture("ground")
    assert texture is not None
    assert texture.accent is None


def test_the_seed_changes_the_texture_and_not_where_it_lies() -> None:
    one, other = (Laying(scene_of("brick walls", clay_house(), seed=seed)).texture("wall") for seed in (1, 2))
    assert one is not None
    assert other is not None
    assert not np.allclose(one.tone, other.tone, atol=0.2)
    assert one.accent is not None
    assert np.allclose(one.accent, other.accent)


# ---- materials shine


def across_the_cushion(prompt: str) -> np.ndarray:
    """How brightly the seat is lit from its rim to its middle, smoothed."""
    scene = scene_of(prompt, cut_out_chair_with_form())
    picture = relight(scene, base_colour(scene)).mean(axis=0)
    return cv2.blur(picture[225:245, 155:230].mean(axis=0)[None], (7, 1))[0, 4:-4]


def cut_out_chair_with_form() -> np.ndarray:
    """The chair's seat as a cushion: bright in the middle, turning away at its rim."""
    chair = cut_out_chair()
    inside = np.zeros((512, 512), np.uint8)
    inside[150:321, 150:361] = 1
    cushion = 90 + 150 * np.clip(cv2.distanceTransform(inside, cv2.DIST_L2, 5) / 45, 0, 1)
    chair[..., :3][inside > 0] = cushion[inside > 0, None].astype(np.uint8)
    return chair


def test_metal_mirrors_what_is_around_where_paint_only_gets_lighter() -> None:
    steel, paint = (across_the_cushion(f"{finish} chair, product") for finish in ("steel", "grey painted"))
    assert np.diff(paint).min() > -0.01 * paint.max()
    assert np.diff(steel).min() < -0.015 * steel.max()


def test_velvet_glows_at_its_rim() -> None:
    """Beside cloth of the same form and colour, the rim gains on the middle."""
    velvet, cloth = (across_the_cushion(f"blue {cloth} chair, product") for cloth in ("velvet", "wool"))
    assert velvet[25] / velvet[-8:].mean() > 1.15 * cloth[25] / cloth[-8:].mean()


# ---- light and weather


def test_bad_weather_takes_the_blue_out_of_the_sky() -> None:
    def blueness(prompt: str) -> float:
        top = light_of(scene_of(prompt, clay_house())).sky[0]
        return top[2] / top[0]

    clear = blueness("day, house")
    assert all(blueness(f"day, {kind}, house") < 0.5 * clear for kind in ("rain", "heavy snow"))
    assert light_of(scene_of("night, rain, house", clay_house())).sky == LIGHTS["night"].sky


def test_in_a_large_building_some_windows_are_dark_and_in_a_house_none(engine: PreviewEngine) -> None:
    def window_means(name: str) -> np.ndarray:
        data, _, size = sample(name)
        scene = scene_of("night, lit windows", data, size)
        picture = engine.render(request("night, lit windows", data, size=size))[0].mean(axis=2)
        panes = (scene.slots.codes == GLASS).astype(np.uint8)
        panes = cv2.resize(panes, size, interpolation=cv2.INTER_NEAREST)
        count, labels = cv2.connectedComponents(panes)
        means = [float(picture[labels == pane].mean()) for pane in range(1, count) if (labels == pane).sum() > 300]
        return np.array(means)

    many, few = window_means("street"), window_means("clay-house")
    assert 0.1 < float((many < 0.5 * many.max()).mean()) < 0.7
    assert few.min() > 0.5 * few.max()


def test_other_seeds_light_other_windows(engine: PreviewEngine) -> None:
    data, _, size = sample("street")
    first, second = (engine.render(request("night", data, size=size, seed=seed))[0] for seed in (1, 2))
    assert float((difference(first, second).max(axis=2) > 90).mean()) > 0.01


@pytest.mark.parametrize("hour", ["golden hour", "sunset", "dawn"])
def test_while_the_sun_is_low_panes_mirror_a_bluish_sky_above_and_a_warm_one_below(
    engine: PreviewEngine, hour: str
) -> None:
    prompt = f"{hour}, white plaster house"
    glass = scene_of(prompt, clay_house()).slots.codes == GLASS
    picture = engine.render(request(prompt, clay_house()))[0].astype(int)
    warmth = picture[..., 0] - picture[..., 2]
    rows = np.nonzero(glass)[0]
    above, below = (warmth[band][glass[band]] for band in (np.s_[: rows.min() + 18], np.s_[rows.max() - 18 :]))
    assert np.median(below) > np.median(above) + 20


def test_nothing_burns_out_beside_the_dark_walls_of_a_moody_room(engine: PreviewEngine) -> None:
    glass = scene_of("interior, navy walls", drawn_room()).slots.codes == GLASS
    plain, moody = (
        engine.render(request(prompt, drawn_room()))[0][glass].mean()
        for prompt in ("interior, navy walls", "moody interior, navy walls")
    )
    assert moody < 0.85 * plain


def test_a_white_ceiling_is_nearly_as_light_as_white_walls(engine: PreviewEngine) -> None:
    picture = CONTROLS["kitchen clay"].draw(768)
    made = engine.render(request("kitchen, white walls", picture.pixels, size=picture.pixels.shape[1::-1]))[0].mean(
        axis=2
    )
    assert np.median(made[picture.truth == SKY]) > 0.66 * np.median(made[picture.truth == WALL])


def test_asphalt_stands_in_water_and_a_lawn_does_not(engine: PreviewEngine) -> None:
    """What mirrors the lit windows: the ground's light at night in the rain, beside its light without."""

    def gain(ground: str) -> float:
        wet, dry = (
            engine.render(request(f"night, {weather}house, {ground}", clay_house()))[0][430:490, 150:360]
            for weather in ("rain, ", "")
        )
        return float(wet.mean() - dry.mean())

    assert gain("asphalt ground") > gain("grass lawn") + 2


def test_water_mirrors_what_stands_behind_it(engine: PreviewEngine) -> None:
    """A dark and a light half of the house stand on their heads in it."""
    house = clay_house()
    house[232:420, 110:256] = np.minimum(house[232:420, 110:256], 70)
    water, sand = (engine.render(request(f"day, {ground} ground", house))[0] for ground in ("water", "sand"))
    step = [float(p[432:470, 300:390].mean() - p[432:470, 120:210].mean()) for p in (water, sand)]
    assert step[0] > step[1] + 10


def test_lit_windows_are_seen_through_fog(engine: PreviewEngine) -> None:
    picture = engine.render(request("night, (fog:1.5), timber house", clay_house()))[0].astype(int)
    assert picture[300:320, 150:166].mean() > 1.8 * picture[300:320, 190:200].mean()


# ---- the lock


def test_in_fog_the_lock_draws_no_outlines(engine: PreviewEngine, lockless: PreviewEngine) -> None:
    """What it adds to find the edges again is hardly more than a twentieth of full scale, and it does find them."""
    for prompt in ("(fog:1.2), overcast", "fog, dawn", "fog, night"):
        without, locked = (each.render(request(prompt, clay_house()))[0] for each in (lockless, engine))
        assert edge_recall(clay_house(), locked) > 0.9
        drawn = difference(without, locked)
        assert np.percentile(drawn[drawn > 0], 95) <= 14


def test_what_is_there_already_is_not_drawn_again() -> None:
    control = clay_house()
    picture = cv2.cvtColor(control, cv2.COLOR_GRAY2RGB)
    assert np.array_equal(lock_structure(picture, guide(control), 1.0), picture)


def test_a_lock_beyond_full_is_full_and_below_none_is_none() -> None:
    for beyond, end in ((7.0, 1.0), (-3.0, 0.0)):
        first, second = (PreviewEngine(lock=lock).render(request("fog", clay_house()))[0] for lock in (beyond, end))
        assert np.array_equal(first, second)


def test_a_stronger_lock_keeps_no_fewer_edges() -> None:
    control = clay_house()
    faint = cv2.cvtColor((200 + control // 16).astype(np.uint8), cv2.COLOR_GRAY2RGB)
    kept = [edge_recall(control, lock_structure(faint, guide(control), strength)) for strength in (0.0, 0.3, 1.0)]
    assert kept == sorted(kept)
    assert kept[-1] > kept[0] + 0.2


def test_what_a_photos_sky_showed_is_not_drawn_into_a_new_one(engine: PreviewEngine, lockless: PreviewEngine) -> None:
    photo = garden_photo()
    cv2.line(photo, (120, 50), (390, 70), (60, 60, 70), 2, cv2.LINE_AA)
    locked, without = (each.render(request("night", photo))[0] for each in (engine, lockless))
    scene = scene_of("night", photo)
    sky = cv2.erode((scene.mask("sky") > 0.9).astype(np.uint8), np.ones((31, 31), np.uint8)) > 0
    assert edges(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY))[sky].any(), "the photo has edges there"
    assert difference(locked, without)[sky].max() <= 1


# ---- one at a time


def test_a_batch_can_be_stopped_between_its_pictures(engine: PreviewEngine) -> None:
    begun: list[str] = []

    def stop_at_the_second(stage: str) -> None:
        begun.append(stage)
        if begun.count("colour") == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        engine.render(request("daytime", clay_house(), batch=4), on_stage=stop_at_the_second)
    assert begun.count("structure") == 1


def test_every_slot_has_a_mask_or_none_and_together_they_are_one() -> None:
    scene = scene_of("brick house, gravel", clay_house())
    total = sum(scene.mask(slot) for slot in SLOTS)
    assert np.abs(total - 1).max() < 0.01
