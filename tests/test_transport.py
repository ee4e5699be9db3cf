"""Who is asked, with what: nobody at a private address, nobody without TLS, and nobody else with anything of ours."""

from __future__ import annotations

import gc
import http.client
import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from urllib3.util import Retry
from urllib3.util.connection import create_connection

from rerender import Client, DownloadError, Output, errors, transport
from rerender.transport import Transport, is_public, origin_of
from tests.clients import REQUEST, client_at
from tests.fake_api import API_KEY, Answer, FakeApi, FakeTime, ServerState, picture
from tests.faults.places import CERTIFICATE, names, tls

PNG = picture(40, 30)
HERE = str(Path(transport.__file__).parent)


# Which addresses are private


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1"),
        *("192.168.1.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("192.0.0.8", "192.0.0.192", "168.63.129.16", "192.88.99.1", "3fff::1", "2001:20::1"),
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8", "fe80::1", "fe80::1%eth0"),
        *("fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::", "2001::1"),
        *("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1"),
    ],
)
def test_an_address_that_is_not_of_the_internet_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


# What a public API may name


@pytest.fixture
def elsewhere() -> Iterator[FakeApi]:
    """A server with TLS on this machine, which a public API names although nobody meant it to."""
    with FakeApi(tls=tls()) as elsewhere:
        elsewhere.state.files["/a.png"] = Answer(200, PNG)
        yield elsewhere


@pytest.fixture
def public(time: FakeTime) -> Iterator[Client]:
    """A client of a public API, which trusts the certificate of these tests."""
    session = requests.Session()
    session.verify = str(CERTIFICATE)
    with client_at("https://rerender.example", time, session=session, allow_http=True) as client:
        yield client


