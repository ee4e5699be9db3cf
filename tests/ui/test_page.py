"""Texts of the visitor's own stay text, wherever Streamlit reads Markdown."""

from __future__ import annotations

import re

import pytest

from rerender.ui.page import isolated, plain


def test_markdown_in_a_word_is_shown_and_not_obeyed() -> None:
    assert plain("![x](data:x.png)") == r"\!\[x\]\(data\:x\.png\)"
    assert plain(":red[*now*]") == r"\:red\[\*now\*\]"
    assert plain("red brick") == "red brick"


def test_an_address_in_a_word_is_shown_and_no_link() -> None:
    text = "At https://api.test, WWW.api.test or me@api.test."
    said = plain(text)
    assert not re.search(r"://|www\\?\.|@\w", said, re.IGNORECASE)
    assert said.replace("\u200b", "").replace("\\", "") == text


@pytest.mark.parametrize(
    "sign", [":material/delete:", ":streamlit:", "heading\n===", "a -> b -- c", "&lt;b&gt;", "&#58;"]
)
def test_no_icon_heading_arrow_or_entity_is_made_of_a_word(sign: str) -> None:
    said = plain(sign)
    assert not re.search(r"(?<!\\)[&:=-]|:(material|streamlit)|--|->|\n", said), said
    assert said.replace("\u200b", "").replace("\\", "") == " ".join(sign.split())


def test_no_word_turns_around_what_stands_beside_it() -> None:
    assert isolated("a\u202egpj.exe\u2069") == "agpj.exe"
    assert isolated("עץ oak") == "\u2068עץ oak\u2069"
    assert plain("oak 12:00") == r"oak 12\:00"
