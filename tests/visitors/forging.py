"""A visitor who sends what no browser would send, and what the app must be like afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from rerender.studio.tables import runs
from rerender.studio.workspaces import workspace_of
from tests.e2e.app import App
from tests.visitors.visitor import Visitor

HANGS_AFTER = 900.0


def url_of(app: App) -> str:
    return f"sqlite:///{app.home / 'studio.sqlite3'}"


def rows(app: App, secret: str) -> list[Any]:
    engine = create_engine(url_of(app), poolclass=NullPool)
    with engine.connect() as connection:
        return list(connection.execute(select(runs).where(runs.c.workspace == workspace_of(secret))).all())


def visit(app: App, secret: str, act: Callable[[Visitor], Awaitable[None]], *, quietly: bool = True) -> Visitor:
    """Come as this visitor, do it, and see that nothing of the app broke and that it still answers.

    What is not done `quietly` may be logged with a traceback by Streamlit, for which it never comes to the app.
    """
    said = len(app.log)

    async def come() -> Visitor:
        async with Visitor(app.url, secret) as visitor, asyncio.timeout(HANGS_AFTER):
            await visitor.open()
            await act(visitor)
            if not visitor.is_over:
                await visitor.rerun()
            await visitor.open()
            assert visitor.find("Render"), visitor.tree.text()
            return visitor

    visitor = asyncio.run(come())
    assert app.process.poll() is None
    assert not quietly or "Traceback" not in app.log[said:], app.log[said:][-3000:]
    assert "could not be made" not in app.log[said:], app.log[said:][-3000:]
    assert visitor.exceptions == []
    return visitor


def named(case: Any) -> str:
    return str(case)[:40]
