"""The paid POST: what is sent, and when it is sent again."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from rerender import errors
from rerender.client import Client
from rerender.models import RenderRequest
from tests.clients import REQUEST, client_at
from tests.fake_api import API_KEY, Answer, FakeApi, FakeTime, picture
from tests.ports import unused_port

# What is sent


def test_a_submit_sends_the_documented_request_and_returns_the_render_id(client: Client, api: FakeApi) -> None:
    assert client.submit(REQUEST) == "render1"
    (sent,) = api.state.submits
    assert sent.path == "/api/workflows/674829a60a1c7e0df43198b8"
    assert sent.auth == f"Bearer {API_KEY}"
    assert sent.headers["content-type"] == "application/json"
    assert sent.json == {
        "prompt": "oak and glass",
        "control_image": base64.b64encode(picture()).decode(),
        "batch_size": 2,
        "image_width": 512,
        "image_height": 640,
        "seed": 7,
    }


def test_a_large_control_image_arrives_whole(client: Client, api: FakeApi) -> None:
    image = bytes(range(256)) * 40_000
    client.submit(RenderRequest("a", image))
    assert base64.b64decode(api.state.submits[0].json["control_image"]) == image


def test_get_asks_for_the_render_and_reads_it(client: Client, api: FakeApi) -> None:
    render = client.get(client.submit(REQUEST))
    assert (render.id, render.phase) == ("render1", "pending")
    assert api.state.gets[0].path == "/api/renders/render1"
    assert api.state.gets[0].auth == f"Bearer {API_KEY}"


def test_a_base_url_may_have_a_path_and_trailing_slashes(api: FakeApi, time: FakeTime) -> None:
    api.state.submit_answers = [Answer(200, {"render_id": "a"})]
    with client_at(f"{api.base_url}/genly//", time) as client:
        client.submit(REQUEST)
    assert api.state.submits[0].path == "/genly/api/workflows/674829a60a1c7e0df43198b8"


def test_each_paid_post_goes_over_a_fresh_connection(client: Client, api: FakeApi) -> None:
    render_id = client.submit(REQUEST)
    client.get(render_id)
    client.get(render_id)
    client.submit(REQUEST)
    first, look, second_look, second = (request.peer for request in api.state.requests)
    assert look == second_look, "looks share a connection"
    assert second not in (first, look)


# A paid POST is sent again only when it certainly never arrived


def test_a_post_that_never_arrived_is_sent_again_and_counts_once(api: FakeApi, time: FakeTime) -> None:
    late = FakeApi(unused_port())
    time.on_sleep = lambda: len(time.sleeps) == 2 and late.start()
    with client_at(late.base_url, time) as client:
        assert client.submit(REQUEST) == "render1"
    late.close()
    assert time.sleeps == [0.5, 1.0]
    assert late.state.submit_count == 1


def test_a_failed_tls_handshake_never_delivers(api: FakeApi, time: FakeTime) -> None:
    with client_at(api.base_url.replace("http:", "https:"), time) as client, pytest.raises(errors.TransportError):
        client.submit(REQUEST)
    assert len(time.sleeps) == 2
    assert not api.state.submits


def test_a_proxy_that_is_not_there_never_delivers(time: FakeTime) -> None:
    session = requests.Session()
    session.proxies = {"https": f"http://127.0.0.1:{unused_port()}"}
    client = client_at("https://rerender.invalid", time, session=session)
    with client, pytest.raises(errors.TransportError, match=r"No answer from 127\.0\.0\.1"):
        client.submit(REQUEST)
    assert len(time.sleeps) == 2


def test_a_429_is_sent_again_at_the_servers_pace(client: Client, api: FakeApi, time: FakeTime) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    api.state.submit_answers = [Answer(429, {}, {"Retry-After": "7"}), Answer(429, {}, {"Retry-After": date})]
    assert client.submit(REQUEST) == "render1"
    first, second = time.sleeps
    assert first == 7
    assert 10 < second <= 40, "what is left of it on a busy computer"
