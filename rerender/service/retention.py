"""Which renders are kept: not for ever, and not more than the disk should hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

KEEP_DAYS = 30
KEEP_MB = 2_000
# A render is there for whoever waits for it, however little is kept.
GRACE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A render that has ended: when, in epoch seconds, and how many bytes it takes on the disk."""

    id: str
    at: float
    size: int


@dataclass(frozen=True, slots=True)
class Retention:
    """How long ended renders are kept, and how many megabytes of them."""

    keep_days: float = KEEP_DAYS
    keep_mb: float = KEEP_MB

    def surplus(self, ended: Iterable[Ended], now: float) -> list[str]:
        """The ids of those to delete, oldest first.

        That is what ended more than `keep_days` ago, and of the rest the oldest until `keep_mb` are left;
        never what ended in the last ten minutes.
        """
        oldest_first = sorted(ended, key=lambda render: render.at)
        size = sum(render.size for render in oldest_first)
        too_old, too_new = now - self.keep_days * 86_400, now - GRACE_SECONDS
        deleted = []
        for render in oldest_first:
            if render.at > too_new or (render.at >= too_old and size <= self.keep_mb * 1_000_000):
                break
            size -= render.size
            deleted.append(render.id)
        return deleted
