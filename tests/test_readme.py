"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rerender import Client
from tests.fake_api import API_KEY, FakeApi, picture

README = Path(__file__).parents[1] / "README.md"


def test_the_clients_ten_lines_submit_wait_and_save_every_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: FakeApi
) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len(lines.splitlines()) <= 10
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENLY_API_KEY", API_KEY)
    monkeypatch.setenv("GENLY_BASE_URL", api.base_url)
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    Path("clay.png").write_bytes(picture())
    exec(lines, {})
    assert sorted(path.name for path in tmp_path.glob("render-*.png")) == [f"render-{n}.png" for n in range(4)]
    assert api.state.submit_count == 1


@pytest.mark.parametrize("path", re.findall(r"\]\((docs/[^)]+)\)", README.read_text("utf-8")))
def test_every_file_that_the_readme_links_to_is_there(path: str) -> None:
    assert (README.parent / path).exists()
