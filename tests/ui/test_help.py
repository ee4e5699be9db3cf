"""The help of each page."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

PAGES = [path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py")]


def page_with_help(name: str) -> None:
    from rerender.ui import help as page_help

    page_help.popover(name)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_a_help_that_says_how_to_get_around_by_keyboard(name: str) -> None:
    app = AppTest.from_function(page_with_help, args=(name,), default_timeout=300).run()
    assert not app.exception
    assert "Tab, Shift + Tab" in app.markdown[-1].value
    assert app.markdown[0].value.strip()


def test_the_help_of_settings_says_where_to_read_what_a_run_costs() -> None:
    app = AppTest.from_function(page_with_help, args=("settings",), default_timeout=300).run()
    assert "what any other run costs stands\nbeside **Render**" in app.markdown[0].value
