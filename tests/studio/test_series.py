"""The runs of one click: written down together, sent once each, read by nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rerender.errors import ImageError
from rerender.studio.backends import Backend
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.runner import Runner
from tests.fake_api import Answer, FakeApi, Request
from tests.studio.helpers import a_request, finished, read
from tests.waiting import wait_until

PROMPTS = ["oak", "brick", "snow", "night", "mist", "noon"]


def requests(prompts: list[str] = PROMPTS) -> list:
    return [a_request(prompt=prompt) for prompt in prompts]


def test_all_runs_are_in_the_database_before_the_first_is_sent(
    runner: Runner, backend: Backend, api: FakeApi, database_url: str
) -> None:
    seen = []

    def read_as_another_process_would(request: Request) -> None:
        if request.method == "POST":
            other = Database.open(database_url)
            seen.append([run.prompt for run in History(other, "ours").unfinished()])
            other.close()

    api.state.on_request = read_as_another_process_would
    runner.submit_series("ours", backend, requests())
    assert sorted(wait_until(lambda: seen)[0]) == sorted(PROMPTS)


def test_each_run_of_a_series_is_sent_once_and_the_history_has_them_in_their_order(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    run_ids = runner.submit_series("ours", backend, requests())
    series_id = read(history, run_ids[0]).series_id
    assert series_id
    wait_until(lambda: not history.unfinished())
    assert sorted(post.json["prompt"] for post in api.state.submits) == sorted(PROMPTS)
    series = history.series(series_id)
    assert [run.run_id for run in series] == run_ids
    assert [run.prompt for run in series] == PROMPTS
    assert all(run.stored_at for run in series)


def test_a_series_is_seen_by_its_own_workspace_only_and_apart_from_others(
    runner: Runner, backend: Backend, history: History, database: Database
) -> None:
    (first, _), (other, _) = (runner.submit_series("ours", backend, requests(["oak", "brick"])) for _ in range(2))
    series_id = read(history, first).series_id
    assert series_id != read(history, other).series_id
    assert len(history.series(series_id or "")) == 2
    assert History(database, "theirs").series(series_id or "") == []
    assert read(history, runner.submit("ours", backend, a_request(seed=9))).series_id is None


def test_one_that_cannot_be_written_down_keeps_all_of_them_from_being_sent(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    with pytest.raises(ImageError):
        runner.submit_series("ours", backend, [*requests(), a_request(control_image=b"no picture")])
    runner.close()
    assert (history.recent(), api.state.submit_count) == ([], 0)


def test_a_failed_run_does_not_disturb_its_series(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.submit_answers = [Answer(400, {"error": "no"}), Answer(503)]
    run_ids = runner.submit_series("ours", backend, requests(["a", "b", "c", "d"]))
    states = sorted(finished(history, run_id).submission for run_id in run_ids)
    assert states == ["accepted", "accepted", "refused", "uncertain"]
    assert api.state.submit_count == 4


def test_a_closed_app_doubles_none_of_a_series_and_says_which_were_never_sent(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    runner = start_runner()
    api.state.on_request = lambda request: request.method == "POST" and runner._closing.wait(60)
    run_ids = runner.submit_series("ours", backend, requests())
    wait_until(lambda: api.state.submit_count)
    runner.close()
    start_runner()
    runs = [finished(history, run_id) for run_id in run_ids]
    sent = [post.json["prompt"] for post in api.state.submits]
    assert len(sent) == len(set(sent)) < len(PROMPTS)
    for run in runs:
        assert (run.submission == "accepted") == (run.prompt in sent)
        assert run.submission != "refused" or (run.cost == 0 and "Nothing was charged" in (run.error or ""))
