"""Sending: what is written before, during and after the one call that costs."""

from __future__ import annotations

import io
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from rerender.errors import ImageError
from rerender.studio import runner as runner_module
from rerender.studio.backends import Backend
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.limits import LOCAL_LIMITS
from rerender.studio.runner import Runner
from rerender.studio.runs import State
from rerender.studio.tables import metadata
from tests.fake_api import Answer, FakeApi, Request, picture
from tests.ports import unused_port
from tests.studio.helpers import a_request, backend_at, finished, read
from tests.waiting import wait_until


def test_a_run_ends_with_every_picture_in_the_database_byte_for_byte(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    run = finished(history, runner.submit("ours", backend, a_request(batch_size=4)))
    assert (run.submission, run.phase, run.render_id, run.error) == ("accepted", "completed", "render1", None)
    assert run.created_at <= run.submitted_at <= run.completed_at <= run.stored_at
    assert (run.backend, run.credits, run.cost) == (api.base_url, 1.0, 0.025)
    stored = [history.data(output.sha256) for output in history.outputs(run.run_id)]
    assert stored == [picture(512, 512, 100 + 20 * index) for index in range(4)]
    assert api.state.submits[0].json == a_request(batch_size=4).to_json()


def test_the_row_is_committed_before_the_post(
    runner: Runner, backend: Backend, api: FakeApi, database_url: str
) -> None:
    seen = []

    def read_as_another_process_would(request: Request) -> None:
        if request.method == "POST":
            other = Database.open(database_url)
            run = History(other, "ours").latest()
            seen.append((run, History(other, "ours").data(run.control_image) if run else None))
            other.close()

    api.state.on_request = read_as_another_process_would
    run_id = runner.submit("ours", backend, a_request())
    (run, control_image) = wait_until(lambda: seen)[0]
    assert (run.run_id, run.submission, run.render_id) == (run_id, "submitting", None)
    assert run.submitted_at is not None
    assert control_image == a_request().control_image


def test_submit_returns_before_the_api_answers(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    go_on = threading.Event()
    api.state.on_request = lambda request: request.method == "POST" and go_on.wait(60)
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: api.state.submit_count)
    assert read(history, run_id).submission == "submitting"
    go_on.set()
    assert finished(history, run_id).stored_at


@pytest.mark.parametrize(
    "answer",
    [Answer(drop=True), Answer(500, {"error": "oh"}), Answer(200, {"id": "x"}), Answer(200, b"<html>"), Answer(504)],
    ids=["dropped", "500", "no id", "html", "504"],
)
def test_a_post_of_unknown_fate_is_uncertain_and_never_sent_again(
    answer: Answer, start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.submit_answers = [answer]
    runner = start_runner()
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert (run.submission, run.credits) == ("uncertain", 1.0)
    assert "may have been charged" in str(run.error)
    runner.close()
    start_runner().submit("ours", backend, a_request(seed=8))
    wait_until(lambda: not history.unfinished())
    assert [request.json["seed"] for request in api.state.submits] == [7, 8]


def test_a_read_timeout_is_uncertain_and_never_sent_again(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.submit_delay = 5.0
    run = finished(history, start_runner(request_timeout=(1.0, 2.0)).submit("ours", backend, a_request()))
    assert run.submission == "uncertain"
    wait_until(lambda: api.state.submit_count)
    assert api.state.submit_count == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 302])
def test_a_refused_run_says_that_nothing_was_charged(
    status: int, runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.submit_answers = [Answer(status, {"error": "no, because"})]
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert (run.submission, run.credits, run.cost) == ("refused", 0.0, 0.0)
    assert str(run.error).endswith("Nothing was charged.")
    assert api.state.submit_count == 1


def test_an_api_that_cannot_be_reached_costs_nothing(runner: Runner, history: History) -> None:
    with FakeApi(unused_port()) as api:
        backend = backend_at(api)
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert run.submission == "refused"
    assert str(run.error).endswith("Nothing was charged.")


def test_a_control_image_that_is_no_picture_is_refused_before_anything_is_written(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    with pytest.raises(ImageError):
        runner.submit("ours", backend, a_request(control_image=b"not a picture"))
    assert history.latest() is None
    assert api.state.submit_count == 0


def test_a_series_of_one_visitor_lets_another_have_a_turn(
    start_runner: Callable[..., Runner], backend: Backend, api: FakeApi
) -> None:
    runner = start_runner(limits=replace(LOCAL_LIMITS, posts_at_once=1))
    go_on, seeds = threading.Event(), list[int]()

    def heard(request: Request) -> None:
        if request.method == "POST":
            go_on.wait(60)
            seeds.append(request.json["seed"])

    api.state.on_request = heard
    runner.submit_series("ours", backend, [a_request(seed=seed) for seed in range(5)])
    runner.submit("theirs", backend, a_request(seed=100))
    go_on.set()
    wait_until(lambda: len(seeds) == 6)
    assert seeds.index(100) <= 2


@contextmanager
def closing(runner: Runner, api: FakeApi) -> Iterator[None]:
    """POSTs from now on are answered when the runner has begun to close, and then it has closed."""
    go_on = threading.Event()
    api.state.on_request = lambda request: request.method == "POST" and go_on.wait(60)
    yield
    close = threading.Thread(target=runner.close)
    close.start()
    wait_until(runner._closing.is_set)
    go_on.set()
    close.join()


def test_close_waits_for_the_post_in_flight(runner: Runner, backend: Backend, history: History, api: FakeApi) -> None:
    api.state.phases = ["processing"]
    with closing(runner, api):
        run_id = runner.submit("ours", backend, a_request())
        wait_until(lambda: api.state.submit_count)
    run = read(history, run_id)
    assert (run.submission, run.render_id) == ("accepted", "render1")
    assert run.is_unfinished, "the next process goes on with it"


def test_close_waits_as_long_as_a_large_image_may_take(
    start_runner: Callable[..., Runner],
    backend: Backend,
    history: History,
    api: FakeApi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api.state.submit_delay = 0.5
    runner = start_runner(request_timeout=(5.0, 0.1))
    noise = Image.frombytes("RGB", (700, 700), random.Random(1).randbytes(700 * 700 * 3))
    file = io.BytesIO()
    noise.save(file, "PNG")
    # Not for longer: the end of this test waits for the looks.
    with monkeypatch.context() as patch, closing(runner, api):
        for name in ("LOOKS_END_WITHIN", "WRITES_END_WITHIN"):
            patch.setattr(runner_module, name, 0.0)
        run_id = runner.submit("ours", backend, a_request(control_image=file.getvalue()))
        wait_until(lambda: api.state.submit_count)
    assert read(history, run_id).render_id == "render1"


def test_close_sends_nothing_that_was_still_queued(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    with closing(runner, api):
        for seed in range(6):
            runner.submit("ours", backend, a_request(seed=seed))
        wait_until(lambda: api.state.submit_count == 4)
    runs = history.recent()
    assert [run.submission for run in runs] == ["refused"] * 2 + ["accepted"] * 4
    assert "Nothing was charged" in str(runs[0].error)
    assert api.state.submit_count == 4


def test_close_sends_nothing_that_was_just_about_to_be_sent(
    runner: Runner, backend: Backend, history: History, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending, written = runner._journal.sending, threading.Event()

    def written_down_when_close_begins(run_id: str) -> bool:
        is_ours = sending(run_id)
        written.set()
        return runner._closing.wait(60) and is_ours

    monkeypatch.setattr(runner._journal, "sending", written_down_when_close_begins)
    run_id = runner.submit("ours", backend, a_request())
    assert written.wait(60)
    runner.close()
    run = read(history, run_id)
    assert (run.state, run.error, api.state.submit_count) == (
        State.REFUSED,
        "It was stopped before it was sent. Nothing was charged.",
        0,
    )


def test_close_does_not_wait_for_an_api_that_asks_for_patience(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.submit_answers = [Answer(429, headers={"Retry-After": "50"})]
    runner = start_runner()
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: api.state.submit_count)
    started = time.monotonic()
    runner.close()
    assert time.monotonic() - started < 45
    assert read(history, run_id).submission == "refused"
    assert api.state.submit_count == 1


def test_a_closed_runner_leaves_no_thread_and_takes_nothing_more(
    start_runner: Callable[..., Runner], backend: Backend, history: History
) -> None:
    runner = start_runner()
    finished(history, runner.submit("ours", backend, a_request()))
    runner.close()
    runner.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("rerender-")]
    with pytest.raises(RuntimeError):
        runner.submit("ours", backend, a_request())


def test_the_key_is_nowhere_in_the_database(
    start_runner: Callable[..., Runner], history: History, database: Database, api: FakeApi, tmp_path: Path
) -> None:
    key = api.state.api_key = "a-key-to-look-for-4711"
    backend, runner = backend_at(api, key), start_runner()
    assert key not in repr(backend)
    api.state.submit_answers = [Answer(422, {"error": f"the key {key} is fine, but"}), Answer(500, {"error": key})]
    for seed in range(3):
        finished(history, runner.submit("ours", backend, a_request(seed=seed)))
    api.state.get_answers = [Answer(401, {"error": f"bad key {key}"}), Answer(404, {"error": key})]
    assert finished(history, runner.submit("ours", backend, a_request(seed=9))).stored_at
    with database.read(EVERYONE) as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert rows
    assert key not in repr(rows)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [file.name for file in files if key.encode() in file.read_bytes()]


def test_pages_hear_of_every_change(runner: Runner, backend: Backend, history: History, api: FakeApi) -> None:
    api.state.phases = ["pending"]
    seen = runner.news
    run_id = runner.submit("ours", backend, a_request())

    def hear_until(happened: Callable[[], bool]) -> None:
        nonlocal seen
        while not happened():
            latest = runner.wait_for_news(seen, 20.0)
            assert latest > seen
            seen = latest

    for phase in ("pending", "processing", "completed"):
        api.state.phases = [phase]
        hear_until(lambda phase=phase: read(history, run_id).phase == phase)  # type: ignore[misc]
    hear_until(lambda: not read(history, run_id).is_unfinished)
