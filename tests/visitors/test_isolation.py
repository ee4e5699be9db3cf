"""Twenty strangers at once on one host, who do whatever the app offers and try each other's doors.

`ISOLATION_SECONDS=20 python -m pytest -m proof tests/visitors/test_isolation.py` for a short look.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from rerender.studio.preferences import FITS, SIZES
from tests.e2e.app import App
from tests.postgres import IS_MISSING, Server
from tests.visitors.loot import Loot
from tests.visitors.stranger import Stranger
from tests.visitors.visitor import Visitor

pytestmark = pytest.mark.proof

VISITORS = 20
SECONDS = float(os.environ.get("ISOLATION_SECONDS", "120"))
# On a machine that others share it may take longer until all was done at least once.
AT_MOST = 300.0 + SECONDS
# No host that a typed key could be meant for is ever reached from here.
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Crowd:
    """What there is to look at when all have left."""

    app: App
    strangers: list[Stranger]
    loot: Loot
    troubles: list[str]
    shown_to_everybody: Stranger


@dataclass
class Place:
    """Where the app keeps its state: the URL of the database, the folder of all its files, and what closes them."""

    database_url: str
    folder: Path
    close: Callable[[], None] = lambda: None


@pytest.fixture(params=["sqlite"] if IS_MISSING else ["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(f"sqlite:///{tmp_path / 'home' / 'studio.sqlite3'}", tmp_path)
    else:
        server = Server()
        yield Place(server.url.replace("postgres://", "postgresql+psycopg://"), server.folder, server.stop)
        server.remove()


def test_nothing_of_one_visitor_reaches_another(place: Place, tmp_path: Path) -> None:
    environment = {"RERENDER_MODE": "hosted", "HTTPS_PROXY": NOWHERE}
    if not place.database_url.startswith("sqlite"):
        environment["RERENDER_DATABASE_URL"] = place.database_url
    app = App(tmp_path / "home", extra_environment=environment)
    app.start()
    try:
        crowd = asyncio.run(let_loose(app, tmp_path, place.database_url))
        assert app.process.poll() is None, app.log
    finally:
        app.stop()
        place.close()
    say(crowd)
    assert_no_canary_in_anothers_traffic(crowd)
    assert_no_picture_in_anothers_traffic(crowd)
    assert_no_key_anywhere(crowd, {tmp_path, place.folder})
    assert crowd.troubles == []
    assert_all_was_tried(crowd)
    assert "Traceback" not in app.log
    assert "could not be made" not in app.log


async def let_loose(app: App, folder: Path, database_url: str) -> Crowd:
    loot = Loot(database_url)
    nobody = Stranger(app.url, 0, folder, loot)
    await see_what_everybody_is_shown(nobody)
    strangers = [Stranger(app.url, number, folder, loot) for number in range(1, VISITORS + 1)]
    watching = asyncio.create_task(keep_gathering(loot))
    ended = await asyncio.gather(*(live(stranger, strangers) for stranger in strangers), return_exceptions=True)
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    await asyncio.to_thread(loot.gather)
    troubles = ["".join(traceback.format_exception(error)) for error in ended if error is not None]
    troubles += [said for stranger in strangers for said in stranger.visitor.exceptions]
    return Crowd(app, strangers, loot, troubles, nobody)


async def live(stranger: Stranger, all_of_them: list[Stranger]) -> None:
    """Act for as long as the proof lasts, counted from the own first render, and until all was done by somebody."""
    try:
        await stranger.settle_in()
        begun = asyncio.get_running_loop().time()
        while (lived := asyncio.get_running_loop().time() - begun) < SECONDS or not all_was_done(all_of_them):
            assert lived < AT_MOST, "there is something that nobody could do"
            await stranger.act()
    finally:
        await stranger.visitor.leave()


def all_was_done(strangers: list[Stranger]) -> bool:
    return {name for stranger in strangers for name in stranger.did} >= strangers[0].can_do


async def see_what_everybody_is_shown(nobody: Stranger) -> None:
    """The samples, as every form can begin with them: nobody's own."""
    visitor: Visitor = nobody.visitor
    await visitor.open()
    for size, fit in product(SIZES, FITS):
        await visitor.go("settings")
        await visitor.set([size.capitalize()], key="settings.size")
        await visitor.set([fit.capitalize()], key="settings.fit")
        await visitor.open()
        had = len(nobody.needles)
        await nobody.fetch_images()
        assert fit != FITS[0] or len(nobody.needles) > had, f"{size} gives a picture of its own"
    for page in ("history", "needs_you"):
        await visitor.open(page)
        await nobody.fetch_images()
    await visitor.leave()


