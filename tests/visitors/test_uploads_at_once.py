"""Many files that come in the same moment, to a host of little memory."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from rerender.studio.workspaces import new_secret
from tests.e2e.app import App
from tests.visitors import messages
from tests.visitors.forging import visit
from tests.visitors.visitor import XSRF, Visitor

FILES, FILE_MB = 12, 24
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
TAIL = b"\r\n--x--\r\n"
LINUX = Path("/proc/self/status").exists()


@pytest.mark.skipif(not LINUX, reason="Linux alone says what a process has taken at most.")
def test_files_that_are_whole_in_the_same_moment_are_in_memory_one_after_the_other(app: App) -> None:
    async def act(visitor: Visitor) -> None:
        before = most_megabytes(app)
        connections = [await asyncio.open_connection("127.0.0.1", app.port) for _ in range(FILES)]
        for number, (_, to_app) in enumerate(connections):
            to_app.write(await head(visitor, app, number) + HEAD + bytes(FILE_MB * 1_000_000))
            await to_app.drain()
        for _, to_app in connections:
            to_app.write(TAIL)
        answers = await asyncio.gather(*(from_app.readline() for from_app, _ in connections))
        for _, to_app in connections:
            to_app.close()
        assert {line.split()[1] for line in answers} == {b"204"}
        # One that is held and one that is read, and a little for each connection.
        assert most_megabytes(app) - before < 5 * FILE_MB

    visit(app, new_secret(), act)


async def head(visitor: Visitor, app: App, number: int) -> bytes:
    """How a browser begins to send such a file."""
    asked, message = messages.place_for(visitor.session_id, f"{number}.png")
    url = (await visitor.ask(asked, message)).file_urls_response.file_urls[0].upload_url
    token = visitor.cookie(XSRF)
    lines = (
        f"PUT {url} HTTP/1.1",
        f"Host: 127.0.0.1:{app.port}",
        f"X-Xsrftoken: {token}",
        f"Cookie: {XSRF}={token}",
        "Content-Type: multipart/form-data; boundary=x",
        f"Content-Length: {len(HEAD) + FILE_MB * 1_000_000 + len(TAIL)}",
        "Connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode()


def most_megabytes(app: App) -> float:
    """Megabytes that the app has taken at most since its start."""
    status = Path(f"/proc/{app.process.pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("ascii"))
    assert found
    return int(found[1]) / 1000
