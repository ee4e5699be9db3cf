from __future__ import annotations

import io
import zipfile

import pytest

from rerender.studio.backends import Backend
from rerender.studio.downloads import as_zip, file_name
from rerender.studio.history import History
from rerender.studio.runner import Runner
from rerender.studio.runs import Run
from tests.fake_api import picture
from tests.studio.helpers import a_request, finished


@pytest.fixture
def run(runner: Runner, backend: Backend, history: History) -> Run:
    return finished(history, runner.submit("ours", backend, a_request(batch_size=2)))


def test_a_zip_holds_the_stored_bytes_unchanged(run: Run, history: History) -> None:
    pictures = [(output, history.data(output.sha256)) for output in history.outputs(run.run_id)]
    archive = as_zip(run, pictures)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.namelist() == ["rerender-oak-and-glass-seed7-1.png", "rerender-oak-and-glass-seed7-2.png"]
        assert [opened.read(name) for name in opened.namelist()] == [picture(512, 512, 100), picture(512, 512, 120)]
        assert {entry.compress_type for entry in opened.infolist()} == {zipfile.ZIP_STORED}
    assert as_zip(run, pictures) == archive, "the same pictures give the same bytes"


@pytest.mark.parametrize(
    ("prompt", "mime", "name"),
    [
        ("Oak & glass, golden hour!", "image/jpeg", "rerender-oak-glass-golden-hour-seed7-1.jpg"),
        ("Café in Zürich", "image/webp", "rerender-cafe-in-zurich-seed7-1.webp"),
        ("../../etc/passwd", "image/png", "rerender-etc-passwd-seed7-1.png"),
        ("木と硝子", "application/octet-stream", "rerender-seed7-1.bin"),
        ("a" * 300, "image/png", f"rerender-{'a' * 40}-seed7-1.png"),
        ("window " * 20, "image/png", "rerender-window-window-window-window-window-seed7-1.png"),
    ],
)
def test_file_names_are_plain_whatever_the_prompt(prompt: str, mime: str, name: str) -> None:
    run = Run(**dict.fromkeys(Run.__dataclass_fields__) | {"prompt": prompt, "seed": 7})
    assert file_name(run, 0, mime) == name
