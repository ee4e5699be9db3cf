"""Where a setting's value comes from: Streamlit's secrets, then the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from rerender.studio.backends import first


def secret(name: str) -> str | None:
    """The value of `name` in the app's secrets, None where there is none or no secrets file at all."""
    try:
        value = st.secrets.get(name)
    except FileNotFoundError:
        return None
    return None if value is None else str(value)


def auth() -> Mapping[str, Any] | None:
    """The section of the secrets that sets sign-in up, as Streamlit wants it; None where there is none."""
    try:
        section = st.secrets.get("auth")
    except FileNotFoundError:
        return None
    return section if section is None or isinstance(section, Mapping) else {}


def are_readable() -> bool:
    """Whether no secrets file is there that Streamlit cannot read: it passes over every setting in such a one."""
    return st.secrets.load_if_toml_exists() or not any(Path(file).exists() for file in st.get_option("secrets.files"))


SOURCES = (secret, os.environ.get)
"""In the order of their precedence. Kept apart, because a key is only used with the base URL of its own source."""
SOURCE_NAMES = ("the app's secrets", "the environment")


def place_of(name: str) -> str | None:
    """Where the setting `name` is set, in words; None where it is set nowhere."""
    set_there = (bool(source(name)) for source in SOURCES)
    return next((place for place, is_set in zip(SOURCE_NAMES, set_there, strict=True) if is_set), None)


def lookup(name: str) -> str | None:
    """The text of the setting `name` from the first source that has one, None where it is set nowhere or empty."""
    return first(SOURCES, name)
