"""The preview engine: control image and plan through the stages, one render at a time."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.base import Description
from rerender.engines.preview.analysis import ANALYSIS_SIDE, Analysis, AnalysisCache, analyse
from rerender.engines.preview.base_colour import base_colour
from rerender.engines.preview.control import ControlImage, Decoded, decode, fit, to_grey
from rerender.engines.preview.exposure import expose
from rerender.engines.preview.fields import Bytes, Planes, mix_into, to_bytes
from rerender.engines.preview.grade import grade
from rerender.engines.preview.hands import both
from rerender.engines.preview.lamps import light_lamps
from rerender.engines.preview.light import relight
from rerender.engines.preview.lines import line_map
from rerender.engines.preview.media import MEDIA
from rerender.engines.preview.plan import Medium
from rerender.engines.preview.planner import plan
from rerender.engines.preview.scene import Scene, soft_masks
from rerender.engines.preview.sky import put_behind
from rerender.engines.preview.slots import assign, likely_setting
from rerender.engines.preview.structure_lock import Guide, enlarge, fine_detail, guide, lock_structure
from rerender.engines.preview.weather import precipitation, weather
from rerender.engines.settings import LARGEST_WORKING_SIZE, SMALLEST_WORKING_SIZE, WORKING_SIZE
from rerender.models import RenderRequest

# Drawn lines already are the structure; there the lock would only add a second outline.
LOCK_STRENGTH: dict[Medium, float] = {
    "photo": 1.6, "watercolor": 2.2, "oil": 1.4, "gouache": 2.2, "pencil": 0.6, "coloured_pencil": 0.8, "ink": 1.2,
    "charcoal": 1.4, "marker": 1.6, "pastel": 1.2, "comic": 1.4, "blueprint": 1.2, "clay": 1.0, "neon": 1.6,
}  # fmt: skip
# A photo is full of texture, of which the lock would make sparkles.
PHOTO_LOCK = 0.7
DETAIL_STRENGTH = 0.85

# Beside the plan in every description, and not to be in the plan that pictures carry when they are passed on.
_WORDS = frozenset({"understood", "not_understood", "taken_for"})

# A picture at the working size takes tens of megabytes while it is made, whichever engine object makes it.
_one_at_a_time = threading.Lock()


class PreviewEngine:
    """Re-renders control images by rules: no model, no network, the same picture for the same request.

    `working_size` caps the long side (pixels) of what is computed, 256 to 2048; larger outputs are enlarged along the
    control's own detail. `lock` is how far control edges that went missing are drawn back in, 0 to 1. Any thread may
    call `render`; renders of a process wait for each other.
    """

    name = "preview"
    version = "2.0"

    def __init__(self, working_size: int = WORKING_SIZE, *, lock: float = 1.0) -> None:
        self._working_size = min(max(working_size, SMALLEST_WORKING_SIZE), LARGEST_WORKING_SIZE)
        self._lock_strength = min(max(lock, 0.0), 1.0)
        self._analyses = AnalysisCache()

    def describe(self, request: RenderRequest) -> Description:
        """What was understood of the prompt, from the prompt alone."""
        planned = plan(request.prompt)
        return Description(
            engine=self.name,
            version=self.version,
            plan={name: value for name, value in _json_ready(planned).items() if name not in _WORDS},
            understood=list(planned.understood),
            not_understood=list(planned.not_understood),
            taken_for=dict(planned.taken_for),
        )

    def render(self, request: RenderRequest, *, on_stage: Callable[[str], None] | None = None) -> list[np.ndarray]:
        """`batch_size` pictures, (image_height, image_width, 3) uint8 RGB; item *i* is what seed + *i* alone gives.

        `on_stage` hears each stage's name before it starts and may raise `Cancelled`. Raises `ImageError`.
        """
        tell = on_stage or _silent
        with _one_at_a_time:
            analysis, control, large = self._read(request, tell)
            scene, frame = both(
                lambda: make_scene(control, request.prompt, analysis), lambda: _frame(control, large, analysis.inverted)
            )
            seeds = range(request.seed, request.seed + request.batch_size)
            return [_picture(scene.with_seed(seed), frame, self._lock_strength, tell) for seed in seeds]

    def _read(self, request: RenderRequest, tell: Callable[[str], None]) -> tuple[Analysis, ControlImage, Bytes]:
        """The control image's analysis, itself at the working size, and its luma at the output's size."""
        tell("read")
        image = decode(request.control_image)
        tell("analyse")
        analysis, (control, large) = both(
            lambda: self._analysis(image, request), lambda: _fitted(image, request, self._working_size)
        )
        return analysis, control, large

    def _analysis(self, image: Decoded, request: RenderRequest) -> Analysis:
        width, height = _within(ANALYSIS_SIDE, request)
        key = hashlib.sha256(request.control_image).hexdigest(), width, height
        analysis = self._analyses.get(key)
        if analysis is None:
            analysis = analyse(fit(image, width, height))
            self._analyses.put(key, analysis)
        return analysis


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What every picture of a batch is finished with: the lock's guide, and the detail of the output's size."""

    guide: Guide
    detail: NDArray[Any] | None


