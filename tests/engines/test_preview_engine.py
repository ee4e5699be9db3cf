"""What the preview engine promises of every render."""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from rerender.engines.base import Cancelled
from rerender.engines.preview import PreviewEngine
from rerender.errors import ImageError
from tests.engines.controls import (
    SAMPLE_NAMES,
    clay_house,
    cut_out_chair,
    drawn_room,
    edge_recall,
    garden_photo,
    png,
    request,
    sample,
)

ROOT = Path(__file__).parents[2]
STYLES = {
    "day": ("daytime, white walls, slate roof", 0.9),
    "night": ("night, lit windows", 0.9),
    "golden hour": ("golden hour, brick walls", 0.9),
    "fog": ("(fog:1.2), overcast", 0.9),
    "rain": ("rain, dusk", 0.9),
    "snow": ("heavy snow", 0.9),
    "watercolor": ("watercolor", 0.9),
    "pencil": ("pencil sketch", 0.7),
    "ink": ("ink drawing", 0.7),
    "blueprint": ("blueprint", 0.7),
}


@pytest.fixture(scope="module")
def engine() -> PreviewEngine:
    return PreviewEngine()


@pytest.fixture(scope="module")
def quick() -> PreviewEngine:
    """For what shows at any working size."""
    return PreviewEngine(256)


def render(engine: PreviewEngine, prompt: str, pixels: np.ndarray, **options: object) -> np.ndarray:
    return engine.render(request(prompt, pixels, **options))[0]


def brightness(picture: np.ndarray) -> float:
    return float(picture.mean())


# ---- the contract


@pytest.mark.parametrize("size", [(512, 512), (512, 2048), (904, 640)])
def test_pictures_have_the_size_that_was_asked_for(engine: PreviewEngine, size: tuple[int, int]) -> None:
    picture = render(engine, "daytime", clay_house(), size=size)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.uint8


def test_each_picture_of_a_batch_is_what_its_own_seed_gives(engine: PreviewEngine) -> None:
    batch = engine.render(request("golden hour, brick", clay_house(), seed=41, batch=3))
    alone = [render(engine, "golden hour, brick", clay_house(), seed=41 + index) for index in range(3)]
    assert len(batch) == 3
    assert all(np.array_equal(one, other) for one, other in zip(batch, alone, strict=True))


def test_seeds_change_the_light_and_not_the_composition(engine: PreviewEngine) -> None:
    house = clay_house()
    first, second = (render(engine, "golden hour, brick", house, seed=seed) for seed in (1, 2))
    assert float(np.abs(first.astype(int) - second).mean()) > 2
    assert min(edge_recall(house, first), edge_recall(house, second)) > 0.9


def test_the_last_seed_of_a_batch_may_pass_the_highest_legal_one(engine: PreviewEngine) -> None:
    assert len(engine.render(request("fog", clay_house(), seed=10_000_000, batch=2))) == 2


def test_the_same_request_gives_the_same_bytes_in_another_process_with_other_threads(engine: PreviewEngine) -> None:
    """Nothing depends on hash salts, on thread counts (one there, all cores here) or on what was rendered before."""
    script = (
        "import hashlib, cv2; cv2.setNumThreads(1)\n"
        "from rerender.engines.preview import PreviewEngine\n"
        "from tests.engines.controls import *\n"
        "for prompt in ('night, rain, brick house', 'watercolor'):\n"
        "    picture = PreviewEngine().render(request(prompt, clay_house()))[0]\n"
        "    print(hashlib.sha256(picture.tobytes()).hexdigest())\n"
    )
    here = [
        hashlib.sha256(render(engine, prompt, clay_house()).tobytes()).hexdigest()
        for prompt in ("night, rain, brick house", "watercolor")
    ]
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == here


