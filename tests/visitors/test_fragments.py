"""A fragment that is due in a bad moment takes nothing from the page around it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.app import App
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