def _fitted(image: Decoded, request: RenderRequest, side: int) -> tuple[ControlImage, Bytes]:
    """The control image at the working size, and its luma at the output's."""
    control = fit(image, *_within(side, request))
    if control.rgb.shape[1::-1] == (request.image_width, request.image_height):
        return control, to_grey(control)
    return control, to_grey(fit(image, request.image_width, request.image_height))


def _frame(control: ControlImage, large: Bytes, inverted: bool) -> _Frame:
    if inverted:
        large = 255 - large
    height, width = control.shape
    small = large if large.shape == control.shape else cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return _Frame(guide(small), fine_detail(large, small, DETAIL_STRENGTH))


def make_scene(control: ControlImage, prompt: str, analysis: Analysis) -> Scene:
    """What all pictures of a prompt have in common; `Scene.with_seed` makes it one picture's."""
    planned = plan(prompt)
    if not planned.setting_named:
        planned = plan(prompt, setting=likely_setting(analysis))
    luma = analysis.luma_of(control)
    slots, lines = both(
        lambda: assign(analysis, planned.setting), lambda: line_map(luma, analysis.kind, max(luma.shape) / 1024)
    )
    return Scene(
        plan=planned,
        control=control,
        analysis=analysis,
        slots=slots,
        luma=luma,
        masks=soft_masks(analysis, slots, luma, control.alpha, planned.setting),
        lines=lines,
        seed=0,
        light_side=1,
        sun=(0.5, 0.3),
    )


def _picture(scene: Scene, frame: _Frame, lock: float, tell: Callable[[str], None]) -> Bytes:
    """One picture of the batch, from base colour to the output size. `lock` scales the structure lock."""
    tell("colour")
    colours = base_colour(scene)
    tell("light")
    picture = relight(scene, colours.copy())
    picture = light_lamps(scene, colours, picture)
    del colours
    tell("sky and weather")
    picture = weather(scene, put_behind(scene, picture))
    tell("exposure")
    picture = expose(scene, picture)
    tell("medium")
    picture = precipitation(scene, _in_medium(scene, picture))
    tell("grade")
    finished = to_bytes(grade(scene, picture))
    del picture
    tell("structure")
    strength = lock * LOCK_STRENGTH[scene.plan.medium] * (PHOTO_LOCK if scene.is_photo else 1)
    new_sky = scene.mask("sky") if scene.is_photo and scene.outdoors and not scene.keeps_its_light else None
    return enlarge(lock_structure(finished, frame.guide, strength, new_sky), frame.detail)


def _in_medium(scene: Scene, picture: Planes) -> Planes:
    """The picture in the plan's medium; a medium asked for with less than full weight lets the photo show through."""
    drawn = MEDIA[scene.plan.medium](scene, picture.copy())
    weight = scene.plan.medium_weight
    if scene.plan.medium == "photo" or weight >= 1:
        return drawn
    mix_into(picture, drawn, weight)
    return picture


def _within(side: int, request: RenderRequest) -> tuple[int, int]:
    """The output's width and height, reduced to at most `side` on the long side."""
    scale = min(1.0, side / max(request.image_width, request.image_height))
    return max(16, round(request.image_width * scale)), max(16, round(request.image_height * scale))


def _silent(_stage: str) -> None:
    """Nobody listens."""


def _json_ready(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _json_ready(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _json_ready(item) for key, item in value.items()}
    return [_json_ready(item) for item in value] if isinstance(value, tuple | list) else value
