"""What is refused, with which status, and what is said."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rerender.models import DEFAULT_WORKFLOW_ID, RenderRequest
from rerender.service.reading import MAX_BODY_BYTES
from rerender.service.schemas import read_request
from tests.service.calls import KEY, Caller, body, picture, problem, stalled_post

FIELDS = set(body())


def test_the_documented_sample_body_is_refused_naming_each_field(shared_api: Caller) -> None:
    sample = {"prompt": "", "control_image": "", "batch_size": 0, "image_width": 0, "image_height": 0, "seed": 0}
    answer = shared_api.post(sample)
    assert answer.status_code == 422
    assert set(problem(answer)["fields"]) == FIELDS - {"seed"}
    assert "batch_size must be a whole number from 1 to 4." in problem(answer)["message"]
    assert "image_width must be a whole number from 512 to 2048." in problem(answer)["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("batch_size", value) for value in (0, 5, True, "1", 1.0, None, [1])],
        *[(side, value) for side in ("image_width", "image_height") for value in (511, 2049, 512.5)],
        *[("seed", value) for value in (-1, 10_000_001, 10**400, False)],
        *[("prompt", value) for value in ("", "  \n", "x" * 10_001, 7, None, "a\0b")],
        *[("control_image", value) for value in ("", "@@", None, 5, base64.b64encode(b"not a picture").decode())],
        ("control_image", "data:image/png;base64," + base64.b64encode(picture()).decode()),
        ("control_image", base64.b64encode(picture()[:-30]).decode()),
    ],
)
def test_a_field_outside_the_documented_rules_is_refused_by_name(shared_api: Caller, field: str, value: Any) -> None:
    answer = shared_api.post(body(**{field: value}))
    assert answer.status_code == 422
    assert problem(answer)["code"] == "invalid_request"
    assert set(problem(answer)["fields"]) == {field}
    assert problem(answer)["fields"][field].startswith(field)


@pytest.mark.parametrize(
    ("field", "value"),
    [("batch_size", 1), ("batch_size", 4), ("image_width", 512), ("image_height", 2048), ("seed", 0), ("seed", 10**7)],
)
def test_the_ends_of_the_documented_ranges_are_taken(shared_api: Caller, field: str, value: int) -> None:
    assert shared_api.post(body(**{field: value})).status_code == 200


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_missing_field_is_named(shared_api: Caller, field: str) -> None:
    sent = body()
    del sent[field]
    assert problem(shared_api.post(sent))["fields"] == {field: f"{field} is missing."}


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "json", "\xff"])
def test_a_body_that_is_not_announced_as_json_is_refused(shared_api: Caller, content_type: str | None) -> None:
    answer = shared_api.post_raw(json.dumps(body()).encode(), content_type)
    assert answer.status_code == 415
    assert problem(answer)["code"] == "unsupported_media_type"
    assert "Content-Type: application/json" in problem(answer)["message"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON ;x=y"])
def test_json_may_be_announced_with_parameters_and_in_any_case(shared_api: Caller, content_type: str) -> None:
    assert shared_api.post_raw(json.dumps(body()).encode(), content_type).status_code == 200


@pytest.mark.parametrize(
    ("key", "workflow_id", "content_type", "size", "status"),
    [
        ("wrong", "other", "text/plain", 40_000_000, 401),
        (KEY, "other", "text/plain", 40_000_000, 404),
        (KEY, DEFAULT_WORKFLOW_ID, "text/plain", 40_000_000, 415),
        (KEY, DEFAULT_WORKFLOW_ID, "application/json", 40_000_000, 413),
    ],
)
def test_who_where_and_what_are_judged_by_the_headers_before_any_of_the_body_has_come(
    shared_api: Caller,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    workflow_id: str,
    content_type: str,
    size: int,
    status: int,
) -> None:
    monkeypatch.setattr("rerender.service.reading._DRAIN_SECONDS", 0.05)
    head = (
        f"POST /api/workflows/{workflow_id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {size}\r\n\r\n"
    )
    _, _, port = shared_api.base_url.rpartition(":")
    with socket.create_connection(("127.0.0.1", int(port)), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(12) == f"HTTP/1.1 {status}".encode()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b"[" * 100_000, b"prompt=oak"])
def test_a_body_that_is_no_json_object_is_refused(shared_api: Caller, data: bytes) -> None:
    answer = shared_api.post_raw(data)
    assert answer.status_code == 422
    assert set(problem(answer)["fields"]) == {"body"}


def test_an_error_never_repeats_what_was_sent(shared_api: Caller) -> None:
    secret = "a very private prompt "
    answer = shared_api.post(body(prompt=secret * 1000, control_image=secret, batch_size=secret, seed=123_456_789))
    assert answer.status_code == 422
    assert len(answer.content) < 2000
    assert "private" not in answer.text
    assert "123456789" not in answer.text


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused_before_it_is_parsed(shared_api: Caller, chunked: bool) -> None:
    data = b"{" + b" " * MAX_BODY_BYTES
    answer = shared_api.post_raw(iter([data]) if chunked else data)
    assert answer.status_code == 413
    assert problem(answer)["code"] == "payload_too_large"


@pytest.mark.parametrize(("key", "size", "status"), [("wrong", 10_000_000, 401), (KEY, 40_000_000, 413)])
def test_a_client_that_is_refused_while_it_still_sends_gets_to_know_why(
    shared_api: Caller, key: str, size: int, status: int
) -> None:
    # urllib asks for the connection to be closed after the answer, and reads none after a failed send.
    url = f"{shared_api.base_url}/api/workflows/{DEFAULT_WORKFLOW_ID}"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, b" " * size, headers), timeout=60)
    with refused.value as answer:
        assert answer.code == status
        assert json.load(answer)["error"]["message"]


def test_a_body_that_stops_arriving_is_given_up_so_that_others_get_their_turn(
    api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hurried:
        hurried.setattr("rerender.service.reading.BODY_SECONDS", 0.3)
        hurried.setattr("rerender.service.reading._DRAIN_SECONDS", 0.1)
        with stalled_post(api) as stalled:
            assert stalled.recv(12) == b"HTTP/1.1 408"
    assert api.post(body()).status_code == 200


def test_senders_that_stall_hold_up_nobody(shared_api: Caller) -> None:
    with contextlib.ExitStack() as open_connections:
        stalled = [open_connections.enter_context(stalled_post(shared_api)) for _ in range(12)]
        assert shared_api.post(body()).status_code == 200
        for connection in stalled:
            connection.sendall(b"}")
            assert connection.recv(12) == b"HTTP/1.1 422"


def test_bodies_are_parsed_one_at_a_time(shared_api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    parsing: list[int] = []
    most: list[int] = []

    def read(data: bytes) -> RenderRequest:
        parsing.append(1)
        most.append(len(parsing))
        time.sleep(0.02)  # long enough for another to come in between, if any could
        parsing.pop()
        return read_request(data)

    monkeypatch.setattr("rerender.service.api.read_request", read)
    with ThreadPoolExecutor(6) as senders:
        answers = list(senders.map(lambda _: shared_api.post(body()).status_code, range(6)))
    assert (answers, most) == ([200] * 6, [1] * 6)


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_a_body_that_is_read_leaves_no_file(
    tmp_path: Path, api: Caller, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    assert api.post_raw(b" " * size).status_code == 422
    # Only now: on a busy computer the body above takes a while too.
    monkeypatch.setattr("rerender.service.reading.BODY_SECONDS", 0.3)
    monkeypatch.setattr("rerender.service.reading._DRAIN_SECONDS", 0.1)
    with stalled_post(api) as stalled:
        assert stalled.recv(12) == b"HTTP/1.1 408"
    assert not list((tmp_path / "service" / "pictures").iterdir())
