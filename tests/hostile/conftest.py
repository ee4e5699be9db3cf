from __future__ import annotations

from tests.studio.conftest import database, database_file, new_database_file

__all__ = ["database", "database_file", "new_database_file"]
