from __future__ import annotations

import json
import logging
import math
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from rerender.client import Client
from rerender.errors import RenderDied, SubmissionUncertain
from rerender.models import RenderRequest
from rerender.service.faults import BadFaults, Fault, Numbers, parse_faults, read_faults
from rerender.service.server import LocalServer
from tests.service.calls import KEY, Caller, body, picture
from tests.service.engines import FlatEngine
from tests.waiting import wait_until

# The file


def rule(**fields: Any) -> str:
    return json.dumps([{"on": "look", "number": 1, **fields}])


@pytest.mark.parametrize(
    ("number", "hit"),
    [
        (1, {1}),
        (3, {3}),
        ("3", {3}),
        ("2-4", {2, 3, 4}),
        ("5-", {5, 6, 7}),
        ("every 3", {3, 6}),
        ("every 1", set(range(1, 8))),
    ],
)
def test_a_rule_is_for_one_request_a_range_or_each_so_manieth(number: Any, hit: set[int]) -> None:
    (fault,) = parse_faults(rule(number=number, status=500))
    assert {count for count in range(1, 8) if count in fault.number} == hit


def test_every_field_of_a_rule_is_read() -> None:
    text = """[{"on": "submit", "number": 1, "delay": 0.5, "status": 429, "retry_after": 2, "after_work": true},
               {"on": "submit", "number": 2, "drop": true},
               {"on": "picture", "number": 1, "truncate": 0.5},
               {"on": "look", "number": "2-", "phase": "dead"}]"""
    assert parse_faults(text) == (
        Fault("submit", Numbers(1, 1), delay=0.5, status=429, retry_after=2, after_work=True),
        Fault("submit", Numbers(2, 2), drop=True),
        Fault("picture", Numbers(1, 1), truncate=0.5),
        Fault("look", Numbers(2, math.inf), phase="dead"),
    )


def test_the_example_in_the_documentation_is_taken() -> None:
    page = (Path(__file__).parents[2] / "docs" / "local-api.md").read_text("utf-8")
    (example,) = re.findall(r"^    (\[\n.*?\n    \])$", page, re.DOTALL | re.MULTILINE)
    assert len(parse_faults(example)) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("{}", "must be a JSON list"),
        ("[]", "must be a JSON list"),
        ("[3]", "Rule 1 must be a JSON object"),
        ('[{"number": 1, "drop": true}]', 'Rule 1 needs "on": submit, look or picture'),
        ('[{"on": "look", "drop": true}]', 'Rule 1 needs "number": a number from 1'),
        (rule(on="download", drop=True), '"on" must be submit, look or picture'),
        (rule(on=[], drop=True), '"on" must be submit, look or picture'),
        *[
            (rule(number=bad, drop=True), '"number" must be')
            for bad in (0, -1, True, 1.0, "x", "0", "1.0", "-3", "4-2", "0-3", "every 0")
        ],
        *[(rule(delay=bad), '"delay" must be') for bad in (-1, math.nan, math.inf, "1", True, None, 10**400)],
        *[(rule(status=bad), '"status" must be') for bad in (200, 600, "503", True, 503.0)],
        *[(rule(status=429, retry_after=bad), '"retry_after" must be') for bad in (-1, 0.5, "1")],
        *[(rule(truncate=bad), '"truncate" must be') for bad in (1, -0.1, "half", True)],
        *[(rule(phase=bad), '"phase" must be') for bad in ("", 5, "x" * 101)],
        *[(rule(drop=bad), '"drop" must be') for bad in (False, 1, "before")],
        (rule(dealy=1), "has a field that no rule has"),
        (rule(), "Rule 1 does nothing"),
        (rule(after_work=True, delay=1), '"after_work" goes with "status" or "drop" only'),
        (rule(retry_after=1, drop=True), '"retry_after" goes with "status" only'),
        (rule(status=500, drop=True), 'has both "status" and "drop"'),
        (rule(on="submit", phase="dead"), '"phase" goes with "on": "look" only'),
    ],
)
def test_a_rule_that_makes_no_sense_is_named_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(BadFaults) as refused:
        parse_faults(text)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 200


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFaults, match=r"nowhere\.json cannot be read: No such file or directory\."):
        read_faults(tmp_path / "nowhere.json")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "faults.json").write_bytes(b"\xff")
    with pytest.raises(BadFaults, match=r"faults\.json cannot be read: it is no text\."):
        read_faults(tmp_path / "faults.json")


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_values = _scalars | st.sampled_from(["submit", "look", "picture", "2-4", "every 3", 1, 0.5, 503, True])
_rules = st.dictionaries(st.sampled_from([*Fault.__slots__]) | st.text(max_size=5), _values | st.lists(_values))


