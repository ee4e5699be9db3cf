"""Export and import as the settings page offers them, and what a host says about how long it keeps things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from sqlalchemy import Update, update
from streamlit.testing.v1 import AppTest

from rerender.studio.archive import Archive
from rerender.studio.database import EVERYONE, Database, sqlite_url
from rerender.studio.limits import LOCAL_LIMITS, Limits
from rerender.studio.tables import images, runs
from rerender.studio.workspaces import LOCAL, Mode
from tests.studio.archives import PICTURES, STORED, changed, exported, store


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RERENDER_MODE", "local")
    monkeypatch.delenv("RERENDER_DATABASE_URL", raising=False)
    yield AppTest.from_function(page_with_the_form, default_timeout=300)
    st.cache_resource.clear()


def page_with_the_form() -> None:
    from rerender.ui import visits, workspace_form

    visit = visits.visit()
    workspace_form.notice(visit)
    workspace_form.export_and_import(visit)


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    """An export of another computer: one run with one picture."""
    database = Database.open(sqlite_url(tmp_path / "other.sqlite3"))
    store(database, STORED, PICTURES[0], {0: PICTURES[1]})
    data = exported(database)
    database.close()
    return data


def upload(app: AppTest, data: bytes) -> AppTest:
    app.file_uploader[0].set_value(("archive.zip", data, "application/zip")).run()
    assert not app.exception
    return app


def said(app: AppTest) -> list[str]:
    return [element.value for kind in (app.success, app.error) for element in kind]


def test_an_archive_is_imported_once_and_the_page_says_what_came(app: AppTest, archive: bytes, tmp_path: Path) -> None:
    assert [caption.value for caption in app.run().caption] == ["There is nothing to export yet."]
    upload(app, archive)
    assert said(app) == ["1 run and 2 image files were imported."]
    assert [caption.value for caption in app.caption] == ["1 run with 2 image files, about 1 MB. No key is in it."]
    assert said(app.run()) == ["1 run and 2 image files were imported."], "a rerun imports nothing again"
    assert said(upload(app, archive)) == ["Nothing new: 1 run was already here."]
    database = Database.open(sqlite_url(tmp_path / "home" / "studio.sqlite3"))
    assert exported(database, LOCAL) == archive
    database.close()


def test_after_an_import_the_settings_show_what_came_and_not_what_was_there(app: AppTest, archive: bytes) -> None:
    app.session_state["settings.backend"] = "typed"
    upload(app.run(), archive)
    assert "settings.backend" not in app.session_state


def test_a_file_that_is_no_archive_gets_one_sentence_which_goes_with_the_next(app: AppTest, archive: bytes) -> None:
    upload(app.run(), b"no zip at all")
    assert said(app) == ["The file is damaged, or is no ZIP. Nothing was imported."]
    upload(app, archive)
    assert said(app) == ["1 run and 2 image files were imported."]


def test_the_archive_is_made_on_the_click_and_not_when_the_page_is_drawn(
    app: AppTest, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    export: Callable[..., None] = Archive.export
    monkeypatch.setattr(Archive, "export", lambda *arguments: (made.append(arguments), export(*arguments)))
    upload(app.run(), archive)
    app.run()
    assert made == []


def test_the_limit_of_an_upload_is_said_in_words_and_what_to_do_about_it(
    app: AppTest, tmp_path: Path, archive: bytes
) -> None:
    limit = LOCAL_LIMITS.archive_mb
    assert app.run().file_uploader[0].label == f"Import an archive, up to {limit} MB"
    upload(app, archive)
    assert "more than" not in app.caption[0].value
    home = Database.open(sqlite_url(tmp_path / "home" / "studio.sqlite3"))
    with home.write(EVERYONE) as connection:
        connection.execute(update(images).values(byte_size=limit * 1_000_000 - 1_000))
    home.close()
    assert f"That is more than the {limit} MB that can be imported here" in app.run().caption[0].value
    assert f"RERENDER_ARCHIVE_MB={4 * limit}" in app.caption[0].value


@pytest.mark.parametrize(
    ("mode", "is_disabled", "way_out"),
    [("hosted", True, "as a ZIP each, in History, or delete runs"), ("local", False, "RERENDER_ARCHIVE_MB")],
)
def test_a_host_makes_no_export_that_it_would_not_take_back(
    app: AppTest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    archive: bytes,
    mode: Mode,
    is_disabled: bool,
    way_out: str,
) -> None:
    monkeypatch.setenv("RERENDER_MODE", mode)
    upload(app.run(), archive)
    assert not app.get("download_button")[0].proto.disabled
    limit = Limits.of(mode).archive_mb
    home = Database.open(sqlite_url(tmp_path / "home" / "studio.sqlite3"))
    with home.write(EVERYONE) as connection:
        connection.execute(update(images).values(byte_size=limit * 1_000_000))
    home.close()
    app.run()
    button = app.get("download_button")[0].proto
    assert button.disabled is is_disabled
    assert bool(button.deferred_file_id) is not is_disabled, "nor can it be pressed by hand"
    assert way_out in app.caption[0].value


def test_a_host_says_which_of_the_imported_runs_it_deletes_soon(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, archive: bytes
) -> None:
    monkeypatch.setenv("RERENDER_MODE", "hosted")
    old = changed(archive, lambda document: document["runs"][0].update(finished_at=1.1e9, stored_at=1.1e9))
    assert said(upload(app.run(), old)) == [
        "1 run and 2 image files were imported. 1 of them is over 30 days old and is deleted here within the hour: "
        "keep the archive."
    ]


@pytest.mark.parametrize(
    "more",
    [
        update(images).values(byte_size=4_000_000_000),
        update(images).values(width=50_000, height=50_000),
        update(runs).values(prompt="x" * 16_000_000),
    ],
    ids=["bytes", "pixels", "list"],
)
def test_more_than_any_archive_can_bring_back_is_said_before_it_is_exported(
    app: AppTest, tmp_path: Path, archive: bytes, more: Update
) -> None:
    upload(app.run(), archive)
    home = Database.open(sqlite_url(tmp_path / "home" / "studio.sqlite3"))
    with home.write(EVERYONE) as connection:
        connection.execute(more)
    home.close()
    assert "more than an archive can bring back" in app.run().caption[0].value


@pytest.mark.parametrize(
    ("mode", "url", "count"), [("local", "", 0), ("hosted", "", 1), ("hosted", "sqlite:///{}/kept.sqlite3", 0)]
)
def test_only_a_host_without_a_database_says_that_it_forgets(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: str, url: str, count: int
) -> None:
    monkeypatch.setenv("RERENDER_MODE", mode)
    monkeypatch.setenv("RERENDER_DATABASE_URL", url.format(tmp_path))
    app.run()
    assert not app.exception
    assert [info.value for info in app.info] == [
        "Your runs are kept only until this app sleeps or restarts. Export them to keep them."
    ] * count
    assert (tmp_path / "kept.sqlite3").exists() == bool(url)
