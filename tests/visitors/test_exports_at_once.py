"""Many visitors of a host who take all that is theirs along in the same moment."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from rerender.studio.database import Database
from rerender.studio.workspaces import workspace_of
from tests.e2e.app import App
from tests.studio.rows import JUST_NOW, add_run
from tests.visitors.forging import HANGS_AFTER, url_of
from tests.visitors.visitor import Visitor

VISITORS, ARCHIVE_MB = 5, 2


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    environment = {"RERENDER_MODE": "hosted", "RERENDER_ARCHIVE_MB": str(ARCHIVE_MB)}
    app = App(tmp_path / "home", extra_environment=environment)
    app.start()
    yield app
    app.stop()


def test_everybody_gets_an_export_and_the_server_keeps_no_more_than_the_newest(app: App) -> None:
    async def act() -> None:
        async with AsyncExitStack() as stack:
            visitors = [await stack.enter_async_context(Visitor(app.url)) for _ in range(VISITORS)]
            for visitor in visitors:
                keep_a_run(app, visitor)
                await visitor.open("settings")
            paths = await asyncio.gather(*(visitor.made("Export everything") for visitor in visitors))
            answers = [await visitor.get(path) for visitor, path in zip(visitors, paths, strict=True)]
            held = [answer for answer in answers if answer.ok]
            assert 0 < sum(len(answer.content) for answer in held) <= 2 * ARCHIVE_MB * 1_000_000
            assert all(answer.status_code == 404 for answer in answers if answer not in held)
            for visitor in visitors:
                assert len(await visitor.download("Export everything")) > 1_500_000

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))


def keep_a_run(app: App, visitor: Visitor) -> None:
    database = Database.open(url_of(app))
    try:
        add_run(database, workspace=workspace_of(visitor.secret), results=[os.urandom(1_500_000)], **JUST_NOW)
    finally:
        database.close()
