"""What goes to the API and what comes back, under the API's own names: plain values, no I/O."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from rerender.errors import InvalidRequest, MalformedResponse


class Range(NamedTuple):
    """An inclusive range of whole numbers."""

    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return type(value) is int and self.low <= value <= self.high

    def clamp(self, value: float) -> int:
        """The whole number in the range that is nearest to `value`."""
        return min(self.high, max(self.low, round(value)))


DEFAULT_WORKFLOW_ID = "674829a60a1c7e0df43198b8"
BATCH_SIZE = Range(1, 4)
IMAGE_SIDE = Range(512, 2048)
SEED = Range(0, 10_000_000)
OUTPUTS_MAX = 16  # a render has as many as its batch size; whoever names more means no good
_RANGES = {"batch_size": BATCH_SIZE, "image_width": IMAGE_SIDE, "image_height": IMAGE_SIDE, "seed": SEED}
# The API states no limits for these two; ours keep a pasted document or a raw camera file from being sent.
PROMPT_MAX_CHARS, CONTROL_IMAGE_MAX_BYTES = 10_000, 20_000_000


class Phase(StrEnum):
    """The phases that the API documents. Others may come; they mean "not finished"."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    DEAD = "dead"


TERMINAL = frozenset({Phase.COMPLETED, Phase.FAILED, Phase.DEAD})


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One paid run; `control_image` is an image file, sent as it is. Raises `InvalidRequest` naming each bad field."""

    prompt: str
    control_image: bytes = field(repr=False)
    batch_size: int = 1
    image_width: int = 1024
    image_height: int = 1024
    seed: int = 0

    def __post_init__(self) -> None:
        if problems := _problems_of(self):
            raise InvalidRequest(problems)

    def to_json(self) -> dict[str, Any]:
        """The request's body: the API's six fields, the image in standard base64 without a `data:` prefix."""
        return asdict(self) | {"control_image": base64.b64encode(self.control_image).decode("ascii")}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> RenderRequest:
        """The request that `to_json` wrote. Raises `InvalidRequest` for a missing field or bad base64."""
        body = body if isinstance(body, Mapping) else {}
        if missing := {name: f"{name} is missing." for name in cls.__dataclass_fields__ if name not in body}:
            raise InvalidRequest(missing)
        try:
            control_image = base64.b64decode(body["control_image"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise InvalidRequest({"control_image": "control_image is not base64."}) from None
        return cls(**{name: body[name] for name in cls.__dataclass_fields__} | {"control_image": control_image})


def _problems_of(request: RenderRequest) -> dict[str, str]:
    problems: dict[str, str] = {}
    prompt, control_image = request.prompt, request.control_image
    if type(prompt) is not str or not prompt.strip():
        problems["prompt"] = "prompt must say something."
    elif len(prompt) > PROMPT_MAX_CHARS:
        problems["prompt"] = f"prompt has {len(prompt):,} characters; at most {PROMPT_MAX_CHARS:,} are sent."
    elif "\0" in prompt or any("\ud800" <= char <= "\udfff" for char in prompt):
        problems["prompt"] = "prompt has characters that cannot be sent as text."
    if type(control_image) is not bytes or not control_image:
        problems["control_image"] = "control_image must be the bytes of an image file."
    elif len(control_image) > CONTROL_IMAGE_MAX_BYTES:
        problems["control_image"] = f"control_image is over {CONTROL_IMAGE_MAX_BYTES // 1_000_000} MB."
    for name, allowed in _RANGES.items():
        if getattr(request, name) not in allowed:
            problems[name] = f"{name} must be a whole number from {allowed.low} to {allowed.high}."
    return problems


@dataclass(frozen=True, slots=True)
class Output:
    """One of the first 16 `inputs` or `outputs` of a render. `cover_src` is an image URL, None until there is one."""

    name: str = ""
    type: str = ""
    desc: str = ""
    cover_src: str | None = None
    cover_width: int | None = None
    cover_height: int | None = None

    @classmethod
    def from_json(cls, item: object) -> Output:
        """Read one entry tolerantly: what is missing or of the wrong type becomes empty."""
        item = item if isinstance(item, Mapping) else {}
        kinds = {"name": str, "type": str, "desc": str, "cover_src": str, "cover_width": int, "cover_height": int}
        return cls(**{key: item[key] for key, kind in kinds.items() if type(item.get(key)) is kind and item[key] != ""})


@dataclass(frozen=True, slots=True)
class Render:
    """The API's object, known by its `id`. `phase` is the raw word; `raw` the whole answer, unknown keys included."""

    id: str
    phase: str
    workflow_id: str = ""
    inputs: tuple[Output, ...] = ()
    outputs: tuple[Output, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    misc: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_terminal(self) -> bool:
        """Whether the render has ended: `completed`, `failed` or `dead`. An unknown phase has not."""
        return self.phase in TERMINAL

    @classmethod
    def from_json(cls, body: object) -> Render:
        """Read an answer of `GET /api/renders/{render_id}`. Raises `MalformedResponse` without `_id` or `phase`."""
        if not isinstance(body, Mapping):
            raise MalformedResponse("The API's answer is not a JSON object.")
        for required in ("_id", "phase"):
            if not isinstance(body.get(required), str) or not body[required]:
                raise MalformedResponse(f"The API's answer has no {required}.")
        workflow_id, misc = body.get("workflow_id"), body.get("misc")
        return cls(
            id=body["_id"],
            phase=body["phase"],
            workflow_id=workflow_id if isinstance(workflow_id, str) else "",
            inputs=_outputs(body.get("inputs")),
            outputs=_outputs(body.get("outputs")),
            created_at=_time(body.get("created_at")),
            updated_at=_time(body.get("updated_at")),
            misc=misc if isinstance(misc, Mapping) else {},
            raw=body,
        )


def _outputs(items: object) -> tuple[Output, ...]:
    return tuple(Output.from_json(item) for item in items[:OUTPUTS_MAX]) if isinstance(items, list) else ()


def _time(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        # The documented example has ten digits, so seconds; above 1e11 it can only be milliseconds.
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    except (OverflowError, OSError, ValueError):
        return None
