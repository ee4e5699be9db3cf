"""What Streamlit's own doors let through on a host that asks for a code, to guests and to those who were not let in."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.e2e.app import App
from tests.fake_api import picture
from tests.visitors import messages
from tests.visitors.forging import HANGS_AFTER
from tests.visitors.visitor import XSRF, Visitor

CODE = "open sesame"
ROOM_MB = 40


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = App(
        tmp_path / "home",
        extra_environment={"RERENDER_MODE": "hosted", "RERENDER_UPLOADS_IN_ALL_MB": str(ROOM_MB)},
        secrets=f'RERENDER_ACCESS_CODE = "{CODE}"',
    )
    app.start()
    yield app
    app.stop()


def restrict(app: App, code: str) -> None:
    """Change the code while the app runs."""
    (app.home / "secrets.toml").write_text(f'RERENDER_ACCESS_CODE = "{code}"', "utf-8")


async def come_in(visitor: Visitor) -> None:
    await visitor.open()
    code, go_on = visitor.widget(key="access.enter"), visitor.widget("Continue", kind="button")
    await visitor.send(messages.state(code, CODE), messages.state(go_on, True))
    assert visitor.find("Render"), visitor.tree.text()


def test_who_was_not_let_in_takes_none_of_the_room_for_uploads(app: App) -> None:
    async def act() -> None:
        async with AsyncExitStack() as stack:
            for _ in range(3):
                stranger = await stack.enter_async_context(Visitor(app.url))
                await stranger.open()
                _, answer = await stranger.try_to_put("a.png", bytes(ROOM_MB * 500_000))
                assert answer.status_code == 400
            guest = await stack.enter_async_context(Visitor(app.url))
            await come_in(guest)
            await guest.set(["Upload"], key="form.source")
            await guest.upload("mine.png", picture(600, 600), key="form.uploaded")
            assert "mine.png" in guest.tree.text()

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))


def test_an_upload_of_who_was_not_let_in_is_refused_before_it_is_read(app: App) -> None:
    async def act() -> None:
        async with Visitor(app.url) as stranger:
            await stranger.open()
            asked, message = messages.place_for(stranger.session_id, "a.png")
            url = (await stranger.ask(asked, message)).file_urls_response.file_urls[0].upload_url
            token = stranger.cookie(XSRF)
            assert await asyncio.to_thread(begin_to_put, app, url, token) == 400

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))


def begin_to_put(app: App, url: str, token: str) -> int:
    """Announce a file and send nothing of it; the status that comes all the same."""
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=60)
    headers = {"X-Xsrftoken": token, "Cookie": f"{XSRF}={token}", "Content-Type": "multipart/form-data; boundary=x"}
    connection.request("PUT", url, headers=headers | {"Content-Length": "20000000"})
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_who_meets_a_new_code_uploads_nothing_more(app: App) -> None:
    async def act() -> None:
        async with Visitor(app.url) as guest:
            await come_in(guest)
            await guest.put("mine.png", picture(600, 600))
            restrict(app, "another code")
            while guest.find("Render"):  # Streamlit looks at the file a few times a second.
                await guest.rerun()
            _, answer = await guest.try_to_put("mine.png", picture(600, 600))
            assert answer.status_code == 400

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))
