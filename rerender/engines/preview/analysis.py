"""What a control image shows: its kind, edges and regions, always looked at with 512 px on the long side."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np

from rerender.engines.preview.control import ControlImage
from rerender.engines.preview.fields import Bytes, Plane
from rerender.engines.preview.kinds import Kind, chroma_of, is_coloured, without_marks
from rerender.engines.preview.material_map import drawn_borders, flat_colours, split
from rerender.engines.preview.plan import Setting
from rerender.engines.preview.regions import (
    Labels,
    Regions,
    measure,
    merge_over_gaps,
    merge_small,
    merge_weak_borders,
    scharr,
    trapped_ball,
)
from rerender.engines.preview.room import Shell, find_shell, looks_into_a_room
from rerender.engines.preview.tone import Tone, denoised, drawing_tone, shaded_tone

ANALYSIS_SIDE = 512


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The control image as regions. `luma`, `edges` and `regions.labels` are of the analysis size.

    `tone` says how the control's luma is read; `luma` is already read so, and without grain. `edges` is 1 on an edge.
    `colours` numbers the flat colours of a material-ID image, which is read as the drawing of their borders.
    `shell` is the box of a room, if the picture looks like one at all.
    `setting` is the guess for prompts that name none.
    """

    kind: Kind
    tone: Tone
    luma: Plane
    alpha: Plane | None
    edges: Bytes
    regions: Regions
    colours: Labels | None
    shell: Shell | None
    setting: Setting

    @property
    def inverted(self) -> bool:
        """Whether the control is a light-on-dark drawing."""
        return self.tone.inverted

    def luma_of(self, control: ControlImage) -> Plane:
        """The luma of the same control image at another size, as it should be read."""
        return self.tone.applied(control.luma) if self.colours is None else drawn_borders(control.rgb)


class AnalysisCache:
    """The last few analyses, by the control image's digest and the analysis size."""

    def __init__(self, limit: int = 4) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, int, int], Analysis] = OrderedDict()

    def get(self, key: tuple[str, int, int]) -> Analysis | None:
        """The kept analysis, or None."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: tuple[str, int, int], analysis: Analysis) -> None:
        """Keep one more, dropping the longest unused."""
        self._kept[key] = analysis
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)


def analyse(control: ControlImage) -> Analysis:
    """Find the kind, edges and regions of a control image already fitted to the analysis size."""
    colours = None if control.alpha is not None else flat_colours(control.rgb)
    if colours is not None:
        luma = drawn_borders(control.rgb)
        edges, labels = (luma < 0.6).astype(np.uint8), split(colours)
        regions, shell = measure(labels, luma, control.rgb), find_shell(luma)
        setting = _setting(None, shell, regions)
        return Analysis("line", Tone(), luma, None, edges, regions, colours, shell, setting)
    if control.alpha is None:
        control = without_marks(control)
    kind, tone = _kind(control)
    luma = tone.applied(control.luma) if kind == "line" else denoised(control.luma, tone)
    edges, labels = _line_regions(luma) if kind == "line" else _shaded_regions(luma, kind, control.rgb)
    regions = measure(labels, luma, control.rgb)
    shell = None if kind == "photo" or control.alpha is not None else find_shell(luma)
    setting = _setting(control.alpha, shell, regions)
    return Analysis(kind, tone, luma, control.alpha, edges, regions, None, shell, setting)


def _kind(control: ControlImage) -> tuple[Kind, Tone]:
    """Line by its strokes on an even sheet, whatever the sheet's colour; photo by its mean chroma; else clay."""
    subject = None if control.alpha is None else control.alpha > 0.5
    if subject is None:
        drawing = drawing_tone(control.luma)
        if drawing is not None:
            return "line", drawing
    if is_coloured(chroma_of(control.rgb), subject):
        return "photo", Tone()
    return "clay", shaded_tone(control.luma, control.alpha)


def _line_regions(luma: Plane) -> tuple[Bytes, Labels]:
    ink = np.clip((0.96 - luma) * 1.6, 0, 1)
    edges = (ink > 0.18).astype(np.uint8)
    labels = trapped_ball(edges)
    border = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    labels = merge_small(merge_weak_borders(labels, border, luma, strength_limit=0.42, luma_limit=9), 36)
    # Narrows, as between a plant and a sofa, cut pieces off a wall.
    inked: Bytes = (border > 0.05).astype(np.uint8)
    return edges, merge_over_gaps(labels, inked, gap=5, share=0.2, small=0.006)


def _shaded_regions(luma: Plane, kind: Kind, rgb: Bytes) -> tuple[Bytes, Labels]:
    gradient = _gradient(luma, kind, rgb)
    edge_level, border_level, luma_limit = (0.022, 0.020, 0.11) if kind == "clay" else (0.05, 0.05, 0.12)
    edges = (gradient > edge_level).astype(np.uint8)
    border = (cv2.dilate(gradient, np.ones((3, 3), np.uint8)) > border_level).astype(np.float32)
    labels = trapped_ball(edges)
    labels = merge_weak_borders(labels, border, luma, strength_limit=0.45, luma_limit=luma_limit)
    labels = merge_small(labels, 30)
    labels = merge_weak_borders(labels, border, luma, strength_limit=0.55, luma_limit=luma_limit * 0.7)
    labels = merge_weak_borders(labels, border, luma, strength_limit=0.85, luma_limit=0.16, small_share=0.0022)
    return edges, labels


def _gradient(luma: Plane, kind: Kind, rgb: Bytes) -> Plane:
    """Scharr magnitude of the smoothed luma; for clay also of its highlights, where white meets near-white.

    For a photo also of its warmth: a wall may be as light as the sky behind it.
    """
    if kind == "photo":
        warmth = (rgb[..., 0].astype(np.float32) - rgb[..., 2]) / 510
        return np.maximum(*(scharr(cv2.bilateralFilter(plane, 9, 0.12, 6)) for plane in (luma, warmth)))
    highlights = scharr(cv2.bilateralFilter(luma**6, 5, 0.06, 3))
    return np.maximum(scharr(cv2.bilateralFilter(luma, 7, 0.08, 4)), np.float32(0.55) * highlights)


def _setting(alpha: Plane | None, shell: Shell | None, regions: Regions) -> Setting:
    """A cut-out that stands free is a product; one that fills its foot is a building under an open sky."""
    if alpha is not None:
        cut = np.concatenate([alpha[-1], alpha[:, 0], alpha[:, -1]])
        return "product" if float(np.mean(cut > 0.5)) < 0.25 else "exterior"
    return "interior" if looks_into_a_room(shell, regions) else "exterior"
