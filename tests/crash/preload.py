"""What the server that children are forked from has done before: everything that a first use loads, and no thread."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import select

from rerender.client import Client
from rerender.studio import pictures
from rerender.studio.database import EVERYONE, Database, sqlite_url
from rerender.studio.runs import RUN_COLUMNS
from tests.crash import processes
from tests.fake_api import API_KEY

with tempfile.TemporaryDirectory() as folder:
    database = Database.open(sqlite_url(Path(folder) / "new.sqlite3"))
    with database.write(EVERYONE) as connection:
        data = processes.request_of(0, 1).control_image
        pictures.keep(connection, processes.WORKSPACE, pictures.describe(data), data)
        connection.execute(select(*RUN_COLUMNS)).all()
    database.close()
with Client(API_KEY, base_url="http://127.0.0.1:1"):
    pass
