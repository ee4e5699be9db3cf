"""Which words of the prompt the preview engine follows, as chips: under the prompt while one types, and under a result.

Streamlit hears of typed text only when the field is left, so a small script in the page tells it at each pause.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rerender.studio.understanding import Understanding, of_text
from rerender.ui import components, fields
from rerender.ui.page import plain

MOST = 8
"""So many phrases understood, and so many not, are shown as chips; further ones are counted."""

_KEY = "form.typed"
# A word without an end must not make its chip wider than a telephone.
_LONGEST = 32

_mount = components.script("understanding")


def while_typing(label: str) -> None:
    """The chips of what stands in the text area of this label, drawn anew at each pause in typing and nothing else."""
    st.fragment(_while_typing)(label)


def _while_typing(label: str) -> None:
    said = typed(components.said(_KEY, "text"))
    text = fields.value(fields.PROMPT) if said is None else said
    # Without a gap, so that the script takes no space.
    with st.container(gap=None):
        words = of_text(text, one_a_line=fields.value(fields.ONE_A_LINE)) if text.strip() else None
        if words is not None:
            chips("The preview understands", words)
        # A trigger and no state: what is typed is not kept, and what is sent is what the text area says.
        _mount(data={"label": label, "text": text}, key=_KEY, on_text_change=lambda: None)


def typed(value: object) -> str | None:
    """The text in what the browser sent, halves of characters replaced; None for everything that is no text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def chips(lead: str, words: Understanding) -> None:
    """One line, wrapped where it must: `lead`, the phrases that were understood, and those that were not."""
    meanings = [_meaning(*phrase) for phrase in words.understood.items()]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        # A chip's own help is for the mouse; this one lists all of them, for the keyboard and for fingers too.
        st.caption(lead, width="content", help="\n".join(f"- {meaning}" for meaning in meanings) or None)
        for phrase, meaning in zip(words.understood, meanings[:MOST], strict=False):
            st.badge(_short(phrase), color="green", help=meaning)
        _further(meanings)
        if not words.understood:
            st.caption("none of the words", width="content")
        if words.not_understood:
            st.caption("but not", width="content")
        for phrase in words.not_understood[:MOST]:
            st.badge(_short(phrase), color="gray")
        _further(words.not_understood)


def _meaning(phrase: str, taken_for: str) -> str:
    return plain(_cut(phrase) if taken_for in ("", phrase) else f"{_cut(phrase)} → {taken_for}")


def _further(phrases: Sequence[str]) -> None:
    if further := phrases[MOST:]:
        st.caption(f"and {len(further)} more", width="content")


def _short(phrase: str) -> str:
    # Of all signs, a badge escapes brackets itself.
    return plain(_cut(phrase)).replace(r"\[", "[").replace(r"\]", "]")


def _cut(phrase: str) -> str:
    return phrase if len(phrase) <= _LONGEST else phrase[: _LONGEST - 1] + "…"
