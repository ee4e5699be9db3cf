"""A first start as on a small host: `python -m benchmarks.cold_start` prints the table that docs/hosting.md keeps.

A fresh environment from requirements.txt alone, the committed sources, nothing writable but the home and the
temporary folder, 700 MB of memory, hosted mode, one visitor who renders one preview. It says which of these limits
this machine let it set: as root on Linux all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.table import Row, table
from tests.e2e import browser as chromium
from tests.e2e import steps
from tests.e2e.app import ROOT, App

LIMIT = 700_000_000
SQUARE_SAMPLE = 2  # the chair, which is sent as 1024 × 1024
CGROUPS = (("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"))
# Everything is mounted read-only but the folder $1; the rest of the arguments is what runs there.
READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro / && shift && exec "$@"'


@dataclass
class Limits:
    """What this machine let us set, in words."""

    memory: str
    disk: str


class ColdApp(App):
    """The app of a checkout in an environment of its own, in `folder/writable`, within the limits."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "writable", root=folder / "checkout")
        self.folder = folder
        self.cgroup = _memory_cgroup()
        self.read_only = subprocess.run(_in_read_only(self.home, ["true"]), capture_output=True).returncode == 0

    @property
    def limits(self) -> Limits:
        """What holds for the process."""
        return Limits(
            f"{LIMIT / 1e6:.0f} MB, by cgroup" if self.cgroup else "not limited (no right to make a cgroup)",
            "read-only but for HOME and TMPDIR" if self.read_only else "writable (no right to mount)",
        )

    def start(self) -> None:
        """Start as a host does: no address given, so every visitor has a workspace."""
        command = [str(self.folder / "venv/bin/streamlit"), "run", "app.py"]
        command += ["--server.headless=true", f"--server.port={self.port}"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.home)}
        with (self.home / "app.log").open("ab") as log:
            self.process = subprocess.Popen(
                _in_read_only(self.home, command) if self.read_only else command,
                cwd=self.root,
                env=environment,
                stdout=log,
                stderr=log,
                preexec_fn=self._join_cgroup,
            )
        self.wait_until_it_answers()

    def stop_and_tidy(self) -> None:
        """End the process and give its cgroup back."""
        self.stop()
        if self.cgroup:
            self.cgroup.rmdir()

    def _join_cgroup(self) -> None:
        if self.cgroup:
            (self.cgroup / "cgroup.procs").write_text(str(os.getpid()))


def _in_read_only(writable: Path, command: list[str]) -> list[str]:
    writable.mkdir(parents=True, exist_ok=True)
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", READ_ONLY, "sh", str(writable), *command]


def _memory_cgroup() -> Path | None:
    """A new cgroup with our limit, None where we may not make one."""
    for parent, limit in CGROUPS:
        group = Path(parent) / f"rerender-{os.getpid()}"
        if not (Path(parent) / "cgroup.procs").exists():
            continue  # another kind of cgroups is mounted there
        try:
            group.mkdir()
            (group / limit).write_text(str(LIMIT))
        except OSError:
            if group.exists():
                group.rmdir()
        else:
            return group
    return None


def _install(folder: Path) -> float:
    """The committed sources and a fresh environment in `folder`; seconds that the installation took."""
    (folder / "checkout").mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder / "checkout")], input=archive, check=True)
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(folder / "checkout/requirements.txt")], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def _visit(app: ColdApp, begun: float) -> list[Row]:
    """One visitor, from the first page to the picture."""
    process = psutil.Process(app.process.pid)
    with sync_playwright() as playwright:
        launched = chromium.launch(playwright)
        page = launched.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        steps.open_app(page, app.url)
        interactive = time.perf_counter() - begun
        page.wait_for_timeout(2000)
        idle = process.memory_info().rss
        page.get_by_role("radiogroup", name="Samples").locator("img").nth(SQUARE_SAMPLE).click()
        page.get_by_text("Sent as 1024 × 1024 px").wait_for()
        steps.settle(page)
        clicked = time.perf_counter()
        steps.render_button(page).click()
        page.get_by_text("The preview understood").wait_for()
        shown = time.perf_counter() - clicked
        page.wait_for_timeout(1000)
        launched.close()
    return [
        Row("start → page interactive, browser included", f"{interactive:.1f} s"),
        Row("memory (RSS) with the page loaded", f"{idle / 1e6:.0f} MB", "≤ 130 MB"),
        Row("click → first preview shown, 1024 × 1024", f"{shown:.1f} s"),
        Row("memory after it", f"{process.memory_info().rss / 1e6:.0f} MB"),
        Row("its peak", f"{_peak(process.pid) / 1e6:.0f} MB", "≤ 690 MB"),
    ]


def _peak(pid: int) -> int:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def main() -> None:
    """Install, start, visit, and print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        installed = _install(folder)
        app = ColdApp(folder)
        begun = time.perf_counter()
        app.start()
        answered = time.perf_counter() - begun
        try:
            rows = _visit(app, begun)
        finally:
            app.stop_and_tidy()
        print(
            table(
                [
                    Row("memory limit", app.limits.memory),
                    Row("disk", app.limits.disk),
                    Row("environment made and requirements.txt installed", f"{installed:.0f} s"),
                    Row("start → first HTTP 200", f"{answered:.1f} s"),
                    *rows,
                ]
            )
        )


if __name__ == "__main__":
    main()
