"""What one connection may say at a time, to a server that many share: before the app, and its gate, hear of it."""

from __future__ import annotations

import base64
import io
import os
import tomllib
from contextlib import suppress

import pytest
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg

from rerender.studio.workspaces import new_secret
from rerender.ui import paste
from tests.e2e.app import ROOT, App
from tests.visitors.forging import visit
from tests.visitors.visitor import Closed, Visitor

SERVER = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))["server"]
MOST, MOST_SAID = (SERVER[name] * 1_000_000 for name in ("maxMessageSize", "maxWidgetStateSize"))
TOO_BIG = "1009"


def test_a_frame_that_is_too_long_ends_its_connection_before_it_has_come(app: App) -> None:
    async def act(visitor: Visitor) -> None:
        # The beginning of a frame, and none of its bytes.
        visitor.write(b"\x82\xff" + (MOST + 1).to_bytes(8, "big") + bytes(4))
        with pytest.raises(Closed, match=TOO_BIG):
            await visitor.until(lambda: False)

    visit(app, new_secret(), act)


def test_a_message_in_many_frames_may_be_no_longer(app: App) -> None:
    async def act(visitor: Visitor) -> None:
        with suppress(Closed):
            # The last of them has one byte: what is left unread at the end would cost the sender the reason.
            await visitor.post_raw([bytes(1_000_000)] * (MOST // 1_000_000) + [bytes(1)])
        with pytest.raises(Closed, match=TOO_BIG):
            await visitor.until(lambda: False)

    visit(app, new_secret(), act)


def test_more_than_a_page_says_with_a_click_ends_its_senders_connection_alone(app: App) -> None:
    async def act(visitor: Visitor) -> None:
        async with Visitor(app.url) as other:
            await other.open()
            message = BackMsg()
            message.rerun_script.query_string = "x" * MOST_SAID
            await visitor.post(message)
            with pytest.raises(Closed, match=TOO_BIG):
                await visitor.until(lambda: False)
            await other.rerun()

    visit(app, new_secret(), act)


def test_the_largest_picture_that_can_be_pasted_arrives(app: App) -> None:
    file = io.BytesIO()
    Image.frombytes("RGB", (1800, 1800), os.urandom(1800 * 1800 * 3)).save(file, "PNG")
    largest = file.getvalue().ljust(paste.MAX_BYTES, b"\0")
    assert len(largest) == paste.MAX_BYTES

    async def act(visitor: Visitor) -> None:
        # The longest text that is sent with it, where each sign takes four bytes.
        await visitor.set(True, key="form.one_a_line")
        await visitor.set("\n".join(["\U0001f3e0" * 10_000] * 24), key="form.prompt")
        await visitor.trigger("pasted", base64.b64encode(largest).decode(), key="form.paste")
        assert paste.NAME in visitor.tree.text()
        assert visitor.errors == []

    visit(app, new_secret(), act)
