"""The connection test: one free look, and no more certainty than the answer gives."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from rerender.studio.backends import Backend
from rerender.studio.connection import NO_RENDER, Verdict, probe
from tests.fake_api import API_KEY, Answer, FakeApi
from tests.ports import unused_port
from tests.studio.helpers import backend_at

WRONG = "a-wrong-key-98765"


def test_the_right_key_is_not_refused_and_that_is_all_that_is_said(api: FakeApi, backend: Backend) -> None:
    connection = probe(backend)
    assert connection.verdict == Verdict.REACHED
    assert "did not refuse the key" in connection.says
    assert "no test that costs nothing can prove it" in connection.says
    assert [(request.method, request.path) for request in api.state.requests] == [("GET", f"/api/renders/{NO_RENDER}")]


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_said_to_be_refused_and_never_shown(
    api: FakeApi, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.state.get_answers = [Answer(status, {"error": f"the key {WRONG} is unknown"})]
    connection = probe(backend_at(api, WRONG))
    assert connection.verdict == Verdict.REFUSED
    assert "refused the key" in connection.says
    assert WRONG not in f"{connection!r} {caplog.text}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(500), "in trouble"),
        (Answer(429), "wait a little"),
        (Answer(302, headers={"Location": "https://elsewhere.example"}), "base URL is wrong"),
        (Answer(200, b"<html>hello"), "not as the ReRender API does"),
    ],
)
def test_any_other_answer_is_said_as_it_is(api: FakeApi, backend: Backend, answer: Answer, words: str) -> None:
    api.state.get_answers = [answer]
    connection = probe(backend)
    assert connection.verdict == Verdict.ODD
    assert words in connection.says
    assert len(api.state.requests) == 1


def test_a_render_under_that_id_proves_the_key(api: FakeApi, backend: Backend) -> None:
    api.state.get_answers = [Answer(200, api.render_json(NO_RENDER, "pending"))]
    assert probe(backend).verdict == Verdict.REACHED


def test_an_address_where_nobody_listens_is_said_to_be_out_of_reach(backend: Backend) -> None:
    connection = probe(replace(backend, base_url=f"http://127.0.0.1:{unused_port()}"))
    assert connection.verdict == Verdict.UNREACHED
    assert "Check the base URL" in connection.says
    assert API_KEY not in connection.says
