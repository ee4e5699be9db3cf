"""The client: one call that costs (`submit`), and looking until a render has ended.

Every wait has an end. `rerender.transport` makes the single exchanges, and keeps the key with the API.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import requests

from rerender import downloads, errors
from rerender.bounded_json import read_json
from rerender.errors import ApiError, ConfigurationError, MalformedResponse, SubmissionUncertain, TransportError
from rerender.models import DEFAULT_WORKFLOW_ID, Output, Phase, Render, RenderRequest
from rerender.transport import LOOPBACK, Answer, Transport, origin_of

DEFAULT_BASE_URL = "https://rerender.genly.ai"
UNCERTAIN = "The run may have been charged, so it is not sent again by itself."
BACKOFF = (0.5, 1.0)  # seconds before a POST that never arrived is sent again, and again
MAX_RETRY_AFTER, NOT_FOUND_GRACE, DOWNLOAD_SECONDS = 60.0, 10.0, 60.0
UPLOAD_RATE = 100_000  # bytes a second that a slow line may take to send an image, before the wait for an answer
OnUpdate = Callable[[Render], object]


class Client(contextlib.AbstractContextManager["Client"]):
    """Talks to the ReRender API; make one for each thread. Raises `ConfigurationError`.

    Without a key that of `GENLY_API_KEY` is used, and `GENLY_BASE_URL` and `GENLY_WORKFLOW_ID` for what is not given.
    `request_timeout`: seconds to connect, and for a whole exchange. `poll_floor`: least seconds between two looks.
    A given `session` (for proxies, certificates) belongs to the client from then on; its adapters are not used.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        workflow_id: str | None = None,
        request_timeout: tuple[float, float] = (5.0, 60.0),
        poll_floor: float = 1.0,
        allow_http: bool = False,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # The environment's key goes to the environment's address, and a given one never there.
        ask = api_key is None
        base_url = _setting("GENLY_BASE_URL", ask) or DEFAULT_BASE_URL if base_url is None else base_url
        workflow_id = _setting("GENLY_WORKFLOW_ID", ask) or DEFAULT_WORKFLOW_ID if workflow_id is None else workflow_id
        api_key = _setting("GENLY_API_KEY", ask) if api_key is None else api_key
        self.base_url, self.workflow_id, session = base_url.rstrip("/"), workflow_id, session or requests.Session()
        self._transport = Transport(session, api_key, request_timeout[0])
        del api_key  # a traceback that shows local variables must not show a key that is nearly right
        if not re.fullmatch("[!-~]+", self._transport.key):
            raise ConfigurationError(
                "The API key (GENLY_API_KEY) is missing, or has characters that no key has, like a blank."
            )
        if not re.fullmatch("[!-~]+", base_url) or set(base_url) & set("@?#"):
            raise ConfigurationError("The base URL must have no user name, query, fragment, blank or accent.")
        if not is_id(workflow_id):
            raise ConfigurationError("The workflow id is not an id.")
        self._transport.origin = origin_of(base_url, allow_http)
        self._timeouts, self._poll_floor, self._clock, self._sleep = request_timeout, poll_floor, clock, sleep
        session.headers["Content-Type"] = "application/json"
        session.trust_env &= self._transport.origin[1] not in LOOPBACK  # HTTP_PROXY would carry the key elsewhere

    def submit(self, request: RenderRequest) -> str:
        """Send one paid run and return its `render_id`. Sent again only if it never arrived, or at the pace of a 429.

        Raises `SubmissionUncertain` when it may have arrived, `TransportError` when it certainly did not, `ApiError`.
        """
        body, backoff = io.BytesIO(json.dumps(request.to_json()).encode()), iter(BACKOFF)
        seconds = submit_seconds(request, self._timeouts)
        while True:
            self.close()  # a kept connection may be dead by now, and then nobody knows if a POST arrived
            body.seek(0)
            try:
                answer = self._call("POST", f"/api/workflows/{quote(self.workflow_id)}", seconds, body)
                break
            except (TransportError, errors.ServerError, errors.RateLimited) as error:
                # Without any of its body, no POST has arrived: whatever failed, failed before.
                if body.tell() and not isinstance(error, errors.RateLimited):
                    raise SubmissionUncertain(f"{error} {UNCERTAIN}") from None
                pace = getattr(error, "retry_after", 0.0)
                pause = max(next(backoff, math.inf), math.inf if pace is None else pace)
                if pause > MAX_RETRY_AFTER:
                    raise
            self._sleep(pause)
        said = _json(answer.body)
        render_id = said.get("render_id") if isinstance(said, dict) else None
        if not is_id(render_id):
            # Nowhere else is what may tell the run's owner which render it is.
            text = self._safe(_printable(_text(answer.body))) or "nothing that can be read"
            raise SubmissionUncertain(f"The API answered without a usable render id ({text}). {UNCERTAIN}")
        return str(render_id)

    def get(self, render_id: str, *, timeout: float = math.inf) -> Render:
        """Look at a render once. Raises `ApiError`, `TransportError`, `MalformedResponse`."""
        if not is_id(render_id):
            raise errors.InvalidRequest({"render_id": "render_id is not an id."})
        seconds = min(timeout, self._timeouts[1])
        return Render.from_json(_json(self._call("GET", f"/api/renders/{quote(render_id)}", seconds).body))

    def watch(self, render_id: str, *, timeout: float = 300.0) -> Iterator[Render]:
        """Look until the render has ended; yield it first and whenever its phase or outputs change.

        Waits out no connection, 408, 429, 5xx, an early 404, two unreadable answers in a row. Raises `WaitTimeout`.
        """
        start = since = self._clock()
        last, unreadable = None, 0
        while True:
            elapsed, pace = self._clock() - start, 0.0
            try:
                render = self.get(render_id, timeout=max(1.0, timeout - elapsed))
                unreadable = 0
            except (ApiError, MalformedResponse, TransportError) as error:
                unreadable += isinstance(error, MalformedResponse)
                status = getattr(error, "status", 503)
                passing = status >= 500 or status in (408, 429) or (status == 404 and elapsed < NOT_FOUND_GRACE)
                if unreadable == 3 or not passing:
                    raise
                pace = min(getattr(error, "retry_after", None) or 0.0, MAX_RETRY_AFTER)
            else:
                if last and render.phase != last.phase:
                    since = self._clock()  # a long wait in a queue says nothing of how long the rendering takes
                if last is None or (render.phase, render.outputs) != (last.phase, last.outputs):
                    yield render
                if render.is_terminal:
                    return
                last = render
            elapsed = self._clock() - start
            if elapsed >= timeout:
                raise errors.WaitTimeout(render_id, last)
            pause = poll_delay(self._clock() - since, self._poll_floor) * random.uniform(1.0, 1.1)  # noqa: S311
            self._sleep(min(max(pause, pace), timeout - elapsed))

    def wait(self, render_id: str, *, timeout: float = 300.0, on_update: OnUpdate | None = None) -> Render:
        """The completed render. Raises `RenderFailed`, `WaitTimeout`, `MalformedResponse` when it has no picture."""
        for render in self.watch(render_id, timeout=timeout):
            if on_update:
                on_update(render)
        if render.phase != Phase.COMPLETED:
            raise errors.RenderDied(render) if render.phase == Phase.DEAD else errors.RenderFailed(render)
        if not any(output.cover_src for output in render.outputs):
            raise MalformedResponse(f"Render {render_id} is completed but has no pictures.")
        return render

    def run(self, request: RenderRequest, *, timeout: float = 300.0, on_update: OnUpdate | None = None) -> Render:
        """`submit`, then `wait`."""
        return self.wait(self.submit(request), timeout=timeout, on_update=on_update)

    def download(self, output: Output, *, turn: downloads.Turn = contextlib.nullcontext) -> bytes:
        """An output's picture file, byte for byte, within 60 s; decoded within `turn(data)`. Raises `DownloadError`."""
        if not output.cover_src:
            raise errors.DownloadError("This output has no picture yet.")
        end = self._clock() + DOWNLOAD_SECONDS
        return downloads.fetch(
            output.cover_src,
            f"{self.base_url}/",
            lambda url: self._transport.exchange("GET", url, end - self._clock()),
            turn,
        )

    def close(self) -> None:
        """Close the connection that is kept for the next look."""
        self._transport.close()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client(base_url={self.base_url!r}, workflow_id={self.workflow_id!r})"

    def _call(self, method: str, path: str, seconds: float, body: io.BytesIO | None = None) -> Answer:
        """An answer of 2xx. Raises `ApiError`, `TransportError`."""
        answer = self._transport.exchange(method, self.base_url + path, seconds, body)
        if not 200 <= answer.status < 300:
            raise self._refusal(answer)
        return answer

    def _safe(self, text: str) -> str:
        return text.replace(self._transport.key, "[key]")[:200]

    def _refusal(self, answer: Answer) -> ApiError:
        detail = self._safe(_excerpt(answer.body))
        kind, message = _REFUSALS.get(answer.status) or _REFUSALS.get(answer.status // 100) or _REFUSALS[5]
        pace = parse_retry_after(answer.headers.get("Retry-After", ""))
        return kind(answer.status, f"{message} (status {answer.status}).", detail, pace)


def _setting(name: str, is_asked: bool) -> str:
    return os.environ.get(name, "").strip() if is_asked else ""


def submit_seconds(request: RenderRequest, request_timeout: tuple[float, float]) -> float:
    """The most seconds that one POST of the request takes: longer with a larger image, which is sent as base64."""
    return request_timeout[1] + len(request.control_image) * 4 / 3 / UPLOAD_RATE


def poll_delay(elapsed: float, floor: float) -> float:
    """Seconds until the next look at a render `elapsed` seconds after its phase changed: an eighth, `floor` to 30."""
    return max(floor, min(elapsed / 8, 30.0))


def parse_retry_after(header: str) -> float | None:
    """Seconds that a `Retry-After` header asks for, as a number or an HTTP date; None when it is neither."""
    if re.fullmatch("[0-9]{1,9}", header):
        return float(header)
    try:
        date = parsedate_to_datetime(header)
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


_REFUSALS: Mapping[int, tuple[type[ApiError], str]] = {  # by status, else by its first digit
    3: (ApiError, "The base URL is wrong: the API answered with a redirect"),
    4: (ApiError, "The API refused the request"),
    5: (errors.ServerError, "The API is in trouble"),
    401: (errors.AuthenticationError, "The API refused the key"),
    402: (errors.InsufficientCredits, "The account has no credits left"),
    403: (errors.AuthenticationError, "The API refused the key"),
    404: (errors.NotFound, "The API has no such render or workflow"),
    413: (errors.PayloadTooLarge, "The control image is larger than the API takes"),
    429: (errors.RateLimited, "The API has had too many requests; wait a little"),
}


def _json(body: bytes) -> Any:
    """What the body says, None when it is not JSON."""
    try:
        return read_json(body)
    except (ValueError, RecursionError):
        return None


def _excerpt(body: bytes) -> str:
    """What an error answer says, on one printable line; nothing for HTML."""
    said = _json(body[:100_000])
    return _printable(_text(body) if said is None else _said(said))


def _text(body: bytes) -> str:
    return body[:100_000].decode("utf-8-sig", "replace")


def _printable(text: str) -> str:
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return "" if text.startswith("<") else text


def _said(value: Any) -> str:
    if isinstance(value, dict):
        value = [value.get(key) for key in ("loc", "error", "message", "detail", "msg")]
    if isinstance(value, list):
        return ": ".join(filter(None, map(_said, value)))
    return value if isinstance(value, str) else ""


def is_id(value: object) -> bool:
    """Whether `value` can be one segment of a URL's path."""
    return isinstance(value, str) and value.isprintable() and bool(re.fullmatch(r"(?!\.+$)[^ /?#\\]{1,200}", value))
