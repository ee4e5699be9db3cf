"""A real app in a process of its own, for the end-to-end tests, the benchmarks and the screenshots."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.ports import unused_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


@dataclass
class App:
    """A running app: its process, its URL, its home folder and everything it printed."""

    home: Path
    port: int = field(default_factory=unused_port)
    root: Path = ROOT
    script: str = "app.py"
    base_path: str = ""
    extra_environment: dict[str, str] = field(default_factory=dict)
    secrets: str = ""
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base_path}"

    @property
    def log(self) -> str:
        return (self.home / "app.log").read_text("utf-8", "replace")

    def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("GENLY_", "RERENDER_"))
        }
        environment |= {"RERENDER_HOME": str(self.home), **self.extra_environment}
        command = [sys.executable, "-m", "streamlit", "run", self.script, "--server.address=127.0.0.1"]
        command += [f"--server.port={self.port}", "--server.headless=true", f"--server.baseUrlPath={self.base_path}"]
        if self.secrets:
            (self.home / "secrets.toml").write_text(self.secrets, "utf-8")
            command += [f"--secrets.files={self.home / 'secrets.toml'}"]
        with (self.home / "app.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.root, env=environment, stdout=log, stderr=log)
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=120)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/_stcore/health", timeout=2).ok
        except requests.RequestException:
            return False
