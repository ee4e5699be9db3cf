"""A fake ReRender API on loopback: real HTTP, one `ServerState` whose knobs are scenarios and whose counters are facts.

    with FakeApi() as api:
        api.state.submit_answers = [Answer(503), Answer(drop=True)]     # then it behaves
        api.state.phases = ["pending", "completed"]                     # one for each look at a render
        ...
        assert api.state.submit_count == 2

Every request is recorded before it is answered. Each `FakeApi` has a port of its own, so two of them are two origins.
"""

from __future__ import annotations

import io
import json
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from PIL import Image

API_KEY = "key-for-tests-0123456789"


@lru_cache(maxsize=64)
def picture(width: int = 64, height: int = 48, shade: int = 120, format: str = "PNG") -> bytes:
    """The bytes of a plain picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (shade, 90, 160)).save(buffer, format)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """The start of a PNG that claims to be that large; there are no pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + data + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@dataclass(frozen=True)
class Answer:
    """One scripted answer. `body`: bytes are sent as they are, anything else as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)  # an empty one is left out, also a Content-Length
    delay: float = 0.0  # seconds before anything is sent
    drop: bool = False  # close the connection instead of answering
    cut: bool = False  # announce twice the body's length, send it once, then close
    endless: bool = False  # repeat the body until the client goes away
    drip: float = 0.0  # seconds between single bytes of the body
    head_drip: float = 0.0  # the same for the status line and headers


@dataclass(frozen=True)
class Request:
    """What arrived. Header names are lower case; `peer` is the client's port, the same only on the same connection."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: int

    @property
    def auth(self) -> str | None:
        return self.headers.get("authorization")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ServerState:
    """The knobs (set them at any time) and what came in."""

    api_key: str = API_KEY
    submit_answers: list[Answer] = field(default_factory=list)  # one for each POST, then normal behaviour
    get_answers: list[Answer] = field(default_factory=list)  # one for each look, then normal behaviour
    phases: list[str] = field(default_factory=lambda: ["pending", "processing", "completed"])  # the last one stays
    phases_of: dict[str, list[str]] = field(default_factory=dict)  # the same for one render, by its id
    submit_delay: float = 0.0
    get_delay: float = 0.0
    outputs: list[Any] | None = None  # of a completed render; None: one picture for each of batch_size
    relative_urls: bool = False
    files: dict[str, Answer] = field(default_factory=dict)  # by path; outputs' own paths can be overridden too
    on_request: Callable[[Request], None] | None = None  # called before answering, on the server's thread
    reads_bodies: bool = True  # False: a POST is recorded without its body, which is left unread, and never answered

    requests: list[Request] = field(default_factory=list)
    renders: dict[str, dict[str, Any]] = field(default_factory=dict)  # the bodies of accepted POSTs by render_id
    looks: dict[str, int] = field(default_factory=dict)  # normal looks by render_id

    @property
    def submits(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]

    @property
    def gets(self) -> list[Request]:
        return [request for request in self.requests if request.path.startswith("/api/renders/")]

    @property
    def downloads(self) -> list[Request]:
        return [r for r in self.requests if r.method == "GET" and not r.path.startswith("/api/")]

    @property
    def submit_count(self) -> int:
        return len(self.submits)

    @property
    def get_count(self) -> int:
        return len(self.gets)


