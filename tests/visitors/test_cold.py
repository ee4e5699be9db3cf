"""A process that has just started, and whose first page nobody has asked for: the app's own code has not run yet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.app import App
from tests.visitors.forging import HANGS_AFTER
from tests.visitors.visitor import HUNG_UP, Visitor

TOO_LARGE = 413


@pytest.fixture(params=["hosted", "local"])
def app(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[App]:
    app = App(tmp_path / "home", extra_environment={"RERENDER_MODE": request.param, "RERENDER_ARCHIVE_MB": "2"})
    app.start()
    yield app
    app.stop()


def test_no_file_is_taken_before_the_first_page_has_run_and_one_of_the_limits_size_after_it(app: App) -> None:
    async def act() -> None:
        async with Visitor(app.url) as early, Visitor(app.url) as visitor:
            await early.connect()
            assert await put(early, 1) == TOO_LARGE
            await visitor.open()
            assert await put(visitor, 2_000_000) == 204
            assert await put(visitor, 3_000_000) in (TOO_LARGE, HUNG_UP)
            assert await put(early, 1) == 400

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))


async def put(visitor: Visitor, size: int) -> int:
    _, status = await visitor.try_to_put("a.png", bytes(size))
    return status
