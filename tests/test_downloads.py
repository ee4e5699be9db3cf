"""Outputs: fetched from wherever the server says, trusted nowhere, kept byte for byte."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rerender import DownloadError, Output
from rerender.client import Client
from tests.fake_api import API_KEY, Answer, FakeApi, FakeTime, picture

PNG = picture(40, 30)


@pytest.fixture
def client(api: FakeApi, time: FakeTime) -> Iterator[Client]:
    with Client(API_KEY, base_url=api.base_url, clock=time.clock, sleep=time.sleep) as client:
        yield client


@pytest.fixture
def elsewhere() -> Iterator[FakeApi]:
    """Another origin: the same host, another port."""
    with FakeApi() as elsewhere:
        elsewhere.state.files["/a.png"] = Answer(200, PNG)
        yield elsewhere


def download(client: Client, src: str | None) -> bytes:
    return client.download(Output(cover_src=src))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_picture_comes_byte_for_byte(client: Client, api: FakeApi, format: str) -> None:
    data = picture(64, 48, 120, format)
    api.state.files["/a"] = Answer(200, data)
    assert download(client, f"{api.base_url}/a") == data


def test_the_key_goes_to_the_apis_own_origin_only(client: Client, api: FakeApi, elsewhere: FakeApi) -> None:
    api.state.files["/a.png"] = Answer(200, PNG)
    assert download(client, f"{api.base_url}/a.png") == download(client, f"{elsewhere.base_url}/a.png") == PNG
    assert api.state.downloads[0].auth == f"Bearer {API_KEY}"
    assert API_KEY not in repr(elsewhere.state.requests)


def test_a_redirect_to_another_origin_leaves_the_key_behind(client: Client, api: FakeApi, elsewhere: FakeApi) -> None:
    api.state.files["/a.png"] = Answer(302, b"", {"Location": f"{elsewhere.base_url}/a.png"})
    assert download(client, "/a.png") == PNG
    assert API_KEY not in repr(elsewhere.state.requests)


def test_a_look_alike_origin_does_not_get_the_key(client: Client, api: FakeApi, elsewhere: FakeApi) -> None:
    download(client, f"http://127.0.0.1:{api.port}@127.0.0.1:{elsewhere.port}/a.png")
    assert API_KEY not in repr(elsewhere.state.requests)


@pytest.mark.parametrize(
    "target",
    ["http://pictures.example/a.png", "file:///etc/passwd", "ftp://a.example", "data:,x", "http://[", "", "//"],
)
def test_a_redirect_or_address_that_must_not_be_asked_is_refused(client: Client, api: FakeApi, target: str) -> None:
    api.state.files["/a.png"] = Answer(301, b"", {"Location": target})
    with pytest.raises(DownloadError, match="could not be fetched"):
        download(client, "/a.png")
    if target and not target.startswith("data:"):
        with pytest.raises(DownloadError, match="could not be fetched"):
            download(client, target)
