"""Finds the fields of the form in a page under test."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def key(app: AppTest, field: str) -> str:
    """The key of the field's widget as it is now, by the field's name in `rerender.ui.fields`."""
    return f"form.{field}.{app.session_state['fields.editions'][field]}"
