"""What a log may say of an error: its kind and where it came from, not its message, which could hold a prompt."""

from __future__ import annotations

import traceback

__all__ = ["kind", "where"]


def kind(error: BaseException) -> str:
    """The name of the error's class; what the system says of a disk or a connection holds nothing of a visitor's."""
    return str(error) if isinstance(error, OSError) else type(error).__name__


def where(error: BaseException) -> str:
    """The kind of the error, and the lines of code that led to it and to what caused it."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    caused = f"{where(cause)}and then " if cause else ""
    return f"{caused}{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
