"""The history page with 2,000 runs: seconds on the server, and bytes that the browser gets."""

from __future__ import annotations

import io
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest

from benchmarks.table import Row
from rerender import samples
from rerender.studio import pictures
from rerender.studio.database import EVERYONE, Database, sqlite_url
from rerender.studio.history import History
from rerender.studio.search import Search
from rerender.studio.tables import outputs, runs
from rerender.studio.workspaces import LOCAL

RUNS, REPETITIONS, SIDE = 2000, 7, 512
APP = Path(__file__).parents[1] / "app.py"


def measure() -> list[Row]:
    """First paint, reruns, the queries alone, and the gallery's message."""
    with tempfile.TemporaryDirectory() as folder:
        _fill(Path(folder))
        with _home(folder):
            app = AppTest.from_file(str(APP), default_timeout=120).switch_page("pages/history.py")
            first = _seconds(app.run)
            again = statistics.median(_seconds(app.run) for _ in range(REPETITIONS))
            searched = statistics.median(_searched(app, word) for word in ("oak", "brick", "night", "snow", "street"))
            message = max(len(item.proto.bytes) for item in app.get("bidi_component"))
        query = statistics.median(_query(Path(folder)) for _ in range(REPETITIONS))
    return [
        Row(f"{RUNS:,} runs: the page's first run, its 24 thumbnails made on the way", f"{first:.2f} s"),
        Row("a rerun of the page", f"{again:.3f} s", "≤ 0.4 s"),
        Row("a rerun with another word to search for", f"{searched:.3f} s", "≤ 0.4 s"),
        Row("its search in the database alone: two words, the last page, the total", f"{1000 * query:.1f} ms"),
        Row("the gallery's message, sent again only when a card has changed", f"{message:,} bytes"),
    ]


@contextmanager
def _home(folder: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ |= {"RERENDER_HOME": folder, "RERENDER_MODE": "local"}
    os.environ.pop("GENLY_API_KEY", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _seconds(act: Any) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _searched(app: AppTest, word: str) -> float:
    return _seconds(app.text_input(key="history.text.0").set_value(word).run)


def _query(home: Path) -> float:
    database = Database.open(sqlite_url(home / "studio.sqlite3"))
    try:
        return _seconds(lambda: History(database, LOCAL).search(Search("oak snow"), RUNS // 24 // 3))
    finally:
        database.close()


def _fill(home: Path) -> None:
    """Write the runs into a new database: each with a control image that many share, and a picture of its own."""
    database = Database.open(sqlite_url(home / "studio.sqlite3"))
    prompts = [prompt for sample in samples.SAMPLES for prompt in sample.prompts]
    sent = [_picture(seed) for seed in range(20)]
    now = time.time()
    with database.write(EVERYONE) as connection:
        for index in range(RUNS):
            control_image, result = sent[index % len(sent)], _picture(1000 + index)
            for data in (control_image, result):
                pictures.keep(connection, LOCAL, pictures.describe(data), data)
            run_id = secrets.token_hex(16)
            connection.execute(
                insert(runs).values(
                    run_id=run_id,
                    workspace=LOCAL,
                    backend="embedded",
                    workflow_id="workflow",
                    prompt=f"{prompts[index % len(prompts)]}, oak and snow {index}",
                    batch_size=1,
                    image_width=SIDE,
                    image_height=SIDE,
                    seed=index,
                    control_image=pictures.describe(control_image).sha256,
                    submission="accepted",
                    render_id=secrets.token_hex(12),
                    phase="completed",
                    misc={},
                    credits=0.0,
                    cost=0.0,
                    created_at=now - 600 * index,
                    finished_at=now - 600 * index + 2,
                    stored_at=now - 600 * index + 2,
                )
            )
            named = {"workspace": LOCAL, "sha256": pictures.describe(result).sha256, "position": 0}
            connection.execute(insert(outputs).values(run_id=run_id, **named))
    database.close()


def _picture(seed: int) -> bytes:
    """A picture with as much detail as a render: soft areas, and some grain."""
    noise = np.random.RandomState(seed)
    coarse = Image.fromarray(noise.randint(0, 255, (12, 12, 3), np.uint8)).resize((SIDE, SIDE))
    grain = noise.normal(0, 5, (SIDE, SIDE, 1))
    file = io.BytesIO()
    Image.fromarray((np.asarray(coarse) + grain).clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()
