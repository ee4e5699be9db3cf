"""Whatever address a malicious API names, by whatever way: no forbidden one is ever connected to."""

from __future__ import annotations

import gzip
import socket
import sys
import time as clock
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import requests

from rerender import Client, DownloadError, Output, errors, transport
from tests.clients import client_at
from tests.fake_api import Answer, FakeApi, FakeTime, picture
from tests.faults.places import CERTIFICATE, names, tls
from tests.hostile.doors import is_fit_for_people
from tests.hostile.urls import BASES, NAMES, urls

PUBLIC = "127.0.0.77"
"""What stands for an address of the internet here; every other one of 127.0.0.0/8 is as private as it is."""
SECONDS = 3.0

_connected: list[list[tuple[object, ...]]] = []


def _note(event: str, details: tuple[object, ...]) -> None:
    if event == "socket.connect" and _connected:
        _connected[-1].append(details[1:])


sys.addaudithook(_note)  # below every library: no connection is made without it


@contextmanager
def connections() -> Iterator[list[str]]:
    """The addresses that are connected to meanwhile."""
    found: list[str] = []
    _connected.append([])
    try:
        yield found
    finally:
        found += [str(address[0]) for (address, *_) in _connected.pop() if isinstance(address, tuple)]


@pytest.fixture
def inside() -> Iterator[FakeApi]:
    """A server on this computer, with a picture at every address, that a public API must not reach."""
    with FakeApi(tls=tls()) as server:
        server.state.files["/a.png"] = Answer(200, picture())
        yield server


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """A public API at https://rerender.example, which also serves pictures.example."""
    if sys.platform != "linux":
        pytest.skip("only Linux has all of 127.0.0.0/8")
    really = transport.is_public
    monkeypatch.setattr(transport, "is_public", lambda address: address == PUBLIC or really(address))
    names(monkeypatch, {**NAMES, "rerender.example": [PUBLIC], "pictures.example": [PUBLIC]})
    with FakeApi(tls=tls(), host=PUBLIC) as api:
        yield api


@pytest.fixture
def client(outside: FakeApi, time: FakeTime) -> Iterator[Client]:
    session = requests.Session()
    session.verify = str(CERTIFICATE)
    with client_at(f"https://rerender.example:{outside.port}", time, session=session) as client:
        yield client


def refused(client: Client, url: str) -> str:
    """Why the download was refused. Fails when it was not, or took too long."""
    begun = clock.process_time()
    with pytest.raises(DownloadError) as caught:
        client.download(Output(cover_src=url))
    assert clock.process_time() - begun < SECONDS, url[:80]
    assert is_fit_for_people(str(caught.value)), str(caught.value)
    return str(caught.value)


def test_there_are_at_least_200_hostile_urls() -> None:
    assert len(urls()) >= 200


def test_no_address_that_an_api_names_leads_inside(client: Client, outside: FakeApi, inside: FakeApi) -> None:
    with connections() as connected:
        for url in urls():
            refused(client, url.replace("{port}", str(inside.port)))
    assert set(connected) <= {PUBLIC}
    assert inside.state.requests == []


@pytest.mark.parametrize("status", [301, 307])
def test_no_redirect_leads_inside(client: Client, outside: FakeApi, inside: FakeApi, status: int) -> None:
    with connections() as connected:
        for number, url in enumerate(urls()):
            target = url.replace("{port}", str(inside.port))
            if len(target) > 60_000 or any(ord(char) > 255 or char in "\r\n" for char in target):
                continue  # no header can say it
            outside.state.files[f"/{number}"] = Answer(status, b"", {"Location": target})
            refused(client, f"/{number}")
            with suppress(DownloadError):
                client.download(Output(cover_src=f"https://pictures.example:{outside.port}/{number}"))
    assert set(connected) == {PUBLIC}
    assert inside.state.requests == []


