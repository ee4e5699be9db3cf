"""Where a setting's value comes from: Streamlit's secrets, then the environment."""

from __future__ import annotations

import os

import streamlit as st


def secret(name: str) -> str | None:
    """The value of `name` in the app's secrets, None where there is none or no secrets file at all."""
    try:
        value = st.secrets.get(name)
    except FileNotFoundError:
        return None
    return None if value is None else str(value)


SOURCES = (secret, os.environ.get)
"""In the order of their precedence. Kept apart, because a key is only used with the base URL of its own source."""
SOURCE_NAMES = ("the app's secrets", "the environment")


def place_of(name: str) -> str | None:
    """Where the setting `name` is set, in words; None where it is set nowhere."""
    set_there = (bool(source(name)) for source in SOURCES)
    return next((place for place, is_set in zip(SOURCE_NAMES, set_there, strict=True) if is_set), None)


def lookup(name: str) -> str | None:
    """The text of the setting `name` from the first source that has one, None where it is set nowhere or empty."""
    return next((value for source in SOURCES if (value := source(name))), None)
