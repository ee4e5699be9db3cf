"""Bytes that reach the browser for one comparison, over the bytes of the two pictures: ours, and the package's."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.table import Row
from rerender import images, samples
from rerender.engines.preview import PreviewEngine
from rerender.models import RenderRequest
from tests.e2e import browser as chromium
from tests.e2e.app import App

SIDE = 2048
FORMATS = {"PNG": {"compress_level": 1}, "JPEG": {"quality": 92}}
SLIDERS = {"ours": "our slider", "package": "streamlit-image-comparison 0.0.4 (blank without internet)"}


def measure() -> list[Row]:
    """One row a slider and file format."""
    return [row for name in FORMATS for row in _measure(name)]


def _measure(file_format: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        pictures = _write_pictures(Path(folder), file_format)
        app = App(Path(folder), script="benchmarks/slider_page.py", extra_environment={"SLIDER_PICTURES": folder})
        app.start()
        try:
            nothing = _bytes_received(app, "nothing")
            received = {name: _bytes_received(app, name) - nothing for name in SLIDERS}
        finally:
            app.stop()
    return [
        Row(
            f"two {file_format} pictures of {pictures:,} bytes: {title}",
            f"{received[name]:,} bytes, × {received[name] / pictures:.3f}",
            "≤ 1.02" if name == "ours" else "",
        )
        for name, title in SLIDERS.items()
    ]


def _write_pictures(folder: Path, file_format: str) -> int:
    """Write a control image and its preview into the folder; returns their bytes together."""
    control_image = images.prepare(samples.load(samples.SAMPLES[0].name), SIDE, SIDE)
    request = RenderRequest(samples.SAMPLES[0].prompts[0], control_image, image_width=SIDE, image_height=SIDE)
    pictures = {"before": images.load(control_image), "after": Image.fromarray(PreviewEngine().render(request)[0])}
    for name, picture in pictures.items():
        picture.save(folder / name, file_format, **FORMATS[file_format])
    return sum((folder / name).stat().st_size for name in pictures)


def _bytes_received(app: App, name: str) -> int:
    """Bytes over the page's websocket while it shows the named slider."""
    received = 0

    def count(payload: str | bytes) -> None:
        nonlocal received
        received += len(payload)

    with sync_playwright() as playwright:
        launched = chromium.launch(playwright)
        page = launched.new_page()
        page.on("websocket", lambda socket: socket.on("framereceived", count))
        page.goto(f"{app.url}/?slider={name}")
        page.get_by_text("done").wait_for()
        page.wait_for_timeout(2000)
        launched.close()
    return received
