"""Whatever is asked of whatever picture, in whatever size: a picture comes, of that size, and in bounded time."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from rerender import samples
from rerender.engines.preview import PreviewEngine, engine
from rerender.engines.preview.fields import Bytes, Planes
from rerender.engines.preview.vocabulary import PHRASES
from rerender.models import RenderRequest
from tests.engines.controls import clay_house, garden_photo, png, request
from tests.engines.held_out import CONTROLS

SLOWEST = 25
"""How many plain renders of 512 × 512 one picture may take of the processor; 2048 × 2048 takes about 6."""

STRANGE = (
    "one pixel", "a line", "a column", "white", "black", "transparent", "noise", "grey noise", "faint", "stripes",
    "deep", "palette", "bilevel", "jpeg", "see-through drawing", "veil",
)  # fmt: skip
NAMES = (*STRANGE, *(sample.name for sample in samples.SAMPLES), *CONTROLS)


@cache
def control_image(name: str) -> bytes:
    """The control image of that name as the bytes of a file."""
    if name in CONTROLS:
        return png(CONTROLS[name].draw(384).pixels)
    return strange(name) if name in STRANGE else samples.load(name)


def strange(name: str) -> bytes:
    noise = np.random.RandomState(5).randint(0, 256, (200, 300, 4), np.uint8)
    strokes = np.zeros((2048, 2048, 4), np.uint8)
    strokes[200::150, :, 3] = strokes[:, 200::150, 3] = 255
    pixels = {
        "one pixel": np.full((1, 1, 3), 90, np.uint8),
        "a line": noise[:1, :, :3].repeat(20, axis=1),
        "a column": noise[:, :1, 0].repeat(40, axis=0),
        "white": np.full((300, 200), 255, np.uint8),
        "black": np.zeros((200, 300, 3), np.uint8),
        "transparent": noise * (1, 1, 1, 0),
        "see-through drawing": strokes,
        "veil": noise * (1, 1, 1, 0) + (0, 0, 0, 102),
        "noise": noise,
        "grey noise": noise[..., 0],
        "faint": 120 + noise[..., 0] // 128,
        "stripes": np.tile(np.array([[0, 255]], np.uint8), (257, 129)),
    }
    if name in pixels:
        return png(pixels[name].astype(np.uint8))
    ramp = np.linspace(0, 65535, 128 * 128).reshape(128, 128).astype(np.uint16)
    photo, file = Image.fromarray(garden_photo()), io.BytesIO()
    if name == "jpeg":
        photo.save(file, "JPEG", quality=12)
    else:
        saved = {"deep": Image.fromarray(ramp), "palette": photo.quantize(7), "bilevel": photo.convert("1")}[name]
        saved.save(file, "PNG")
    return file.getvalue()


phrases = st.sampled_from(sorted(PHRASES))
weighted = st.builds(lambda phrase, weight: f"({phrase}:{weight:.2f})", phrases, st.floats(-1, 4))
denied = st.builds("{} {}".format, st.sampled_from(["no", "without", "not", "("]), phrases)
sentences = st.lists(phrases | weighted | denied | st.text(max_size=20), min_size=1, max_size=14).map(", ".join)
prompts = (sentences | st.text(min_size=1, max_size=300)).filter(lambda text: text.strip() and "\0" not in text)


def requests(longest: int) -> st.SearchStrategy[RenderRequest]:
    """Legal requests whose sides are at most `longest` pixels."""
    sides = st.integers(512 // 8, longest // 8).map(lambda eighths: eighths * 8)
    return st.builds(
        RenderRequest,
        prompt=prompts,
        control_image=st.sampled_from(NAMES).map(control_image),
        batch_size=st.sampled_from([1, 1, 1, 2]),
        image_width=sides,
        image_height=sides,
        seed=st.integers(0, 10_000_000),
    )


@pytest.fixture
def finite_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes into bytes is looked at first: as bytes a NaN is a colour like any other."""
    as_bytes = engine.to_bytes

    def looked_at(planes: Planes) -> Bytes:
        assert np.isfinite(planes).all()
        return as_bytes(planes)

    monkeypatch.setattr(engine, "to_bytes", looked_at)


@pytest.fixture(scope="module")
def plain_seconds() -> float:
    """Processor seconds of a plain render of 512 × 512, the first one in the process aside."""
    return sorted(seconds for _, seconds in map(rendered, [request("daytime", clay_house())] * 4))[1]


def rendered(asked: RenderRequest) -> tuple[list[np.ndarray], float]:
    """The pictures, and the processor seconds for one of them, analysis included."""
    begun = time.process_time()
    pictures = PreviewEngine().render(asked)
    return pictures, (time.process_time() - begun) / len(pictures)


def assert_it_is_a_picture(asked: RenderRequest, plain_seconds: float) -> None:
    pictures, seconds = rendered(asked)
    assert len(pictures) == asked.batch_size
    for picture in pictures:
        assert picture.shape == (asked.image_height, asked.image_width, 3)
        assert picture.dtype == np.uint8
        assert 4 < picture.mean() < 253
        assert picture.min() < picture.max()
    assert seconds < SLOWEST * plain_seconds


hostile = settings(suppress_health_check=list(HealthCheck))


@settings(hostile, max_examples=10, derandomize=True)
@given(requests(640))
@example(RenderRequest("night", control_image("black"), 1, 512, 512))
@example(RenderRequest("oak chair", control_image("see-through drawing"), 1, 512, 512))
@example(RenderRequest("brick house", control_image("veil"), 1, 512, 512))
@example(RenderRequest("(white:2), white walls, snow, fog", control_image("white"), 1, 512, 512))
@example(RenderRequest("\u202e🏠 ﷽ (((", control_image("one pixel"), 1, 512, 512))
@pytest.mark.usefixtures("finite_only")
def test_any_request_gives_a_picture(plain_seconds: float, asked: RenderRequest) -> None:
    assert_it_is_a_picture(asked, plain_seconds)


@pytest.mark.proof
@settings(hostile, max_examples=500)
@given(requests(1024))
@pytest.mark.usefixtures("finite_only")
def test_five_hundred_requests_give_pictures(plain_seconds: float, asked: RenderRequest) -> None:
    assert_it_is_a_picture(asked, plain_seconds)


@pytest.mark.proof
@settings(hostile, max_examples=25)
@given(requests(2048))
@pytest.mark.usefixtures("finite_only")
def test_large_requests_give_pictures(plain_seconds: float, asked: RenderRequest) -> None:
    assert_it_is_a_picture(asked, plain_seconds)


def large_files() -> Iterator[tuple[str, bytes]]:
    """Files of 8,000 pixels, wide and high, as programs save them."""
    for size in ((8000, 2000), (2000, 8000), (8000, 40)):
        file = io.BytesIO()
        Image.fromarray(clay_house()).resize(size).save(file, "PNG", compress_level=1)
        yield f"{size[0]} × {size[1]}", file.getvalue()


@pytest.mark.proof
@pytest.mark.usefixtures("finite_only")
def test_files_of_eight_thousand_pixels_give_pictures(plain_seconds: float) -> None:
    for name, data in large_files():
        for prompt in ("dusk, rain, brick house", "watercolor"):
            pictures, _ = rendered(RenderRequest(prompt, data, 1, 2048, 512, 3))
            assert pictures[0].shape == (512, 2048, 3), name
            assert 4 < pictures[0].mean() < 253, name
