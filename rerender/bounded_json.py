"""JSON that a stranger wrote, read only where it unfolds to no more than a small computer has room for."""

from __future__ import annotations

import json
from typing import Any

MAX_CONTAINERS, MAX_COMMAS = 400_000, 2_000_000


def read_json(data: bytes, most_parts: int = MAX_COMMAS, **options: Any) -> Any:
    """What `data` says, as `json.loads` reads it with these options. Raises `ValueError` and `RecursionError`.

    Three bytes of JSON can take a hundred in memory, so what has too many parts is not read at all.
    """
    if data.count(b"{") + data.count(b"[") > min(MAX_CONTAINERS, most_parts) or data.count(b",") > most_parts:
        raise ValueError("too many parts")
    return json.loads(data, **options)
