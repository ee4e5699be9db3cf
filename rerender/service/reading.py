"""Reading a request: its body within limits of bytes and time, and to its end also when it is refused."""

from __future__ import annotations

import asyncio
import contextlib
from typing import IO

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rerender.models import CONTROL_IMAGE_MAX_BYTES
from rerender.service.refusals import Refusal

# Base64 makes four bytes of three; the rest is for the prompt, escaped, and the other fields.
MAX_BODY_BYTES = 4 * -(-CONTROL_IMAGE_MAX_BYTES // 3) + 256 * 1024
BODY_SECONDS = 60.0
_DRAIN_BYTES = 4 * MAX_BODY_BYTES
_DRAIN_SECONDS = 5.0


def check_announced(request: Request) -> None:
    """See from the headers alone that the body can be taken. Raises `Refusal` with 415 or 413."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        message = "The body must be JSON and say so: Content-Type: application/json."
        raise Refusal(415, "unsupported_media_type", message)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
        raise _too_large()


async def read_body(request: Request, into: IO[bytes]) -> None:
    """Write the body to a file. Raises `Refusal` with 413, 408, or 400 where nobody is left to read the answer."""
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise _too_large()
                await run_in_threadpool(into.write, chunk)
    except TimeoutError:
        raise Refusal(408, "request_timeout", f"The body did not arrive within {BODY_SECONDS:g} seconds.") from None
    except ClientDisconnect:
        raise Refusal(400, "incomplete_body", "The connection closed before the body had arrived.") from None


def _too_large() -> Refusal:
    return Refusal(413, "payload_too_large", f"The body is over {MAX_BODY_BYTES:,} bytes.")


class ReadToTheEnd:
    """Reads the rest of a refused request before answering.

    A server that answers and closes while the body is still being sent resets the connection, and the client
    never learns that its key was wrong or its picture too large. Bounded in bytes and in time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        at_end = False

        async def watched_receive() -> Message:
            nonlocal at_end
            message = await receive()
            at_end = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def read_rest() -> None:
            size = 0
            while not at_end and size < _DRAIN_BYTES:
                size += len((await watched_receive()).get("body", b""))

        async def late_send(message: Message) -> None:
            if message["type"] == "http.response.start" and not at_end:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(read_rest(), _DRAIN_SECONDS)
            await send(message)

        await self._app(scope, watched_receive, late_send)