class FakeApi:
    """The server. A context manager; `start` and `close` for tests that need it to appear or go in the middle."""

    def __init__(
        self,
        port: int = 0,
        state: ServerState | None = None,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.state = state or ServerState()
        self.host = host
        self.tls = tls
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.connections: set[socket.socket] = set()
        self._port = port
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        return self._server.server_address[1] if self._server else self._port

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def start(self) -> FakeApi:
        self._server = _Server(self)
        self._port = self.port
        threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True).start()
        return self

    def close(self) -> None:
        if self._server is None:
            return
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def answer(self, request: Request) -> Answer:
        """Normal behaviour, or what the script says. Called with the lock held."""
        state = self.state
        if request.path in state.files:
            return state.files[request.path]
        if request.path.startswith("/files/"):
            return self._picture(request.path)
        scripted = state.submit_answers if request.method == "POST" else state.get_answers
        if scripted:
            return scripted.pop(0)
        if request.auth != f"Bearer {state.api_key}":
            return Answer(401, {"error": "Invalid API key"})
        return self._submit(request) if request.method == "POST" else self._look(request)

    def _submit(self, request: Request) -> Answer:
        if not request.path.startswith("/api/workflows/"):
            return Answer(404, {"message": "No such workflow"})
        render_id = f"render{len(self.state.renders) + 1}"
        self.state.renders[render_id] = request.json
        return Answer(200, {"render_id": render_id}, delay=self.state.submit_delay)

    def _look(self, request: Request) -> Answer:
        render_id = request.path.rpartition("/")[2]
        if not request.path.startswith("/api/renders/") or render_id not in self.state.renders:
            return Answer(404, {"message": "No such render"})
        look = self.state.looks.get(render_id, 0)
        self.state.looks[render_id] = look + 1
        phases = self.state.phases_of.get(render_id, self.state.phases)
        phase = phases[min(look, len(phases) - 1)]
        return Answer(200, self.render_json(render_id, phase), delay=self.state.get_delay)

    def render_json(self, render_id: str, phase: str) -> dict[str, Any]:
        """A render as the documentation shows it; `render_id` must have been submitted for pictures to be made."""
        return {
            "_id": render_id,
            "workflow_id": "674829a60a1c7e0df43198b8",
            "inputs": [],
            "outputs": self._outputs(render_id) if phase == "completed" else None,
            "phase": phase,
            "is_sample": False,
            "is_public": False,
            "created_at": 1732800000,
            "updated_at": 1732800005,
            "misc": {},
        }

    def _outputs(self, render_id: str) -> list[Any]:
        if self.state.outputs is not None:
            return self.state.outputs
        body = self.state.renders.get(render_id, {})
        host = "" if self.state.relative_urls else self.base_url
        return [
            {
                "name": f"image {index + 1}",
                "type": "image",
                "desc": "",
                "cover_src": f"{host}/files/{render_id}/{index}.png",
                "cover_width": body.get("image_width", 64),
                "cover_height": body.get("image_height", 48),
            }
            for index in range(body.get("batch_size", 1))
        ]

    def _picture(self, path: str) -> Answer:
        render_id, _, name = path.removeprefix("/files/").partition("/")
        body = self.state.renders.get(render_id)
        if body is None:
            return Answer(404, b"no such file")
        data = picture(body["image_width"], body["image_height"], 100 + 20 * int(name.partition(".")[0]))
        return Answer(200, data, {"Content-Type": "image/png"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        api.closing.clear()
        super().__init__((api.host, api.port), _Handler)
        if api.tls:
            self.socket = api.tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's acknowledgement of its head
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.api.connections.add(self.connection)

    def finish(self) -> None:
        self.server.api.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def _handle(self) -> None:
        api = self.server.api
        headers = {name.lower(): value for name, value in self.headers.items()}
        reads_body = api.state.reads_bodies
        body = self.rfile.read(int(headers.get("content-length", 0))) if reads_body else b""
        request = Request(self.command, self.path, headers, body, self.client_address[1])
        with api.lock:
            api.state.requests.append(request)
        if api.state.on_request:
            api.state.on_request(request)
        if self.command == "POST" and not reads_body:
            api.closing.wait(30)
            self.close_connection = True
            return
        with api.lock:
            answer = api.answer(request)
        if answer.delay:
            api.closing.wait(answer.delay)
        if answer.drop:
            self.close_connection = True
            return
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.head_drip = answer.head_drip
        self.send_response(answer.status)
        length = "" if answer.endless else str(len(body) * 2 if answer.cut else len(body))
        headers = {"Content-Type": "application/json", "Content-Length": length, **answer.headers}
        self.close_connection = answer.cut or not headers["Content-Length"]
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self._write(body, answer.drip)
        while answer.endless and not self.server.api.closing.is_set():
            self.wfile.write(body)

    def flush_headers(self) -> None:
        head, self._headers_buffer = b"".join(self._headers_buffer), []
        self._write(head, self.head_drip)

    def _write(self, data: bytes, drip: float) -> None:
        for position in range(len(data) if drip else 0):
            self.wfile.write(data[position : position + 1])
            if self.server.api.closing.wait(drip):
                return
        if not drip:
            self.wfile.write(data)


class FakeTime:
    """Seconds that pass only when someone sleeps. `step`: seconds that pass with each look at the clock."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 0.0
        self.step = step
        self.sleeps: list[float] = []
        self.on_sleep: Callable[[], object] | None = None

    def clock(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
        if self.on_sleep:
            self.on_sleep()
