"""What may go wrong while an output is fetched, each fault with its rule, and how often the server was asked."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import pytest

from rerender import client as client_module
from rerender import downloads, transport
from rerender.client import Client
from rerender.errors import DownloadError
from rerender.models import Output
from tests.clients import assert_keyless, client_at
from tests.fake_api import Answer, FakeApi, FakeTime, picture, png_header
from tests.faults.places import UNREACHABLE

PNG = picture(40, 30)


@dataclass(frozen=True)
class Case:
    fault: str
    rule: str
    answer: Answer
    says: str
    keeps_bytes: bool = False


def again(fault: str, says: str, status: int = 200, body: Any = b"", **knobs: Any) -> Case:
    return Case(fault, "no picture, to be fetched again by whoever wants it", Answer(status, body, **knobs), says)


def kept(fault: str, body: bytes, says: str = "not a usable picture", **knobs: Any) -> Case:
    return Case(fault, "what was paid for is kept, though it is no picture", Answer(200, body, **knobs), says, True)


CASES = [
    again("drop before answer", "No answer from 127.0.0.1", drop=True),
    again("drop in the body", "No answer from 127.0.0.1", body=PNG, cut=True),
    again("read timeout", "timeout", body=PNG, delay=20),
    again("slow drip of headers", "timeout", body=PNG, head_drip=0.1),
    again("slow drip of the body", "timeout", body=PNG, drip=0.1),
    again("slow drip without a length", "timeout", body=PNG, drip=0.1, headers={"Content-Length": ""}),
    *(
        again(str(status), f"status {status}", status)
        for status in (204, 206, 304, 400, 401, 402, 403, 404, 408, 409, 410, 413, 422, 429, 500, 502, 503, 504)
    ),
    again("429 with Retry-After", "status 429", 429, headers={"Retry-After": "1"}),
    again("redirect to nowhere", "The address must be|leads on", 302),
    kept("empty body", b""),
    kept("HTML", b"<html>expired</html>"),
    kept("wrong type: JSON", b'{"error": "expired"}'),
    kept("wrong type: SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    kept("wrong type: BMP", picture(format="BMP")),
    kept("wrong type: GIF", picture(format="GIF")),
    kept("half a picture", PNG[:-30]),
    kept("half a picture without a length", PNG[:-30], headers={"Content-Length": ""}),
    kept("more pixels than fit into memory", png_header(9000, 9000), "too many pixels"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.fault}: {case.rule}")
def test_a_download(api: FakeApi, time: FakeTime, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    monkeypatch.setattr(client_module, "DOWNLOAD_SECONDS", 2.0 if case.says == "timeout" else 20.0)
    api.state.files["/a.png"] = case.answer
    with (
        client_at(api.base_url, time, request_timeout=(5.0, 20.0)) as client,
        pytest.raises(DownloadError, match=case.says) as caught,
    ):
        client.download(Output(cover_src="/a.png"))
    assert caught.value.data == (case.answer.body if case.keeps_bytes else None), case.rule
    assert (len(api.state.downloads), time.sleeps) == (1 + (case.fault == "redirect to nowhere") * 3, [])
    assert_keyless(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_picture_is_followed(client: Client, api: FakeApi, status: int) -> None:
    api.state.files |= {"/a": Answer(status, b"", {"Location": "/b"}), "/b": Answer(200, PNG)}
    assert client.download(Output(cover_src="/a")) == PNG
    assert [request.path for request in api.state.requests] == ["/a", "/b"]


def test_three_redirects_are_followed_and_no_more(client: Client, api: FakeApi) -> None:
    api.state.files = {f"/{hop}": Answer(307, b"", {"Location": f"/{hop + 1}"}) for hop in range(4)}
    api.state.files["/4"] = Answer(200, PNG)
    assert client.download(Output(cover_src="/1")) == PNG
    with pytest.raises(DownloadError, match="leads on"):
        client.download(Output(cover_src="/0"))
    assert len(api.state.requests) == 4 + 4


def test_all_redirects_together_have_one_deadline(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "DOWNLOAD_SECONDS", 15.0)
    time = FakeTime()
    api.state.on_request = lambda _request: time.sleep(10)
    api.state.files = {"/0": Answer(302, b"", {"Location": "/1"}), "/1": Answer(302, b"", {"Location": "/2"})}
    with client_at(api.base_url, time) as client, pytest.raises(DownloadError, match="timeout"):
        client.download(Output(cover_src="/0"))
    assert len(api.state.requests) == 2


@pytest.mark.parametrize("fault", UNREACHABLE, ids=lambda fault: f"{fault}: no picture, and no waiting")
def test_a_download_from_nobody(monkeypatch: pytest.MonkeyPatch, time: FakeTime, fault: str) -> None:
    with (
        UNREACHABLE[fault](monkeypatch) as base_url,
        client_at(base_url, time, request_timeout=(0.3, 5.0)) as client,
        pytest.raises(DownloadError, match=r"could not be fetched\. No answer from") as caught,
    ):
        client.download(Output(cover_src="/a.png"))
    assert_keyless(caught.value)


@pytest.mark.parametrize("status", [200, 302])
def test_a_download_without_an_end_is_cut_off(
    client: Client, api: FakeApi, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(downloads, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(transport, "MAX_BYTES", 1_500_000)
    api.state.files["/a.png"] = Answer(status, b"x" * 50_000, {"Location": "/none"}, endless=True)
    with pytest.raises(DownloadError, match="over 1 MB" if status == 200 else "status 404"):
        client.download(Output(cover_src="/a.png"))


def test_room_for_answers_is_more_than_room_for_pictures() -> None:
    assert transport.MAX_BYTES > downloads.MAX_BYTES, "else a picture that is too large would look broken"


@pytest.mark.parametrize("src", [None, ""], ids=["outputs null", "outputs empty"])
def test_an_output_without_an_address_asks_nobody(client: Client, api: FakeApi, src: str | None) -> None:
    with pytest.raises(DownloadError, match="no picture yet"):
        client.download(Output(cover_src=src))
    assert api.state.requests == []


@pytest.mark.parametrize("src", ["/files/a.png", "files/a.png", "//127.0.0.1:{port}/files/a.png"])
def test_a_relative_output_means_the_api(client: Client, api: FakeApi, src: str) -> None:
    api.state.files["/files/a.png"] = Answer(200, PNG)
    assert client.download(Output(cover_src=src.format(port=api.port))) == PNG
    assert [request.path for request in api.state.requests] == ["/files/a.png"]


def test_a_data_url_asks_nobody(client: Client, api: FakeApi) -> None:
    encoded = base64.b64encode(PNG).decode()
    assert client.download(Output(cover_src=f"data:image/png;base64,{encoded}")) == PNG
    assert client.download(Output(cover_src=f"DATA:image/png;BASE64,{encoded}")) == PNG
    for broken in ("data:image/png;base64,&&&", "data:image/png;base64", "data:,\ud800", "data:"):
        with pytest.raises(DownloadError, match=r"inline picture is broken|not a usable picture"):
            client.download(Output(cover_src=broken))
    assert api.state.requests == []
