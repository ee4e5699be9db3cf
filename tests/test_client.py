"""The paid POST: what is sent, and when it is sent again."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from rerender import client as client_module
from rerender import errors
from rerender.client import Client
from rerender.models import RenderRequest
from tests.clients import REQUEST, assert_keyless, client_at
from tests.fake_api import API_KEY, Answer, FakeApi, FakeTime, picture, unused_port

# What is sent


def test_a_submit_sends_the_documented_request_and_returns_the_render_id(client: Client, api: FakeApi) -> None:
    assert client.submit(REQUEST) == "render1"
    (sent,) = api.state.submits
    assert sent.path == "/api/workflows/674829a60a1c7e0df43198b8"
    assert sent.auth == f"Bearer {API_KEY}"
    assert sent.headers["content-type"] == "application/json"
    assert sent.json == {
        "prompt": "oak and glass",
        "control_image": base64.b64encode(picture()).decode(),
        "batch_size": 2,
        "image_width": 512,
        "image_height": 640,
        "seed": 7,
    }


def test_a_large_control_image_arrives_whole(client: Client, api: FakeApi) -> None:
    image = bytes(range(256)) * 40_000
    client.submit(RenderRequest("a", image))
    assert base64.b64decode(api.state.submits[0].json["control_image"]) == image


def test_get_asks_for_the_render_and_reads_it(client: Client, api: FakeApi) -> None:
    render = client.get(client.submit(REQUEST))
    assert (render.id, render.phase) == ("render1", "pending")
    assert api.state.gets[0].path == "/api/renders/render1"
    assert api.state.gets[0].auth == f"Bearer {API_KEY}"


def test_a_base_url_may_have_a_path_and_trailing_slashes(api: FakeApi, time: FakeTime) -> None:
    api.state.submit_answers = [Answer(200, {"render_id": "a"})]
    with client_at(f"{api.base_url}/genly//", time) as client:
        client.submit(REQUEST)
    assert api.state.submits[0].path == "/genly/api/workflows/674829a60a1c7e0df43198b8"


def test_each_paid_post_goes_over_a_fresh_connection(client: Client, api: FakeApi) -> None:
    render_id = client.submit(REQUEST)
    client.get(render_id)
    client.get(render_id)
    client.submit(REQUEST)
    first, look, second_look, second = (request.peer for request in api.state.requests)
    assert look == second_look, "looks share a connection"
    assert second not in (first, look)


# A paid POST is sent again only when it certainly never arrived


def test_a_post_that_never_arrived_is_sent_again_and_counts_once(api: FakeApi, time: FakeTime) -> None:
    late = FakeApi(unused_port())
    time.on_sleep = lambda: len(time.sleeps) == 2 and late.start()
    with client_at(late.base_url, time) as client:
        assert client.submit(REQUEST) == "render1"
    late.close()
    assert time.sleeps == [0.5, 1.0]
    assert late.state.submit_count == 1


def test_an_unreachable_api_is_a_transport_error_after_three_tries(time: FakeTime) -> None:
    with client_at(f"http://127.0.0.1:{unused_port()}", time) as client, pytest.raises(errors.TransportError) as caught:
        client.submit(REQUEST)
    assert len(time.sleeps) == 2
    assert str(caught.value) == "No answer from 127.0.0.1 (new connection error)."
    assert_keyless(caught.value)


def test_an_unknown_host_name_is_a_transport_error(time: FakeTime) -> None:
    with client_at("https://no-such-host.invalid", time) as client, pytest.raises(errors.TransportError) as caught:
        client.submit(REQUEST)
    assert_keyless(caught.value)


def test_a_failed_tls_handshake_never_delivers(api: FakeApi, time: FakeTime) -> None:
    with client_at(api.base_url.replace("http:", "https:"), time) as client, pytest.raises(errors.TransportError):
        client.submit(REQUEST)
    assert len(time.sleeps) == 2
    assert not api.state.submits


def test_a_proxy_that_is_not_there_never_delivers(time: FakeTime) -> None:
    session = requests.Session()
    session.proxies = {"https": f"http://127.0.0.1:{unused_port()}"}
    client = client_at("https://rerender.invalid", time, session=session)
    with client, pytest.raises(errors.TransportError, match="proxy error"):
        client.submit(REQUEST)
    assert len(time.sleeps) == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(drop=True),
        Answer(200, {"render_id": "a"}, cut=True),
        Answer(200, b"zz\r\n{}", {"Transfer-Encoding": "chunked"}),
        Answer(200, b"not gzip", {"Content-Encoding": "gzip"}),
        Answer(500, {"error": "boom"}),
        Answer(502, b"<html>bad gateway</html>"),
        Answer(503, {}, {"Retry-After": "1"}),
        Answer(504),
        Answer(599),
        Answer(200),
        Answer(200, b"<html>hello</html>"),
        Answer(200, []),
        Answer(200, {"id": "a"}),
        Answer(200, {"render_id": None}),
        Answer(200, {"render_id": 7}),
        Answer(200, {"render_id": ""}),
        Answer(200, {"render_id": "../a"}),
        Answer(200, {"render_id": "a?b"}),
        Answer(200, {"render_id": "a#b"}),
        Answer(200, {"render_id": "a b"}),
        Answer(200, {"render_id": "a\u00a0b"}),
        Answer(200, {"render_id": ".."}),
        Answer(200, {"render_id": "a" * 201}),
        Answer(204),
    ],
    ids=lambda answer: f"{answer.status} {answer.body!r}"[:40] + " drop" * answer.drop + " cut" * answer.cut,
)
def test_a_post_of_unknown_fate_is_never_sent_again(
    client: Client, api: FakeApi, time: FakeTime, answer: Answer
) -> None:
    api.state.submit_answers = [answer]
    with pytest.raises(errors.SubmissionUncertain, match="may have been charged") as caught:
        client.submit(REQUEST)
    assert api.state.submit_count == 1
    assert time.sleeps == []
    assert_keyless(caught.value)


def test_a_post_without_an_answer_in_time_is_never_sent_again(api: FakeApi, time: FakeTime) -> None:
    api.state.submit_delay = 5
    client = client_at(api.base_url, time, request_timeout=(1, 0.2))
    with client, pytest.raises(errors.SubmissionUncertain, match="read timeout") as caught:
        client.submit(REQUEST)
    assert api.state.submit_count == 1
    assert_keyless(caught.value)


def test_an_answer_without_an_end_does_not_hang(client: Client, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_BYTES", 1_000_000)
    api.state.submit_answers = [Answer(200, b" " * 50_000, endless=True)]
    with pytest.raises(errors.SubmissionUncertain):
        client.submit(REQUEST)


def test_an_answer_that_drips_is_given_up_when_its_time_is_over(api: FakeApi) -> None:
    time = FakeTime(step=1.0)
    api.state.submit_answers = [Answer(200, b" " * 10_000, drip=0.001)]
    with client_at(api.base_url, time) as client, pytest.raises(errors.SubmissionUncertain, match="timeout"):
        client.submit(REQUEST)
    assert api.state.submit_count == 1


def test_a_429_is_sent_again_at_the_servers_pace(client: Client, api: FakeApi, time: FakeTime) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    api.state.submit_answers = [Answer(429, {}, {"Retry-After": "7"}), Answer(429, {}, {"Retry-After": date})]
    assert client.submit(REQUEST) == "render1"
    assert time.sleeps == [7, pytest.approx(40, abs=5)]


def test_a_third_429_is_the_callers_to_handle(client: Client, api: FakeApi) -> None:
    api.state.submit_answers = [Answer(429, {"error": "slow down"}, {"Retry-After": "3"})] * 5
    with pytest.raises(errors.RateLimited) as caught:
        client.submit(REQUEST)
    assert api.state.submit_count == 3
    assert (caught.value.status, caught.value.retry_after, caught.value.detail) == (429, 3.0, "slow down")


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {"Retry-After": "61"}])
def test_a_429_without_a_pace_or_with_a_long_one_is_not_sent_again(
    client: Client, api: FakeApi, time: FakeTime, headers: dict[str, str]
) -> None:
    api.state.submit_answers = [Answer(429, {}, headers)]
    with pytest.raises(errors.RateLimited):
        client.submit(REQUEST)
    assert api.state.submit_count == 1
    assert time.sleeps == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.ApiError),
        (401, errors.AuthenticationError),
        (402, errors.InsufficientCredits),
        (403, errors.AuthenticationError),
        (404, errors.NotFound),
        (408, errors.ApiError),
        (413, errors.PayloadTooLarge),
        (422, errors.ApiError),
    ],
)
def test_a_refused_post_is_its_own_error_and_not_sent_again(
    client: Client, api: FakeApi, status: int, kind: type[errors.ApiError]
) -> None:
    api.state.submit_answers = [Answer(status, {"error": "because"})]
    with pytest.raises(errors.ApiError) as caught:
        client.submit(REQUEST)
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.detail) == (status, "because")
    assert api.state.submit_count == 1
    assert_keyless(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_reported_as_a_wrong_base_url_and_not_followed(client: Client, api: FakeApi, status: int) -> None:
    api.state.submit_answers = [Answer(status, b"", {"Location": f"{api.base_url}/elsewhere"})]
    api.state.get_answers = [Answer(status, b"", {"Location": f"{api.base_url}/elsewhere"})]
    for call in (lambda: client.submit(REQUEST), lambda: client.get("a")):
        with pytest.raises(errors.ApiError, match="base URL is wrong") as caught:
            call()
        assert caught.value.status == status
    assert [request.path for request in api.state.requests if "elsewhere" in request.path] == []