def test_the_listener_inside_does_count_and_the_watch_does_see(
    client: Client, outside: FakeApi, inside: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the check both tests above would find what they look for."""
    monkeypatch.setattr(transport, "is_public", lambda address: True)
    with connections() as connected:
        client.download(Output(cover_src=f"https://127.0.0.1:{inside.port}/a.png"))
    assert connected == ["127.0.0.1"]
    assert len(inside.state.requests) == 1


def test_a_name_that_changes_between_check_and_connection_leads_nowhere_else(
    client: Client, outside: FakeApi, inside: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    really = socket.getaddrinfo

    def rebinding(host: str, *args: object, **options: object) -> list[tuple[object, ...]]:
        if host != "pictures.example":
            return really(host, *args, **options)  # type: ignore[arg-type, return-value]
        asked.append(host)
        address = PUBLIC if len(asked) % 2 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    outside.state.files["/a.png"] = Answer(404)
    with connections() as connected:
        for _ in range(20):
            refused(client, f"https://pictures.example:{inside.port}/a.png")
            client.close()
    assert set(connected) <= {PUBLIC}
    assert inside.state.requests == []
    assert len(asked) == 20, "once for each: the address that was checked is the one that is connected to"


@pytest.mark.parametrize("base", BASES)
def test_what_is_no_base_url_is_refused_before_anything_is_sent(base: str, time: FakeTime) -> None:
    with connections() as connected, pytest.raises(errors.ConfigurationError) as caught:
        client_at(base, time)
    assert is_fit_for_people(str(caught.value).replace("URL", "address"))
    assert connected == []


# What a public address may answer with


ANSWERS = {
    "an endless body": Answer(200, b"\x89PNG\r\n\x1a\n" + b"x" * 65_536, endless=True),
    "a packed gigabyte": Answer(200, gzip.compress(bytes(1_000_000_000), 1), {"Content-Encoding": "gzip"}),
    "a packed gigabyte, packed": Answer(
        200, gzip.compress(gzip.compress(bytes(1_000_000_000), 9), 9), {"Content-Encoding": "gzip, gzip"}
    ),
    "SVG": Answer(200, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    "SVG said to be PNG": Answer(200, b"<svg/>", {"Content-Type": "image/png"}),
    "HTML": Answer(200, b"<!DOCTYPE html><script>alert(1)</script>", {"Content-Type": "text/html"}),
    "a meta refresh": Answer(200, b"<meta http-equiv=refresh content='0;url=http://169.254.169.254/'>"),
    "a Refresh header": Answer(200, b"", {"Refresh": "0;url=http://169.254.169.254/"}),
    "a redirect to itself": Answer(302, b"", {"Location": "/answer"}),
    "a slow drip": Answer(200, picture(), drip=0.2),
    "a slow head": Answer(200, picture(), head_drip=0.2),
    "half of what it says": Answer(200, picture(), cut=True),
    "nothing": Answer(drop=True),
    "a length that is a lie": Answer(200, picture(), {"Content-Length": "999999999999"}),
    "a negative length": Answer(200, picture(), {"Content-Length": "-1"}),
    "a broken packing": Answer(200, b"\x1f\x8b" + b"x" * 50, {"Content-Encoding": "gzip"}),
    "a million headers' worth": Answer(200, picture(), {"X-Long": "x" * 200_000}),
    "a status of its own": Answer(299, picture()),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_no_answer_takes_more_than_a_picture_may(outside: FakeApi, kind: str) -> None:
    outside.state.files["/answer"] = ANSWERS[kind]
    session = requests.Session()
    session.verify = str(CERTIFICATE)
    base = f"https://rerender.example:{outside.port}"
    with (
        Client("a-key", base_url=base, session=session, request_timeout=(2.0, 1.0)) as client,
        pytest.MonkeyPatch.context() as patch,
        connections() as connected,
    ):
        patch.setattr("rerender.client.DOWNLOAD_SECONDS", 1.0)
        tracemalloc.start()
        refused(client, "/answer")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 200_000_000, peak
    assert set(connected) == {PUBLIC}
