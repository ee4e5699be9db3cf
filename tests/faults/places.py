"""Places where nobody answers, and a certificate for servers that do."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.ports import unused_port

CERTIFICATE = Path(__file__).with_name("certificate.pem")
"""A certificate of our own for 127.0.0.1, rerender.example and pictures.example, with its key: for tests only."""

Place = Callable[[pytest.MonkeyPatch], AbstractContextManager[str]]


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def names(monkeypatch: pytest.MonkeyPatch, addresses: Mapping[str, list[str]]) -> list[str]:
    """A name service of the test: each name with its addresses, others unknown. Returns the names it is asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: object, **options: object) -> list[tuple[object, ...]]:
        with contextlib.suppress(OSError):
            return real(host, *args, **options | {"flags": socket.AI_NUMERICHOST})  # type: ignore[arg-type, return-value]
        asked.append(host)
        if host not in addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses[host]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@contextmanager
def nobody_listens(_monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    yield f"http://127.0.0.1:{unused_port()}"


@contextmanager
def unknown_name(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    names(monkeypatch, {})
    yield "https://rerender.example"


@contextmanager
def full_backlog(_monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A listener that accepts nothing, with as many connections waiting as it takes: another one gets no answer."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def silent_handshake(_monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A listener that takes connections and says nothing, where TLS is expected."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"


UNREACHABLE: dict[str, Place] = {
    "connect refused": nobody_listens,
    "DNS failure": unknown_name,
    "connect timeout": full_backlog,
    "TLS handshake without an end": silent_handshake,
}