def test_a_large_output_shows_the_same_composition_as_a_small_one() -> None:
    small_engine = PreviewEngine(working_size=512)
    small = render(small_engine, "golden hour, brick walls, slate roof", clay_house(1024), size=(512, 512))
    large = PreviewEngine(working_size=1024).render(
        request("golden hour, brick walls, slate roof", clay_house(1024), size=(1024, 1024))
    )[0]
    reduced = cv2.resize(large, (64, 64), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(reduced - cv2.resize(small, (64, 64), interpolation=cv2.INTER_AREA)).mean() < 8


@pytest.mark.parametrize("prompt", ["daytime", "overcast, rain"])
def test_a_size_computed_smaller_than_it_is_asked_for_has_its_clouds_and_puddles_where_the_small_one_has(
    prompt: str,
) -> None:
    """1280 × 1024 is computed at 1024 × 819, of which the sides are no longer exactly as 5 to 4."""
    engine, house = PreviewEngine(working_size=1024), clay_house(1024)
    small, large = (
        cv2.resize(render(engine, prompt, house, size=size), (64, 51), interpolation=cv2.INTER_AREA)
        for size in ((640, 512), (1280, 1024))
    )
    assert np.abs(small.astype(int) - large).max() < 20


def test_rendering_stops_between_stages_and_the_engine_lives_on(engine: PreviewEngine) -> None:
    seen: list[str] = []

    def stop_at_light(stage: str) -> None:
        seen.append(stage)
        if stage == "light":
            raise Cancelled

    with pytest.raises(Cancelled):
        engine.render(request("daytime", clay_house()), on_stage=stop_at_light)
    assert seen == ["read", "analyse", "colour", "light"]
    assert render(engine, "daytime", clay_house()).any()


def test_two_renders_never_run_at_once() -> None:
    """Memory is the reason: the lock is the process's, not the engine object's."""
    order: list[int] = []
    threads = [
        threading.Thread(
            target=lambda number=number: PreviewEngine(256).render(
                request("fog", clay_house()), on_stage=lambda _stage: order.append(number)
            )
        )
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changes = sum(one != other for one, other in itertools.pairwise(order))
    assert len(set(order)) == 3
    assert changes == 2


def test_the_description_is_json_and_needs_no_picture(engine: PreviewEngine) -> None:
    description = engine.describe(request("red brick walls, zyxwv", b"not a picture"))
    assert json.loads(json.dumps(description)) == description
    assert (description["engine"], description["version"]) == ("preview", PreviewEngine.version)
    assert "zyxwv" in description["not_understood"]
    assert description["taken_for"] == {"red brick": "walls: brick", "walls": "walls"}
    assert description["plan"]["surfaces"]["wall"]["material"] == "brick"
    assert not {"understood", "not_understood", "taken_for"} & set(description["plan"])


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"hello" * 100])
def test_bytes_that_are_no_picture_raise_image_error(engine: PreviewEngine, data: bytes) -> None:
    with pytest.raises(ImageError, match="cannot be read"):
        engine.render(request("daytime", data or b"x"))


# ---- what the prompt says is what the picture shows


def test_night_is_darker_than_day(engine: PreviewEngine) -> None:
    for control in (clay_house(), garden_photo()):
        assert brightness(render(engine, "night", control)) < 0.6 * brightness(render(engine, "daytime", control))


def test_lit_windows_shine_at_night(engine: PreviewEngine) -> None:
    picture = render(engine, "night, timber house", clay_house()).astype(int)
    pane, wall = picture[300:320, 150:166].mean((0, 1)), picture[380:400, 380:396].mean((0, 1))
    assert pane.mean() > 2 * wall.mean()
    assert pane[0] > pane[2] + 40


def test_a_red_roof_makes_the_roof_red_and_nothing_else(engine: PreviewEngine) -> None:
    plain, red = (render(engine, prompt, clay_house()).astype(float) for prompt in ("daytime", "daytime, red roof"))

    def redness(picture: np.ndarray, rows: slice, columns: slice) -> float:
        patch = picture[rows, columns].mean((0, 1))
        return float(patch[0] - patch[1:].mean())

    roof, wall = (slice(150, 210), slice(180, 330)), (slice(350, 400), slice(130, 380))
    assert redness(red, *roof) > redness(plain, *roof) + 60
    assert abs(redness(red, *wall) - redness(plain, *wall)) < 12


def test_snow_brightens_the_ground(engine: PreviewEngine) -> None:
    lawn, snow = (render(engine, prompt, clay_house())[440:, :].mean() for prompt in ("green lawn", "heavy snow"))
    assert snow > lawn + 40


def test_fog_takes_contrast_away_with_its_weight(engine: PreviewEngine) -> None:
    spread = [
        float(render(engine, f"overcast, (fog:{weight})", clay_house())[100:420].std()) for weight in (0.2, 0.8, 1.6)
    ]
    assert spread[0] > spread[1] > spread[2]


def test_a_negated_weather_is_not_drawn(engine: PreviewEngine) -> None:
    without, plain = (render(engine, prompt, clay_house()) for prompt in ("daytime, no snow", "daytime"))
    assert np.array_equal(without, plain)


def test_a_photo_keeps_its_colours_unless_a_surface_is_named(engine: PreviewEngine) -> None:
    """A red house under "vintage" stays redder than grey; the sky is left alone when no hour is asked for."""
    photo = garden_photo()
    picture = render(engine, "film still", photo).astype(int)
    assert np.abs(picture[20:200] - photo[20:200]).mean() < 14
    wall = picture[350:410, 120:390].mean((0, 1))
    assert wall[0] > wall[2] + 30


def test_an_alpha_channel_parts_subject_from_backdrop(engine: PreviewEngine) -> None:
    chair = cut_out_chair()
    picture = render(engine, "navy velvet armchair with walnut legs, white background", chair).astype(int)
    seat, backdrop = picture[220:280, 200:320].mean((0, 1)), picture[40:100, 40:470].mean((0, 1))
    leg = picture[350:410, 168:176].mean((0, 1))
    assert seat[2] > seat[0] + 25
    assert leg[0] > leg[2] + 10
    assert np.ptp(backdrop) < 16
    assert backdrop.mean() > 150


