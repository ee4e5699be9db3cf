"""Many renders at once: the client in threads, the app's runner, and the documentation's two curl calls as a loop."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.studio import a_request, control_image, studio
from benchmarks.table import Row, show
from benchmarks.timed_api import KEY, SIDE, TimedApi, serving
from rerender import Client
from rerender.models import DEFAULT_WORKFLOW_ID

RENDERS, AT_ONCE, SECONDS = 64, 8, 2.0
IDEAL = RENDERS / AT_ONCE * SECONDS


def measure() -> list[Row]:
    """One row for each way to make the same renders."""
    control_image()  # made once, and not while anything is measured
    return [
        _row("the client, one for each thread", "≤ 1.10", _by_client),
        _row("a plain loop of the documentation's two calls", "", _by_plain_loop),
        _row(f"the app's runner, all submitted at once to a server that works on {AT_ONCE}", "≤ 1.10", _by_runner),
    ]


def _row(way: str, aim: str, make: Callable[[TimedApi], float]) -> Row:
    with serving((SECONDS, SECONDS), slots=AT_ONCE) as api:
        before = time.process_time()
        wall = make(api)
        cpu = time.process_time() - before
        facts = api.facts()
    assert facts.posts == RENDERS
    gets, milliseconds = facts.gets / RENDERS, 1000 * cpu / RENDERS
    figure = f"{wall:.1f} s, × {wall / IDEAL:.3f}; {gets:.2f} GETs and {milliseconds:.0f} ms of CPU a render"
    return Row(f"{RENDERS} renders of {SECONDS:g} s, {AT_ONCE} at a time ({IDEAL:g} s): {way}", figure, aim)


def _by_client(api: TimedApi) -> float:
    clients = threading.local()

    def work(seed: int) -> None:
        if not hasattr(clients, "own"):
            clients.own = Client(KEY, base_url=api.base_url)
        render = clients.own.run(a_request(seed))
        assert [clients.own.download(output) for output in render.outputs]

    return _in_threads(work)


def _by_plain_loop(api: TimedApi) -> float:
    headers = {"Authorization": f"Bearer {KEY}"}

    def work(seed: int) -> None:
        body = {
            "prompt": "oak and glass",
            "control_image": base64.b64encode(control_image()).decode(),
            "batch_size": 1,
            "image_width": SIDE,
            "image_height": SIDE,
            "seed": seed,
        }
        answer = requests.post(f"{api.base_url}/api/workflows/{DEFAULT_WORKFLOW_ID}", json=body, headers=headers)
        address = f"{api.base_url}/api/renders/{answer.json()['render_id']}"
        while (render := requests.get(address, headers=headers).json())["phase"] not in ("completed", "failed"):
            time.sleep(1)
        assert [requests.get(output["cover_src"]).content for output in render["outputs"]]

    return _in_threads(work)


def _in_threads(work: Callable[[int], None]) -> float:
    begun = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(work, range(RENDERS)))
    return time.perf_counter() - begun


def _by_runner(api: TimedApi) -> float:
    with studio(api.base_url) as app:
        begun = time.time()
        runs = app.finish(RENDERS)
    return max(run.stored_at or 0.0 for run in runs) - begun


if __name__ == "__main__":
    show(measure())
