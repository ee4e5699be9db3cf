"""The paid POST, the key, and what the API's answers become."""

from __future__ import annotations

import base64
import json
import pickle
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from rerender import client as client_module
from rerender import errors
from rerender.client import Client, origin_of, parse_retry_after
from rerender.models import RenderRequest
from tests.fake_api import API_KEY, Answer, FakeApi, FakeTime, Request, picture, unused_port

REQUEST = RenderRequest("oak and glass", picture(), batch_size=2, image_width=512, image_height=640, seed=7)


@pytest.fixture
def client(api: FakeApi, time: FakeTime) -> Iterator[Client]:
    with client_at(api.base_url, time) as client:
        yield client


def client_at(base_url: str, time: FakeTime, **options: object) -> Client:
    options = {"request_timeout": (2.0, 5.0), "clock": time.clock, "sleep": time.sleep} | options
    return Client(API_KEY, base_url=base_url, **options)  # type: ignore[arg-type]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that it remembers."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def assert_keyless(error: BaseException) -> None:
    for link in chain(error):
        assert API_KEY not in f"{link} {link!r} {vars(link)}"
        assert not hasattr(link, "request"), f"{link!r} holds the headers that were sent"
        assert not isinstance(link, requests.RequestException)


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


# The key


def test_the_key_comes_from_the_environment_when_none_is_given(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLY_API_KEY", f" {API_KEY}\n")
    with Client(base_url=api.base_url) as client:
        assert client.submit(REQUEST) == "render1"


@pytest.mark.parametrize(
    "key", [None, "", "  ", "two words", "a\r\nX-Evil: 1", "a\tb", "schlüssel", "a\x00b", "k\u2028k"]
)
def test_a_key_that_cannot_be_one_is_refused_without_being_repeated(key: str | None) -> None:
    with pytest.raises(errors.ConfigurationError, match="API key") as caught:
        Client(key)
    assert not key or not key.strip() or key not in str(caught.value)


def test_the_key_is_in_no_repr(client: Client) -> None:
    assert repr(client) == f"Client(base_url={client.base_url!r}, workflow_id='674829a60a1c7e0df43198b8')"
    assert API_KEY not in f"{client} {client._auth!r} {vars(client)}"


@pytest.mark.parametrize(
    "answer", [Answer(drop=True), Answer(500), Answer(401), Answer(200, b"x"), Answer(200, {}, cut=True)]
)
def test_no_exception_leads_to_the_key(client: Client, api: FakeApi, answer: Answer) -> None:
    api.state.submit_answers = api.state.get_answers = [answer] * 2
    for call in (lambda: client.submit(REQUEST), lambda: client.get("a")):
        with pytest.raises(errors.RerenderError) as caught:
            call()
        assert_keyless(caught.value)
        assert API_KEY.encode() not in pickle.dumps(caught.value.args)


@pytest.mark.parametrize("body", [{"error": f"bad key {API_KEY}"}, f"bad key {API_KEY}".encode(), {"x": [API_KEY]}])
def test_a_key_that_the_server_echoes_is_blanked_out(client: Client, api: FakeApi, body: object) -> None:
    api.state.get_answers = [Answer(401, body)]
    with pytest.raises(errors.AuthenticationError) as caught:
        client.get("a")
    assert_keyless(caught.value)


def test_a_netrc_file_does_not_replace_the_key(api: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Client(API_KEY, base_url=api.base_url) as client:
        client._session.trust_env = True
        client.get(client.submit(REQUEST))
    assert {request.auth for request in api.state.requests} == {f"Bearer {API_KEY}"}


def test_a_loopback_api_is_not_asked_through_a_proxy(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeApi() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
        monkeypatch.setenv("http_proxy", proxy.base_url)
        with Client(API_KEY, base_url=api.base_url) as client:
            client.submit(REQUEST)
        assert proxy.state.requests == []


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "rerender.genly.ai",
        "ftp://rerender.genly.ai",
        "https://",
        "https:///path",
        "http://rerender.genly.ai",
        "http://127.0.0.1.evil.example",
        "http://0x7f.1",
        "https://user:secret@rerender.genly.ai",
        "https://rerender.genly.ai?x=1",
        "https://rerender.genly.ai/#x",
        "https://rerender.genly.ai:port",
        "https://rerender.genly.ai:99999",
        "https://[::1",
        "https://rerender .genly.ai",
        "https://rerender.genly.ai\r\nX: y",
        "http://127.0.0.1\\@evil.example",
        "https://bücher.example",
    ],
)
def test_a_base_url_that_is_unsafe_or_none_is_refused(base_url: str) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        Client(API_KEY, base_url=base_url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("base_url", ["http://localhost:8600", "http://127.0.0.1:1", "http://[::1]:8600/api"])
def test_plain_http_is_for_this_machine(base_url: str) -> None:
    assert Client(API_KEY, base_url=base_url).base_url == base_url


def test_plain_http_elsewhere_must_be_allowed_by_name() -> None:
    assert Client(API_KEY, base_url="http://studio.lan", allow_http=True).base_url == "http://studio.lan"


@pytest.mark.parametrize("workflow_id", ["", "a/b", "..", "a b"])
def test_a_workflow_id_that_is_no_id_is_refused(workflow_id: str) -> None:
    with pytest.raises(errors.ConfigurationError):
        Client(API_KEY, workflow_id=workflow_id)


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("https://A.example/x") == origin_of("https://a.example:443") == ("https", "a.example", 443)
    assert origin_of("http://a.example") != origin_of("https://a.example") != origin_of("https://b.example")


# What comes back


@pytest.mark.parametrize(
    "render_id", ["", ".", "..", "a/b", "a?b", "a#b", "a b", "a\nb", "a\\b", "\ud800", "x" * 201, None]
)
def test_a_render_id_that_is_no_id_never_reaches_a_url(client: Client, api: FakeApi, render_id: str) -> None:
    with pytest.raises(errors.InvalidRequest):
        client.get(render_id)
    assert api.state.requests == []


def test_a_render_id_is_opaque_and_quoted(client: Client, api: FakeApi) -> None:
    with pytest.raises(errors.NotFound):
        client.get("%2e%2e:ä")
    assert api.state.gets[0].path == "/api/renders/%252e%252e%3A%C3%A4"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"_id": "a"}', b"[" * 100_000, b"\xff\xfe"])
def test_an_answer_that_is_no_render_is_malformed(client: Client, api: FakeApi, body: bytes) -> None:
    api.state.get_answers = [Answer(200, body)]
    with pytest.raises(errors.MalformedResponse):
        client.get("a")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"error": "no such seed"}, "no such seed"),
        ({"message": "no"}, "no"),
        ({"detail": "no"}, "no"),
        ({"error": {"message": "no", "code": 7}}, "no"),
        ({"error": "bad_request", "message": "seed is wrong"}, "bad_request: seed is wrong"),
        ({"detail": ["a", "b"]}, "a: b"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "too large", "input": "x" * 999}]}, "body: seed: too large"),
        ({"errors": 7}, ""),
        ("just text", "just text"),
        (b"plain\n text\x00\x1b[31m", "plain text [31m"),
        (b"<!doctype html><p>oops", ""),
        (b"", ""),
        (b"\xff\xfeoops", "\ufffd\ufffdoops"),
        ({"error": "long " * 100}, ("long " * 100)[:200]),
        (b"[" * 50_000, "[" * 200),
    ],
)
def test_an_error_body_of_any_shape_is_shortened_for_people(
    client: Client, api: FakeApi, body: object, detail: str
) -> None:
    api.state.get_answers = [Answer(418, body)]
    with pytest.raises(errors.ApiError) as caught:
        client.get("a")
    assert caught.value.detail == detail


