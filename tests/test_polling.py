"""Looking until a render has ended: how often, how long, and what is waited out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rerender import errors
from rerender.client import Client, poll_delay
from rerender.models import Render, RenderRequest
from tests.fake_api import API_KEY, Answer, FakeApi, FakeTime, picture

REQUEST = RenderRequest("oak", picture(), batch_size=2, image_width=512, image_height=512)
BROKEN = Answer(200, b"<html>")


@pytest.fixture
def client(api: FakeApi, time: FakeTime) -> Iterator[Client]:
    with Client(API_KEY, base_url=api.base_url, clock=time.clock, sleep=time.sleep) as client:
        yield client


def test_a_render_that_has_ended_is_seen_at_the_first_look(client: Client, api: FakeApi, time: FakeTime) -> None:
    api.state.phases = ["completed"]
    assert client.run(REQUEST).phase == "completed"
    assert time.sleeps == []
    assert api.state.get_count == 1


def test_watch_yields_each_change_once(client: Client, api: FakeApi) -> None:
    api.state.phases = ["pending"] * 3 + ["processing"] * 3 + ["completed"]
    phases = [render.phase for render in client.watch(client.submit(REQUEST))]
    assert phases == ["pending", "processing", "completed"]
    assert api.state.get_count == 7


def test_outputs_that_arrive_early_are_a_change(client: Client, api: FakeApi) -> None:
    early = {"_id": "a", "phase": "processing", "outputs": [{"cover_src": "/1.png"}]}
    api.state.get_answers = [Answer(200, early | {"outputs": None}), Answer(200, early), Answer(200, early)]
    api.state.get_answers.append(Answer(200, early | {"phase": "completed"}))
    assert [len(render.outputs) for render in client.watch("a")] == [0, 1, 1]


def test_on_update_gets_what_watch_yields(client: Client) -> None:
    seen: list[Render] = []
    last = client.run(REQUEST, on_update=seen.append)
    assert [render.phase for render in seen] == ["pending", "processing", "completed"]
    assert seen[-1] == last
    assert len(last.outputs) == 2


@pytest.mark.parametrize(("phase", "kind"), [("failed", errors.RenderFailed), ("dead", errors.RenderDied)])
def test_every_end_without_pictures_is_raised(
    client: Client, api: FakeApi, phase: str, kind: type[errors.RenderFailed]
) -> None:
    api.state.phases = ["processing", phase]
    with pytest.raises(errors.RenderFailed) as caught:
        client.run(REQUEST)
    assert type(caught.value) is kind
    assert caught.value.render.phase == phase
    assert api.state.get_count == 2


def test_an_api_that_goes_and_comes_back_is_waited_for(client: Client, api: FakeApi, time: FakeTime) -> None:
    render_id = client.submit(REQUEST)
    api.close()
    time.on_sleep = lambda: len(time.sleeps) == 3 and api.start()
    assert client.wait(render_id).phase == "completed"


def test_a_pace_beyond_the_deadline_does_not_move_the_deadline(client: Client, api: FakeApi, time: FakeTime) -> None:
    api.state.get_answers = [Answer(429, {}, {"Retry-After": "9999"})] * 2
    with pytest.raises(errors.WaitTimeout):
        client.wait("a", timeout=50)
    assert time.now == 50


def test_two_unreadable_answers_pass_and_the_third_in_a_row_ends_the_wait(client: Client, api: FakeApi) -> None:
    render_id = client.submit(REQUEST)
    pending = Answer(200, {"_id": "a", "phase": "pending"})
    api.state.get_answers = [BROKEN, BROKEN, pending, BROKEN, BROKEN]
    assert client.wait(render_id).phase == "completed"
    api.state.get_answers = [BROKEN, BROKEN, Answer(drop=True), BROKEN]
    with pytest.raises(errors.MalformedResponse):
        client.wait(render_id)


def test_a_wait_ends_at_its_deadline_and_carries_what_was_seen(client: Client, api: FakeApi, time: FakeTime) -> None:
    api.state.phases = ["processing"]
    with pytest.raises(TimeoutError) as caught:
        client.run(REQUEST, timeout=100)
    assert isinstance(caught.value, errors.WaitTimeout)
    assert (caught.value.render_id, caught.value.last and caught.value.last.phase) == ("render1", "processing")
    assert time.now == pytest.approx(100)
    assert client.get(caught.value.render_id).phase == "processing"


def test_a_timeout_of_zero_still_looks_once(client: Client, api: FakeApi) -> None:
    api.state.phases = ["completed"]
    assert client.wait(client.submit(REQUEST), timeout=0).phase == "completed"


def test_a_look_that_hangs_cannot_outlast_the_deadline_by_its_own_timeout(api: FakeApi) -> None:
    api.state.get_delay = 3
    with Client(API_KEY, base_url=api.base_url) as client, pytest.raises(errors.WaitTimeout) as caught:
        client.wait(client.submit(REQUEST), timeout=0)
    assert caught.value.last is None


def test_looks_get_rarer_and_jitter_upwards_by_a_tenth(client: Client, api: FakeApi, time: FakeTime) -> None:
    api.state.phases = ["processing"] * 60 + ["completed"]
    client.run(REQUEST, timeout=10_000)
    elapsed = 0.0
    for pause in time.sleeps:
        assert 1.0 <= pause / poll_delay(elapsed, 1.0) <= 1.1
        elapsed += pause
    assert len(set(time.sleeps)) == len(time.sleeps)


def test_a_render_that_left_a_long_queue_is_looked_at_often_again(client: Client, api: FakeApi, time: FakeTime) -> None:
    api.state.phases = ["pending"] * 30 + ["processing"] * 2 + ["completed"]
    client.run(REQUEST, timeout=10_000)
    *_, in_queue, after_it, later = time.sleeps
    assert in_queue > 10
    assert max(after_it, later) <= 1.1


def test_the_floor_is_the_callers(api: FakeApi, time: FakeTime) -> None:
    with Client(API_KEY, base_url=api.base_url, poll_floor=0.1, clock=time.clock, sleep=time.sleep) as client:
        client.run(REQUEST)
    assert all(0.1 <= pause <= 0.11 for pause in time.sleeps)


@given(st.floats(0, 1e6), st.floats(0.01, 30))
def test_a_poll_delay_is_between_the_floor_and_half_a_minute(elapsed: float, floor: float) -> None:
    assert floor <= poll_delay(elapsed, floor) <= 30


def test_poll_delays_grow() -> None:
    delays = [poll_delay(elapsed, 1.0) for elapsed in (0, 8, 16, 80, 240, 9999)]
    assert delays == [1, 1, 2, 10, 30, 30]
    assert all(first <= second for first, second in pairwise(delays))