def test_a_product_stands_on_a_shadow(engine: PreviewEngine) -> None:
    picture = render(engine, "white armchair, studio", cut_out_chair()).astype(int)
    between_legs, in_front = picture[365:395, 200:320].mean(), picture[450:480, 200:320].mean()
    assert between_legs < in_front - 15


def test_a_drawn_room_is_coloured_by_its_parts(engine: PreviewEngine) -> None:
    picture = render(engine, "white walls, oak floor, blue sofa", drawn_room()).astype(int)
    floor, wall = picture[440:500, 220:240].mean((0, 1)), picture[170:180, 160:190].mean((0, 1))
    sofa = picture[310:330, 190:330].mean((0, 1))
    assert floor[0] > floor[2] + 25
    assert np.ptp(wall) < 40
    assert sofa[2] > sofa[0] + 15


def test_an_even_picture_drawn_in_ink_is_paper_and_not_a_black_sheet(engine: PreviewEngine) -> None:
    for grey in (0, 255):
        assert brightness(render(engine, "ink drawing", np.full((64, 64), grey, np.uint8))) > 180


def test_drawn_media_look_like_their_paper(engine: PreviewEngine) -> None:
    means = {
        medium: render(engine, medium, clay_house())[:60].mean((0, 1)) for medium in ("pencil sketch", "blueprint")
    }
    assert means["pencil sketch"].min() > 200
    assert means["blueprint"][2] > means["blueprint"][0] + 50


# ---- hostile controls


@pytest.mark.parametrize("prompt", ["night, rain, brick walls", "watercolor", "ink drawing"])
@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((64, 64), np.uint8),
        np.full((64, 64), 255, np.uint8),
        np.random.RandomState(1).randint(0, 256, (300, 300, 3), np.uint8),
        np.random.RandomState(2).randint(0, 12, (200, 300, 3), np.uint8),
        np.zeros((16, 16, 4), np.uint8),
        np.full((16, 64), 128, np.uint8),
    ],
    ids=["black", "white", "noise", "very dark", "transparent", "tiny and wide"],
)
def test_no_control_image_is_too_odd(quick: PreviewEngine, pixels: np.ndarray, prompt: str) -> None:
    picture = render(quick, prompt, pixels)
    assert picture.shape == (512, 512, 3)


def test_what_cannot_be_parted_is_mapped_to_the_palette(engine: PreviewEngine) -> None:
    """Noise has no walls and no roof; its colours still follow the prompt and none is blown or black."""
    noise = cv2.GaussianBlur(np.random.RandomState(3).randint(0, 256, (256, 256), np.uint8), (0, 0), 3)
    noise = cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX)
    picture = render(engine, "terracotta walls, teal roof", noise)
    assert 40 < brightness(picture) < 215
    assert float((picture.max(2).astype(int) - picture.min(2)).mean()) > 12


# ---- structure


@pytest.mark.parametrize("style", STYLES)
def test_the_house_keeps_its_lines(engine: PreviewEngine, style: str) -> None:
    prompt, floor = STYLES[style]
    assert edge_recall(clay_house(), render(engine, prompt, clay_house())) >= floor


@pytest.mark.proof
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_sample_keeps_its_lines_in_every_style(engine: PreviewEngine, name: str) -> None:
    data, grey, size = sample(name)
    kept = {
        style: edge_recall(grey, engine.render(request(prompt, data, size=size))[0])
        for style, (prompt, _) in STYLES.items()
    }
    assert {style: recall for style, recall in kept.items() if recall < STYLES[style][1]} == {}


def peak(render: str) -> int:
    """What a process of its own takes of memory at its peak, in kilobytes, for this one line."""
    script = (
        "from rerender.engines.preview import PreviewEngine\n"
        "from tests.engines.controls import *\n"
        f"{render}\n"
        # Not ru_maxrss: a child inherits that of the process that started it.
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(run.stdout)


@pytest.mark.proof
def test_four_large_pictures_fit_a_small_host() -> None:
    """A process of its own, so that its peak is the engine's: under 450 MB at 2048² × 4."""
    kilobytes = peak(
        "PreviewEngine().render(request('night, rain, brick house', clay_house(1024), size=(2048, 2048), batch=4))"
    )
    assert kilobytes < 450 * 1024


@pytest.mark.proof
@pytest.mark.parametrize("side", [4000, 8000])
def test_a_large_see_through_file_fits_a_small_host(tmp_path: Path, side: int) -> None:
    file = tmp_path / "chair.png"
    Image.fromarray(cut_out_chair()).resize((side, side)).save(file, compress_level=1)
    data = f"open({str(file)!r}, 'rb').read()"
    kilobytes = peak(f"PreviewEngine().render(RenderRequest('oak chair', {data}, 1, 512, 512, 3))")
    assert kilobytes < 450 * 1024


def test_a_png_of_the_house_decodes_to_what_was_drawn() -> None:
    """The helper that all these tests stand on."""
    assert np.array_equal(cv2.imdecode(np.frombuffer(png(clay_house()), np.uint8), 0), clay_house())
