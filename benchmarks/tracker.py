"""Five hundred renders that are long in coming: what following them costs the process that does it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psutil

from benchmarks.studio import a_request, new_database
from benchmarks.table import Row, show
from benchmarks.timed_api import KEY, TimedApi, serving
from rerender import Client
from rerender.studio.backends import api_backend
from rerender.studio.database import Database
from rerender.studio.journal import Journal, new_owner
from rerender.studio.runner import LEASE, Runner
from rerender.studio.workspaces import LOCAL

RUNS, MINUTES_OLD = 500, 6
SECONDS = 66  # two looks at each: half a minute apart, and up to a tenth more
LONG = 86_400.0


def measure() -> list[Row]:
    """The share of a core, after every run has been taken up."""
    with serving((LONG, LONG)) as api, new_database() as (url, database):
        _fill(database, api)
        begun = time.perf_counter()
        with _following(str(url), api.base_url) as process:
            while (looks := api.facts().gets) < RUNS:
                time.sleep(0.1)
            taken_up, cpu_before = time.perf_counter() - begun, _cpu(process)
            time.sleep(SECONDS)
            cpu, looks = _cpu(process) - cpu_before, api.facts().gets - looks
    what = f"{RUNS} unfinished renders older than 5 minutes: CPU of the process that follows them, over {SECONDS} s"
    per_look = f"{looks / SECONDS:.1f} looks a second, {1000 * cpu / looks:.2f} ms each"
    return [
        Row(what, f"{cpu / SECONDS:.1%} of a core", "< 5 %"),
        Row("that CPU over the looks within the same time", per_look),
        Row("process start → all are taken up from one that is gone, and looked at", f"{taken_up:.1f} s"),
    ]


def _fill(database: Database, api: TimedApi) -> None:
    """Write down what a process that is gone submitted some minutes ago."""
    then = time.time() - 60 * MINUTES_OLD
    journal = Journal(database, new_owner(), wall=lambda: then, lease=LEASE, announce=lambda: None)
    backend = api_backend(KEY, base_url=api.base_url)
    request = a_request(0)
    run_ids = journal.begin_all(LOCAL, backend, [request] * RUNS, None)
    with Client(KEY, base_url=api.base_url) as client:
        for run_id in run_ids:
            assert journal.sending(run_id)
            journal.accepted(run_id, client.submit(request))


@contextmanager
def _following(database_url: str, base_url: str) -> Iterator[psutil.Process]:
    command = [sys.executable, "-m", "benchmarks.tracker", database_url, base_url]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.communicate()


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _follow(database_url: str, base_url: str) -> None:
    """Be the process that is measured, until the other one closes its end of the pipe."""
    backend = api_backend(KEY, base_url=base_url)
    with (
        closing(Database.open(database_url)) as database,
        closing(Runner(database, lambda _name, _workspace: backend)) as runner,
    ):
        runner.resume()
        sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1:]:
        _follow(*sys.argv[1:])
    else:
        show(measure())
