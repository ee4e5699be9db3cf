"""What goes out is checked strictly, what comes back is read tolerantly."""

from __future__ import annotations

import contextlib
import json
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rerender.errors import InvalidRequest, MalformedResponse
from rerender.models import TERMINAL, Output, Phase, Range, Render, RenderRequest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
GOOD: dict[str, Any] = {"prompt": "oak", "control_image": b"image"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", " \n"),
        ("prompt", None),
        ("prompt", "x" * 10_001),
        ("prompt", "a\0b"),
        ("prompt", "\ud800"),
        ("control_image", b""),
        ("control_image", "text"),
        ("control_image", bytearray(b"x")),
        ("control_image", b"x" * 20_000_001),
        ("batch_size", 0),
        ("batch_size", 5),
        ("batch_size", True),
        ("batch_size", 1.0),
        ("batch_size", "1"),
        ("image_width", 511),
        ("image_width", 2049),
        ("image_height", 0),
        ("image_height", None),
        ("seed", -1),
        ("seed", 10_000_001),
    ],
)
def test_a_field_outside_its_range_is_named_before_anything_is_sent(field: str, value: object) -> None:
    with pytest.raises(InvalidRequest, match=field) as caught:
        RenderRequest(**GOOD | {field: value})
    assert list(caught.value.problems) == [field]


def test_all_bad_fields_are_named_at_once() -> None:
    with pytest.raises(ValueError, match="whole number from 1 to 4") as caught:
        RenderRequest("", b"", 0, 0, 0, -1)
    assert isinstance(caught.value, InvalidRequest)
    assert list(caught.value.problems) == list(RenderRequest.__dataclass_fields__)


@pytest.mark.parametrize("edge", [(1, 512, 512, 0), (4, 2048, 2048, 10_000_000)])
def test_the_documented_limits_are_allowed(edge: tuple[int, int, int, int]) -> None:
    RenderRequest("oak", b"image", *edge)


@given(st.binary(min_size=1), st.integers(0, 10_000_000))
def test_a_request_survives_json(control_image: bytes, seed: int) -> None:
    request = RenderRequest("Eiche & Glas ☀", control_image, seed=seed)
    assert RenderRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_an_image_is_sent_in_standard_base64_without_a_prefix() -> None:
    assert RenderRequest("oak", b"\xfb\xff\xfe").to_json()["control_image"] == "+//+"


@pytest.mark.parametrize("image", ["data:image/png;base64,aaaa", "-__-", "a", "ä", None, 7])
def test_an_image_that_is_not_plain_base64_is_refused(image: object) -> None:
    with pytest.raises(InvalidRequest, match="base64"):
        RenderRequest.from_json(RenderRequest(**GOOD).to_json() | {"control_image": image})


@settings(max_examples=100)
@given(JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(RenderRequest.__dataclass_fields__, JSON)))
def test_a_request_is_read_from_any_json_or_refused(body: Any) -> None:
    with contextlib.suppress(InvalidRequest):
        assert RenderRequest.from_json(body).seed == body["seed"]


def test_a_missing_field_is_named() -> None:
    with pytest.raises(InvalidRequest, match="seed is missing"):
        RenderRequest.from_json({name: 1 for name in RenderRequest.__dataclass_fields__ if name != "seed"})


def test_requests_are_values_and_do_not_print_their_image() -> None:
    request = RenderRequest(**GOOD)
    with pytest.raises(FrozenInstanceError):
        request.seed = 3  # type: ignore[misc]
    assert "image'" not in repr(request)
    assert request == RenderRequest(**GOOD)


def test_a_render_is_read_as_documented() -> None:
    output = {"name": "a", "type": "image", "desc": "", "cover_src": "/a.png", "cover_width": 8, "cover_height": 6}
    body: dict[str, Any] = {"_id": "r", "workflow_id": "w", "phase": "completed"}
    body |= {"inputs": [output], "outputs": [output, output]}
    body |= {"created_at": 1732800000, "updated_at": 1732800000123, "misc": {"a": 1}, "is_public": False, "new": 7}
    render = Render.from_json(body)
    assert (render.id, render.workflow_id, render.phase, len(render.inputs)) == ("r", "w", "completed", 1)
    assert render.outputs[1] == Output("a", "image", "", "/a.png", 8, 6)
    assert render.created_at == datetime(2024, 11, 28, 13, 20, tzinfo=UTC)
    assert render.updated_at == datetime(2024, 11, 28, 13, 20, 0, 123000, tzinfo=UTC)
    assert (render.misc, render.raw["new"]) == ({"a": 1}, 7)


def test_an_answer_cannot_name_more_outputs_than_a_render_can_have() -> None:
    outputs = [{"cover_src": f"/{number}.png"} for number in range(100_000)]
    render = Render.from_json({"_id": "r", "phase": "completed", "outputs": outputs})
    assert [output.cover_src for output in render.outputs] == [f"/{number}.png" for number in range(16)]
    assert render.raw["outputs"] == outputs, "nothing that was paid for is thrown away"


@pytest.mark.parametrize("body", [None, [], "x", {}, {"_id": "a"}, {"phase": "a"}, {"_id": 7, "phase": "a"}])
def test_without_id_and_phase_it_is_no_render(body: object) -> None:
    with pytest.raises(MalformedResponse):
        Render.from_json(body)


FIELDS = ["inputs", "outputs", "created_at", "updated_at", "misc", "workflow_id"]


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON | st.integers(10**300, 10**320)), st.text(min_size=1))
def test_a_render_is_read_whatever_else_is_in_it(body: dict[str, Any], phase: str) -> None:
    render = Render.from_json(body | {"_id": "a", "phase": phase})
    assert render.phase == phase
    assert render.is_terminal == (phase in ("completed", "failed", "dead"))
    assert all(isinstance(output, Output) for output in render.outputs)


@settings(max_examples=50)
@given(JSON)
def test_a_whole_answer_of_any_json_is_a_render_or_malformed(body: object) -> None:
    with contextlib.suppress(MalformedResponse):
        assert Render.from_json(body).raw == body


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(list(Output.__dataclass_fields__)), JSON))
def test_an_output_has_an_address_or_none(item: dict[str, Any]) -> None:
    output = Output.from_json(item)
    assert output.cover_src is None or (output.cover_src == item["cover_src"] != "")
    assert type(output.cover_width) in (int, type(None))


def test_three_phases_are_terminal() -> None:
    assert {Phase("completed"), Phase("failed"), Phase("dead")} == TERMINAL


def test_a_range_holds_whole_numbers_only() -> None:
    assert 4 in Range(1, 4)
    assert not any(value in Range(0, 4) for value in (5, -1, 1.0, True, "1", None))
    assert [Range(512, 2048).clamp(value) for value in (-1, 600.4, 9e9)] == [512, 600, 2048]
