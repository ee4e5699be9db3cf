"""A ReRender API whose renders take a known time by its own clock. It runs in a process of its own and is light.

with serving(seconds=(2, 2), slots=8) as api:
    ...                          # a client of api.base_url
    api.facts().gets             # what came in, and when each render was completed
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import requests

from rerender import images, samples
from rerender.models import DEFAULT_WORKFLOW_ID

KEY = "key-of-the-benchmarks"
SIDE = 1024
READ_AHEAD = 2**20


@dataclass(frozen=True)
class Facts:
    """What the server counted. `completed_at`: seconds since the epoch by render id, also of what is still to come."""

    posts: int
    gets: int
    completed_at: dict[str, float]


@dataclass(frozen=True)
class TimedApi:
    """A server that is running."""

    base_url: str

    def facts(self) -> Facts:
        """What the server has counted so far."""
        return Facts(**requests.get(f"{self.base_url}/facts", timeout=10).json())


@contextmanager
def serving(seconds: tuple[float, float], *, spread: int = 1, slots: int = 0) -> Iterator[TimedApi]:
    """The server for the time of the `with` block.

    The first `spread` renders take from the first to the second of `seconds`, evenly, and so do the next. It works on
    `slots` renders at a time, 0 for all.
    """
    command = [sys.executable, "-m", "benchmarks.timed_api", *map(str, (*seconds, spread, slots))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield TimedApi(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait()


class _Server:
    def __init__(self, seconds: tuple[float, float], spread: int, slots: int) -> None:
        step = (seconds[1] - seconds[0]) / max(1, spread - 1)
        self._durations = itertools.cycle([seconds[0] + step * index for index in range(spread)])
        self._slots = slots
        self._free_at = [0.0] * slots
        self._renders: dict[str, tuple[float, float]] = {}  # when it begins, and when it is completed
        self._gets = 0
        self._picture = images.prepare(samples.load(samples.SAMPLES[0].name), SIDE, SIDE)
        self.base_url = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until it closes."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, path, _ = head.split(" ", 2)
                headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
                await reader.readexactly(int(headers.get("content-length", 0)))
                if method == "POST":
                    status, answer = self._submit(path, headers)
                else:
                    status, answer = self._look(path, headers)
                line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
                writer.write(f"{line}\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _submit(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        if path != f"/api/workflows/{DEFAULT_WORKFLOW_ID}" or not _has_key(headers):
            return 401, b"{}"
        arrived = time.time()
        begins = max(arrived, heapq.heappop(self._free_at)) if self._slots else arrived
        completed = begins + next(self._durations)
        if self._slots:
            heapq.heappush(self._free_at, completed)
        render_id = f"render{len(self._renders)}"
        self._renders[render_id] = (begins, completed)
        return 200, json.dumps({"render_id": render_id}).encode()

    def _look(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        _, _, render_id = path.rpartition("/")
        if path.startswith("/pictures/"):
            # Bytes after its end make each picture another file, as those of an API are.
            return 200, self._picture + render_id.encode()
        if path == "/facts":
            completed_at = {render_id: completed for render_id, (_, completed) in self._renders.items()}
            facts = {"posts": len(self._renders), "gets": self._gets, "completed_at": completed_at}
            return 200, json.dumps(facts).encode()
        if render_id not in self._renders or not _has_key(headers):
            return 404, b"{}"
        self._gets += 1
        return 200, json.dumps(self._render(render_id)).encode()

    def _render(self, render_id: str) -> dict[str, object]:
        begins, completed = self._renders[render_id]
        now = time.time()
        phase = "pending" if now < begins else "processing" if now < completed else "completed"
        output = {"name": "image", "type": "image", "desc": "", "cover_src": f"{self.base_url}/pictures/{render_id}"}
        size = {"cover_width": SIDE, "cover_height": SIDE}
        return {
            "_id": render_id,
            "workflow_id": DEFAULT_WORKFLOW_ID,
            "inputs": [],
            "outputs": [output | size] if phase == "completed" else [],
            "phase": phase,
            "is_sample": False,
            "is_public": False,
            "created_at": int(begins),
            "updated_at": int(min(now, completed)),
            "misc": {},
        }


def _has_key(headers: dict[str, str]) -> bool:
    return headers.get("authorization") == f"bearer {KEY}"


async def _serve(server: _Server) -> None:
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0, limit=READ_AHEAD)
    server.base_url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    print(server.base_url, flush=True)
    await asyncio.sleep(math.inf)


def main() -> None:
    """Serve as the arguments of `serving` say, in their order."""
    low, high, spread, slots = sys.argv[1:]
    asyncio.run(_serve(_Server((float(low), float(high)), int(spread), int(slots))))


if __name__ == "__main__":
    main()
