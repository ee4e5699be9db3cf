"""The way back to where a link pointed: signing in leads over the provider's pages to the app's first one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_mount = st.components.v2.component("rerender.way", js=Path(__file__).with_name("way.js").read_text("utf-8"))


def remember() -> None:
    """Let the browser's tab keep the page's address until `go_on`. Shows nothing."""
    _mount(data={"remember": True}, key="way.remember")


def go_on() -> None:
    """Go to the address that the tab keeps, if any, once. Shows nothing."""
    _mount(data={"remember": False}, key="way.go_on")
