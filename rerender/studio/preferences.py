"""What a workspace prefers: where its renders are made, what they cost there, how its form begins. Never a key."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, get_args

from sqlalchemy import Connection, Text, cast, delete, insert, select

from rerender.client import DEFAULT_BASE_URL, Client
from rerender.errors import ConfigurationError
from rerender.images import Fit
from rerender.models import BATCH_SIZE, DEFAULT_WORKFLOW_ID
from rerender.studio.database import Database
from rerender.studio.tables import preferences as table

__all__ = [
    "CONFIGURED",
    "FITS",
    "POLL_FLOOR",
    "SIZES",
    "TYPED",
    "WITHOUT_KEY",
    "Preferences",
    "change",
    "load",
    "usable",
]

CONFIGURED, WITHOUT_KEY, TYPED = "configured", "preview", "typed"
"""Where renders are made: as the secrets or the environment say, at the preview, or at an API with a typed key."""

SIZES = ("draft", "standard", "large")
FITS = get_args(Fit)
POLL_FLOOR = (1.0, 30.0)

_URL_MAX_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Preferences:
    """Checks itself: raises `ConfigurationError` in one sentence for a value that cannot be.

    `base_url` and `workflow_id` belong to the typed key alone. `credits_per_run` and `credit_price` (US dollars) are
    None where the configuration decides. `poll_floor` is in seconds; the rest is how a new form begins.
    """

    backend: str = CONFIGURED
    base_url: str = DEFAULT_BASE_URL
    workflow_id: str = DEFAULT_WORKFLOW_ID
    credits_per_run: float | None = None
    credit_price: float | None = None
    poll_floor: float = POLL_FLOOR[0]
    batch_size: int = BATCH_SIZE.low
    size: str = SIZES[1]
    fit: Fit = "crop"

    def __post_init__(self) -> None:
        _require(self.backend in (CONFIGURED, WITHOUT_KEY, TYPED), "There is no such place to make renders.")
        _require_address(self.base_url, self.workflow_id)
        for amount, what in ((self.credits_per_run, "Credits per run"), (self.credit_price, "The price of a credit")):
            _require(amount is None or _is_number(amount, 0, math.inf), f"{what} must be a number of 0 or more.")
        _require(_is_number(self.poll_floor, *POLL_FLOOR), "The polling pace must be from 1 to 30 seconds.")
        low, high = BATCH_SIZE
        _require(self.batch_size in BATCH_SIZE, f"Pictures must be a whole number from {low} to {high}.")
        _require(self.size in SIZES, f"The size must be one of {', '.join(SIZES)}.")
        _require(self.fit in FITS, f"The fit must be one of {', '.join(FITS)}.")


_NAMES = tuple(one.name for one in fields(Preferences))


def load(database: Database, workspace: str) -> Preferences:
    """The workspace's preferences; what is unknown here or cannot be is passed over."""
    with database.read(workspace) as connection:
        return _load(connection)


def change(database: Database, workspace: str, **changes: Any) -> Preferences:
    """Save these preferences and leave the others as they are. Raises `ConfigurationError`; then nothing is saved."""
    with database.write(workspace) as connection:
        changed = replace(_load(connection), **changes)
        kept = asdict(changed)
        connection.execute(delete(table).where(table.c.name.in_(changes)))
        connection.execute(
            insert(table), [{"workspace": workspace, "name": name, "value": kept[name]} for name in changes]
        )
    return changed


def usable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that are known here and can be; one that cannot be does not take the others with it."""
    kept: dict[str, Any] = {}
    for name in _NAMES:
        if name in values:
            with suppress(ConfigurationError):
                Preferences(**{name: values[name]})
                kept[name] = values[name]
    return kept


def _load(connection: Connection) -> Preferences:
    values: dict[str, Any] = {}
    # As text, because a broken value would otherwise end the whole query.
    query = select(table.c.name, cast(table.c.value, Text)).where(table.c.name.in_(_NAMES))
    for name, written in connection.execute(query):
        with suppress(ValueError):
            values[name] = json.loads(written)
    return Preferences(**usable(values))


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise ConfigurationError(sentence)


def _require_address(base_url: object, workflow_id: object) -> None:
    _require(isinstance(base_url, str) and len(base_url) <= _URL_MAX_CHARS, "The base URL is not a URL.")
    _require(isinstance(workflow_id, str), "The workflow id is not an id.")
    # The client is the one that knows which addresses are safe to use; the key is none.
    Client("no-key", base_url=str(base_url), workflow_id=str(workflow_id)).close()


def _is_number(value: object, low: float, high: float) -> bool:
    return type(value) in (int, float) and low <= value <= high and math.isfinite(value)  # type: ignore[operator,arg-type]
