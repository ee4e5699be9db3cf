"""OpenCV's own filters on the same images: what a picture costs that no prompt can change."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.table import Row
from rerender import images, samples
from rerender.engines.preview.control import decode, fit

SIDES = (512, 1024, 2048)
REPEATS = 3
# Only the contrib build has it, which cannot live beside the headless main build in one environment.
OIL_PACKAGE = "opencv-contrib-python-headless"
OIL_SCRIPT = f"""
import sys, time, cv2
picture = cv2.imread(sys.argv[1])
cv2.xphoto.oilPainting(picture, 7, 1)
for _ in range({REPEATS}):
    begun = time.perf_counter()
    cv2.xphoto.oilPainting(picture, 7, 1)
    print(time.perf_counter() - begun)
"""

Filter = Callable[[np.ndarray], object]
FILTERS: dict[str, Filter] = {
    "cv2.stylization": lambda picture: cv2.stylization(picture, sigma_s=60, sigma_r=0.45),
    "cv2.pencilSketch": lambda picture: cv2.pencilSketch(picture, sigma_s=60, sigma_r=0.07, shade_factor=0.05),
}


def measure() -> list[Row]:
    """Seconds a picture of each filter at each size, the median over the samples."""
    rows = [
        Row(f"{name}, {side} × {side}", f"{_seconds(act, side):.2f} s")
        for name, act in FILTERS.items()
        for side in SIDES
    ]
    with tempfile.TemporaryDirectory() as folder:
        return [*rows, *_oil(Path(folder))]


def _pictures(side: int) -> list[np.ndarray]:
    loaded = (images.prepare(samples.load(sample.name), side, side, keep_alpha=True) for sample in samples.SAMPLES)
    return [cv2.cvtColor(fit(decode(data), side, side).rgb, cv2.COLOR_RGB2BGR) for data in loaded]


def _seconds(act: Filter, side: int) -> float:
    seconds = []
    for picture in _pictures(side):
        act(picture[:64, :64])
        for _ in range(REPEATS):
            begun = time.perf_counter()
            act(picture)
            seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def _oil(folder: Path) -> list[Row]:
    """In an environment of its own, thrown away afterwards; nothing but a note where pip cannot get the package."""
    python = folder / "venv/bin/python"
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, capture_output=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, OIL_PACKAGE], check=True, capture_output=True, timeout=300)
    except (subprocess.SubprocessError, OSError):
        return [Row("cv2.xphoto.oilPainting", f"not measured: pip could not get {OIL_PACKAGE}")]
    rows = []
    for side in SIDES:
        seconds: list[float] = []
        for picture in _pictures(side):
            cv2.imwrite(str(folder / "picture.png"), picture)
            run = subprocess.run(
                [str(python), "-c", OIL_SCRIPT, str(folder / "picture.png")], check=True, capture_output=True, text=True
            )
            seconds += [float(line) for line in run.stdout.split()]
        rows.append(Row(f"cv2.xphoto.oilPainting, {side} × {side}", f"{statistics.median(seconds):.2f} s"))
    return rows
