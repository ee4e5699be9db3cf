"""Clicks on downloads of a page that no longer stands as it was drawn, which happens without anybody's fault."""

from __future__ import annotations

import asyncio

import pytest

from rerender.studio.database import Database
from rerender.studio.wipe import wipe
from rerender.studio.workspaces import workspace_of
from rerender.ui import downloading
from tests.e2e.app import App
from tests.fake_api import picture
from tests.studio.rows import JUST_NOW, add_run
from tests.visitors import messages
from tests.visitors.forging import HANGS_AFTER, url_of
from tests.visitors.visitor import Visitor


def test_a_click_that_crosses_with_a_new_page_is_answered_in_words_and_the_next_one_works(app: App) -> None:
    async def act() -> None:
        async with Visitor(app.url) as visitor:
            await visitor.open()
            keep_a_run(app, visitor)
            await visitor.open()
            button = next(one for one in visitor.tree.of_kind("download_button") if one.label == "Download")
            for _ in range(2):
                # What nobody offers any more goes a moment after a run has ended.
                await visitor.rerun()
            asked, message = messages.deferred_file(visitor.session_id, button.deferred_file_id)
            answer = (await visitor.ask(asked, message)).backend_operation_response
            assert answer.error_msg == downloading.GONE
            assert await visitor.download("Download")

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))
    assert "Traceback" not in app.log


def test_a_picture_that_another_tab_has_deleted_is_said_to_be(app: App) -> None:
    async def act() -> None:
        async with Visitor(app.url) as visitor:
            await visitor.open()
            keep_a_run(app, visitor)
            await visitor.open()
            wipe_all(app, visitor)
            for label in ("Download", "Download with settings"):
                with pytest.raises(FileNotFoundError, match="This picture was deleted"):
                    await visitor.download(label)

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))
    assert "Traceback" not in app.log


def keep_a_run(app: App, visitor: Visitor) -> None:
    database = Database.open(url_of(app))
    try:
        add_run(database, workspace=workspace_of(visitor.secret), results=[picture(512, 512)], **JUST_NOW)
    finally:
        database.close()


def wipe_all(app: App, visitor: Visitor) -> None:
    database = Database.open(url_of(app))
    try:
        wipe(database, workspace_of(visitor.secret))
    finally:
        database.close()
