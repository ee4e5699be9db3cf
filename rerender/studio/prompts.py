"""Several prompts in one text: each line is one run of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rerender.errors import InvalidRequest
from rerender.models import RenderRequest

__all__ = ["MOST_LINES", "Line", "Lines", "read", "requests"]

MOST_LINES = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One prompt, and the line of the text it stands in, counted from 1."""

    number: int
    prompt: str


@dataclass(frozen=True, slots=True)
class Lines:
    """The prompts of a text in their order, and the numbers of the lines that say again what one before them said."""

    kept: tuple[Line, ...]
    repeated: tuple[int, ...]

    @property
    def are_too_many(self) -> bool:
        """Whether there are more than are rendered at once."""
        return len(self.kept) > MOST_LINES


def read(text: str) -> Lines:
    """The prompts in `text`, one a line and trimmed; empty lines and repetitions are left out."""
    kept: dict[str, Line] = {}
    repeated = []
    for number, line in enumerate(text.split("\n"), start=1):
        prompt = line.strip()
        if prompt in kept:
            repeated.append(number)
        elif prompt:
            kept[prompt] = Line(number, prompt)
    return Lines(tuple(kept.values()), tuple(repeated))


def requests(text: str, **fields: Any) -> list[RenderRequest]:
    """One request for each prompt in `text`, all with the same other `fields`.

    Raises `InvalidRequest` when there is no prompt, are more than `MOST_LINES`, or one cannot be sent, naming its line.
    """
    lines = read(text)
    if lines.are_too_many:
        many = f"prompt has {len(lines.kept)} lines to render; at most {MOST_LINES} are rendered at once."
        raise InvalidRequest({"prompt": many})
    # A text without any prompt is refused in the words that are used for one.
    return [_request(line, fields) for line in lines.kept or (Line(1, ""),)]


def _request(line: Line, fields: dict[str, Any]) -> RenderRequest:
    try:
        return RenderRequest(prompt=line.prompt, **fields)
    except InvalidRequest as error:
        if not line.prompt or "prompt" not in error.problems:
            raise
        said = error.problems["prompt"].removeprefix("prompt")
        raise InvalidRequest(error.problems | {"prompt": f"prompt in line {line.number}{said}"}) from None
