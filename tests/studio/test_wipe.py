"""Deleting everything: all of one workspace, nothing of another, and no paid run that nobody gave up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from rerender.studio.backends import PREVIEW, Backend
from rerender.studio.curation import purge
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.preferences import Preferences, change, load
from rerender.studio.runner import Runner
from rerender.studio.runtime import Runtime
from rerender.studio.tables import metadata
from rerender.studio.usage import Usage, usage_of
from rerender.studio.wipe import BeingSent, PaidRunsAtStake, at_stake, wipe
from tests.fake_api import Answer, FakeApi
from tests.studio.helpers import a_request, finished, read
from tests.studio.rows import add_run
from tests.studio.test_runtime import FlatEngine
from tests.waiting import wait_until

MARK = "a prompt that nobody else writes"


def rows(database: Database, workspace: str) -> dict[str, int]:
    """How many rows of the workspace each table has, where it has any."""
    tables = [table for table in metadata.sorted_tables if "workspace" in table.c]
    with database.read(workspace) as connection:
        counts = {table.name: connection.scalar(select(func.count()).select_from(table)) for table in tables}
    return {name: count for name, count in counts.items() if count}


def in_files(folder: Path, words: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and words.encode() in bytes_of(path)]


def bytes_of(path: Path) -> bytes:
    """Of a file that somebody at work may have moved just now."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


@pytest.fixture
def both_have_one(runner: Runner, backend: Backend, database: Database) -> None:
    for workspace in ("ours", "theirs"):
        history = History(database, workspace)
        run = finished(history, runner.submit(workspace, backend, a_request()))
        history.thumbnail(history.outputs(run.run_id)[0].sha256)
        change(database, workspace, batch_size=3)


@pytest.mark.usefixtures("both_have_one")
def test_all_of_the_workspace_goes_and_nothing_of_another(database: Database) -> None:
    theirs, usage = rows(database, "theirs"), usage_of(database, "theirs")
    assert theirs == rows(database, "ours")
    assert set(theirs) >= {"runs", "outputs", "images", "blobs", "thumbnails", "preferences"}
    wipe(database, "ours")
    assert rows(database, "ours") == {}
    assert (load(database, "ours"), usage_of(database, "ours")) == (Preferences(), Usage(0, 0, 0, 0))
    assert (rows(database, "theirs"), usage_of(database, "theirs")) == (theirs, usage)


@pytest.mark.usefixtures("both_have_one")
def test_usage_counts_what_one_workspace_keeps(database: Database, history: History) -> None:
    run = history.latest()
    assert run is not None
    control_image, output = history.control_image(run.run_id), history.outputs(run.run_id)[0]
    assert control_image is not None
    thumbnail = len(history.thumbnail(output.sha256))
    assert usage_of(database, "ours") == Usage(1, 0, 2, control_image.byte_size + output.byte_size + thumbnail)


