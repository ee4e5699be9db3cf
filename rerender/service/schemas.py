"""What the service reads and answers: the API's documented shapes, as pydantic models.

pydantic checks strictly (`true` is no 1, `"7"` is no 7) and feeds the OpenAPI page. The sentences are ours:
pydantic's own repeat what was sent, and a control image of 12 MB has no place in an error.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError

from rerender.errors import ImageError, InvalidRequest
from rerender.images import load
from rerender.models import (
    BATCH_SIZE,
    CONTROL_IMAGE_MAX_BYTES,
    IMAGE_SIDE,
    PROMPT_MAX_CHARS,
    SEED,
    Range,
    RenderRequest,
)

# 16 × 16 px, so that "Try it out" on the OpenAPI page works as it stands.
_EXAMPLE_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAAAAAA6mKC9AAAAG0lEQVR42mPkYEAFLPzoAoLoAgLDR4DxO5oAALc0Ahp3QqCzAAAAAElFTkSuQmCC"
)


def _picture_bytes(value: object) -> bytes:
    try:
        data = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except ValueError:
        data = b""
    if not data:
        raise _refused("must be a picture in standard base64, without line breaks and without a data: prefix.")
    if len(data) > CONTROL_IMAGE_MAX_BYTES:
        raise _refused(f"is over {CONTROL_IMAGE_MAX_BYTES // 1_000_000} MB.")
    try:
        load(data)
    except ImageError as error:
        raise _refused(f"cannot be used: {error}") from None
    return data


def _refused(problem: str) -> PydanticCustomError:
    return PydanticCustomError("control_image", "control_image {problem}", {"problem": problem})


def _within(allowed: Range, example: int) -> Any:
    return Field(ge=allowed.low, le=allowed.high, examples=[example])


class RenderBody(BaseModel):
    """One run: all six fields are required."""

    model_config = ConfigDict(strict=True)

    prompt: Annotated[str, Field(max_length=PROMPT_MAX_CHARS, pattern=r"\S", examples=["oak and glass, golden hour"])]
    control_image: Annotated[
        bytes,
        BeforeValidator(_picture_bytes),
        WithJsonSchema(
            {
                "type": "string",
                "contentEncoding": "base64",
                "description": f"An image file of at most {CONTROL_IMAGE_MAX_BYTES // 1_000_000} MB, "
                "in standard base64 without a `data:` prefix.",
                "examples": [_EXAMPLE_PNG],
            }
        ),
    ]
    batch_size: Annotated[int, _within(BATCH_SIZE, 1)]
    image_width: Annotated[int, _within(IMAGE_SIDE, 1024)]
    image_height: Annotated[int, _within(IMAGE_SIDE, 768)]
    seed: Annotated[int, _within(SEED, 7)]


_RANGES = {"batch_size": BATCH_SIZE, "image_width": IMAGE_SIDE, "image_height": IMAGE_SIDE, "seed": SEED}
_RULES = {name: f"must be a whole number from {allowed.low} to {allowed.high}." for name, allowed in _RANGES.items()}
_RULES["prompt"] = f"must be text of 1 to {PROMPT_MAX_CHARS:,} characters, not only blanks."


def read_request(body: bytes | bytearray) -> RenderRequest:
    """The request in the body of a POST, its control image decoded once to see that it can be.

    Raises `InvalidRequest` naming each bad field, or `body` where the body is no JSON object.
    """
    try:
        fields = RenderBody.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidRequest(dict(_problem(detail) for detail in details)) from None
    return RenderRequest(**dict(fields))


def _problem(detail: ErrorDetails) -> tuple[str, str]:
    if not detail["loc"]:
        return "body", f"The body must be a JSON object with {', '.join(RenderBody.model_fields)}."
    name = str(detail["loc"][0])
    if detail["type"] == "missing":
        return name, f"{name} is missing."
    return name, detail["msg"] if detail["type"] == "control_image" else f"{name} {_RULES[name]}"


class SubmitAnswer(BaseModel):
    """The answer to a run: the only handle on its render."""

    render_id: str


class PictureAnswer(BaseModel):
    """One entry of `inputs` or `outputs`. `cover_src` is an image URL that needs no key."""

    name: str
    type: str
    desc: str
    cover_src: str
    cover_width: int
    cover_height: int


class RenderAnswer(BaseModel):
    """A render. Poll it until `phase` is `completed`, `failed` or `dead`."""

    id: str = Field(alias="_id")
    workflow_id: str
    inputs: list[PictureAnswer]
    outputs: list[PictureAnswer]
    phase: str = Field(description="`pending`, `processing`, `completed`, `failed` or `dead`")
    is_sample: bool
    is_public: bool
    created_at: int = Field(description="Seconds since 1970")
    updated_at: int = Field(description="Seconds since 1970")
    misc: dict[str, Any] = Field(
        description="Engine, version, plan, words understood and not, what they were taken for, seconds, timings, error"
    )


class HealthAnswer(BaseModel):
    """How the service does. Nothing here needs a key."""

    status: str = Field(description="`ok`")
    engine: str
    version: str
    waiting: int = Field(description="Renders in the queue")
    working: int = Field(description="Renders in work")
    faults: bool = Field(description="Whether it was started with `--faults`, to answer some requests wrongly")


class Problem(BaseModel):
    """What is wrong. `fields` names each bad field of a request."""

    code: str
    message: str
    fields: dict[str, str] | None = None


class ErrorAnswer(BaseModel):
    """Every answer of 400 and above has this shape."""

    error: Problem
