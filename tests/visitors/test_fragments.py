"""A fragment that is due in a bad moment takes nothing from the page around it, nor from the one that comes next."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.e2e.app import App
from tests.visitors import messages
from tests.visitors.forging import HANGS_AFTER
from tests.visitors.visitor import Visitor


@pytest.mark.parametrize("is_mended", [True, False])
def test_a_page_is_heard_to_its_end_also_when_a_fragment_is_due_before(tmp_path: Path, is_mended: bool) -> None:
    """The other case is Streamlit's own: once it passes there, the mending is not needed any more."""
    environment = {} if is_mended else {"UNMENDED": "1"}
    app = App(tmp_path, script="tests/visitors/overtaking.py", extra_environment=environment)
    app.start()
    try:
        assert asyncio.run(says_at_its_end(app)) == ("The end of the run of a click" if is_mended else "The end")
    finally:
        app.stop()


async def says_at_its_end(app: App) -> str:
    async with Visitor(app.url) as visitor:
        await visitor.open()
        await visitor.click("Overtake")
        return visitor.tree.text().splitlines()[-1]


@dataclass
class Reader(Visitor):
    """Keeps the hashes of the pages that were begun, one after the other."""

    begun: list[str] = field(default_factory=list)

    def _begin(self, message: ForwardMsg) -> None:
        super()._begin(message)
        self.begun.append(message.new_session.page_script_hash)


def test_a_page_that_was_left_does_not_come_back_when_its_fragment_is_due_a_moment_later(app: App) -> None:
    """As after a prompt was typed: what is understood of it is asked for when the link to the history was clicked."""

    async def act() -> None:
        async with Reader(app.url) as visitor:
            await visitor.open()
            fragment = next(node.fragment for node in visitor.tree.nodes.values() if node.fragment)
            left = messages.rerun([], "", app.url, fragment)
            left.rerun_script.page_script_hash = visitor.pages[""]
            visitor.begun.clear()
            chosen = messages.rerun([], "", f"{app.url}/history", "")
            chosen.rerun_script.page_script_hash = visitor.pages["history"]
            await visitor.post(chosen)
            await visitor.post(left)
            await visitor.until(lambda: "No renders yet" in visitor.tree.text() and visitor.is_quiet)
            await asyncio.sleep(1)  # nothing says that nothing more comes
            assert set(visitor.begun) == {visitor.pages["history"]}
            assert "No renders yet" in visitor.tree.text()

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))


def test_a_fragment_of_the_page_that_is_shown_runs_also_after_another_page_was_left(app: App) -> None:
    async def act() -> None:
        async with Visitor(app.url) as visitor:
            await visitor.open("history")
            await visitor.go("")
            node = next(node for node in visitor.tree.nodes.values() if node.fragment)
            message = messages.rerun([], "", app.url, node.fragment)
            message.rerun_script.page_script_hash = visitor.pages[""]
            await visitor.post(message)
            await visitor.until(lambda: visitor._begun[node.fragment] > 0)

    asyncio.run(asyncio.wait_for(act(), HANGS_AFTER))
