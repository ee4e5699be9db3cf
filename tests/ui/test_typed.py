"""What the browser says was typed is a stranger's value, and words stay words."""

from __future__ import annotations

import pytest

from rerender.ui.understanding import typed


def test_a_typed_text_is_taken_as_it_is() -> None:
    assert typed("  oak,\nüñí 🏠 ") == "  oak,\nüñí 🏠 "
    assert typed("") == ""


@pytest.mark.parametrize("value", [None, 7, b"oak", ["oak"], {"text": "oak"}])
def test_anything_else_is_no_text(value: object) -> None:
    assert typed(value) is None


def test_half_a_character_does_not_break_the_page() -> None:
    assert typed("oak \ud83c") == "oak ?"
