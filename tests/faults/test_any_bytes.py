"""Whatever bytes a server sends, the client ends with an error of its own, or with an answer."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rerender import Client, DownloadError, Output, errors
from tests.clients import REQUEST, assert_keyless
from tests.fake_api import API_KEY, picture

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = b'{"render_id": "a", "_id": "a", "phase": "pending"}'
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)

LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK", b"HTTP/1.1 100 Continue", b"HTTP/1.1 101 Switching", b"HTTP/9 x", b"HTTP/1.1 -1 no",
        b"HTTP/1.1 302 Found", b"HTTP/1.1 429 Slow", b"HTTP/1.1 999 ?", b"HTTP/0.9", b"Location: http://[",
        b"Location: //", b"Location: \xff\xfe", b"Content-Length: -1", b"Content-Length: 9, 8", b"Content-Length: x",
        b"Content-Length: 99999999999999999999", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked, gzip",
        b"Content-Encoding: gzip", b"Content-Encoding: deflate, br, gzip, zstd", b"Retry-After: 1e9",
        b"Retry-After: \xb2", b"Connection: upgrade", b"Set-Cookie: \x00=;", b": no name", b" folded", b"", b"\x00",
        b"ffffffffffffffff", b"-1", b"1;x", BODY,
    ]
)  # fmt: skip
ANSWERS = (
    st.binary(max_size=200)
    | st.lists(LINES, max_size=12).map(b"\r\n".join)
    | st.lists(LINES, max_size=9).map(lambda lines: b"HTTP/1.1 200 OK\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + BODY)
    | st.tuples(st.sampled_from([WHOLE, CHUNKED]), st.integers(0, 150), st.binary(max_size=4)).map(
        lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] + len(cut[2]) :]
    )
)


class Scripted:
    """A server that answers every connection with `answer`, whatever it is asked, and closes it."""

    answer = b""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = self.listener.accept()[0]
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    received = b""
                    while b"\r\n\r\n" not in received or (received[:4] == b"POST" and not received.endswith(b"}")):
                        received += connection.recv(65_536) or b"\r\n\r\n}"
                    connection.sendall(self.answer)


@pytest.fixture(scope="module")
def server() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.listener.shutdown(socket.SHUT_RDWR)
    server.listener.close()


@pytest.fixture
def _left_open() -> Iterator[None]:
    """After some unreadable heads urllib3 leaves the socket to Python's collector, which says so."""
    yield
    gc.collect()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("_left_open")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANSWERS)
@example(WHOLE)
@example(CHUNKED)
@example(b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n")
@example(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00")
def test_any_bytes_are_an_answer_or_an_error_of_ours(server: Scripted, answer: bytes) -> None:
    server.answer = answer
    with Client(API_KEY, base_url=server.base_url, request_timeout=(5.0, 5.0), sleep=lambda _seconds: None) as client:
        for call in (
            lambda: client.submit(REQUEST),
            lambda: client.get("a"),
            lambda: client.download(Output(cover_src="/a")),
        ):
            try:
                call()
            except errors.RerenderError as error:
                assert_keyless(error)


@settings(max_examples=150)
@given(
    st.text(max_size=60)
    | st.text(max_size=60).map(lambda text: f"data:image/png;base64,{text}")
    | st.text(max_size=60).map(lambda text: f"data:,{text}")
    | st.tuples(st.sampled_from(["https", "ftp", "file", "", "HTTP"]), st.text(max_size=40)).map("://".join)
)
@example("data:")
@example("data:,\ud800")
@example("https://[::1")
@example("//\ud800/")
@example("https://a\u2100b.example/")
@example("https://" + "a" * 300 + ".example/")
@example("https://a..b/")
def test_any_address_of_an_output_is_a_download_error(src: str) -> None:
    """Nobody answers at the API, and a name of another origin leads nowhere: no text becomes another exception."""
    with Client(API_KEY, base_url="http://127.0.0.1:9", request_timeout=(1.0, 1.0)) as client:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", _no_names)
            with pytest.raises(DownloadError) as caught:
                client.download(Output(cover_src=src))
        assert_keyless(caught.value)


def _no_names(host: str, *args: object, **options: object) -> list[object]:
    host.encode("idna")  # as the real one does, with whatever that raises
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@settings(max_examples=100)
@given(
    st.sampled_from(["PNG", "JPEG", "WEBP"]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=12),
    st.integers(0, 400),
)
def test_a_damaged_picture_is_a_picture_or_is_kept_as_it_came(
    format: str, hits: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(picture(24, 20, format=format))
    for position, value in hits:
        data[position % len(data)] = value
    del data[max(1, length) :]
    hexes = "".join(f"%{byte:02x}" for byte in data)
    with Client(API_KEY, base_url="http://127.0.0.1:9") as client:
        try:
            came = client.download(Output(cover_src=f"data:,{hexes}"))
        except DownloadError as error:
            came = error.data or b""
        assert came == data
