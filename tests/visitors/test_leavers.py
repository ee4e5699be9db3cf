"""Visitors who close the tab while the server is speaking and has not read all that they said."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest
from starlette.websockets import WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState

from rerender.ui import leavers
from tests.e2e.app import App
from tests.visitors.visitor import Visitor

AT_ONCE, TIMES = 6, 20

ASKED = BackMsg(rerun_script=ClientState(query_string="page=1"))
# Frames as a browser sends them, masked with zeros.
MESSAGES = (b"\x82" + bytes([0x80 | ASKED.ByteSize()]) + bytes(4) + ASKED.SerializeToString()) * 3
GOODBYE = b"\x88\x82" + bytes(4) + (1000).to_bytes(2, "big")


@pytest.mark.proof
def test_a_tab_that_closes_in_mid_word_is_no_error_in_the_log(app: App) -> None:
    """About one in fifteen tabs met the bad moment."""
    moments = random.Random(0)

    async def leave_in_mid_word() -> None:
        async with Visitor(app.url) as visitor:
            await visitor.open()
            await visitor.post(ASKED)
            await asyncio.sleep(moments.uniform(0, 0.25))
            visitor.write(MESSAGES + GOODBYE)

    async def come_and_go() -> None:
        for _ in range(TIMES):
            await asyncio.gather(*(leave_in_mid_word() for _ in range(AT_ONCE)))
        async with Visitor(app.url) as visitor:
            await visitor.open()
            assert visitor.find("Render"), visitor.tree.text()

    asyncio.run(come_and_go())
    assert "Traceback" not in app.log, app.log[-3000:]


def test_what_else_goes_wrong_with_a_websocket_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    leavers.let_go()
    for error in (RuntimeError("a fault"), _said_after_the_end()):
        logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    (record,) = (record for record in caplog.records if record.name == "uvicorn.error")
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "a fault"


def _said_after_the_end() -> Exception:
    """What the installed Starlette says of a websocket that is closed twice."""

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None:
        pass

    async def close_twice() -> None:
        socket = WebSocket({"type": "websocket"}, receive, send)  # type: ignore[arg-type]
        await socket.accept()
        await socket.close()
        await socket.close()

    with pytest.raises(RuntimeError) as caught:
        asyncio.run(close_twice())
    return caught.value