def test_a_paid_run_under_way_is_kept_until_somebody_gives_it_up(
    runner: Runner, backend: Backend, database: Database, history: History, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    assert (at_stake(database, "ours"), at_stake(database, "theirs")) == (1, 0)
    with pytest.raises(PaidRunsAtStake):
        wipe(database, "ours")
    assert history.run(run_id)
    wipe(database, "ours", give_up=1)
    assert history.run(run_id) is None
    api.state.phases = ["completed"]
    wait_until(lambda: not runner._tracker._watches)
    runner.close()
    assert rows(database, "ours") == {}, "the pictures of a run that was given up do not come back"


@pytest.mark.parametrize("credits_per_run", [0.0, 1.0])
def test_a_run_that_may_have_been_charged_is_at_stake_although_it_has_ended(
    credits_per_run: float, runner: Runner, backend: Backend, database: Database, history: History, api: FakeApi
) -> None:
    api.state.submit_answers = [Answer(503)]
    finished(history, runner.submit("ours", replace(backend, credits_per_run=credits_per_run), a_request()))
    assert at_stake(database, "ours") == 1
    with pytest.raises(PaidRunsAtStake):
        wipe(database, "ours")
    wipe(database, "ours", give_up=1)
    assert rows(database, "ours") == {}


def test_a_run_that_is_being_sent_is_never_deleted_because_its_render_id_would_be_lost(
    start_runner: Callable[..., Runner], backend: Backend, database: Database, history: History, api: FakeApi
) -> None:
    api.state.submit_delay = 60  # until the fake API closes
    run_id = start_runner().submit("ours", backend, a_request())
    wait_until(lambda: api.state.submit_count)
    with pytest.raises(BeingSent):
        wipe(database, "ours", give_up=1)
    assert history.run(run_id)
    api.close()


def test_nothing_of_it_is_left_in_any_file_also_of_previews_under_way(tmp_path: Path) -> None:
    engine = FlatEngine()
    runtime = Runtime.open(tmp_path / "home", make_engine=lambda: engine)
    try:
        done, under_way = (a_request(prompt=MARK, seed=seed) for seed in (1, 2))
        finished(runtime.history("local"), runtime.runner.submit("local", runtime.ready(PREVIEW, "local"), done))
        engine.gate.clear()
        runtime.runner.submit("local", runtime.ready(PREVIEW, "local"), under_way)
        wait_until(lambda: list((tmp_path / "home" / "service" / "renders").glob("*.json")))
        wait_until(lambda: all(run.render_id for run in runtime.history("local").recent()))
        assert in_files(tmp_path, MARK)
        runtime.wipe("local")
        assert in_files(tmp_path, MARK) == []
        assert list((tmp_path / "home" / "service" / "pictures").iterdir()) == []
        engine.gate.set()
    finally:
        engine.gate.set()
        runtime.close()
    assert in_files(tmp_path, MARK) == []


def test_nothing_is_left_of_a_preview_whose_run_was_gone_before(tmp_path: Path) -> None:
    engine = FlatEngine()
    runtime = Runtime.open(tmp_path / "home", make_engine=lambda: engine)
    engine.gate.clear()
    run_id = runtime.runner.submit("local", runtime.ready(PREVIEW, "local"), a_request(prompt=MARK))
    assert engine.begun.wait(60)
    wait_until(lambda: runtime.runner.stop_watching("local", run_id))
    runtime.curation("local").delete(run_id)
    assert purge(runtime.database, lambda: time.time() + 2 * 3600.0) == 1
    assert in_files(tmp_path / "home" / "service", MARK)
    runtime.wipe("local")
    assert in_files(tmp_path, MARK) == []
    engine.gate.set()
    runtime.close()


def test_previews_that_ended_badly_are_deleted_although_their_service_has_not_been_started_since(
    tmp_path: Path,
) -> None:
    class Broken(FlatEngine):
        def render(self, *_arguments: object, **_options: object) -> list[object]:  # type: ignore[override]
            raise MemoryError

    home = tmp_path / "home"
    first = Runtime.open(home, make_engine=Broken)
    run = finished(
        first.history("local"), first.runner.submit("local", first.ready(PREVIEW, "local"), a_request(prompt=MARK))
    )
    first.close()
    assert run.stored_at is None
    assert in_files(home / "service", MARK)
    second = Runtime.open(home, make_engine=FlatEngine)
    second.wipe("local")
    second.close()
    assert in_files(home, MARK) == []


def test_a_row_that_names_anothers_preview_cannot_have_it_deleted(tmp_path: Path) -> None:
    """As an imported archive may say: its render ids are whatever its maker wrote."""
    slow = SlowEngine()
    runtime = Runtime.open(tmp_path / "home", make_engine=lambda: slow)
    run_id = runtime.runner.submit("theirs", runtime.ready(PREVIEW, "theirs"), a_request())
    history = runtime.history("theirs")
    render_id = wait_until(lambda: (run := history.run(run_id)) and run.render_id)
    add_run(runtime.database, workspace="ours", render_id=render_id)
    runtime.wipe("ours")
    slow.goes_on.set()
    assert finished(history, run_id).stored_at
    runtime.close()


class SlowEngine(FlatEngine):
    """Renders when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def render(self, *arguments: Any, **options: Any) -> Any:
        assert self.goes_on.wait(60)
        return super().render(*arguments, **options)
