"""Texts of the visitor's own stay text, wherever Streamlit reads Markdown."""

from __future__ import annotations

import re

from rerender.ui.page import plain


def test_markdown_in_a_word_is_shown_and_not_obeyed() -> None:
    assert plain("![x](data:x.png)") == r"\!\[x\]\(data\:x\.png\)"
    assert plain(":red[*now*]") == r"\:red\[\*now\*\]"
    assert plain("red brick") == "red brick"


def test_an_address_in_a_word_is_shown_and_no_link() -> None:
    text = "At https://api.test, WWW.api.test or me@api.test."
    said = plain(text)
    assert not re.search(r"://|www\\?\.|@\w", said, re.IGNORECASE)
    assert said.replace("\u200b", "").replace("\\", "") == text
