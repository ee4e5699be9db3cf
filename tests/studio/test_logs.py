"""What is logged holds no prompt, no key and no picture."""

from __future__ import annotations

import base64
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from rerender import logs
from rerender.engines.base import Description
from rerender.models import RenderRequest
from rerender.studio.backends import PREVIEW, api_backend
from rerender.studio.database import EVERYONE, Database
from rerender.studio.runtime import Runtime
from tests.fake_api import Answer, FakeApi, picture
from tests.studio.helpers import a_request, finished

CANARY, KEY = "canary prompt of a visitor", "canary-key-0123456789"


class Gossip:
    """An engine that fails, and says the prompt as it does."""

    name, version = "gossip", "1"

    def describe(self, request: RenderRequest) -> Description:
        return {"engine": self.name, "version": "1", "plan": {}, "understood": [], "not_understood": []}

    def render(self, request: RenderRequest, *, on_stage: Callable[[str], None] | None = None) -> list[np.ndarray]:
        raise ValueError(f"cannot render {request.prompt}")


def test_failing_renders_leave_no_prompt_key_or_picture_in_the_log(
    tmp_path: Path, api: FakeApi, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG, "rerender")
    caplog.set_level(logging.DEBUG, "sqlalchemy.engine.Engine.nothing")
    runtime = Runtime.open(tmp_path, make_engine=Gossip)
    try:
        history, backend = runtime.history("local"), api_backend(KEY, base_url=api.base_url)
        echo = Answer(400, {"error": f"{CANARY} {KEY}"})
        api.state.submit_answers = [echo, Answer(200, {"nothing": f"{CANARY} {KEY}"})]
        for _ in range(2):
            finished(history, runtime.runner.submit("local", backend, a_request(prompt=CANARY)))
        finished(history, runtime.runner.submit("local", runtime.ready(PREVIEW, "local"), a_request(prompt=CANARY)))

        def broken(*_: object) -> None:
            raise RuntimeError(f"{CANARY} {KEY}")

        monkeypatch.setattr(runtime.runner, "_post", broken)
        finished(history, runtime.runner.submit("local", backend, a_request(prompt=CANARY)))
    finally:
        runtime.close()
    assert len(caplog.records) >= 2, "the failing engine and the broken POST are logged"
    for secret in (CANARY, KEY, base64.b64encode(picture(512, 512)).decode()[:60]):
        assert secret not in caplog.text


def test_what_the_database_says_of_a_failure_has_no_values_in_it(database: Database) -> None:
    with pytest.raises(SQLAlchemyError) as caught, database.write(EVERYONE) as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:prompt)"), {"prompt": CANARY})
    assert CANARY not in f"{caught.value} {caught.value.__cause__}"


def test_an_error_is_told_by_its_kind_and_place_with_what_caused_it() -> None:
    try:
        try:
            raise sqlite3.OperationalError(CANARY)
        except sqlite3.OperationalError as cause:
            raise KeyError(CANARY) from cause
    except KeyError as error:
        told = logs.where(error)
    assert CANARY not in told.replace(Path(__file__).read_text("utf-8"), "")
    assert "OperationalError" in told
    assert "KeyError" in told
    assert "test_logs.py" in told
    assert (logs.kind(OSError(28, "No space left")), logs.kind(ValueError(CANARY))) == (
        "[Errno 28] No space left",
        "ValueError",
    )
