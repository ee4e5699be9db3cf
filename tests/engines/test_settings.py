"""The working size is a setting: of how much memory and time a preview takes, not of what it shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from rerender.engines.preview import PreviewEngine
from rerender.engines.settings import working_size
from rerender.errors import ConfigurationError
from rerender.studio.limits import Limits
from rerender.studio.runtime import Runtime
from tests.engines.controls import clay_house, request

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("text", "size"), [("768", 768), (" 1024 ", 1024), ("", 1024), ("256", 256), ("2048", 2048)])
def test_the_working_size_is_the_one_that_is_set(text: str, size: int) -> None:
    assert working_size({"RERENDER_WORKING_SIZE": text}) == size


def test_without_a_setting_the_working_size_is_1024() -> None:
    assert working_size({}) == 1024


@pytest.mark.parametrize("text", ["large", "1e3", "1024px", "x" * 10_000, "9" * 10_000, "100", "255", "2049", "-5"])
def test_a_working_size_that_is_none_is_refused_in_the_words_of_the_app(text: str) -> None:
    said = []
    for read in (working_size, lambda environ: Limits.of("local", [environ.get])):
        with pytest.raises(ConfigurationError, match="RERENDER_WORKING_SIZE must be a whole number") as caught:
            read({"RERENDER_WORKING_SIZE": text})
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert len(said[0]) < 160


def test_an_engine_of_any_working_size_gives_the_size_that_was_asked_for() -> None:
    for size in (1, 300, 10_000):
        assert PreviewEngine(size).render(request("brick, dusk", clay_house()))[0].shape == (512, 512, 3)


def test_a_smaller_working_size_shows_the_same_composition() -> None:
    pictures = [PreviewEngine(size).render(request("golden hour, brick walls", clay_house()))[0] for size in (256, 512)]
    small, large = (cv2.resize(p, (64, 64), interpolation=cv2.INTER_AREA).astype(int) for p in pictures)
    assert np.abs(small - large).mean() < 8


def test_a_wrong_working_size_is_told_when_the_app_starts(tmp_path: Path) -> None:
    """And not as a failed render to whoever renders first."""
    with pytest.raises(ConfigurationError, match="RERENDER_WORKING_SIZE"):
        Runtime.open(tmp_path, sources=[{"RERENDER_WORKING_SIZE": "big"}.get])


def test_the_first_render_of_a_process_has_nothing_left_to_load() -> None:
    """All that it needs came with the engine, so that it takes no longer than the next."""
    script = (
        "import sys\n"
        "from rerender.engines.preview import PreviewEngine\n"
        "from tests.engines.controls import *\n"
        "first = request('night, rain, brick house', clay_house())\n"
        "png(clay_house()); __import__('PIL.PngImagePlugin'); __import__('PIL.Image').Image.preinit()\n"
        "loaded = set(sys.modules)\n"
        "PreviewEngine().render(first)\n"
        "print(*sorted(set(sys.modules) - loaded))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_serve_says_a_wrong_working_size_in_one_line_and_serves_nothing(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "rerender", "serve", "--home", str(tmp_path), "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "RERENDER_WORKING_SIZE": "100"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stderr == "Error: RERENDER_WORKING_SIZE must be a whole number from 256 to 2,048, not '100'.\n"
