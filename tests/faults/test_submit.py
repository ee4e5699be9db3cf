"""What may go wrong with the paid POST, each fault with its rule, and how many POSTs the server saw."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from rerender import client as client_module
from rerender import errors, transport
from rerender.client import Client
from rerender.errors import ApiError, RateLimited, SubmissionUncertain, TransportError
from rerender.models import RenderRequest
from tests.clients import REQUEST, assert_keyless, client_at
from tests.fake_api import Answer, FakeApi, FakeTime
from tests.faults.places import UNREACHABLE
from tests.waiting import wait_until

ID = {"render_id": "a"}
LATER = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)


@dataclass(frozen=True)
class Case:
    fault: str
    rule: str
    answer: Answer
    raises: type[errors.RerenderError]
    says: str = "."
    pauses: tuple[float, ...] = ()

    @property
    def posts(self) -> int:
        return 1 + len(self.pauses)


def uncertain(fault: str, status: int = 200, body: Any = b"", says: str = ".", **knobs: Any) -> Case:
    rule = "it may have been charged, so it is not sent again"
    return Case(fault, rule, Answer(status, body, **knobs), SubmissionUncertain, says)


def refused(status: int, kind: type[ApiError] = ApiError) -> Case:
    rule = f"it cost nothing, and is an {kind.__name__} for the caller"
    return Case(str(status), rule, Answer(status, {"error": "because"}), kind, "because")


def redirect(status: int) -> Case:
    rule = "a paid POST is not followed elsewhere: the base URL is wrong"
    return Case(str(status), rule, Answer(status, b"", {"Location": "/elsewhere"}), ApiError, "base URL is wrong")


def limited(fault: str, rule: str, retry_after: str | None, *pauses: float) -> Case:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Case(fault, rule, Answer(429, {"error": "slow down"}, headers), RateLimited, "slow down", pauses)


CASES = [
    uncertain("drop before answer", drop=True, says="No answer"),
    uncertain("drop in the body", body=ID, cut=True, says="No answer"),
    uncertain(
        "drop in the body, chunked", body=b"14\r\n{", headers={"Transfer-Encoding": "chunked", "Content-Length": ""}
    ),
    uncertain("read timeout", body=ID, delay=20, says="timeout"),
    uncertain("slow drip of headers", body=ID, head_drip=0.1, says="timeout"),
    uncertain("slow drip of the body", body=ID, drip=0.3, says="timeout"),
    uncertain("slow drip without a length", body=b" " * 99, drip=0.1, headers={"Content-Length": ""}, says="timeout"),
    *(uncertain(str(status), status, {"error": "boom"}, says="boom") for status in (500, 502, 504, 599, 777)),
    uncertain("503 with Retry-After", 503, {}, headers={"Retry-After": "1"}),
    uncertain("empty body"),
    uncertain("204", 204),
    uncertain("HTML", body=b"<html>hello</html>", says="without a usable render id"),
    uncertain("HTML behind a proxy", 502, b"<html>bad gateway</html>", says=r"in trouble \(status 502\)\. "),
    uncertain("not what Content-Encoding says", body=b"not gzip", headers={"Content-Encoding": "gzip"}),
    uncertain("wrong type: a list", body=[]),
    uncertain("wrong type: another object", body={"id": "a"}),
    *(
        uncertain(
            f"a render id that cannot be one, which is passed on for its owner: {str(value)[:9]!r}",
            body={"render_id": value},
            says=rf"render id \(.*{re.escape(says)}.*\)",
        )
        for value, says in (
            *((None, "null"), (7, "7"), ("", '""'), ("../a", "../a"), ("a?b", "a?b"), ("a#b", "a#b"), ("a b", "a b")),
            *(("a\u00a0b", "a"), ("..", ".."), ("a" * 201, "a" * 180)),
        )
    ),
    *(redirect(status) for status in (301, 302, 303, 307, 308)),
    *(refused(status) for status in (400, 408, 409, 422)),
    *(refused(status, errors.AuthenticationError) for status in (401, 403)),
    refused(402, errors.InsufficientCredits),
    refused(404, errors.NotFound),
    refused(413, errors.PayloadTooLarge),
    limited("429 with Retry-After", "it is sent again twice at the API's pace, then it is the caller's", "7", 7, 7),
    limited(
        "429 with Retry-After as a date gone by", "our own pace is the least", "Wed, 21 Oct 2015 07:28:00 GMT", 0.5, 1.0
    ),
    limited("429 without Retry-After", "without a pace it is not sent again", None),
    limited("429 with an unreadable Retry-After", "without a pace it is not sent again", "soon"),
    limited("429 with a Retry-After of more than a minute", "a pause that long is for the caller to decide", "61"),
    limited("429 with a Retry-After of tomorrow", "a pause that long is for the caller to decide", LATER),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.fault}: {case.rule}")
def test_a_post(api: FakeApi, time: FakeTime, case: Case) -> None:
    api.state.submit_answers = [case.answer] * 9
    with (
        client_at(api.base_url, time, request_timeout=(5.0, 2.0 if case.says == "timeout" else 20.0)) as client,
        pytest.raises(errors.RerenderError, match=case.says) as caught,
    ):
        client.submit(REQUEST)
    assert type(caught.value) is case.raises, case.rule
    assert api.state.submit_count == len(api.state.requests) == case.posts
    assert tuple(time.sleeps) == case.pauses
    assert ("may have been charged" in str(caught.value)) == (case.raises is SubmissionUncertain)
    assert_keyless(caught.value)


@pytest.mark.parametrize("fault", UNREACHABLE, ids=lambda fault: f"{fault}: it never arrived, so it is sent twice more")
def test_a_post_that_never_arrives(monkeypatch: pytest.MonkeyPatch, time: FakeTime, fault: str) -> None:
    with (
        UNREACHABLE[fault](monkeypatch) as base_url,
        client_at(base_url, time, request_timeout=(0.3, 5.0)) as client,
        pytest.raises(TransportError, match="No answer from") as caught,
    ):
        client.submit(REQUEST)
    assert time.sleeps == [0.5, 1.0]
    assert_keyless(caught.value)


def test_a_server_that_does_not_read_the_image_is_given_up(
    api: FakeApi, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each block that fits into the socket's buffer resets a timeout; the deadline is for all of them."""
    monkeypatch.setattr(client_module, "UPLOAD_RATE", 1e12)
    api.state.reads_bodies = False
    request = RenderRequest("oak", b"image" * 4_000_000)
    with client_at(api.base_url, time, request_timeout=(5.0, 2.0)) as client, pytest.raises(SubmissionUncertain):
        client.submit(request)
    wait_until(lambda: api.state.submit_count)
    assert api.state.submit_count == 1


def test_a_slow_line_has_more_time_for_a_large_image(api: FakeApi, time: FakeTime) -> None:
    api.state.submit_delay = 1.0
    request = RenderRequest("oak", b"image" * 200_000)
    with client_at(api.base_url, time, request_timeout=(5.0, 0.1)) as client:
        assert client.submit(request) == "render1"


def test_an_answer_without_an_end_is_cut_off(client: Client, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BYTES", 1_000_000)
    api.state.submit_answers = [Answer(200, b" " * 50_000, endless=True)]
    with pytest.raises(SubmissionUncertain):
        client.submit(REQUEST)
    assert api.state.submit_count == 1


def test_a_redirect_without_an_end_is_cut_off(client: Client, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `requests` does not follow a redirect, it still reads its whole body."""
    monkeypatch.setattr(transport, "MAX_BYTES", 1_000_000)
    api.state.submit_answers = [Answer(302, b" " * 50_000, {"Location": "/elsewhere"}, endless=True)]
    with pytest.raises(ApiError, match="base URL is wrong"):
        client.submit(REQUEST)
    assert len(api.state.requests) == 1
