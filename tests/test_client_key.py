"""The key, and the addresses it is sent to."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from rerender import errors
from rerender.client import DEFAULT_BASE_URL, Client, origin_of
from rerender.models import DEFAULT_WORKFLOW_ID
from tests.clients import REQUEST, assert_keyless
from tests.fake_api import API_KEY, Answer, FakeApi


def test_the_key_comes_from_the_environment_when_none_is_given(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLY_API_KEY", f" {API_KEY}\n")
    with Client(base_url=api.base_url) as client:
        assert client.submit(REQUEST) == "render1"


def test_the_environments_key_goes_to_the_environments_address_and_a_given_one_never(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENLY_API_KEY", API_KEY)
    monkeypatch.setenv("GENLY_BASE_URL", f"{api.base_url}/ ")
    monkeypatch.setenv("GENLY_WORKFLOW_ID", "another")
    with Client() as client:
        client.submit(REQUEST)
    assert [(sent.path, sent.auth) for sent in api.state.submits] == [("/api/workflows/another", f"Bearer {API_KEY}")]
    given = Client("a-key-of-my-own")
    assert (given.base_url, given.workflow_id) == (DEFAULT_BASE_URL, DEFAULT_WORKFLOW_ID)


@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        "  ",
        "two words",
        "a\r\nX-Evil: 1",
        "a\tb",
        "k-123\n",
        " k-123",
        "k-123\t",
        "schlüssel",
        "a\x00b",
        "k\u2028k",
    ],
)
def test_a_key_that_cannot_be_one_is_refused_without_being_repeated(key: str | None) -> None:
    with pytest.raises(errors.ConfigurationError, match="API key") as caught:
        Client(key)
    assert not key or not key.strip() or key not in str(caught.value)


def test_the_key_is_in_no_repr(client: Client) -> None:
    assert repr(client) == f"Client(base_url={client.base_url!r}, workflow_id='674829a60a1c7e0df43198b8')"
    assert API_KEY not in f"{client} {client._transport!r} {vars(client)}"


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
        client._transport._session.trust_env = True
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
