"""Runs, from the click to the pictures in the database: nothing is sent before it is written down."""

from __future__ import annotations

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, repeat
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from rerender import logs
from rerender.client import submit_seconds
from rerender.errors import RerenderError, SubmissionUncertain, TransportError
from rerender.models import RenderRequest
from rerender.studio.backends import Backend
from rerender.studio.concurrency import News, Pool
from rerender.studio.database import BUSY_TIMEOUT_S, Database
from rerender.studio.journal import Journal, new_owner, new_run_id
from rerender.studio.keys import Keys
from rerender.studio.limits import LOCAL_LIMITS, Limits
from rerender.studio.refusals import told
from rerender.studio.runs import Run, Submission
from rerender.studio.steering import Steering
from rerender.studio.tracker import FindBackend, Tracker

__all__ = ["Runner"]

_log = logging.getLogger(__name__)

LEASE = 30.0
# Previews at their service at once: one in work and those after it, so that it never waits for us. The others wait
# here, where stopping one costs no work and each is looked at soon after it is made.
PREVIEWS_AHEAD = 4
ROOM_WITHIN = 0.5
LOOKS_END_WITHIN = 5.0
# Before each further try to write down what a paid POST brought, when the database is locked or the disk is full; the
# last pause is kept from then on.
WRITE_AGAIN_AFTER = (0.5, 2.0, 10.0)
# While the runner closes: a whole wait for a lock, and all of these pauses.
WRITES_END_WITHIN = BUSY_TIMEOUT_S + sum(WRITE_AGAIN_AFTER)

CHECK_FIRST = "Look at your account before you render it again."
OWNER_PAID = "It may have been charged to the owner of this app."
BROKE_OFF = "Sending stopped with an error, and the run may have been charged."
CLOSED = "It was stopped before it was sent."
NOT_SENT_AGAIN = "The API did not take it at once, and it was not sent again. Nothing was charged; render it again."
NOT_WRITTEN = "The history could not be written to, so it was not sent. Nothing was charged; render it again."
PREVIEW_LOST = "The preview service did not answer. It cost nothing; render it again."

T = TypeVar("T")


class _NotSent(Exception):
    """The run was decided about while it waited to be sent, and its row says how."""


