"""The way back to where a link pointed: signing in leads over the provider's pages to the app's first one."""

from __future__ import annotations

from rerender.ui import components

_mount = components.script("way")


def remember() -> None:
    """Let the browser's tab keep the page's address until `go_on`. Shows nothing."""
    _mount(data={"remember": True}, key="way.remember")


def go_on() -> None:
    """Go to the address that the tab keeps, if any, once. Shows nothing."""
    _mount(data={"remember": False}, key="way.go_on")
