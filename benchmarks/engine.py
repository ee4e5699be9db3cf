"""The preview engine alone: seconds a picture at 1024², on every sample with its own prompts, analysis included."""

from __future__ import annotations

import statistics
import time

from benchmarks.table import Row
from rerender import images, samples
from rerender.engines.preview import PreviewEngine
from rerender.models import RenderRequest

SIDE = 1024


def measure() -> list[Row]:
    """One row a sample, and the median over all."""
    PreviewEngine().render(_request(samples.SAMPLES[0], samples.SAMPLES[0].prompts[0], side=512))
    rows, everything = [], []
    for sample in samples.SAMPLES:
        seconds = [_seconds(_request(sample, prompt)) for prompt in sample.prompts]
        everything += seconds
        figure = f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
        rows.append(Row(f"{sample.title}, {len(seconds)} prompts, {SIDE} × {SIDE}", figure))
    rows.append(Row("median over all", f"{statistics.median(everything):.2f} s", "≤ 0.8 s"))
    return rows


def _request(sample: samples.Sample, prompt: str, side: int = SIDE) -> RenderRequest:
    control_image = images.prepare(samples.load(sample.name), side, side, keep_alpha=True)
    return RenderRequest(prompt, control_image, image_width=side, image_height=side, seed=7)


def _seconds(request: RenderRequest) -> float:
    # A new engine each time, so that the analysis of the control image is part of the figure.
    engine = PreviewEngine()
    begun = time.perf_counter()
    engine.render(request)
    return time.perf_counter() - begun
