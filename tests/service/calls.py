"""Calling the service as anyone would: over HTTP."""

from __future__ import annotations

import base64
import io
import socket
import time
from typing import Any

import requests
from PIL import Image

from rerender.models import DEFAULT_WORKFLOW_ID
from tests.waiting import wait_until

KEY = "test-key"


def picture(size: tuple[int, int] = (64, 48), format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, format)
    return file.getvalue()


def body(**changes: Any) -> dict[str, Any]:
    """A request that the API takes, with `changes`."""
    image = base64.b64encode(picture()).decode()
    sizes = {"batch_size": 1, "image_width": 512, "image_height": 512}
    return {"prompt": "oak and glass", "control_image": image, **sizes, "seed": 7, **changes}


class Caller:
    """Calls the API over HTTP, as anyone would."""

    def __init__(self, base_url: str, key: str = KEY) -> None:
        self.base_url = base_url
        self._headers = {"Authorization": f"Bearer {key}"}

    def post(self, json: Any, workflow_id: str = DEFAULT_WORKFLOW_ID) -> requests.Response:
        return requests.post(self._url(f"/api/workflows/{workflow_id}"), json=json, headers=self._headers, timeout=60)

    def post_raw(self, data: Any, content_type: str | None = "application/json") -> requests.Response:
        headers = {**self._headers, **({"Content-Type": content_type} if content_type else {})}
        return requests.post(self._url(f"/api/workflows/{DEFAULT_WORKFLOW_ID}"), data=data, headers=headers, timeout=60)

    def submit(self, **changes: Any) -> str:
        answer = self.post(body(**changes))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["render_id"])

    def get(self, render_id: str) -> requests.Response:
        return requests.get(self._url(f"/api/renders/{render_id}"), headers=self._headers, timeout=60)

    def phase(self, render_id: str) -> str:
        return str(self.get(render_id).json()["phase"])

    def wait(self, render_id: str, seconds: float = 20.0) -> dict[str, Any]:
        """The render once it has ended."""
        wait_until(lambda: self.phase(render_id) in {"completed", "failed"}, seconds)
        return dict(self.get(render_id).json())

    def _url(self, path: str) -> str:
        return self.base_url + path


def stalled_post(api: Caller) -> socket.socket:
    """A connection over which a POST was begun and all but the last byte of its body sent."""
    _, _, port = api.base_url.rpartition(":")
    head = f"POST /api/workflows/{DEFAULT_WORKFLOW_ID} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
    connection = socket.create_connection(("127.0.0.1", int(port)), timeout=60)
    connection.sendall(head.encode() + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
    time.sleep(0.05)  # so that the service has begun to read it before the test goes on
    return connection


def problem(answer: requests.Response) -> dict[str, Any]:
    """The error in an answer; fails unless it has the one shape that errors have."""
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert {"code", "message"} <= set(error) <= {"code", "message", "fields"}
    return dict(error)
