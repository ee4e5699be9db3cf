"""Blueprint."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.fields import Planes, blur, coarse_fbm, filled, luminance, mix_into, smoothstep
from rerender.engines.preview.media.strokes import construction_lines, hatching, paper_grain
from rerender.engines.preview.scene import Scene

CYANOTYPE = (0.075, 0.205, 0.43)
WHITE = (0.88, 0.95, 1.0)


def blueprint(scene: Scene, picture: Planes) -> Planes:
    """White lines on cyanotype blue, over a squared grid, with light hatching where it was dark."""
    luma = luminance(picture)
    lines = smoothstep(0.09, 0.42, scene.lines)
    drawing = filled(scene.shape, CYANOTYPE)
    drawing *= 1 + np.float32(0.22) * (coarse_fbm(scene.shape, 4, 5, scene.rng("blueprint")) - np.float32(0.5))
    drawing *= 1 + paper_grain(scene, 0.10)
    drawing *= np.float32(0.88) + np.float32(0.22) * blur(luma, 4 * scene.unit)
    white = np.zeros(scene.shape, np.float32)
    step = max(8, round(32 * scene.unit))
    for spacing, strength in ((step, 0.10), (4 * step, 0.20)):
        white[::spacing] = strength
        white[:, ::spacing] = strength
    shadow = smoothstep(0.42, 0.12, blur(luma, 3 * scene.unit))
    shadow *= np.clip(np.float32(0.4) + np.float32(0.5) * hatching(scene, "blueprint hatching", 45, 60), 0, 1)
    white += shadow * np.float32(0.30)
    white += lines
    white += construction_lines(scene, 44) * np.float32(0.42)
    mix_into(drawing, WHITE, np.clip(white, 0, 1, out=white))
    drawing += blur(lines, 3 * scene.unit) * np.float32(0.12)
    return drawing
