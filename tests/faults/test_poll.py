"""What may go wrong while a render is waited for, each fault with its rule, and how often the server was asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from rerender import errors, transport
from rerender.client import Client
from rerender.errors import ApiError, MalformedResponse, ServerError, TransportError
from tests.clients import REQUEST, assert_keyless, client_at
from tests.fake_api import Answer, FakeApi, FakeTime
from tests.faults.places import UNREACHABLE

LATER = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
PENDING: dict[str, Any] = {"_id": "render1", "phase": "processing"}
DONE: dict[str, Any] = {"_id": "render1", "phase": "completed"}


@dataclass(frozen=True)
class Case:
    """`look` is what a single look at the answer raises, `wait` what ends a wait; None: the wait goes on.

    `answers` are that many, before the render is seen to be completed. `pause` is how long the next look is put off.
    """

    fault: str
    rule: str
    answer: Answer
    look: type[errors.RerenderError] | None = None
    wait: type[errors.RerenderError] | None = None
    answers: int = 9
    pause: float = 1.0


def passing(fault: str, look: type[errors.RerenderError], status: int = 200, body: Any = b"", **more: Any) -> Case:
    rule = "one bad look does not end the wait, nor do nine"
    knobs = {name: more.pop(name) for name in ("pause", "answers") if name in more}
    return Case(fault, rule, Answer(status, body, **more), look, **knobs)


def final(fault: str, kind: type[errors.RerenderError], status: int = 200, body: Any = b"", **knobs: Any) -> Case:
    return Case(fault, "this answer will not change, so the wait is over", Answer(status, body, **knobs), kind, kind)


def unreadable(fault: str, body: Any = b"", status: int = 200, **knobs: Any) -> Case:
    rule = "two answers that are no render pass, the third in a row does not"
    return Case(fault, rule, Answer(status, body, **knobs), MalformedResponse, None, 2)


def unfinished(fault: str, rule: str, **body: Any) -> Case:
    return Case(fault, rule, Answer(200, PENDING | body))


def ended(fault: str, rule: str, kind: type[errors.RerenderError], **body: Any) -> Case:
    return Case(fault, rule, Answer(200, DONE | body), None, kind)


TROUBLE = {"error": "boom"}
CASES = [
    passing("drop before answer", TransportError, drop=True),
    passing("drop in the body", TransportError, body=PENDING, cut=True),
    passing("read timeout", TransportError, delay=20, answers=1),
    passing("slow drip of headers", TransportError, body=DONE, head_drip=0.1, answers=1),
    passing("slow drip of the body", TransportError, body=DONE, drip=0.3, answers=1),
    *(passing(str(status), ServerError, status, TROUBLE) for status in (500, 502, 503, 504, 599)),
    passing("HTML behind a proxy", ServerError, 502, b"<html>bad gateway</html>"),
    passing("408", ApiError, 408, TROUBLE),
    passing("429 without Retry-After", errors.RateLimited, 429),
    passing("429 with Retry-After", errors.RateLimited, 429, headers={"Retry-After": "42"}, pause=42),
    passing("503 with Retry-After", ServerError, 503, headers={"Retry-After": "17"}, pause=17),
    passing("429 with a Retry-After of ages", errors.RateLimited, 429, headers={"Retry-After": "99999"}, pause=60),
    passing("429 with a Retry-After of tomorrow", errors.RateLimited, 429, headers={"Retry-After": LATER}, pause=60),
    passing("429 with an unreadable Retry-After", errors.RateLimited, 429, headers={"Retry-After": "soon"}),
    passing("404 at first", errors.NotFound, 404, TROUBLE),
    *(final(str(status), ApiError, status, TROUBLE) for status in (400, 409, 410, 422)),
    *(final(str(status), errors.AuthenticationError, status, TROUBLE) for status in (401, 403)),
    final("402", errors.InsufficientCredits, 402, TROUBLE),
    final("413", errors.PayloadTooLarge, 413, TROUBLE),
    *(final(str(status), ApiError, status, headers={"Location": "/else"}) for status in (301, 302, 303, 307, 308)),
    unreadable("empty body"),
    unreadable("204", status=204),
    unreadable("HTML", b"<html>sign in to this hotel's network</html>"),
    unreadable("wrong type: a list", [DONE]),
    unreadable("wrong type: text", "completed"),
    unreadable("wrong type: no end of brackets", b"[" * 100_000),
    unreadable("wrong type: an id that is a number", DONE | {"_id": 7}),
    unreadable("no id", {"phase": "completed"}),
    unreadable("phase missing", {"_id": "render1"}),
    unreadable("phase null", DONE | {"phase": None}),
    unfinished("unknown phase", "a phase that nobody has documented is waited out", phase="upscaling"),
    unfinished("outputs null", "a render that goes on may have none", outputs=None),
    unfinished("outputs early", "pictures that are there before the end do not end it", outputs=[{"cover_src": "/a"}]),
    unfinished(
        "wrong types everywhere else", "only id and phase are needed", outputs={"a": 1}, misc=[], created_at="x"
    ),
    ended("dead", "`dead` is as final as `failed`", errors.RenderDied, phase="dead"),
    ended("failed", "a failed render is not waited for", errors.RenderFailed, phase="failed"),
    ended("completed, outputs null", "without a picture it has not succeeded", MalformedResponse, outputs=None),
    ended("completed, outputs empty", "without a picture it has not succeeded", MalformedResponse, outputs=[]),
    ended("completed, output null", "without a picture it has not succeeded", MalformedResponse, outputs=[None, 7]),
    ended(
        "completed, no address", "without a picture it has not succeeded", MalformedResponse, outputs=[{"name": "a"}]
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.fault}: {case.rule}")
def test_a_wait(api: FakeApi, time: FakeTime, case: Case) -> None:
    is_slow = bool(case.answer.delay or case.answer.drip or case.answer.head_drip)
    with client_at(api.base_url, time, request_timeout=(5.0, 2.0 if is_slow else 20.0)) as client:
        render_id = client.submit(REQUEST)
        api.state.phases = ["completed"]
        api.state.get_answers = [case.answer] * (case.answers if case.wait is None else 1)
        if case.wait is None:
            assert len(client.wait(render_id, timeout=10_000).outputs) == 2
            assert api.state.get_count == case.answers + 1
            assert case.pause <= time.sleeps[0] <= case.pause * 1.1
        else:
            with pytest.raises(errors.RerenderError) as caught:
                client.wait(render_id)
            assert type(caught.value) is case.wait, case.rule
            assert (api.state.get_count, time.sleeps) == (1, [])
            assert_keyless(caught.value)
    assert {request.path for request in api.state.gets} == {"/api/renders/render1"}, "no redirect is followed"
    assert api.state.submit_count == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
def test_a_single_look(api: FakeApi, time: FakeTime, case: Case) -> None:
    """It says what was wrong, and looks once."""
    is_slow = bool(case.answer.delay or case.answer.drip or case.answer.head_drip)
    api.state.get_answers = [case.answer] * 9
    with client_at(api.base_url, time, request_timeout=(5.0, 2.0 if is_slow else 20.0)) as client:
        if case.look is None:
            assert client.get("render1").phase == case.answer.body["phase"]
        else:
            with pytest.raises(errors.RerenderError) as caught:
                client.get("render1")
            assert type(caught.value) is case.look
            assert_keyless(caught.value)
    assert (api.state.get_count, time.sleeps) == (1, [])


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.look is MalformedResponse], ids=lambda case: case.fault
)
def test_a_third_unreadable_answer_in_a_row_ends_the_wait(client: Client, api: FakeApi, case: Case) -> None:
    api.state.get_answers = [case.answer] * 9
    with pytest.raises(MalformedResponse):
        client.wait("render1")
    assert api.state.get_count == 3


@pytest.mark.parametrize("fault", UNREACHABLE, ids=lambda fault: f"{fault}: the wait goes on to its deadline")
def test_a_wait_at_nobody(monkeypatch: pytest.MonkeyPatch, time: FakeTime, fault: str) -> None:
    with (
        UNREACHABLE[fault](monkeypatch) as base_url,
        client_at(base_url, time, request_timeout=(0.2, 5.0)) as client,
        pytest.raises(errors.WaitTimeout, match=r"render1 \(no answer so far\)") as caught,
    ):
        client.wait("render1", timeout=3)
    assert caught.value.last is None
    assert time.now == pytest.approx(3)
    assert_keyless(caught.value)


def test_a_404_later_is_final(client: Client, api: FakeApi, time: FakeTime) -> None:
    api.state.get_answers = [Answer(404)] * 99
    with pytest.raises(errors.NotFound):
        client.wait("render1")
    assert 10 <= time.now < 13


def test_an_answer_without_an_end_is_cut_off(client: Client, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BYTES", 1_000_000)
    render_id = client.submit(REQUEST)
    api.state.get_answers = [Answer(200, b" " * 50_000, endless=True)]
    assert client.wait(render_id).phase == "completed"


def test_relative_inline_and_fewer_outputs_are_as_good_as_any(client: Client, api: FakeApi) -> None:
    api.state.phases = ["completed"]
    api.state.outputs = [{"cover_src": "/files/a.png"}, {"cover_src": "data:,x"}, None]
    render = client.wait(client.submit(REQUEST))
    assert [output.cover_src for output in render.outputs] == ["/files/a.png", "data:,x", None]
    assert api.state.get_count == 1
