"""The preview engine alone: seconds on every sample × 24 prompts, analysis included; memory; the first render."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.table import Row
from rerender import images, samples
from rerender.engines.preview import PreviewEngine
from rerender.models import RenderRequest

ROOT = Path(__file__).parents[1]
SEED = 7
# (side, batch size, how many of the prompts, aim of the median, aim of the slowest), seconds.
CASES = ((512, 1, 24, 0.25, None), (1024, 1, 24, 0.5, 1.0), (2048, 1, 24, 1.0, None), (1024, 4, 8, 1.5, None))
PROMPTS = (
    "daytime, white plaster walls, slate roof",
    "night, timber, warm",
    "(fog:1.2), overcast, concrete",
    "watercolor, spring, cream walls",
    "golden hour, red brick walls, dark roof",
    "oil painting, autumn, sunset",
    "rain, dusk, wet asphalt street, brick",
    "pencil sketch",
    "heavy snow, winter, wooden cabin",
    "ink drawing",
    "day, marble walls, copper roof",
    "comic, vibrant, blue walls, orange roof",
    "dawn, corten, gravel",
    "blueprint",
    "day, oak floor, linen sofa",
    "charcoal drawing",
    "night, walnut floor, emerald velvet sofa",
    "soft pastel drawing, dawn",
    "luxury interior, marble floor, brass",
    "marker rendering, modern villa",
    "product photo, cognac leather, walnut",
    "coloured pencil drawing, sage",
    "neon cyberpunk, rain, night",
    "gouache, tropical, terracotta roof",
)
# A process of its own, so that peak and first render are the engine's.
MEMORY_SCRIPT = """
from benchmarks.engine import request_of
from rerender import samples
from rerender.engines.preview import PreviewEngine
request = request_of(samples.get("clay-house"), "night, rain, brick house", 2048, 4)
PreviewEngine().render(request)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
FIRST_SCRIPT = """
import time
begun = time.perf_counter()
from rerender.engines.preview import PreviewEngine
print(time.perf_counter() - begun)
from benchmarks.engine import request_of
from rerender import samples
request = request_of(samples.get("clay-house"), "golden hour, brick walls", 1024, 1)
for _ in range(6):
    begun = time.perf_counter()
    PreviewEngine().render(request)
    print(time.perf_counter() - begun)
"""


def measure() -> list[Row]:
    """Speed by size and batch, the peak of a bare process, and its first render beside the later ones."""
    PreviewEngine().render(request_of(samples.SAMPLES[0], PROMPTS[0], 512, 1))
    return [*(_speed(*case) for case in CASES), _memory(), *_first()]


def request_of(sample: samples.Sample, prompt: str, side: int, batch: int) -> RenderRequest:
    """A square request of the sample."""
    control_image = images.prepare(samples.load(sample.name), side, side, keep_alpha=True)
    return RenderRequest(prompt, control_image, batch, image_width=side, image_height=side, seed=SEED)


def _speed(side: int, batch: int, prompts: int, aim: float, limit: float | None) -> Row:
    seconds = [
        _seconds(request_of(sample, prompt, side, batch)) for sample in samples.SAMPLES for prompt in PROMPTS[:prompts]
    ]
    size = f"{side} × {side}" + (f", batch of {batch}" if batch > 1 else "")
    return Row(
        f"{size}: {len(samples.SAMPLES)} samples × {prompts} prompts",
        f"median {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s",
        f"≤ {aim} s" + (f", none over {limit} s" if limit else ""),
    )


def _seconds(request: RenderRequest) -> float:
    # A new engine each time, so that the analysis of the control image is part of the figure.
    engine = PreviewEngine()
    begun = time.perf_counter()
    engine.render(request)
    return time.perf_counter() - begun


def _memory() -> Row:
    peak = int(_printed(MEMORY_SCRIPT)[0]) / 1024
    return Row("peak memory (VmHWM) of a bare process, 2048 × 2048, batch of 4", f"{peak:.0f} MB", "≤ 450 MB")


def _first() -> list[Row]:
    loading, first, *later = (float(line) for line in _printed(FIRST_SCRIPT))
    return [
        Row("loading the engine in a bare process", f"{loading:.2f} s"),
        Row("its first render, 1024 × 1024", f"{first:.2f} s", "no slower than the rest"),
        Row("its next five", f"median {statistics.median(later):.2f} s, slowest {max(later):.2f} s"),
    ]


def _printed(script: str) -> list[str]:
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.split()