def download(client: Client, url: str) -> bytes:
    return client.download(Output(cover_src=url))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "0177.0.0.1", "127.0.0.1."],
)
def test_a_public_api_cannot_name_this_machine(
    public: Client, elsewhere: FakeApi, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    # As the computer's own file says it: no name service is asked.
    names(monkeypatch, {"localhost": ["127.0.0.1"], "127.0.0.1.": ["127.0.0.1"]})
    with pytest.raises(DownloadError, match=r"private address|unknown name"):
        download(public, f"https://{host}:{elsewhere.port}/a.png")
    assert elsewhere.state.requests == []


def test_a_public_name_that_leads_to_a_private_address_is_not_asked(
    public: Client, elsewhere: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, {"pictures.example": ["1.1.1.1", "127.0.0.1"]})
    with pytest.raises(DownloadError, match=r"pictures\.example is not asked: it leads to a private address"):
        download(public, f"https://pictures.example:{elsewhere.port}/a.png")
    assert elsewhere.state.requests == []


@pytest.mark.parametrize("url", ["http://pictures.example/a.png", "http://127.0.0.1/a.png"])
def test_plain_http_is_for_the_apis_own_origin(public: Client, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Also when `allow_http` allows it there."""
    asked = names(monkeypatch, {})
    with pytest.raises(DownloadError, match="over https only"):
        download(public, url)
    assert asked == []


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 127.0.0.1 be an address of the internet; 127.0.0.2 stays a private one."""
    monkeypatch.setattr(transport, "is_public", lambda address: address == "127.0.0.1")


@pytest.mark.usefixtures("internet")
def test_the_address_that_was_checked_is_the_one_that_is_asked(
    public: Client, elsewhere: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {"pictures.example": ["127.0.0.1"]}
    asked = names(monkeypatch, addresses)
    elsewhere.state.on_request = lambda _request: addresses.update({"pictures.example": ["127.0.0.2"]})
    assert download(public, f"https://pictures.example:{elsewhere.port}/a.png") == PNG
    assert asked == ["pictures.example"], "one look at the name, for the check and the connection"
    public.close()
    with pytest.raises(DownloadError, match="private address"):
        download(public, f"https://pictures.example:{elsewhere.port}/a.png")


@pytest.mark.usefixtures("internet")
def test_each_redirect_is_checked_anew(public: Client, elsewhere: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, {"pictures.example": ["127.0.0.1"], "inside.example": ["127.0.0.2"]})
    for target in ("https://inside.example/a.png", "https://127.0.0.2/a.png", "http://pictures.example/a.png"):
        elsewhere.state.files["/moved"] = Answer(302, b"", {"Location": target})
        with pytest.raises(DownloadError, match=r"private address|over https only"):
            download(public, f"https://pictures.example:{elsewhere.port}/moved")
    assert {request.path for request in elsewhere.state.requests} == {"/moved"}


def test_an_api_at_a_private_address_may_name_others(
    elsewhere: FakeApi, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name does not tell: what counts is where its certificate was seen."""
    names(monkeypatch, {"rerender.example": ["127.0.0.1"], "pictures.example": ["127.0.0.1"]})
    session = requests.Session()
    session.verify = str(CERTIFICATE)
    with FakeApi(tls=tls()) as api, client_at(f"https://rerender.example:{api.port}", time, session=session) as client:
        with pytest.raises(DownloadError, match="private address"):
            download(client, f"https://pictures.example:{elsewhere.port}/a.png")
        client.submit(REQUEST)
        assert download(client, f"https://pictures.example:{elsewhere.port}/a.png") == PNG
        assert download(client, "/files/render1/0.png")


def test_a_second_address_is_tried_when_the_first_does_not_answer(
    elsewhere: FakeApi, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, {"localhost": ["127.0.0.2", "127.0.0.1"]})
    elsewhere.state.files["/api/renders/a"] = Answer(200, {"_id": "a", "phase": "pending"})
    session = requests.Session()
    session.verify = str(CERTIFICATE)
    with client_at(f"https://localhost:{elsewhere.port}", time, session=session) as client:
        assert client.get("a").phase == "pending"


# Through a proxy


def test_a_proxy_may_be_private_and_what_it_is_asked_for_may_not(
    time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, {"inside.example": ["10.0.0.1"], "pictures.example": ["1.1.1.1"]})
    session = requests.Session()
    with FakeApi() as proxy, client_at("https://rerender.example", time, session=session) as client:
        session.proxies = {"https": proxy.base_url}
        for url in ("https://inside.example/a.png", "https://127.0.0.1/a.png"):
            with pytest.raises(DownloadError, match="private address"):
                download(client, url)
        for url in ("https://pictures.example/a.png", "https://known-to-the-proxy.example/a.png"):
            with pytest.raises(DownloadError, match="No answer"):  # this proxy refuses to CONNECT
                download(client, url)


# What others get


def test_another_origin_gets_a_bare_request(
    api: FakeApi, time: FakeTime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    session = requests.Session()
    session.headers["X-Tenant"] = "us"
    session.cookies.set("session", "secret")
    session.auth = ("someone", "else")
    session.params = {"token": "secret"}
    api.state.files["/a.png?token=secret"] = Answer(200, PNG)
    with FakeApi() as other, client_at(api.base_url, time, session=session) as client:
        session.trust_env = True
        other.state.files["/a.png"] = Answer(200, PNG)
        assert download(client, f"{other.base_url}/a.png") == download(client, f"{api.base_url}/a.png") == PNG
        (bare,) = other.state.requests
    assert set(bare.headers) == {"host", "accept-encoding", "user-agent"}
    assert (bare.path, bare.body) == ("/a.png", b"")
    assert api.state.requests[0].headers["x-tenant"] == "us"


def test_a_client_certificate_is_shown_to_the_api_only(time: FakeTime) -> None:
    demanding = tls()
    demanding.verify_mode = ssl.CERT_REQUIRED
    demanding.load_verify_locations(CERTIFICATE)
    session = requests.Session()
    session.verify = session.cert = str(CERTIFICATE)
    with (
        FakeApi(tls=demanding) as api,
        FakeApi(tls=demanding) as elsewhere,
        client_at(api.base_url, time, session=session) as client,
    ):
        elsewhere.state.files["/a.png"] = Answer(200, PNG)
        assert client.submit(REQUEST) == "render1"
        with pytest.raises(DownloadError, match="No answer"):
            download(client, f"{elsewhere.base_url}/a.png")
    assert elsewhere.state.requests == []


def test_a_certificate_that_nobody_trusts_ends_it(elsewhere: FakeApi, time: FakeTime) -> None:
    with client_at(elsewhere.base_url, time) as client, pytest.raises(errors.TransportError, match="ssl error"):
        client.get("a")
    assert elsewhere.state.requests == []


def test_a_retry_that_is_mounted_on_the_session_sends_nothing_again(api: FakeApi, time: FakeTime) -> None:
    session = requests.Session()
    always = Retry(total=5, allowed_methods=None, status_forcelist=[503], backoff_factor=0)
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=always))
    api.state.submit_answers = [Answer(drop=True), Answer(503)] * 9
    with client_at(api.base_url, time, session=session) as client:
        for _ in range(2):
            with pytest.raises(errors.SubmissionUncertain):
                client.submit(REQUEST)
    assert api.state.submit_count == 2


# Deadlines with TLS, and after a kept connection


@pytest.mark.parametrize("knob", ["head_drip", "drip"])
def test_a_drip_inside_tls_is_given_up_too(time: FakeTime, knob: str) -> None:
    session = requests.Session()
    session.verify = str(CERTIFICATE)
    state = ServerState(submit_answers=[Answer(200, {"render_id": "a"}, **{knob: 0.2})])  # type: ignore[arg-type]
    with (
        FakeApi(state=state, tls=tls()) as api,
        client_at(api.base_url, time, session=session, request_timeout=(5.0, 1.0)) as client,
        pytest.raises(errors.SubmissionUncertain, match="timeout"),
    ):
        client.submit(REQUEST)


def test_a_deadline_holds_for_a_kept_connection_and_leaves_the_next_exchange_alone(
    api: FakeApi, time: FakeTime
) -> None:
    with client_at(api.base_url, time) as client:
        render_id = client.submit(REQUEST)
        client.get(render_id)
        api.state.get_answers = [Answer(200, {"_id": "a", "phase": "pending"}, head_drip=0.1)]
        with pytest.raises(errors.TransportError, match="timeout"):
            client.get(render_id, timeout=1.0)
        assert client.get(render_id).phase == "processing"


def test_an_exchange_whose_time_is_over_ends_as_any_other_that_took_too_long(api: FakeApi) -> None:
    with requests.Session() as session:
        exchanges = Transport(session, API_KEY, 5.0)
        exchanges.origin = origin_of(api.base_url)
        exchanges._cut = lambda: None  # type: ignore[method-assign]  # as its timer may come late
        for seconds in (0.0, -5.0):
            with pytest.raises(errors.TransportError, match=r"\(timeout\)"):
                exchanges.exchange("GET", f"{api.base_url}/api/renders/a", seconds)
    assert api.state.requests == []


def test_a_connection_that_comes_too_late_is_closed_and_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []

    def connect(*arguments: object) -> socket.socket:
        made.append(create_connection(*arguments))  # type: ignore[arg-type]
        exchanges._cut()
        return made[0]

    monkeypatch.setattr(transport, "create_connection", connect)
    with FakeApi(tls=tls()) as api, requests.Session() as session:
        session.verify = str(CERTIFICATE)
        exchanges = Transport(session, API_KEY, 5.0)
        exchanges.origin = origin_of(api.base_url)
        with pytest.raises(errors.TransportError, match=r"\(timeout\)"):
            exchanges.exchange("GET", f"{api.base_url}/api/renders/a", 60.0)
        assert api.state.requests == []
    assert made[0].fileno() == -1
    gc.collect()  # TLS would say of a socket that it holds that nobody closed it


def test_a_name_service_that_hangs_is_not_waited_for(time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    hang, ended = threading.Event(), threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **options: hang.wait(20) or ended.set())
    client = client_at("https://rerender.example", time, request_timeout=(0.1, 5.0))
    with client, pytest.raises(errors.TransportError, match="timeout"):
        client.get("a")
    assert not ended.is_set()
    hang.set()


# The key


def test_no_log_and_no_debugging_output_holds_the_key(
    client: Client,
    api: FakeApi,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    caplog.set_level(logging.DEBUG)
    api.state.get_answers = [Answer(401, {"error": API_KEY}), Answer(drop=True)]
    render_id = client.submit(REQUEST)
    for _ in range(2):
        with pytest.raises(errors.RerenderError):
            client.get(render_id)
    assert "/api/workflows/" in caplog.text, "urllib3 does log"
    assert API_KEY not in caplog.text + "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "answer",
    [
        Answer(drop=True),
        Answer(401, {"error": f"bad key {API_KEY}"}),
        Answer(500, API_KEY.encode()),
        Answer(200, b"x"),
        Answer(302),
    ],
    ids=lambda answer: f"{answer.status}{' drop' * answer.drop}",
)
def test_no_traceback_that_shows_local_variables_holds_the_key(client: Client, api: FakeApi, answer: Answer) -> None:
    api.state.submit_answers = api.state.get_answers = [answer] * 3
    api.state.files["/a.png"] = answer
    for call in (lambda: client.submit(REQUEST), lambda: client.get("a"), lambda: download(client, "/a.png")):
        with pytest.raises(errors.RerenderError) as caught:
            call()
        assert_no_frame_shows(caught.value, API_KEY)


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": "almost right\n"},
        {"api_key": "right", "base_url": "ftp://x"},
        {"api_key": "right", "workflow_id": "/"},
    ],
)
def test_no_traceback_of_a_wrong_setting_holds_the_key(options: dict[str, str]) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        Client(**options)  # type: ignore[arg-type]
    assert_no_frame_shows(caught.value, "right")


def assert_no_frame_shows(error: BaseException, secret: str) -> None:
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in shown.stack if frame.filename.startswith(HERE)]
    assert frames
    assert not [(frame.name, frame.locals) for frame in frames if secret in repr(frame.locals)]
    assert all(secret not in line for line in shown.format_exception_only())