async def keep_gathering(loot: Loot) -> None:
    while True:
        await asyncio.to_thread(loot.gather)
        await asyncio.sleep(3)


def say(crowd: Crowd) -> None:
    did: Counter[str] = sum((stranger.did for stranger in crowd.strangers), Counter())
    received = sum(stranger.traffic.received for stranger in crowd.strangers)
    kept = sum(stranger.traffic.path.stat().st_size for stranger in crowd.strangers)
    needles = sum(map(len, crowd.loot.needles.values())) + sum(len(stranger.needles) for stranger in crowd.strangers)
    runs = sum(map(len, crowd.loot.run_ids.values()))
    print(f"\n{did.total()} actions of {VISITORS} visitors in {SECONDS:.0f} s, {runs} runs: {dict(did.most_common())}")
    print("\n".join(sorted(crowd.troubles)))
    print(f"{received / 1e6:.0f} MB received, {kept / 1e6:.0f} MB of it once; {needles} pieces of pictures looked for")


def assert_all_was_tried(crowd: Crowd) -> None:
    assert all_was_done(crowd.strangers)
    assert all(crowd.loot.run_ids[stranger.workspace] for stranger in crowd.strangers)
    assert all(crowd.loot.needles[stranger.workspace] for stranger in crowd.strangers)


def assert_no_canary_in_anothers_traffic(crowd: Crowd) -> None:
    for stranger in crowd.strangers:
        assert stranger.traffic.canaries == {stranger.canary.encode()}, stranger.number


def assert_no_picture_in_anothers_traffic(crowd: Crowd) -> None:
    """Neither one that the database keeps for another, nor one that only the pages of another have shown."""
    kept = {stranger.number: crowd.loot.needles[stranger.workspace] for stranger in crowd.strangers}
    shown = {stranger.number: stranger.needles for stranger in crowd.strangers}
    shown_to_everybody = crowd.shown_to_everybody.traffic.holds(set().union(*kept.values(), *shown.values()))
    for stranger in crowd.strangers:
        mine = kept[stranger.number] | shown[stranger.number]
        kept_for_others, theirs = (
            set().union(*(needles for number, needles in owned.items() if number != stranger.number))
            - shown_to_everybody
            for owned in (kept, shown)
        )
        received = stranger.traffic.holds(kept_for_others | theirs | mine)
        assert received & mine, "what is looked for is found where it belongs"
        # That the own page has shown it makes it no picture of one's own.
        assert not received & kept_for_others - kept[stranger.number], stranger.number
        assert not received & theirs - mine, stranger.number
        # Pieces of two pictures may be alike, as of two that begin with the same sky; those are not looked for.
        assert len(mine & (kept_for_others | theirs)) < len(mine) / 2
        others = (digests for owner, digests in crowd.loot.digests.items() if owner != stranger.workspace)
        assert crowd.loot.digests[stranger.workspace].isdisjoint(set().union(*others)), (
            "no picture is in two workspaces"
        )


def assert_no_key_anywhere(crowd: Crowd, folders: set[Path]) -> None:
    """Neither in a file of the app or its database, nor in its log, nor in anybody's traffic, the typist's own
    included."""
    files = {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert any(path.name == "app.log" for path in files)
    for stranger in crowd.strangers:
        assert stranger.canary.encode() in b"".join(
            data for path, data in files.items() if not path.name.startswith("visitor-")
        )
        for path, data in files.items():
            assert stranger.key.encode() not in data, (stranger.number, path)
