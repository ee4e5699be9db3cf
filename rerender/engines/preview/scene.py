"""The scene: one control image, one plan and one seed at the working size. Every stage reads it, none changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from rerender.engines.preview.analysis import Analysis
from rerender.engines.preview.control import ControlImage
from rerender.engines.preview.fields import Plane, guided_filter, resize, smoothstep, stage_rng
from rerender.engines.preview.hands import side_by_side
from rerender.engines.preview.kinds import Kind
from rerender.engines.preview.plan import SLOTS, Plan, Setting, Slot
from rerender.engines.preview.regions import fill_nearest
from rerender.engines.preview.slot_codes import OBJECT, RUG, SKY
from rerender.engines.preview.slots import SlotMap

RUG_SHARES: dict[Slot, float] = {"object": 0.45, "sky": 0.55}


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What the stages work from.

    `luma` (H, W) is the control's, turned round for a light-on-dark drawing; `masks` has a soft (H, W) mask for each
    slot that is present, together 1 everywhere; `lines` (H, W) is 1 where the control has a structure line.
    `light_side` is -1 or 1, `sun` its place as shares of width and height. `unit` is a length: 1/1024 of the long side.
    """

    plan: Plan
    control: ControlImage
    analysis: Analysis
    slots: SlotMap
    luma: Plane
    masks: Mapping[Slot, Plane]
    lines: Plane
    seed: int
    light_side: int
    sun: tuple[float, float]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.luma.shape
        return height, width

    @property
    def unit(self) -> float:
        """The length that stages measure in: pixels per 1/1024 of the long side."""
        return max(self.shape) / 1024

    @property
    def is_photo(self) -> bool:
        """Whether the control image has colours of its own to keep."""
        return self.analysis.kind == "photo"

    @property
    def is_drawing(self) -> bool:
        """Whether the control image is a line drawing, without shading of its own."""
        return self.analysis.kind == "line"

    @property
    def outdoors(self) -> bool:
        """Whether weather and sky apply."""
        return self.plan.setting == "exterior"

    @property
    def keeps_its_light(self) -> bool:
        """Whether this is a photo and the prompt asks for no other hour or weather than it shows."""
        return self.is_photo and not self.plan.time_named and not any(w > 0 for w in self.plan.weather.values())

    def mask(self, slot: Slot) -> Plane:
        """The soft mask of a slot, zeros when it is absent. Not to be written to."""
        return self.masks.get(slot, np.broadcast_to(np.float32(0), self.shape))

    def weather(self, kind: str) -> float:
        """The weight of "fog", "rain" or "snow"; indoors there is only a little haze."""
        weight = self.plan.weather.get(kind, 0.0)
        return weight if self.outdoors else weight * 0.15 * (kind == "fog")

    def mood(self, name: str) -> float:
        """The weight of a grading mood."""
        return self.plan.moods.get(name, 0.0)

    def subject_luma(self) -> Plane:
        """(n,) luma of the subject where it was parted from a backdrop and is seen, else of the whole control image."""
        luma, alpha = self.analysis.luma, self.analysis.alpha
        subject = self.slots.subject if alpha is None else alpha
        shown = luma.ravel() if subject is None else luma[subject > 0.5]
        return shown if shown.size else luma.ravel()

    def rng(self, stage: str) -> np.random.RandomState:
        """The stage's own random stream for this seed."""
        return stage_rng(self.seed, stage)

    def rows(self) -> Plane:
        """(H, 1): 0 at the top to 1 at the bottom."""
        return np.linspace(0, 1, self.shape[0], dtype=np.float32)[:, None]

    def columns(self) -> Plane:
        """(1, W): 0 at the left to 1 at the right."""
        return np.linspace(0, 1, self.shape[1], dtype=np.float32)[None]

    def with_seed(self, seed: int) -> Scene:
        """The same scene lit from where another seed puts the sun."""
        rng = stage_rng(seed, "sun")
        side = int(rng.choice([-1, 1]))
        sun = 0.5 + side * float(rng.uniform(0.12, 0.42)), float(rng.uniform(0.12, 0.34))
        return replace(self, seed=seed, light_side=side, sun=sun)


def soft_masks(
    analysis: Analysis, slots: SlotMap, luma: Plane, alpha: Plane | None, setting: Setting
) -> dict[Slot, Plane]:
    """The slot map enlarged to `luma`'s size along the control's own edges, as masks that add up to 1."""
    if setting == "product" and slots.sure:
        if alpha is None and slots.subject is not None:
            alpha = _enlarged(cv2.GaussianBlur(slots.subject, (0, 0), 0.8), luma, analysis.kind)
        if alpha is not None:
            return _cut_out(slots, alpha)
    wanted = _trusted(analysis, slots)
    found = side_by_side(lambda slot: _slot_mask(slots, slot, luma, analysis.kind), wanted)
    masks = {slot: mask for slot, mask in zip(wanted, found, strict=True) if mask is not None}
    if len(wanted) > 1:
        total = sum(masks.values(), start=np.full(luma.shape, 1e-5, np.float32))
        for mask in masks.values():
            mask /= total
    return masks


def _slot_mask(slots: SlotMap, slot: Slot, luma: Plane, kind: Kind) -> Plane | None:
    """The slot's own mask, None when next to nothing is of it."""
    hard: Plane = (slots.codes == SLOTS.index(slot)).astype(np.float32)
    if slot in RUG_SHARES:
        hard += (slots.codes == RUG) * np.float32(RUG_SHARES[slot])
    if hard.mean() < 0.0002:
        return None
    return _enlarged(cv2.GaussianBlur(hard, (0, 0), 0.8), luma, kind)


def _enlarged(mask: Plane, luma: Plane, kind: Kind) -> Plane:
    """A mask at the working size: a drawing's as it is, a photo's drawn to the edges of luma, clay's a little."""
    rough = resize(mask, luma.shape)
    if kind == "line":
        return rough
    unit = max(luma.shape) / 1024
    if kind == "photo":
        soft = guided_filter(luma, rough, round(8 * unit), 1e-4, reduce=1)
    else:
        # Where two slots are equally light the guide says nothing, and must not move their border far.
        reach = np.ones((2 * round(3 * unit) + 1,) * 2, np.uint8)
        guided = guided_filter(luma, rough, round(6 * unit), 1e-3, reduce=2)
        soft = np.clip(guided, cv2.erode(rough, reach), cv2.dilate(rough, reach))
    return smoothstep(0, 1, soft)


def _trusted(analysis: Analysis, slots: SlotMap) -> tuple[Slot, ...]:
    """The slots that may be used: all when the regions are sure, else at most the sky."""
    if slots.sure and (analysis.kind != "photo" or slots.sky_sure):
        return SLOTS
    return ("sky",) if slots.sky_sure else ()


def _cut_out(slots: SlotMap, alpha: Plane) -> dict[Slot, Plane]:
    # Nothing of the backdrop, so that the outline is of what it belongs to.
    codes = fill_nearest(slots.codes, slots.codes != SKY)
    thick = resize((codes == OBJECT).astype(np.float32), alpha.shape)
    thick = cv2.GaussianBlur(thick, (0, 0), max(alpha.shape) / 1024)
    return {"sky": 1 - alpha, "object": alpha * thick, "object2": alpha * (1 - thick)}
