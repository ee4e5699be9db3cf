"""Clicks on downloads of a page that no longer stands as it was drawn, which happens without anybody's fault."""

from __future__ import annotations

from contextlib import closing

import pytest

from rerender.studio.database import Database
from rerender.studio.wipe import wipe
from rerender.studio.workspaces import new_secret, workspace_of
from rerender.ui import downloading
from tests.e2e.app import App
from tests.fake_api import picture
from tests.studio.rows import JUST_NOW, add_run
from tests.visitors import messages
from tests.visitors.forging import url_of, visit
from tests.visitors.visitor import Visitor


@pytest.fixture
def secret(app: App) -> str:
    """Of a visitor who has one run, with a picture."""
    secret = new_secret()
    with closing(Database.open(url_of(app))) as database:
        add_run(database, workspace=workspace_of(secret), results=[picture(512, 512)], **JUST_NOW)
    return secret


def test_a_click_that_crosses_with_a_new_page_is_answered_in_words_and_the_next_one_works(
    app: App, secret: str
) -> None:
    async def act(visitor: Visitor) -> None:
        button = next(one for one in visitor.tree.of_kind("download_button") if one.label == "Download")
        for _ in range(2):
            # What nobody offers any more goes a moment after a run has ended.
            await visitor.rerun()
        asked, message = messages.deferred_file(visitor.session_id, button.deferred_file_id)
        answer = (await visitor.ask(asked, message)).backend_operation_response
        assert answer.error_msg == downloading.GONE
        assert await visitor.download("Download")

    visit(app, secret, act)


def test_a_picture_that_another_tab_has_deleted_is_said_to_be(app: App, secret: str) -> None:
    async def act(visitor: Visitor) -> None:
        with closing(Database.open(url_of(app))) as database:
            wipe(database, workspace_of(secret))
        for label in ("Download", "Download with settings"):
            with pytest.raises(FileNotFoundError, match="This picture was deleted"):
                await visitor.download(label)

    visit(app, secret, act)
