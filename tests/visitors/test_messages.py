"""Messages that no page sends, to an app on which others work."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from rerender.studio.workspaces import new_secret
from tests.e2e.app import App
from tests.visitors.forging import named, rows, visit
from tests.visitors.visitor import Visitor

pytestmark = pytest.mark.proof


def message(**fields: Any) -> BackMsg:
    return BackMsg(**fields)


def rerun(**fields: Any) -> BackMsg:
    message = BackMsg()
    for name, value in fields.items():
        setattr(message.rerun_script, name, value)
    return message


@pytest.mark.parametrize(
    "message",
    [
        rerun(fragment_id="of no page"),
        rerun(page_script_hash="of no page"),
        rerun(page_name="../../etc/passwd"),
        rerun(page_name="\0"),
        rerun(query_string="run=" + "x" * 100_000),
        rerun(query_string="run=%00&run=%FF&run=../../.."),
        rerun(query_string="&" * 10_000),
        message(stop_script=True),
        message(load_git_info=True),
        message(set_run_on_save=True),
        message(debug_disconnect_websocket=True),
        message(debug_shutdown_runtime=True),
        BackMsg(),
    ],
    ids=named,
)
def test_a_message_that_no_page_sends_does_no_harm(app: App, secret: str, message: BackMsg) -> None:
    async def act(visitor: Visitor) -> None:
        await visitor.post(message)
        await asyncio.sleep(0.2)

    visit(app, secret, act)
    assert len(rows(app, secret)) == 30


@pytest.mark.parametrize("frame", [b"\xff" * 100, b"", "text", b"\0" * 1_000_000], ids=named)
def test_a_frame_that_is_no_message_ends_at_most_the_senders_connection(app: App, frame: bytes | str) -> None:
    async def act(visitor: Visitor) -> None:
        async with Visitor(app.url) as other:
            await other.open()
            await visitor.post_raw(frame)
            await asyncio.sleep(0.2)
            await other.rerun()

    visit(app, new_secret(), act, quietly=False)


def test_clearing_the_caches_of_all_ends_nobodys_session(app: App, secret: str) -> None:
    """The front end has a menu entry for this when the app runs locally; the message can be sent by anybody."""

    async def act(visitor: Visitor) -> None:
        async with Visitor(app.url, secret) as other:
            await other.open()
            await other.set("night", key="form.prompt")
            await visitor.post(BackMsg(clear_cache=True))
            await asyncio.sleep(0.5)
            await other.click("Render")
            await other.until(lambda: "The preview understood" in other.tree.text())
            assert other.exceptions == []

    visit(app, new_secret(), act)