@given(st.text() | st.recursive(_scalars, st.lists).map(json.dumps) | st.lists(_rules).map(json.dumps))
def test_whatever_the_file_holds_it_is_taken_whole_or_refused(text: str) -> None:
    try:
        faults = parse_faults(text)
    except BadFaults:
        return
    assert faults
    for fault in faults:
        assert fault.on in {"submit", "look", "picture"}
        assert fault.number.first >= 1
        assert 0 <= fault.delay <= 3600
        assert fault.status is None or 400 <= fault.status < 600


# The service


@pytest.fixture
def faulty(tmp_path: Path, engine: FlatEngine) -> Iterator[Callable[..., Caller]]:
    """Starts a service with the rules of its arguments."""
    started: list[LocalServer] = []

    def start(*rules: dict[str, Any]) -> Caller:
        faults = parse_faults(json.dumps(rules))
        started.append(LocalServer(tmp_path / "service", engine, [KEY], faults=faults))
        started[-1].start()
        return Caller(started[-1].base_url)

    yield start
    for server in started:
        server.close()


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[], int]:
    return lambda: len(list((tmp_path / "service" / "renders").glob("*.json")))


def idle(api: Caller) -> bool:
    health = requests.get(api.base_url + "/healthz", timeout=60).json()
    return bool(health["waiting"] == health["working"] == 0)


def test_a_dropped_request_gets_no_answer_and_its_work_was_not_done(
    faulty: Callable[..., Caller], stored: Callable[[], int], caplog: pytest.LogCaptureFixture
) -> None:
    api = faulty({"on": "submit", "number": 1, "drop": True})
    with pytest.raises(requests.ConnectionError):
        api.post(body())
    assert stored() == 0
    assert api.post(body()).status_code == 200
    assert stored() == 1
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_work_can_be_done_before_the_connection_drops_or_an_error_is_answered(
    faulty: Callable[..., Caller], stored: Callable[[], int]
) -> None:
    api = faulty(
        {"on": "submit", "number": 1, "drop": True, "after_work": True},
        {"on": "submit", "number": 2, "status": 502, "after_work": True},
        {"on": "submit", "number": 3, "status": 502},
    )
    with pytest.raises(requests.ConnectionError):
        api.post(body())
    assert stored() == 1
    assert api.post(body()).status_code == 502
    assert stored() == 2
    assert api.post(body()).status_code == 502
    assert stored() == 2


def test_a_status_comes_in_the_shape_of_every_error_and_with_its_retry_after(faulty: Callable[..., Caller]) -> None:
    api = faulty({"on": "submit", "number": 1, "status": 429, "retry_after": 3})
    answer = api.post(body())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert answer.json()["error"]["code"] == "rehearsed_fault"