WORDS = st.none() | st.integers() | st.floats() | st.text()
KEYS = st.sampled_from(["error", "message", "detail", "msg", "loc"])
BODIES = st.recursive(WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=8)


@settings(max_examples=50)
@given(st.binary() | BODIES.map(lambda value: json.dumps(value).encode()))
def test_an_excerpt_is_always_one_printable_line(body: bytes) -> None:
    excerpt = client_module._excerpt(body)
    assert excerpt.isprintable()
    assert excerpt == " ".join(excerpt.split())


@settings(max_examples=50)
@given(st.text() | st.from_regex(re.compile(r"[\w, :+-]{0,40}")) | st.datetimes().map(format_datetime))
def test_a_retry_after_header_is_never_negative_and_never_an_exception(header: str) -> None:
    pace = parse_retry_after(header)
    assert pace is None or pace >= 0


def test_a_retry_after_in_the_past_means_now() -> None:
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert parse_retry_after("120") == 120


def test_a_5xx_on_a_look_is_a_server_error(client: Client, api: FakeApi) -> None:
    api.state.get_answers = [Answer(503, {"error": "busy"}, {"Retry-After": "9"})]
    with pytest.raises(errors.ServerError) as caught:
        client.get("a")
    assert (caught.value.status, caught.value.retry_after) == (503, 9.0)


def test_closing_a_client_leaves_no_connection(api: FakeApi, time: FakeTime) -> None:
    seen: list[Request] = []
    api.state.on_request = seen.append
    with client_at(api.base_url, time) as client:
        client.get(client.submit(REQUEST))
    client.close()
    assert len(seen) == 2
