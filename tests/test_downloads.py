"""Outputs: fetched from wherever the server says, trusted nowhere, kept byte for byte."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote_from_bytes

import pytest

from rerender import DownloadError, Output, downloads
from rerender import client as client_module
from rerender.client import Client
from tests.fake_api import API_KEY, Answer, FakeApi, FakeTime, picture, png_header, unused_port

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


@pytest.mark.parametrize("src", ["/files/a.png", "files/a.png", "//127.0.0.1:{port}/files/a.png"])
def test_relative_addresses_mean_the_api(client: Client, api: FakeApi, src: str) -> None:
    api.state.files["/files/a.png"] = Answer(200, PNG)
    assert download(client, src.format(port=api.port)) == PNG


def test_the_key_goes_to_the_apis_own_origin_only(client: Client, api: FakeApi, elsewhere: FakeApi) -> None:
    api.state.files["/a.png"] = Answer(200, PNG)
    assert download(client, f"{api.base_url}/a.png") == download(client, f"{elsewhere.base_url}/a.png") == PNG
    assert api.state.downloads[0].auth == f"Bearer {API_KEY}"
    assert API_KEY not in repr(elsewhere.state.requests)


def test_a_redirect_to_another_origin_leaves_the_key_behind(client: Client, api: FakeApi, elsewhere: FakeApi) -> None:
    api.state.files["/a.png"] = Answer(302, b"", {"Location": f"{elsewhere.base_url}/a.png"})
    assert download(client, "/a.png") == PNG
    assert API_KEY not in repr(elsewhere.state.requests)


def test_a_look_alike_origin_does_not_get_the_key(client: Client, elsewhere: FakeApi) -> None:
    download(client, f"http://127.0.0.1:{client._auth.origin[2]}@127.0.0.1:{elsewhere.port}/a.png")
    assert API_KEY not in repr(elsewhere.state.requests)


def test_three_redirects_are_followed_and_no_more(client: Client, api: FakeApi) -> None:
    for hop in range(4):
        api.state.files[f"/{hop}"] = Answer(307, b"", {"Location": f"/{hop + 1}"})
    api.state.files["/4"] = Answer(200, PNG)
    assert download(client, "/1") == PNG
    with pytest.raises(DownloadError, match="leads on"):
        download(client, "/0")


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


def test_inline_pictures_are_read(client: Client) -> None:
    encoded = base64.b64encode(PNG).decode()
    assert download(client, f"data:image/png;base64,{encoded}") == PNG
    assert download(client, f"data:image/png,{quote_from_bytes(PNG)}") == PNG
    with pytest.raises(DownloadError, match="inline picture is broken"):
        download(client, "data:image/png;base64,&&&")


@pytest.mark.parametrize("src", [None, ""])
def test_an_output_without_an_address_is_a_download_error(client: Client, src: str | None) -> None:
    with pytest.raises(DownloadError, match="no picture yet"):
        download(client, src)


@pytest.mark.parametrize("status", [204, 304, 401, 403, 404, 410, 500])
def test_an_address_that_says_no_is_a_download_error(client: Client, api: FakeApi, status: int) -> None:
    api.state.files["/a.png"] = Answer(status)
    with pytest.raises(DownloadError, match=f"status {status}"):
        download(client, "/a.png")


def test_bytes_that_are_no_picture_are_kept(client: Client, api: FakeApi) -> None:
    for data in (b"<html>expired</html>", PNG[:-30], picture(format="BMP"), picture(format="GIF"), b""):
        api.state.files["/a.png"] = Answer(200, data)
        with pytest.raises(DownloadError, match="not a usable picture") as caught:
            download(client, "/a.png")
        assert caught.value.data == data


def test_a_picture_of_too_many_pixels_is_not_decoded(client: Client, api: FakeApi) -> None:
    api.state.files["/a.png"] = Answer(200, png_header(9000, 9000))
    with pytest.raises(DownloadError, match="too many pixels"):
        download(client, "/a.png")


def test_a_download_without_an_end_is_cut_off(client: Client, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(client_module, "MAX_BYTES", 1_500_000)
    api.state.files["/a.png"] = Answer(200, b"x" * 50_000, endless=True)
    with pytest.raises(DownloadError, match="over 1 MB"):
        download(client, "/a.png")


def test_room_for_answers_is_more_than_room_for_pictures() -> None:
    assert client_module.MAX_BYTES > downloads.MAX_BYTES, "else a picture that is too large would look broken"


def test_a_download_that_drips_is_given_up_after_a_minute(api: FakeApi) -> None:
    time = FakeTime(step=1.0)
    api.state.files["/a.png"] = Answer(200, b"x" * 10_000, drip=0.001)
    client = Client(API_KEY, base_url=api.base_url, clock=time.clock, sleep=time.sleep)
    with client, pytest.raises(DownloadError, match="timeout"):
        download(client, "/a.png")
    assert 60 < time.now < 70


@pytest.mark.parametrize("answer", [Answer(drop=True), Answer(200, PNG, cut=True)])
def test_a_broken_connection_is_a_download_error_without_the_key(client: Client, api: FakeApi, answer: Answer) -> None:
    api.state.files["/a.png"] = answer
    with pytest.raises(DownloadError) as caught:
        download(client, "/a.png")
    assert not any(hasattr(link, "request") for link in (caught.value, caught.value.__context__))


def test_an_address_where_nobody_answers_is_a_download_error(client: Client) -> None:
    with pytest.raises(DownloadError, match="No answer from"):
        download(client, f"http://127.0.0.1:{unused_port()}/a.png")
