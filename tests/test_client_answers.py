"""What the API's answers become."""

from __future__ import annotations

import contextlib
import json
import re
from email.utils import format_datetime
from ipaddress import IPv4Address, IPv6Address
from time import tzset
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rerender import client as client_module
from rerender import errors
from rerender.client import Client, is_id, parse_retry_after
from rerender.transport import is_public, origin_of
from tests.clients import REQUEST, client_at
from tests.fake_api import Answer, FakeApi, FakeTime, Request


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
        (b"\xef\xbb\xbf <html>with a byte order mark", ""),
        (b'\xef\xbb\xbf{"error": "no"}', "no"),
        ({"error": "<html><title>Bad gateway"}, ""),
        ({"error": "right\u202eto left\u2066, hidden\u200b"}, "right to left , hidden"),
        ({"error": {"message": {"message": "deep"}}}, "deep"),
        ({"error": "x" * 200_000}, ('{"error": "' + "x" * 200)[:200]),
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


@settings(max_examples=100)
@given(
    st.text(max_size=60) | st.tuples(st.sampled_from(["https", "http", "HTTPS"]), st.text(max_size=40)).map("://".join)
)
def test_any_text_has_an_origin_or_is_no_address(url: str) -> None:
    with contextlib.suppress(errors.ConfigurationError):
        scheme, host, port = origin_of(url)
        assert scheme in ("http", "https")
        assert host
        assert 0 <= port < 65536


@settings(max_examples=100)
@given(st.text(max_size=210) | st.none() | st.integers() | st.binary())
def test_an_id_is_one_segment_of_a_url_and_no_more(value: object) -> None:
    if is_id(value):
        assert isinstance(value, str)
        assert urlsplit(f"https://a.example/b/{quote(value)}?c")[2:] == (f"/b/{quote(value)}", "c", "")
        assert value not in (".", "..")


@settings(max_examples=50)
@given(st.ip_addresses())
def test_every_ip_address_is_public_or_private(address: IPv4Address | IPv6Address) -> None:
    assert is_public(str(address)) <= address.is_global


def test_a_date_without_a_zone_is_gmt_as_http_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    tzset()
    try:
        gmt, bare = (parse_retry_after(f"Wed, 21 Oct 2099 07:28:00 {zone}") for zone in ("GMT", "-0000"))
    finally:
        monkeypatch.undo()
        tzset()
    assert gmt == pytest.approx(bare, abs=5)
