"""How the outputs of a completed run are fetched, decoded and kept, whatever the API sends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from rerender.studio import decoding
from rerender.studio.backends import PREVIEW, Backend
from rerender.studio.history import History
from rerender.studio.limits import LOCAL_LIMITS
from rerender.studio.runner import Runner
from tests.fake_api import API_KEY, Answer, FakeApi, Request, picture
from tests.studio.helpers import WallClock, a_request, finished, read
from tests.waiting import wait_until

FIRST_FILE = "/files/render1/0.png"


@pytest.fixture
def one_million_pixels_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(decoding, "WAITS_FOR", 0.01)
    decoding.allow(replace(LOCAL_LIMITS, megapixels=1, decodes_at_once=1))
    yield
    decoding.allow(LOCAL_LIMITS)


def test_downloads_are_tried_again_with_fresh_addresses(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.phases = ["completed"]
    api.state.outputs = [{"cover_src": "/files/render1/expired.png"}]
    api.state.files["/files/render1/expired.png"] = Answer(403)
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: len(api.state.downloads) > 1)
    assert read(history, run_id).is_unfinished
    assert "Trying again" in str(read(history, run_id).error)
    api.state.outputs = None
    run = finished(history, run_id)
    assert run.error is None
    assert [history.data(output.sha256) for output in history.outputs(run_id)] == [picture(512, 512, 100)]


def test_an_output_that_came_is_kept_and_not_fetched_again(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.files["/files/render1/1.png"] = Answer(500)
    run_id = runner.submit("ours", backend, a_request(batch_size=2))
    wait_until(lambda: history.outputs(run_id))
    assert read(history, run_id).stored_at is None
    del api.state.files["/files/render1/1.png"]
    finished(history, run_id)
    assert len(history.outputs(run_id)) == 2
    assert [request.path for request in api.state.downloads].count(FIRST_FILE) == 1


def test_each_output_is_kept_before_the_next_one_is_fetched(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    kept: list[int] = []

    def count(request: Request) -> None:
        if request.path.startswith("/files/"):
            kept.append(len(history.outputs(run_id)))

    api.state.phases = ["processing"]
    run_id = runner.submit("ours", backend, a_request(batch_size=4))
    api.state.on_request = count
    api.state.phases = ["completed"]
    assert finished(history, run_id).stored_at
    assert kept == [0, 1, 2, 3]


def test_a_run_with_more_outputs_than_there_can_be_ends_with_the_first_of_them(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.outputs = [{"cover_src": FIRST_FILE}] * 5_000
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert run.stored_at
    assert len(history.outputs(run.run_id)) == len(api.state.downloads) == 16


def test_outputs_that_take_long_let_others_have_their_turn_and_are_all_tried(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    ahead = [0.0]

    def take_a_minute(request: Request) -> None:
        if request.path.startswith("/files/"):
            ahead[0] += 61

    api.state.on_request = take_a_minute
    api.state.files = {f"/files/render1/{number}.png": Answer(500) for number in range(4)}
    runner = start_runner(clock=lambda: time.monotonic() + ahead[0])
    run_id = runner.submit("ours", backend, a_request(batch_size=4))
    wait_until(lambda: len(api.state.downloads) > 4)
    paths = [request.path for request in api.state.requests if request.method == "GET"]
    fetched = [path for path in paths if path.startswith("/files/")]
    assert len(set(fetched[:4])) == 4
    assert not any(one in fetched and then in fetched for one, then in pairwise(paths)), "a look between each two"
    api.state.files.clear()
    assert finished(history, run_id).stored_at


def test_what_an_api_sends_is_decoded_in_its_turn_and_what_is_made_here_need_not_wait(
    one_million_pixels_at_once: None, runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    with decoding.turn(picture(900, 900)):
        run_id = runner.submit("ours", backend, a_request())
        wait_until(lambda: "Other pictures are being opened" in str(read(history, run_id).error))
        here = replace(PREVIEW, base_url=api.base_url, api_key=API_KEY, poll_floor=0.01)
        assert finished(history, runner.submit("ours", here, a_request())).stored_at
        assert read(history, run_id).is_unfinished
    assert finished(history, run_id).stored_at


def test_a_picture_that_is_too_large_to_be_opened_here_is_kept_unopened(
    one_million_pixels_at_once: None, runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.files[FIRST_FILE] = Answer(200, picture(1010, 1000))
    run = finished(history, runner.submit("ours", backend, a_request()))
    (output,) = history.outputs(run.run_id)
    assert (output.is_readable, history.data(output.sha256)) == (False, picture(1010, 1000))


def test_bytes_that_are_no_picture_are_kept_when_they_keep_coming(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.files[FIRST_FILE] = Answer(200, b"a format of the future")
    run = finished(history, runner.submit("ours", backend, a_request(batch_size=2)))
    first, second = history.outputs(run.run_id)
    assert (first.is_readable, second.is_readable) == (False, True)
    assert history.data(first.sha256) == b"a format of the future"
    assert [request.path for request in api.state.downloads].count(FIRST_FILE) > 1


def test_a_picture_that_was_cut_once_is_fetched_again(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    def mend(request: Request) -> None:
        if [earlier.path for earlier in api.state.downloads].count(FIRST_FILE) > 1:
            api.state.files.pop(FIRST_FILE, None)

    api.state.files[FIRST_FILE] = Answer(200, picture(512, 512, 100)[:500])
    api.state.on_request = mend
    run_id = runner.submit("ours", backend, a_request())
    finished(history, run_id)
    assert len(api.state.downloads) == 2
    assert [history.data(output.sha256) for output in history.outputs(run_id)] == [picture(512, 512, 100)]


def test_completed_without_pictures_is_looked_at_again(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.phases, api.state.outputs = ["completed"], []
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: "names no pictures" in str(read(history, run_id).error))
    api.state.outputs = None
    assert finished(history, run_id).stored_at


def test_downloads_are_given_up_after_a_day_and_can_be_asked_for_again(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    wall = WallClock()
    runner = start_runner(wall=wall)
    api.state.files[FIRST_FILE] = Answer(500)
    run_id = runner.submit("ours", backend, a_request(batch_size=2))
    wait_until(lambda: history.outputs(run_id))
    assert not runner.look_again("ours", run_id), "it is still being tried"
    wall.ahead = 24 * 3600 + 60
    run = finished(history, run_id, seconds=90)
    assert (run.phase, run.stored_at) == ("completed", None)
    assert "Given up after 24 hours" in str(run.error)
    assert len(history.outputs(run_id)) == 1, "what came is kept"
    del api.state.files[FIRST_FILE]
    assert not runner.look_again("theirs", run_id), "another workspace cannot"
    assert runner.look_again("ours", run_id)
    assert finished(history, run_id).stored_at
    stored = [history.data(output.sha256) for output in history.outputs(run_id)]
    assert stored == [picture(512, 512, 100), picture(512, 512, 120)]