def test_a_truncated_picture_announces_all_its_bytes_and_sends_some(
    faulty: Callable[..., Caller], caplog: pytest.LogCaptureFixture
) -> None:
    api = faulty({"on": "picture", "number": 2, "truncate": 0.5})
    url = api.wait(api.submit(image_width=2048, image_height=2048))["outputs"][0]["cover_src"]
    whole = requests.get(url, timeout=60).content
    with requests.get(url, timeout=60, stream=True) as answer:
        assert answer.headers["Content-Length"] == str(len(whole))
        assert answer.raw.read(len(whole) // 2) == whole[: len(whole) // 2]
        with pytest.raises(Exception, match="IncompleteRead"):
            answer.raw.read(1)
    assert requests.get(url, timeout=60).content == whole
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_look_can_show_another_phase_without_outputs_and_the_next_one_the_truth(
    faulty: Callable[..., Caller],
) -> None:
    api = faulty({"on": "look", "number": 1, "phase": "resting"}, {"on": "look", "number": 2, "phase": "dead"})
    render_id = api.submit()
    wait_until(lambda: idle(api))
    looks = [api.get(render_id).json() for _ in range(3)]
    assert [(look["phase"], len(look["outputs"])) for look in looks] == [("resting", 0), ("dead", 0), ("completed", 1)]
    assert set(looks[0]) == set(looks[2])


def test_a_phase_does_not_change_a_refusal(faulty: Callable[..., Caller]) -> None:
    answer = faulty({"on": "look", "number": 1, "phase": "dead"}).get("0" * 24)
    assert (answer.status_code, set(answer.json())) == (404, {"error"})


def test_a_delay_comes_before_the_answer_and_alone_changes_nothing(faulty: Callable[..., Caller]) -> None:
    api = faulty({"on": "look", "number": 1, "delay": 0.3})
    before = time.monotonic()
    assert api.get(api.submit()).status_code == 200
    assert time.monotonic() - before >= 0.3


def test_the_first_rule_that_fits_decides_and_kinds_are_counted_apart(faulty: Callable[..., Caller]) -> None:
    api = faulty(
        {"on": "look", "number": 2, "status": 503},
        {"on": "look", "number": "every 2", "status": 500},
    )
    render_id = api.submit()
    assert [api.get(render_id).status_code for _ in range(4)] == [200, 503, 200, 500]


def test_what_is_no_call_of_the_api_is_never_disturbed(faulty: Callable[..., Caller]) -> None:
    api = faulty(*({"on": kind, "number": "1-", "drop": True} for kind in ("submit", "look", "picture")))
    assert requests.get(api.base_url + "/healthz", timeout=60).json()["faults"] is True
    assert requests.get(api.base_url + "/docs", timeout=60).status_code == 200
    assert requests.get(api.base_url + "/api/nothing", timeout=60).status_code == 404


# The client module in a rehearsal


@pytest.fixture
def client(faulty: Callable[..., Caller]) -> Iterator[Callable[..., Client]]:
    opened: list[Client] = []

    def start(*rules: dict[str, Any]) -> Client:
        opened.append(Client(KEY, base_url=faulty(*rules).base_url, poll_floor=0.01))
        return opened[-1]

    yield start
    for client in opened:
        client.close()


REQUEST = RenderRequest("oak", picture(), image_width=512, image_height=512)


def test_a_client_never_repeats_a_submission_that_may_have_arrived(
    client: Callable[..., Client], stored: Callable[[], int]
) -> None:
    rehearsal = client({"on": "submit", "number": 1, "drop": True, "after_work": True})
    with pytest.raises(SubmissionUncertain):
        rehearsal.submit(REQUEST)
    assert stored() == 1


def test_a_client_waits_through_bad_answers_and_unknown_phases(client: Callable[..., Client]) -> None:
    rehearsal = client(
        {"on": "look", "number": 1, "status": 503},
        {"on": "look", "number": 2, "drop": True},
        {"on": "look", "number": 3, "truncate": 0.3},
        {"on": "look", "number": 4, "phase": "resting"},
    )
    render = rehearsal.wait(rehearsal.submit(REQUEST), timeout=30)
    assert len(render.outputs) == 1


def test_a_client_ends_its_wait_at_a_dead_render(client: Callable[..., Client]) -> None:
    rehearsal = client({"on": "look", "number": "1-", "phase": "dead"})
    with pytest.raises(RenderDied):
        rehearsal.wait(rehearsal.submit(REQUEST), timeout=30)
