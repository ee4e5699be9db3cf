"""The work behind the API: a durable queue and one worker, because the engine renders one at a time."""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from rerender import logs, memory
from rerender.engines.base import Cancelled, Engine
from rerender.errors import RerenderError
from rerender.models import TERMINAL, Phase, RenderRequest
from rerender.service.accounts import OWNER
from rerender.service.retention import Ended, Retention
from rerender.service.storage import Picture, Record, Storage
from rerender.service.timings import Stopwatch

if TYPE_CHECKING:
    import numpy as np

_log = logging.getLogger(__name__)

QUEUE_LIMIT = 64
INTERRUPTIONS_ALLOWED = 1
# Seconds before each further try to write what became of a render: another program may hold the file for a moment.
WRITE_AGAIN_AFTER = (0.1, 0.3, 1.0, 3.0)
_GIVEN_UP = (
    "The service was cut off twice while it worked on this render, or could not write to its disk, and does not try a "
    "third time; "
    "submit it again, with smaller pictures if the computer ran out of memory."
)
_STORING = "storing"

T = TypeVar("T")


class QueueFull(RerenderError):
    """As many renders wait as the service takes. Nothing was stored."""


class Jobs:
    """Takes requests, renders them one after the other, and answers for what became of them.

    A render is on the disk before `submit` returns; what had not ended when the process ended is
    rendered again after the next `start`. One over which the process died a second time is `dead`.
    What a disk that fails leaves unwritten waits for the next start; it never ends the worker.
    Ended renders go when `retention` says so. `clock` gives epoch seconds, `timer` seconds from any moment on.
    """

    def __init__(
        self,
        storage: Storage,
        engine: Engine,
        *,
        queue_limit: int = QUEUE_LIMIT,
        retention: Retention | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._storage = storage
        self._engine = engine
        self._queue_limit = queue_limit
        self._retention = retention or Retention()
        self._clock, self._timer, self._sleep = clock, timer, sleep
        self._waiting: deque[str] = deque()
        self._in_work = 0
        self._ended: dict[str, Ended] = {}
        self._has_counted = False
        self._unwritten: list[str] = []
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._worker = threading.Thread(target=self._work, name="rerender-jobs", daemon=True)

    def start(self) -> None:
        """Take up what had not ended, and begin to work."""
        with self._changed:
            self._waiting = deque(record.id for record in self._storage.unfinished() if self._takes_up(record))
        self._worker.start()

    def _takes_up(self, record: Record) -> bool:
        """Whether a render that had not ended waits again. One that was `processing` was so when the process died."""
        if record.phase != Phase.PROCESSING:
            return True
        interruptions = record.interruptions + 1
        if interruptions <= INTERRUPTIONS_ALLOWED:
            return self._update(record, phase=Phase.PENDING, interruptions=interruptions)
        misc = record.misc | {"error": _GIVEN_UP}
        self._update(record, phase=Phase.DEAD, interruptions=interruptions, misc=misc)
        return False

    def close(self) -> None:
        """Stop between two stages of the engine; the render in work goes back to `pending`. Idempotent."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        if self._worker.is_alive():
            self._worker.join()

    @property
    def engine(self) -> Engine:
        """Who makes the pictures."""
        return self._engine

    @property
    def is_working(self) -> bool:
        """Whether renders that wait will be made."""
        return self._worker.is_alive()

    def counts(self) -> tuple[int, int]:
        """How many renders wait, and how many are in work."""
        return len(self._waiting), self._in_work

    def submit(self, request: RenderRequest, workflow_id: str, account: str = OWNER) -> str:
        """Store the request of the account and queue it; its render id. Raises `QueueFull`."""
        with self._changed:
            if len(self._waiting) >= self._queue_limit:
                raise QueueFull(f"{self._queue_limit} renders are waiting already. Try again when some are done.")
            description = dict(self._engine.describe(request))
            record = self._storage.create(request, workflow_id, self._clock(), description, account)
            self._waiting.append(record.id)
            self._changed.notify_all()
            return record.id

    def find(self, render_id: str, account: str = OWNER) -> Record | None:
        """The render as it stands, None for an id that is none of the account's."""
        record = self._storage.find(render_id)
        return record if record and record.account == account else None

    def scratch_file(self) -> IO[bytes]:
        """An empty file that is gone when it is closed: for a request that is still arriving."""
        return self._storage.scratch_file()

    def picture_path(self, file: str) -> Path | None:
        """The file of a picture, None for an unknown name."""
        return self._storage.picture_path(file)

    def forget(self, render_id: str) -> None:
        """Delete a render and its pictures, in whatever phase; work on it stops. Unknown ids are no error."""
        with self._changed:
            if render_id in self._waiting:
                self._waiting.remove(render_id)
        self._storage.forget(render_id)
        self._ended.pop(render_id, None)

    def forget_those(self, is_chosen: Callable[[Record], bool]) -> None:
        """Delete the renders that are chosen, in whatever phase. One that the disk does not let go of is logged."""
        self._forget_each([record.id for record in self._storage.records() if is_chosen(record)])

    def _forget_each(self, render_ids: Iterable[str]) -> None:
        for render_id in render_ids:
            try:
                self.forget(render_id)
            except OSError as error:
                _log.error("Render %s could not be deleted: %s", render_id, error)

    def _work(self) -> None:
        self._keep_house()
        while (render_id := self._next()) is not None:
            try:
                self._run(render_id)
            except Exception as error:
                # A worker that has ended does not come back; the render is taken up again at the next start.
                _log.error("Render %s could not be stored: %s\n%s", render_id, logs.kind(error), logs.where(error))
                self._unwritten.append(render_id)
            self._in_work = 0
            self._keep_house(render_id)
            memory.give_back()
        self._put_back()

    def _put_back(self) -> None:
        """So that the next start does not take what could not be written for a death of the process."""
        for render_id in self._unwritten:
            with suppress(OSError):
                record = self._storage.find(render_id)
                if record is not None and record.phase == Phase.PROCESSING:
                    self._update(record, phase=Phase.PENDING)

    def _keep_house(self, render_id: str | None = None) -> None:
        """Take note of a render that has ended, and delete those that are not kept any longer."""
        try:
            if not self._has_counted:
                self._ended = {render.id: render for render in self._storage.ended()}
            elif render_id is not None:
                self._count(render_id)
            self._has_counted = True
            self._forget_each(self._retention.surplus(list(self._ended.values()), self._clock()))
        except Exception as error:
            self._has_counted = False  # the next time all are counted
            _log.error("Ended renders could not be gone through: %s\n%s", logs.kind(error), logs.where(error))

    def _count(self, render_id: str) -> None:
        record = self._storage.find(render_id)
        if record is not None and record.phase in TERMINAL:
            self._ended[render_id] = self._storage.measure(record)

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stop.is_set())
            if self._stop.is_set():
                return None
            # Here, so that nobody sees a moment in which it neither waits nor is worked at.
            self._in_work = 1
            return self._waiting.popleft()

    def _run(self, render_id: str) -> None:
        record = self._surely(partial(self._storage.find, render_id))
        if record is None:
            return
        self._write(record, phase=Phase.PROCESSING)
        stopwatch = Stopwatch(self._clock() - record.created_at, self._timer)
        try:
            pictures = self._render(record, stopwatch)
        except Cancelled:
            self._write(record, phase=Phase.PENDING)
        except Exception as error:
            _log.error("Render %s failed: %s", render_id, logs.where(error))
            self._write(record, phase=Phase.FAILED, misc=record.misc | {"error": _sentence(error)})
        else:
            misc = record.misc | stopwatch.stop(storing=_STORING)
            if not self._write(record, phase=Phase.COMPLETED, pictures=pictures, misc=misc):
                self._storage.delete_pictures(pictures)

    def _render(self, record: Record, stopwatch: Stopwatch) -> tuple[Picture, ...]:
        def check(stage: str) -> None:
            if self._stop.is_set() or self._storage.find(record.id) is None:
                raise Cancelled
            stopwatch.stage(stage)

        stored: list[Picture] = []
        try:
            for index, pixels in enumerate(self._engine.render(self._storage.request(record), on_stage=check)):
                check(_STORING)
                stored.append(self._storage.add_picture(_to_png(pixels, record, record.seed + index)))
        except BaseException:
            self._storage.delete_pictures(stored)
            raise
        return tuple(stored)

    def _write(self, record: Record, **changes: Any) -> bool:
        return self._surely(partial(self._update, record, **changes))

    def _surely(self, call: Callable[[], T]) -> T:
        """Make the call again, a few times, where the disk refuses it. Raises `OSError`."""
        for pause in WRITE_AGAIN_AFTER:
            try:
                return call()
            except OSError as error:
                _log.warning("The disk refuses, and is tried again: %s", error)
            self._sleep(pause)
        return call()

    def _update(self, record: Record, **changes: Any) -> bool:
        return self._storage.update(replace(record, updated_at=self._clock(), **changes))


def _to_png(pixels: np.ndarray, record: Record, seed: int) -> bytes:
    """(H, W, 3) uint8 RGB as a PNG that says how it was made; the prompt stays out, since pictures get passed on."""
    info = PngInfo()
    engine, version = record.misc["engine"], record.misc["version"]
    info.add_text("Software", f"ReRender Studio {engine} engine {version} (no AI model)")
    info.add_text("Plan", json.dumps(record.misc["plan"]))
    info.add_text("Seed", str(seed))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1, pnginfo=info)
    return file.getvalue()


def _sentence(error: Exception) -> str:
    if isinstance(error, RerenderError):
        return str(error)
    return "The engine stopped with an error; the log of the service says where."
