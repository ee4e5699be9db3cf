"""Wraps methods of Streamlit's own, where it has no setting for what the app needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

__all__ = ["wrap"]

# Not `__wrapped__`, which a Streamlit of the future may have put there itself.
_OURS = "wrapped_by_rerender"


def wrap(owner: type, name: str, around: Callable[..., Any]) -> None:
    """Call `around` with the method of that name and its arguments in place of the method, unless this is done."""
    method = getattr(owner, name)
    if hasattr(method, _OURS):
        return

    @wraps(method)
    def wrapped(self: object, *args: Any, **kwargs: Any) -> Any:
        return around(method, self, *args, **kwargs)

    setattr(wrapped, _OURS, True)
    setattr(owner, name, wrapped)
