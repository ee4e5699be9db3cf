"""Whatever comes in, from the network or from the disk, is taken whole or refused in a sentence."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rerender.errors import InvalidRequest
from rerender.models import RenderRequest
from rerender.service.schemas import read_request
from rerender.service.server import LocalServer
from rerender.service.storage import Storage
from tests.service.calls import KEY, Caller, body, picture
from tests.service.engines import FlatEngine

FIELDS = tuple(body())
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
json_values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


# Bodies


@given(
    st.binary()
    | json_values.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
    | st.dictionaries(st.sampled_from(FIELDS) | st.text(), json_values).map(lambda value: json.dumps(value).encode())
)
@example(json.dumps(body(prompt="\ud800")).encode())
@example(json.dumps(body(seed=float("nan"))).encode())
@example(json.dumps(body(prompt="\0")).encode())
def test_any_body_is_refused_naming_fields_that_there_are(data: bytes) -> None:
    with contextlib.suppress(InvalidRequest):
        read_request(data)
        pytest.fail("no generated body holds a picture and all six fields")


@given(field=st.sampled_from(FIELDS), value=json_values)
@settings(max_examples=200)
def test_one_field_with_any_value_is_taken_as_it_is_or_refused_by_its_own_name(field: str, value: Any) -> None:
    sent = body(**{field: value})
    try:
        request = read_request(json.dumps(sent).encode())
    except InvalidRequest as refused:
        names = set(refused.problems)
    else:
        names = {field}
        assert request.to_json() == sent
    assert names <= {field, "body"}


@given(cut=st.integers(0, len(picture()) - 1), bits=st.integers(1, 255))
def test_a_control_image_with_a_damaged_byte_is_taken_byte_for_byte_or_refused(cut: int, bits: int) -> None:
    data = bytearray(picture())
    data[cut] ^= bits
    sent = base64.b64encode(data).decode()
    with contextlib.suppress(InvalidRequest):
        assert read_request(json.dumps(body(control_image=sent)).encode()).control_image == bytes(data)


# Headers and addresses


def status(api: Caller, path: bytes, authorization: bytes | None) -> int:
    connection = http.client.HTTPConnection(api.base_url.removeprefix("http://"), timeout=60)
    with contextlib.closing(connection):
        connection.putrequest("GET", path.decode("ascii"))
        if authorization is not None:
            connection.putheader("Authorization", authorization)
        connection.endheaders()
        with connection.getresponse() as answer:
            if answer.status != 400:  # which is uvicorn's own word for what is no HTTP
                assert answer.headers["Content-Type"] == "application/json"
                assert set(json.loads(answer.read())) == {"error"}
            return answer.status


header_bytes = st.binary(max_size=40).filter(lambda value: not set(value) & {0, 10, 13})
near_misses = st.sampled_from(
    [b"Bearer", b"Bearer ", b"bearer", KEY.encode(), b"Basic " + KEY.encode(), b"Bearer " + KEY.encode() + b"x"]
)


@given(header_bytes | near_misses | header_bytes.map(lambda value: b"Bearer " + value))
def test_no_authorization_but_the_key_itself_opens_anything(shared_api: Caller, authorization: bytes) -> None:
    assert status(shared_api, b"/api/renders/" + b"0" * 24, authorization) in {401, 400}


@given(st.binary(max_size=40).map(lambda name: "".join(f"%{byte:02x}" for byte in name).encode()))
@example(b"..%2f..%2flock")
@example(b"%00")
def test_no_name_of_a_picture_or_a_render_reaches_anything_else(shared_api: Caller, name: bytes) -> None:
    key = f"Bearer {KEY}".encode()
    assert status(shared_api, b"/pictures/" + name, None) == 404
    assert status(shared_api, b"/api/renders/" + name, key) == 404


# Records on the disk


RECORD_FIELDS = ("id", "phase", "created_at", "prompt", "batch_size", "image_width", "seed", "misc", "interruptions")
damages = st.tuples(st.sampled_from(RECORD_FIELDS), json_values) | st.tuples(
    st.sampled_from(("control_image", "pictures")),
    json_values
    | st.fixed_dictionaries({"file": st.sampled_from(["../lock", "/etc/passwd", "a.png"]), "width": st.integers()}),
)


damages |= st.tuples(st.just("bytes"), st.binary())


@given(damages)
@example(("misc", {"plan": float("nan")}))
@example(("created_at", float("inf")))
@example(("created_at", 1e300))
@example(("phase", "processing"))
@example(("interruptions", 10**30))
@example(("control_image", {"file": "../lock", "width": 1, "height": 1}))
@settings(max_examples=8)
def test_whatever_a_record_holds_the_service_starts_works_and_answers(damage: tuple[str, Any]) -> None:
    start_over(damage)


@pytest.mark.proof
@given(damages)
@settings(max_examples=500)
def test_whatever_500_records_hold_the_service_starts_works_and_answers(damage: tuple[str, Any]) -> None:
    start_over(damage)


def start_over(damage: tuple[str, Any]) -> None:
    """Start a service over a folder with a damaged record. Fails unless it renders and answers without a 500."""
    field, value = damage
    with tempfile.TemporaryDirectory() as name:
        path = waiting_render(Path(name))
        changed = json.loads(path.read_bytes()) | ({} if field == "bytes" else {field: value})
        path.write_bytes(value if field == "bytes" else json.dumps(changed).encode())
        server = LocalServer(Path(name), FlatEngine(), [KEY])
        server.start()
        with contextlib.closing(server):
            api = Caller(server.base_url)
            assert api.wait(api.submit())["phase"] == "completed"
            answer = api.get(path.stem)
            assert answer.status_code == 404 or answer.json()["phase"] != "pending"
            assert requests.get(f"{api.base_url}/healthz", timeout=60).json()["status"] == "ok"


def waiting_render(folder: Path) -> Path:
    """The record of a render that waits in a new folder."""
    with contextlib.closing(Storage(folder)) as storage:
        request = RenderRequest("oak", picture(), image_width=512, image_height=512)
        record = storage.create(request, "workflow", 1.0, {"engine": "flat", "version": "1", "plan": {}})
    return folder / "renders" / f"{record.id}.json"
