"""Rows written straight into the database: many, and in any state, without a render."""

from __future__ import annotations

import secrets
import time
from typing import Any

from sqlalchemy import insert

from rerender.studio import pictures
from rerender.studio.database import EVERYONE, Database
from rerender.studio.tables import outputs, runs
from tests.fake_api import picture

JUST_NOW = dict.fromkeys(("created_at", "finished_at"), time.time())
"""For a run on a host, which deletes old ones when it starts."""


def add_run(
    database: Database, *, results: list[bytes | None] | None = None, control_image: bytes | None = None, **columns: Any
) -> str:
    """A run that completed just so, unless `columns` say otherwise, with `results` (None is no picture); its id."""
    sent = control_image or picture(512, 512)
    row = {
        "run_id": secrets.token_hex(16),
        "workspace": "ours",
        "backend": "embedded",
        "workflow_id": "workflow",
        "prompt": "oak and glass",
        "batch_size": 1,
        "image_width": 512,
        "image_height": 512,
        "seed": 7,
        "control_image": pictures.describe(sent).sha256,
        "submission": "accepted",
        "render_id": secrets.token_hex(12),
        "phase": "completed",
        "misc": {},
        "credits": 0.0,
        "cost": 0.0,
        "created_at": 1000.0,
        "finished_at": 1001.0,
        "stored_at": 1001.0 if columns.get("finished_at", True) is not None else None,
        **columns,
    }
    with database.write(EVERYONE) as connection:
        pictures.keep(connection, row["workspace"], pictures.describe(sent), sent)
        connection.execute(insert(runs).values(row))
        for position, data in enumerate(results or []):
            result = data or b"a format of the future"
            kept = pictures.describe(result)
            pictures.keep(connection, row["workspace"], kept, result)
            values = {"workspace": row["workspace"], "sha256": kept.sha256, "position": position}
            connection.execute(insert(outputs).values(run_id=row["run_id"], **values))
    return str(row["run_id"])
