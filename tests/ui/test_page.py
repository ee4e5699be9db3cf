"""Texts of the visitor's own stay text, wherever Streamlit reads Markdown."""

from __future__ import annotations

from rerender.ui.page import plain


def test_markdown_in_a_word_is_shown_and_not_obeyed() -> None:
    assert plain("![x](http://evil/x.png)") == r"\!\[x\]\(http\:\/\/evil\/x\.png\)".replace(r"\/", "/")
    assert plain(":red[*now*]") == r"\:red\[\*now\*\]"
    assert plain("red brick") == "red brick"
