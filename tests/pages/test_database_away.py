"""The pages while the PostgreSQL server is away, from the start on or later, and when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.postgres import Databases, Server

PAGES = ["render", "history", "needs_you", "settings"]


@pytest.fixture
def app(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    databases = Databases(server.url)
    url = databases.create()
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path))
    monkeypatch.setenv("RERENDER_MODE", "local")
    monkeypatch.setenv("RERENDER_DATABASE_URL", url)
    yield AppTest.from_file("../../app.py", default_timeout=300)
    st.cache_resource.clear()
    databases.drop(url)


def is_away(app: AppTest) -> bool:
    assert not app.exception
    said = [error.value for error in app.error]
    assert "a-password" not in str(app.main)
    return len(said) == 1 and said[0].startswith("The history cannot be reached right now. Nothing was sent")


@pytest.mark.parametrize("page", PAGES)
def test_a_start_without_the_server_says_so_and_recovers_without_another_start(
    app: AppTest, server: Server, page: str
) -> None:
    server.stop()
    try:
        assert is_away(app.switch_page(f"pages/{page}.py").run())
    finally:
        server.start()
    app.run()
    assert not app.error
    assert not app.exception
    assert app.title[0].value == "ReRender Studio"


def test_every_page_says_so_when_the_server_goes_and_works_again_when_it_is_back(app: AppTest, server: Server) -> None:
    app.switch_page("pages/render.py").run()
    assert not app.error
    server.stop()
    try:
        for page in PAGES:
            assert is_away(app.switch_page(f"pages/{page}.py").run())
    finally:
        server.start()
    for page in PAGES:
        app.switch_page(f"pages/{page}.py").run()
        assert not app.error
        assert not app.exception