class Runner:
    """Sends runs and follows them, several at a time, for as long as the process lives.

    `find_backend(run)` gives the key for a run that another process left. `lease` and `request_timeout`
    (connect, whole answer) are in seconds, `clock` is monotonic, `wall` is seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        find_backend: FindBackend,
        *,
        on_stored: Callable[[Run], object] = lambda _run: None,
        limits: Limits = LOCAL_LIMITS,
        lease: float = LEASE,
        request_timeout: tuple[float, float] = (5.0, 60.0),
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._request_timeout = request_timeout
        self._news = News()
        self._keys = Keys(wall)
        self._journal = Journal(
            database, new_owner(), wall=wall, lease=lease, announce=self._news.announce, limits=limits
        )
        self._steering = Steering(database, wall=wall, announce=self._news.announce)
        self._tracker = Tracker(
            self._journal,
            self._keys,
            find_backend,
            on_stored=on_stored,
            looks_at_once=limits.looks_at_once,
            clock=clock,
            wall=wall,
            jitter=jitter,
        )
        self._posts = Pool(limits.posts_at_once, "rerender-post")
        # One at a time, because eight large ones took 836 MB; and apart, so that nothing paid waits behind them.
        self._previews = Pool(1, "rerender-preview")
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._given_up = threading.Event()
        self._in_flight: dict[str, float] = {}  # by run_id, how many seconds its POST may take

    def resume(self) -> None:
        """Take up what other processes left unfinished, from now on."""
        self._tracker.start()

    def submit(self, workspace: str, backend: Backend, request: RenderRequest) -> str:
        """Write the run down and return its `run_id` at once; sending and everything after happens by itself.

        Raises `ImageError` when the control image is no picture, `LimitReached` when there is no room for more runs,
        `CapReached` when the app's owner does not pay for as much, `RuntimeError` after `close`.
        """
        return self._submit(workspace, backend, [request], None)[0]

    def submit_series(self, workspace: str, backend: Backend, requests: Sequence[RenderRequest]) -> list[str]:
        """The same for the runs of one click, in their order. All are written down before any is sent, or none is."""
        return self._submit(workspace, backend, requests, secrets.token_hex(16))

    def _submit(
        self, workspace: str, backend: Backend, requests: Sequence[RenderRequest], series_id: str | None
    ) -> list[str]:
        with self._lock:
            if self._closing.is_set():
                raise RuntimeError("The runner is closed.")
            run_ids = [new_run_id() for _ in requests]
            try:
                self._journal.begin(workspace, backend, requests, series_id, run_ids)
            except SQLAlchemyError:
                # They may have been written down all the same, and only the database's word for it was lost.
                for run_id in run_ids:
                    self._posts.start(partial(self._not_sent, run_id), workspace)
                raise
            for run_id in run_ids:
                if backend.is_preview:
                    self._previews.start(partial(self._send_preview, run_id, backend), workspace)
                else:
                    self._posts.start(partial(self._send, run_id, backend), workspace)
        self._tracker.start()
        return run_ids

    def offer(self, workspace: str, backend: Backend) -> None:
        """Use this key for the unfinished runs of the workspace at this backend. Memory only, for 24 h at most."""
        self._keys.offer(workspace, backend)
        self._tracker.look_around()

    def look_again(self, workspace: str, run_id: str) -> bool:
        """Go on with a run that was stopped, or whose pictures were given up. False when there is nothing to fetch."""
        return self._decided(self._steering.look_again(workspace, run_id))

    def stop_watching(self, workspace: str, run_id: str) -> bool:
        """Cancel a run that has not begun to be sent; of an accepted one, wait for the pictures no more.

        False while its POST is in flight, and when there is nothing to stop. `look_again` goes on with an accepted one.
        """
        return self._decided(self._steering.stop(workspace, run_id))

    def attach(self, workspace: str, run_id: str, render_id: str) -> bool:
        """Follow a run of unknown fate as the render that its owner found in the account.

        False when it is no such run, or the id is none, or that of another run.
        """
        return self._decided(self._steering.attach(workspace, run_id, render_id))

    def settle(self, workspace: str, run_id: str, *, charged: bool) -> bool:
        """The owner says whether a run of unknown fate was charged. False when it is no such run."""
        return self._decided(self._steering.settle(workspace, run_id, charged=charged))

    def reopen(self, workspace: str, run_id: str) -> bool:
        """The owner takes back what `settle` or `attach` was told. False when there is nothing to take back."""
        return self._decided(self._steering.reopen(workspace, run_id))

    def has_looked(self, run_id: str) -> bool:
        """Whether the first look at the run has ended, with all that it brought, or there is none by this process.

        False before `resume`.
        """
        return self._tracker.has_looked(run_id)

    @property
    def news(self) -> int:
        """How often this runner has changed any run. Read it before the history, then wait for more."""
        return self._news.count

    def wait_for_news(self, seen: int, timeout: float) -> int:
        """The count of news as soon as it differs from `seen`, at the latest after `timeout` seconds."""
        return self._news.wait(seen, timeout)

    def close(self) -> None:
        """Send nothing more, wait until every POST in flight is written down, and let go of all runs. Idempotent."""
        # Under the lock no submission is between its row and its place in the queue.
        with self._lock:
            self._closing.set()
        # A copy, as posts end meanwhile. None begins any more.
        in_flight = max(self._in_flight.copy().values(), default=0.0)
        self._close_posts(0.0)
        self._news.announce()
        self._close_posts(in_flight + WRITES_END_WITHIN)
        self._given_up.set()
        self._close_posts(LOOKS_END_WITHIN)
        self._tracker.close(LOOKS_END_WITHIN)
        self._journal.let_go()

    def _close_posts(self, timeout: float) -> None:
        for pool in (self._previews, self._posts):
            pool.close(timeout)

    def _decided(self, decided: bool) -> bool:
        if decided:
            self._tracker.start()
            self._tracker.look_around()
        return decided

    def _send_preview(self, run_id: str, backend: Backend) -> None:
        while not self._closing.is_set():
            seen = self._news.count
            if self._tracker.previews() < PREVIEWS_AHEAD:
                self._send(run_id, backend)
                return
            self._news.wait(seen, ROOM_WITHIN)

    def _send(self, run_id: str, backend: Backend) -> None:
        try:
            request = self._journal.request(run_id)
            if request is None or not self._journal.sending(run_id):
                return
        except SQLAlchemyError:
            self._not_sent(run_id)
            return
        then = OWNER_PAID if backend.is_shared else CHECK_FIRST
        submission, error = Submission.UNCERTAIN, f"{BROKE_OFF} {then}"
        try:
            render_id = self._post(run_id, backend, request)
        except _NotSent:
            # Whoever took the run over while its POST was in flight could not know that it was not accepted.
            submission, error = Submission.REFUSED, NOT_SENT_AGAIN
        except SubmissionUncertain as uncertain:
            error = PREVIEW_LOST if backend.is_preview else f"{told(uncertain, is_shared=backend.is_shared)} {then}"
        except RerenderError as refusal:
            submission, error = Submission.REFUSED, f"{told(refusal, is_shared=backend.is_shared)} Nothing was charged."
        except Exception as broken:
            _log.error("Run %s: sending stopped with an error: %s", run_id, logs.where(broken))
        else:
            what = f"run {run_id} is render {render_id}"
            run = self._surely(lambda: self._journal.accepted(run_id, render_id), what)
            if run is not None:
                self._tracker.follow(run, backend)
            return
        self._surely(lambda: self._journal.not_accepted(run_id, submission, error), f"run {run_id} is {submission}")

    def _not_sent(self, run_id: str) -> None:
        unsent = partial(self._journal.not_accepted, run_id, Submission.REFUSED, NOT_WRITTEN)
        self._surely(unsent, f"run {run_id} was not sent")

    def _post(self, run_id: str, backend: Backend, request: RenderRequest) -> str:
        """Send the run; its `render_id`. Raises as `Client.submit` does, or `_NotSent`."""
        # Before the look at `_closing`: then `close`, which sets that first, knows of every POST that is sent.
        self._in_flight[run_id] = submit_seconds(request, self._request_timeout)
        try:
            if self._closing.is_set():
                raise TransportError(CLOSED)
            with backend.client(self._request_timeout, partial(self._hold_back, run_id)) as client:
                return client.submit(request)
        finally:
            del self._in_flight[run_id]

    def _surely(self, write: Callable[[], T], what: str) -> T:
        """Write down what a POST brought, again and again until `close` gives up: it is known nowhere else."""
        for pause in chain(WRITE_AGAIN_AFTER, repeat(WRITE_AGAIN_AFTER[-1])):
            try:
                return write()
            except SQLAlchemyError:
                _log.critical("The database takes no writes; trying again. Note down: %s", what)
            if self._given_up.wait(pause):
                break
        return write()

    def _hold_back(self, run_id: str, seconds: float) -> None:
        """Wait before a POST that certainly did not arrive is sent again, unless it is stopped or the runner closes."""
        try:
            self._journal.held_back(run_id)
            if self._closing.wait(seconds):
                raise TransportError(CLOSED)
            if not self._journal.sending(run_id):
                raise _NotSent
        except SQLAlchemyError:
            raise TransportError("The history could not be written to.") from None
