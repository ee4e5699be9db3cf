from __future__ import annotations

from tests.studio.conftest import database, database_file, database_url, new_database, new_database_file

__all__ = ["database", "database_file", "database_url", "new_database", "new_database_file"]
