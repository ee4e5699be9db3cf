"""One HTTP exchange: it certainly ends, its size is bounded, and it asks no address that it should not.

Timeouts of `requests` are for each wait on a socket; a server that drips its headers, or reads slowly, outlives them
all. Here a timer shuts the connection down, and the address that was checked is the one that is connected to.
"""

from __future__ import annotations

import contextlib
import io
import re
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

from rerender.errors import ConfigurationError, RerenderError, TransportError

LOOPBACK, LONGEST_NAME = frozenset({"localhost", "127.0.0.1", "::1"}), 253
CHUNK, MAX_BYTES = 65_536, 64_000_000  # room for four pictures of 2048 px as `data:` URLs
_GLOBAL_UNICAST, _NAT64 = IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96")
# Public by the rules of some Python versions: protocols' own addresses, and where two clouds keep their keys.
_RESERVED = tuple(map(ip_network, ("192.0.0.0/24", "168.63.129.16/32", "192.88.99.0/24", "2001::/23", "3fff::/20")))


@dataclass(frozen=True, repr=False)
class Answer:
    """What came back, whatever its status. Without a `repr`: a server may echo the key."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(requests.adapters.HTTPAdapter):
    """Exchanges with the API at `origin`, which alone gets the key, and with addresses that it names. One at a time.

    Another origin gets a bare request: of the session only its proxies and `verify`. It must be https, or on this
    machine like the API; unless the API itself was reached at a private address, it must not lead to one. Behind a
    proxy that holds for names that can be looked up here. A SOCKS proxy's connections keep the timeouts of `requests`.
    The session's own adapters are not used: a mounted `Retry` would send a paid POST again.
    """

    def __init__(self, session: requests.Session, key: str, connect_seconds: float) -> None:
        super().__init__()
        self.origin, self.key = ("", "", 0), key
        self._session, self._connect_seconds = session, connect_seconds
        self._is_own, self._is_api_private, self.is_over = True, False, False
        self._sockets: list[socket.socket] = []

    def exchange(self, method: str, url: str, seconds: float, body: io.BytesIO | None = None) -> Answer:
        """Ask once, follow nothing, and be done within `seconds`, from looking the name up to the last byte.

        Raises `TransportError` or `ConfigurationError`, which remember nothing of the request.
        """
        host, self.is_over, timer = origin_of(url)[1], seconds <= 0, threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            return self._exchange(method, url, seconds, body)
        except RerenderError as error:
            problem = str(error)
        except Exception as error:  # whatever a library raises, a paid POST ends in an error of ours
            reason = getattr(error.args[0] if error.args else error, "reason", None) or error
            problem = f"No answer from {host} ({'timeout' if self.is_over else _words(reason)})."
        finally:
            timer.cancel()
            timer.join()  # else it could shut down what the next exchange uses
            while self._sockets:
                self._sockets.pop().close()
        # Raised out here because an exception remembers the one it replaces, and that one holds the key.
        raise TransportError(problem)

    def watch(self, sock: socket.socket) -> None:
        """Shut this connection down when the time of the exchange is over, whatever it is waiting for."""
        # A duplicate: TLS takes the socket itself apart, and an answer can outlive its connection.
        self._sockets.append(socket.socket(fileno=socket.dup(sock.fileno())))
        if self.is_over:
            self._cut()

    def _cut(self) -> None:
        self.is_over = True
        for sock in list(self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _exchange(self, method: str, url: str, seconds: float, body: io.BytesIO | None) -> Answer:
        bare = requests.Request(method, url, data=body)
        request = self._session.prepare_request(bare)
        # With its own `verify`, which REQUESTS_CA_BUNDLE would override else.
        settings: Any = self._session.merge_environment_settings(request.url, {}, True, self._session.verify, None)
        origin = origin_of(request.url or "")
        self._is_own = origin == self.origin
        if self._is_own:
            request.headers["Authorization"] = f"Bearer {self.key}"  # last, over what ~/.netrc says
        else:
            request, settings["cert"] = bare.prepare(), None
            self._check_origin(*origin, select_proxy(request.url or "", settings["proxies"]))
        with self.send(request, timeout=(min(self._connect_seconds, seconds), seconds), **settings) as response:
            raw, content = response.raw, bytearray()
            # read1 gives what has arrived: other reads block until all that they want is there.
            while block := raw.read1(min(CHUNK, MAX_BYTES - len(content)), decode_content=True):
                content += block
            if self.is_over and raw.length_remaining != 0:
                raise TimeoutError  # where no length was said, a connection shut down looks like the answer's end
            return Answer(response.status_code, response.headers, bytes(content))

    def _check_origin(self, scheme: str, host: str, port: int, proxy: str | None) -> None:
        if scheme != "https" and not {host, self.origin[1]} <= LOOPBACK:
            raise TransportError(f"{host} is asked over https only.")
        if proxy:
            with contextlib.suppress(OSError, ValueError):
                self.check(host, look_up(host, port, self._connect_seconds))

    def check(self, host: str, addresses: list[str]) -> None:
        """Raise `TransportError` when this exchange must not go to one of the host's addresses."""
        is_private = not all(map(is_public, addresses))
        if self._is_own:
            self._is_api_private = is_private
        elif is_private and not self._is_api_private and self.origin[1] not in LOOPBACK:
            raise TransportError(f"{host} is not asked: it leads to a private address.")

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """The pool for a request, with connections of ours."""
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        if pool.ConnectionCls in (HTTPConnection, HTTPSConnection):
            pool.ConnectionCls = type("Connection", (_Connection, pool.ConnectionCls), {"transport": self})
        return pool


