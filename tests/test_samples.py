import io

import numpy as np
import pytest
from PIL import Image

from rerender import samples
from rerender.engines.preview.planner import plan
from rerender.samples.draw.__main__ import picture

NAMES = [sample.name for sample in samples.SAMPLES]


def pixels(name: str) -> np.ndarray:
    with Image.open(io.BytesIO(samples.load(name))) as image:
        return np.asarray(image)


def test_there_are_at_least_four_under_names_of_their_own() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_a_small_png_of_the_promised_size(name: str) -> None:
    sample, data = samples.get(name), samples.load(name)
    assert len(data) <= 1_200_000
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", (sample.width, sample.height))


@pytest.mark.parametrize("name", NAMES)
def test_a_samples_thumbnail_is_ready_made_and_shows_the_sample(name: str) -> None:
    data = samples.thumbnail(name)
    assert len(data) <= 12_000
    with Image.open(io.BytesIO(data)) as small, Image.open(io.BytesIO(samples.load(name))) as image:
        assert (small.format, max(small.size)) == ("WEBP", 240)
        backdrop = [Image.new("RGBA", small.size, "white") for _ in range(2)]
        shown = [
            np.asarray(Image.alpha_composite(white, one.convert("RGBA").resize(small.size)).convert("L"), float)
            for white, one in zip(backdrop, (small, image), strict=True)
        ]
    assert np.mean(np.abs(shown[0] - shown[1])) < 4


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        samples.load("../models")


@pytest.mark.parametrize("name", NAMES)
def test_the_engine_understands_every_word_of_three_prompts(name: str) -> None:
    prompts = samples.get(name).prompts
    assert len(prompts) == 3
    assert {prompt: plan(prompt).not_understood for prompt in prompts} == dict.fromkeys(prompts, ())


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_does_not_contradict_what_its_sample_shows(name: str) -> None:
    setting = {"living-room": "interior", "armchair": "product"}.get(name, "exterior")
    assert {plan(prompt).setting for prompt in samples.get(name).prompts if plan(prompt).setting_named} <= {setting}


def test_the_product_stands_alone_on_a_transparent_backdrop() -> None:
    alpha = pixels("armchair")[:, :, 3]
    assert 0.2 < np.mean(alpha == 255) < 0.6
    assert np.mean(alpha == 0) > 0.35
    assert alpha[0].max() == alpha[-1].max() == alpha[:, 0].max() == alpha[:, -1].max() == 0
    assert 0 < np.mean((alpha > 0) & (alpha < 255)) < 0.05


def test_the_drawing_is_the_one_that_the_script_draws() -> None:
    sample = samples.get("living-room")
    drawn = np.asarray(picture("living-room", sample.width, sample.height)).astype(int)
    assert np.mean(np.abs(drawn - pixels("living-room")) > 2) < 0.001


def assert_the_script_still_draws(name: str) -> None:
    """Compares a tiny drawing with what is kept, wherever one of its pixels covers no edge."""
    sample, scale = samples.get(name), 32
    columns, rows = sample.width // scale, sample.height // scale
    kept = pixels(name).reshape(sample.height, sample.width, -1).astype(float)
    blocks = kept.reshape(rows, scale, columns, scale, -1)
    even = blocks.std(axis=(1, 3)).max(axis=-1) < 2
    drawn = np.asarray(picture(name, columns, rows)).reshape(rows, columns, -1).astype(float)
    assert even.mean() > 0.2
    assert np.abs(drawn - blocks.mean(axis=(1, 3))).max(axis=-1)[even].max() < 6


def test_the_script_draws_the_armchair_that_is_kept() -> None:
    assert_the_script_still_draws("armchair")


@pytest.mark.proof
@pytest.mark.parametrize("name", ["clay-house", "street"])
def test_the_script_draws_the_scenes_that_are_kept(name: str) -> None:
    assert_the_script_still_draws(name)
