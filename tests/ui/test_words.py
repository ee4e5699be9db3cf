"""What a run cost, in words that are true."""

from __future__ import annotations

from pathlib import Path

import pytest

from rerender.studio.database import Database, sqlite_url
from rerender.studio.history import History
from rerender.ui import words
from tests.studio.rows import add_run

HOSTED = {"backend": "https://api.test", "credits": 1.0, "cost": 0.025}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "Free"),
        ({"submission": "uncertain", "stored_at": None}, "Free"),
        (HOSTED, "$0.025"),
        ({**HOSTED, "stored_at": None, "phase": "failed"}, "Perhaps $0.025"),
        ({**HOSTED, "stored_at": None, "completed_at": 5.0}, "$0.025"),
        ({**HOSTED, "stored_at": None, "stopped_at": 5.0}, "$0.025"),
        ({**HOSTED, "submission": "uncertain", "stored_at": None, "settled_at": 5.0}, "$0.025"),
        ({**HOSTED, "submission": "uncertain", "stored_at": None}, "Perhaps $0.025"),
        ({**HOSTED, "submission": "refused", "stored_at": None, "credits": 0.0, "cost": 0.0}, "Not charged"),
        ({**HOSTED, "submission": "refused", "stored_at": None, "settled_at": 5.0}, "Not charged"),
        ({**HOSTED, "finished_at": None, "phase": None}, "$0.025"),
        ({**HOSTED, "finished_at": None, "phase": None, "settled_at": 5.0}, "Perhaps $0.025"),
        ({**HOSTED, "finished_at": None, "phase": "pending", "settled_at": 5.0}, "$0.025"),
        ({**HOSTED, "credits": 0.0, "cost": 0.0}, "0 credits"),
        ({**HOSTED, "submission": "uncertain", "stored_at": None, "credits": 0.0, "cost": 0.0}, "0 credits"),
    ],
)
def test_only_a_refused_run_is_called_not_charged_and_only_a_preview_free(
    columns: dict[str, object], said: str, tmp_path: Path
) -> None:
    database = Database.open(sqlite_url(tmp_path / "studio.sqlite3"))
    try:
        run = History(database, "ours").run(add_run(database, **columns))
        assert run is not None
        assert words.cost(run) == said
    finally:
        database.close()
