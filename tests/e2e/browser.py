"""Finds a browser for the end-to-end tests; `python -m tests.e2e.browser` gets one where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
MAC_APPS = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium")


def find() -> str | None:
    """The path of an installed Chromium or Chrome, else of Playwright's own download, else None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    for app in MAC_APPS:
        if (Path("/Applications") / app).exists():
            return str(Path("/Applications") / app)
    return _playwrights_own()


def _playwrights_own() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


# Chromium's own background requests would be refused one by one on a machine without internet.
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # In a process of its own, a sandboxed frame's requests would be seen by no test.
    "--disable-features=IsolateSandboxedIframes",
)


def launch(playwright: Playwright) -> Browser:
    """Start the browser that `find` names."""
    path = find()
    if path is None:
        raise RuntimeError("No browser: run `make test` once, or install Chromium.")
    return playwright.chromium.launch(executable_path=path, args=list(QUIET))


def _install() -> None:
    """Try Playwright's download, then Debian's package. Either may be out of reach: `find` decides."""
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, timeout=300)
    if find() is None and shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False)


def main() -> None:
    """Make sure that there is a browser, or fail with the line to type."""
    if find() is None:
        _install()
    if find() is None:
        sys.exit("The end-to-end tests need Chromium or Chrome. Type: sudo apt-get install chromium")
    print(f"browser: {find()}")


if __name__ == "__main__":
    main()
