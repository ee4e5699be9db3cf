"""What a process takes of its visitors at most, and what it says to the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from rerender.errors import ConfigurationError
from rerender.studio.attention import WAITS
from rerender.studio.backends import PREVIEW, Backend
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.limits import LOCAL_LIMITS, LimitReached, Limits, table
from rerender.studio.runner import PREVIEWS_AHEAD, Runner
from rerender.studio.runtime import Runtime
from rerender.studio.tables import runs
from tests.fake_api import FakeApi
from tests.studio.helpers import WallClock, a_request, finished
from tests.studio.rows import add_run
from tests.studio.test_runtime import FlatEngine, engine, home, open_runtime
from tests.waiting import wait_until

__all__ = ["engine", "home", "open_runtime"]

ROOT = Path(__file__).parents[2]
HOSTED = Limits.of("hosted")


def test_the_documented_table_is_that_of_the_code() -> None:
    assert table() in (ROOT / "docs/hosting.md").read_text("utf-8")


def test_the_first_source_that_sets_a_limit_decides_and_the_mode_gives_the_others() -> None:
    sources = [{"RERENDER_MEGAPIXELS": " 9 "}.get, {"RERENDER_MEGAPIXELS": "8", "RERENDER_KEEP_DAYS": "7"}.get]
    assert Limits.of("hosted", sources) == replace(HOSTED, megapixels=9, keep_days=7)
    assert Limits.of("local") == LOCAL_LIMITS


@pytest.mark.parametrize("one", fields(Limits), ids=lambda one: one.name)
def test_every_default_is_one_that_may_also_be_set(one) -> None:  # type: ignore[no-untyped-def]
    for mode in ("local", "hosted"):
        value = one.metadata[mode]
        assert one.metadata["least"] <= value <= one.metadata["most"]
        assert getattr(Limits.of(mode, [{one.metadata["setting"]: str(value)}.get]), one.name) == value


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "1e3", "²", "9" * 10_000, "0"])
def test_a_limit_that_is_none_is_told_in_one_sentence_before_anything_starts(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="RERENDER_UPLOAD_MB must be a whole number from 1 to 20") as caught:
        Runtime.open(tmp_path / "home", sources=[{"RERENDER_UPLOAD_MB": text}.get])
    assert len(str(caught.value)) < 160
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("one", fields(Limits), ids=lambda one: one.name)
@pytest.mark.parametrize("wrong", ["least", "most"])
def test_no_limit_that_is_out_of_its_range_is_taken_for_another(one, wrong: str) -> None:  # type: ignore[no-untyped-def]
    setting, least, most = (one.metadata[name] for name in ("setting", "least", "most"))
    with pytest.raises(ConfigurationError, match=f"{setting} must be a whole number from {least:,} to {most:,}"):
        Limits.of("local", [{setting: str(least - 1 if wrong == "least" else most + 1)}.get])


@pytest.mark.parametrize(
    ("limits", "there", "sentence"),
    [
        ({"prompt_chars": 12}, 0, "has 13 characters, and this app takes 12"),
        ({"runs_a_minute": 3}, 3, "more runs a minute than this app takes"),
        ({"unfinished_runs": 3}, 3, "as many runs under way as this app takes at once, 3"),
        ({"unfinished_in_all": 3}, 3, "more visitors than it can serve right now"),
    ],
)
def test_what_is_too_much_is_turned_away_and_nothing_is_written_or_sent(
    start_runner: Callable[..., Runner],
    database: Database,
    history: History,
    backend: Backend,
    api: FakeApi,
    limits: dict[str, int],
    there: int,
    sentence: str,
) -> None:
    runner = start_runner(limits=replace(LOCAL_LIMITS, **limits), wall=lambda: 1000.0)
    for _ in range(there):
        add_run(database, backend=backend.name, finished_at=None, owner="elsewhere/1/x", lease_until=1e12)
    with pytest.raises(LimitReached, match=sentence) as caught:
        runner.submit("ours", backend, a_request())
    assert "Nothing was sent or charged" in str(caught.value)
    assert len(history.recent()) == there
    assert api.state.submit_count == 0


def test_a_workspace_that_keeps_as_much_as_it_may_gets_no_more_and_others_do(
    start_runner: Callable[..., Runner], database: Database, history: History, backend: Backend, api: FakeApi
) -> None:
    runner = start_runner(limits=replace(LOCAL_LIMITS, workspace_mb=3))
    add_run(database, results=[bytes(2_990_000)])
    finished(history, runner.submit("ours", backend, a_request()))
    add_run(database, results=[bytes(1_000_000)])
    with pytest.raises(LimitReached, match="keep here is 4 MB, and this app keeps 3 MB for each visitor"):
        runner.submit("ours", backend, a_request())
    runner.submit("theirs", backend, a_request())
    wait_until(lambda: api.state.submit_count == 2)
    assert len(history.recent()) == 3


def test_what_all_visitors_keep_together_has_a_limit_that_no_new_visitor_gets_around(
    start_runner: Callable[..., Runner], database: Database, history: History, backend: Backend, api: FakeApi
) -> None:
    runner = start_runner(limits=replace(LOCAL_LIMITS, kept_in_all_mb=3))
    add_run(database, workspace="first", results=[bytes(2_000_000)])
    finished(history, runner.submit("ours", backend, a_request()))
    add_run(database, workspace="second", results=[bytes(1_000_001)])
    with pytest.raises(
        LimitReached, match=r"no room for more pictures at the moment\. Nothing was sent or charged; try"
    ):
        runner.submit("a new visitor", backend, a_request())
    assert api.state.submit_count == 1


@pytest.mark.parametrize("limit", ["workspace_mb", "kept_in_all_mb"])
@pytest.mark.parametrize(
    "texts", [{"prompt": "x" * 1_000_001}, {"note": "x" * 1_000_001}, {"misc": {"a": "x" * 1_000_001}}]
)
def test_texts_take_room_too(
    start_runner: Callable[..., Runner], database: Database, backend: Backend, limit: str, texts: dict[str, Any]
) -> None:
    runner = start_runner(limits=replace(LOCAL_LIMITS, **{limit: 1}))
    add_run(database, **texts)
    with pytest.raises(LimitReached, match=r"Nothing was sent or charged"):
        runner.submit("ours", backend, a_request())


@pytest.mark.parametrize("limit", ["workspace_mb", "kept_in_all_mb"])
def test_nobody_waits_while_it_is_looked_up_whether_there_is_room(
    start_runner: Callable[..., Runner], database: Database, backend: Backend, limit: str
) -> None:
    """With 176,000 runs each click kept everyone else from writing for half a second."""
    runner = start_runner(limits=replace(LOCAL_LIMITS, **{limit: 1}))
    add_run(database, note="x" * 1_000_001)
    with database.write(EVERYONE) as connection:
        assert connection.execute(select(runs.c.run_id)).all()
        with pytest.raises(LimitReached, match="Nothing was sent or charged"):
            runner.submit("ours", backend, a_request())


def test_the_pace_counts_a_visitors_own_last_minute_and_says_when_there_is_room_again(
    start_runner: Callable[..., Runner], database: Database, backend: Backend, wall: WallClock
) -> None:
    runner = start_runner(limits=replace(LOCAL_LIMITS, runs_a_minute=2), wall=wall)
    begun = wall()
    for workspace, ago in (("ours", 70), ("ours", 50), ("ours", 20), ("theirs", 1)):
        add_run(database, workspace=workspace, created_at=begun - ago)
    with pytest.raises(LimitReached, match=r"try again in 10 s\.$"):
        runner.submit("ours", backend, a_request())
    runner.submit("theirs", backend, a_request())
    wall.ahead += 11
    runner.submit("ours", backend, a_request())


@pytest.mark.parametrize(
    "others",
    [
        {"backend": "https://api.test", "owner": None},
        {"backend": "https://api.test", "owner": "elsewhere/1/x", "error": f"{WAITS} its key: it was refused."},
        {"backend": "embedded", "owner": "elsewhere/1/x"},
    ],
    ids=["no key", "a refused key", "a preview"],
)
def test_neither_what_waits_for_a_key_nor_a_preview_takes_the_place_of_a_paid_run(
    others: dict[str, Any], start_runner: Callable[..., Runner], database: Database, history: History, backend: Backend
) -> None:
    """An imported run may wait for its key for ever."""
    for workspace in ("ours", "theirs"):
        add_run(database, workspace=workspace, finished_at=None, lease_until=1e12, **others)
    runner = start_runner(lambda _: None, limits=replace(LOCAL_LIMITS, unfinished_in_all=1))
    assert finished(history, runner.submit("ours", backend, a_request())).stored_at


def test_more_runs_in_one_click_than_are_ever_taken_are_told_so(
    start_runner: Callable[..., Runner], backend: Backend
) -> None:
    runner = start_runner(limits=replace(LOCAL_LIMITS, unfinished_runs=9, runs_a_minute=4))
    with pytest.raises(LimitReached, match=r"These are 5 runs, and this app takes 4 at once.* render fewer"):
        runner.submit_series("ours", backend, [a_request(seed=seed) for seed in range(5)])


def test_of_many_clicks_at_once_exactly_as_many_are_taken_as_there_is_room_for(
    start_runner: Callable[..., Runner], history: History, backend: Backend, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    runner = start_runner(limits=replace(LOCAL_LIMITS, unfinished_runs=7))
    refused: list[LimitReached] = []
    start = threading.Barrier(20)

    def click(seed: int) -> None:
        start.wait()
        try:
            runner.submit("ours", backend, a_request(seed=seed))
        except LimitReached as error:
            refused.append(error)

    clicks = [threading.Thread(target=click, args=(seed,)) for seed in range(20)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert (len(history.recent()), len(refused)) == (7, 13)
    wait_until(lambda: api.state.submit_count == 7)


def test_previews_wait_for_their_turn_here_and_none_is_refused(
    open_runtime: Callable[..., Runtime], engine: FlatEngine, home: Path
) -> None:
    """The service takes 64 and refuses the rest: a burst of 150 lost more than half."""
    engine.gate.clear()
    runtime = open_runtime()
    preview = runtime.ready(PREVIEW, "local")
    run_ids = [runtime.runner.submit("local", preview, a_request(seed=seed)) for seed in range(80)]
    wait_until(lambda: len(list((home / "service/renders").glob("*.json"))) == PREVIEWS_AHEAD)
    engine.gate.set()
    history = runtime.history("local")
    assert all(finished(history, run_id, 60).stored_at for run_id in run_ids)


def test_a_paid_run_never_waits_behind_previews(
    open_runtime: Callable[..., Runtime], engine: FlatEngine, backend: Backend
) -> None:
    engine.gate.clear()
    runtime = open_runtime()
    preview = runtime.ready(PREVIEW, "local")
    for seed in range(10):
        runtime.runner.submit("local", preview, a_request(seed=seed))
    assert finished(runtime.history("local"), runtime.runner.submit("local", backend, a_request())).stored_at


def test_a_preview_that_waits_can_be_stopped_and_is_then_never_made(
    open_runtime: Callable[..., Runtime], engine: FlatEngine
) -> None:
    engine.gate.clear()
    runtime = open_runtime()
    preview = runtime.ready(PREVIEW, "local")
    run_ids = [runtime.runner.submit("local", preview, a_request(seed=seed)) for seed in range(PREVIEWS_AHEAD + 2)]
    assert runtime.runner.stop_watching("local", run_ids[-1])
    engine.gate.set()
    history = runtime.history("local")
    assert finished(history, run_ids[-2]).stored_at
    assert finished(history, run_ids[-1]).render_id is None