class _Connection(HTTPConnection):
    transport: Transport
    debuglevel = 0  # set to 1 on the standard library's class, as people do to see requests, it would print the key

    def _new_conn(self) -> socket.socket:
        timeout = self.timeout or 0.0
        try:
            addresses = look_up(self._dns_host.strip("[]"), self.port, timeout)
            if self.proxy is None:
                self.transport.check(self.host, addresses)
            share = timeout / min(len(addresses), 2)  # else one that is not there takes the time of all
            for address in addresses:
                try:
                    sock = create_connection((address, self.port), share, None, self.socket_options)
                    break
                except OSError:
                    if address == addresses[-1] or self.transport.is_over:
                        raise
        except (OSError, ValueError) as error:
            raise TransportError(f"No answer from {self.host} ({_words(error)}).") from None
        sock.settimeout(timeout)
        self.transport.watch(sock)
        if self.transport.is_over:
            # TLS would leave a socket open that was shut down before its first word.
            sock.close()
            raise TransportError(f"No answer from {self.host} (timeout).")
        return sock

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:  # kept from the last exchange
            self.transport.watch(self.sock)
        super().request(*args, **options)


def look_up(host: str, port: int, seconds: float) -> list[str]:
    """The IP addresses of a name, in the system's order. Raises `TimeoutError`, else an `OSError` or `ValueError`."""
    found: Future[list[str]] = Future()

    def ask() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.set_result(list(dict.fromkeys(str(entry[4][0]) for entry in entries)))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()  # the system's resolver takes as long as it likes
    return found.result(seconds)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet. One that IPv6 translates to IPv4 counts as what it stands for."""
    ip = ip_address(address)
    if ip in _NAT64:
        ip = IPv4Address(int(ip) % 2**32)
    is_native = isinstance(ip, IPv4Address) or (ip in _GLOBAL_UNICAST and not ip.sixtofour)
    is_reserved = any(ip in network for network in _RESERVED)
    return is_native and ip.is_global and not ip.is_multicast and not is_reserved


def origin_of(url: str, allow_http: bool = True) -> tuple[str, str, int]:
    """Scheme, host and port: what a key is bound to. Raises `ConfigurationError` for an address not to be asked."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise ConfigurationError("The address is not a URL.") from None
    secure = parts.scheme == "https" or (parts.scheme == "http" and (allow_http or host in LOOPBACK))
    if not secure or not 0 < len(host) <= LONGEST_NAME or not parts.netloc.isprintable() or "\\" in parts.netloc:
        raise ConfigurationError("The address must be an https URL (http only to this machine).")
    return parts.scheme, host, port


def _words(error: BaseException) -> str:
    name = "UnknownName" if isinstance(error, socket.gaierror) else type(error).__name__
    words = re.sub("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).lower()
    return re.sub("(refused|reset|aborted|timeout|pipe) error$", r"\1", words)
