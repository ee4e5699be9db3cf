"""What the tests of the client share: a client at a fake API, and what no exception of it may hold."""

from __future__ import annotations

from collections.abc import Iterator

import requests

from rerender.client import Client
from rerender.models import RenderRequest
from tests.fake_api import API_KEY, FakeTime, picture

REQUEST = RenderRequest("oak and glass", picture(), batch_size=2, image_width=512, image_height=640, seed=7)


def client_at(base_url: str, time: FakeTime, **options: object) -> Client:
    options = {"request_timeout": (5.0, 60.0), "clock": time.clock, "sleep": time.sleep} | options
    return Client(API_KEY, base_url=base_url, **options)  # type: ignore[arg-type]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that it remembers."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def assert_keyless(error: BaseException) -> None:
    for link in chain(error):
        assert API_KEY not in f"{link} {link!r} {vars(link)}"
        assert not hasattr(link, "request"), f"{link!r} holds the headers that were sent"
        assert not isinstance(link, requests.RequestException)
