"""The local API's looks while its engine works, and while it rests: one client, one request after the other."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection

from benchmarks.studio import a_request, control_image
from benchmarks.table import Row, show
from benchmarks.timed_api import KEY
from rerender import Client

SECONDS = 5.0
BUSY_WITH, SIDE, BATCH = 6, 2048, 4


def measure() -> list[Row]:
    """Four rows: working or resting, over one connection or a new one for each look."""
    control_image()
    with _serve() as base_url, Client(KEY, base_url=base_url) as client:
        rests = client.run(a_request(0)).id  # loads the engine too
        idle = [_looks(base_url, rests, keep_alive=keep_alive) for keep_alive in (True, False)]
        large = replace(a_request(0), image_width=SIDE, image_height=SIDE, batch_size=BATCH)
        queue = [client.submit(replace(large, seed=seed)) for seed in range(BUSY_WITH)]
        while client.get(queue[0]).phase != "processing":
            time.sleep(0.05)
        busy = [_looks(base_url, queue[-1], keep_alive=keep_alive) for keep_alive in (True, False)]
        assert not client.get(queue[-1]).is_terminal, "the engine was done before the measurement"
    return [
        Row(f"GETs a second {state}, {connection}", _figure(times))
        for state, both in ((f"while it renders {SIDE}² × {BATCH}", busy), ("when idle", idle))
        for connection, times in zip(("over one kept connection", "each over a new connection"), both, strict=True)
    ]


def _figure(times: list[float]) -> str:
    slow = statistics.quantiles(times, n=100)[-1]
    return f"{len(times) / SECONDS:,.0f} (99 % within {1000 * slow:.1f} ms, all within {1000 * max(times):.0f} ms)"


def _looks(base_url: str, render_id: str, *, keep_alive: bool) -> list[float]:
    """The seconds that each look took, for `SECONDS` in all. A bare connection, so that the client costs little."""
    headers = {"Authorization": f"Bearer {KEY}"}
    times: list[float] = []
    begun = now = time.perf_counter()
    with closing(HTTPConnection(base_url.removeprefix("http://"), timeout=30)) as connection:
        while now - begun < SECONDS:
            connection.request("GET", f"/api/renders/{render_id}", headers=headers)
            answer = json.loads(connection.getresponse().read())
            assert answer["_id"] == render_id
            if not keep_alive:
                connection.close()  # the next request opens another one
            before, now = now, time.perf_counter()
            times.append(now - before)
    return times


@contextmanager
def _serve() -> Iterator[str]:
    """`python -m rerender serve` over a new folder; its base URL."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "rerender", "serve", "--port", "0", "--home", home, "--api-key", KEY]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            said = iter(process.stdout.readline, "")
            yield next(found[1] for line in said if (found := re.search(r"Base URL +(\S+)", line)))
        finally:
            process.terminate()
            process.communicate()


if __name__ == "__main__":
    show(measure())
