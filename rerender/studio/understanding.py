"""What the preview engine makes of the words of a prompt, before a render and after one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rerender.engines.preview.planner import plan
from rerender.models import PROMPT_MAX_CHARS
from rerender.studio import prompts
from rerender.studio.runs import Run

__all__ = ["Understanding", "of_run", "of_text"]


@dataclass(frozen=True, slots=True)
class Understanding:
    """Phrases in prompt order, each once; of an understood one also what it was taken for, "" where nobody knows."""

    understood: Mapping[str, str]
    not_understood: tuple[str, ...]


def of_text(text: str, *, one_a_line: bool = False) -> Understanding | None:
    """What the preview engine makes of a prompt, or of all the prompts in `text` together, one a line. Pure.

    A phrase counts as understood when each prompt that has it was understood there. None for a text that cannot be
    sent, because it is too long or has too many lines: it is not looked at.
    """
    lines = prompts.read(text)
    asked = [line.prompt for line in lines.kept] if one_a_line else [text]
    if (one_a_line and lines.are_too_many) or any(len(prompt) > PROMPT_MAX_CHARS for prompt in asked):
        return None
    plans = [plan(prompt) for prompt in asked]
    unknown = tuple(dict.fromkeys(phrase for one in plans for phrase in one.not_understood))
    taken: dict[str, dict[str, None]] = {}
    for one in plans:
        for phrase in one.understood:
            taken.setdefault(phrase, {})[one.taken_for.get(phrase, "")] = None
    known = {phrase: " or ".join(effects) for phrase, effects in taken.items() if phrase not in unknown}
    return Understanding(known, unknown)


def of_run(run: Run) -> Understanding:
    """What the preview engine made of the prompt of its run, as it said when it accepted it."""
    taken_for = run.misc.get("taken_for") or {}
    return Understanding(
        {phrase: taken_for.get(phrase, "") for phrase in run.misc.get("understood") or []},
        tuple(run.misc.get("not_understood") or []),
    )
