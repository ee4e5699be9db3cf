"""What Streamlit's own doors let through on a host that asks for a code, to guests and to those who were not let in."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from rerender.studio.database import Database
from rerender.studio.workspaces import workspace_of
from tests.e2e.app import App
from tests.fake_api import picture
from tests.studio.rows import add_run
from tests.visitors import messages
from tests.visitors.forging import HANGS_AFTER, url_of
from tests.visitors.visitor import HUNG_UP, XSRF, Visitor

CODE = "open sesame"
CANARY = "a canary in a cage of brass"
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


async def change_the_code(app: App) -> None:
    """Ask for another code from now on. Streamlit looks at the file a few times a second."""
    async with Visitor(app.url) as other:
        await come_in(other)
        # Streamlit would not look again at a file that it had met while it was being written.
        (app.home / "new.toml").write_text('RERENDER_ACCESS_CODE = "another code"', "utf-8")
        (app.home / "new.toml").replace(app.home / "secrets.toml")
        while not other.find(key="access.enter"):
            await other.rerun()


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
                _, status = await stranger.try_to_put("a.png", bytes(ROOM_MB * 500_000))
                assert status in (400, HUNG_UP)
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
            await change_the_code(app)
            await guest.rerun()
            assert not guest.find("Render")
            _, status = await guest.try_to_put("mine.png", picture(600, 600))
            assert status in (400, HUNG_UP)
            await guest.rerun()

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))


def test_who_meets_a_new_code_sees_nothing_more_in_a_dialog_that_is_open(app: App) -> None:
    async def act() -> None:
        async with Visitor(app.url) as guest:
            run_id = keep_a_run(app, guest.secret)
            await come_in(guest)
            await guest.go("history")
            await guest.trigger("chosen", run_id, key="history.gallery")
            note = guest.widget(key="history.note.")
            await guest.send(messages.state(note, ""))
            assert CANARY in guest.tree.text()
            await change_the_code(app)
            await guest.send(messages.state(note, ""))
            await guest.until(lambda: bool(guest.find(key="access.enter")) and guest.is_quiet)
            assert CANARY not in guest.tree.text()

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))


def test_who_meets_a_new_code_downloads_nothing_more(app: App) -> None:
    async def act() -> None:
        async with Visitor(app.url) as guest:
            keep_a_run(app, guest.secret)
            await come_in(guest)
            for label in DOWNLOADS:
                assert await guest.download(label)
            await guest.go("settings")
            assert await guest.download("Export everything")
            await change_the_code(app)
            with pytest.raises(FileNotFoundError, match="Your access has ended"):
                await guest.download("Export everything")

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))


def test_who_meets_a_new_code_downloads_no_code_of_a_dialog_that_is_open(app: App) -> None:
    async def act() -> None:
        async with Visitor(app.url) as guest:
            keep_a_run(app, guest.secret)
            await come_in(guest)
            await guest.click("Run as code")
            assert await guest.download("Download body.json")
            await change_the_code(app)
            with pytest.raises(FileNotFoundError, match="Your access has ended"):
                await guest.download("Download body.json")

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))


def test_who_meets_a_new_code_downloads_no_picture_of_a_page_that_is_open(app: App) -> None:
    async def act() -> None:
        async with Visitor(app.url) as guest:
            keep_a_run(app, guest.secret)
            await come_in(guest)
            await change_the_code(app)
            for label in DOWNLOADS:
                with pytest.raises(FileNotFoundError, match="Your access has ended"):
                    await guest.download(label)

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))


DOWNLOADS = ("Download", "Download with settings", "Download all 2 as ZIP")


def keep_a_run(app: App, secret: str) -> str:
    """Write a run down for a visitor, with two pictures; its id."""
    database = Database.open(url_of(app))
    results = [picture(512, 512, shade) for shade in (10, 20)]
    try:
        times = dict.fromkeys(("created_at", "finished_at", "stored_at"), time.time())
        return add_run(database, workspace=workspace_of(secret), prompt=CANARY, batch_size=2, results=results, **times)
    finally:
        database.close()
