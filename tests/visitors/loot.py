"""Everything that a thief could know of others' workspaces, read from the database behind the app's back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from rerender.studio.tables import blobs, runs, thumbnails
from tests.visitors.traffic import needles_of


@dataclass
class Loot:
    """By workspace: the ids of its runs and renders, the digests of its pictures, and pieces of their bytes."""

    database_url: str
    run_ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    render_ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    digests: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    needles: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    _seen: set[tuple[object, ...]] = field(default_factory=set)
    _gathering: Lock = field(default_factory=Lock)
    _changing: Lock = field(default_factory=Lock)

    def gather(self) -> None:
        """Take what is there now; what was taken before stays, also when it was deleted meanwhile."""
        engine = create_engine(self.database_url, poolclass=NullPool)
        with self._gathering, engine.connect() as connection:
            for row in connection.execute(select(runs.c.workspace, runs.c.run_id, runs.c.render_id)).all():
                with self._changing:
                    self.run_ids[row.workspace].add(row.run_id)
                    if row.render_id:
                        self.render_ids[row.workspace].add(row.render_id)
            for table in (blobs, thumbnails):
                key = list(table.primary_key)
                for name in connection.execute(select(*key)).all():
                    if (table.name, *name) not in self._seen:
                        self._seen.add((table.name, *name))
                        this = [column == value for column, value in zip(key, name, strict=True)]
                        needles = needles_of(connection.scalar(select(table.c.data).where(*this)) or b"")
                        with self._changing:
                            self.digests[name.workspace].add(name.sha256)
                            self.needles[name.workspace] |= needles
        engine.dispose()

    def of_others(self, workspace: str, what: dict[str, set[str]]) -> list[str]:
        """What belongs to every workspace but this one, in a lasting order."""
        with self._changing:
            return sorted(one for owner, those in what.items() if owner != workspace for one in those)
