"""Follows every accepted run to its end: looks, fetches what completed, and takes up what another process left."""

from __future__ import annotations

import logging
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from rerender import logs
from rerender.client import NOT_FOUND_GRACE, Client, poll_delay
from rerender.errors import (
    AuthenticationError,
    ConfigurationError,
    DownloadError,
    NotFound,
    RateLimited,
    RerenderError,
)
from rerender.models import Output, Phase, Render
from rerender.studio import decoding
from rerender.studio.attention import WAITS
from rerender.studio.backends import Backend
from rerender.studio.concurrency import Pool
from rerender.studio.journal import Download, Journal
from rerender.studio.keys import Clients, Keys
from rerender.studio.refusals import told
from rerender.studio.runs import Run, Submission

__all__ = ["FindBackend", "Tracker"]

_log = logging.getLogger(__name__)

FindBackend = Callable[[Run], Backend | None]
"""The backend of a run, with the key that settings hold and that may be used for this run; None without one."""

ROUND_EVERY = 2.0
LOOK_TIMEOUT = (5.0, 20.0)
DOWNLOADS_FOR = 24 * 3600.0
# No new output is begun after so long in one look, for the looks at others wait.
FETCHES_FOR = 60.0
MAX_PACE = 300.0
# A file that is no picture may have been cut on its way; one that came so three times is what the API has.
UNREADABLE_TRIES = 3
NO_SUCH_RENDER = "The API has no render {}: look again in your account. The run may have been charged."
OWNERS = "the app owner's"
LOST = "The preview service has lost this render. It cost nothing; render it again."


@dataclass(slots=True)
class _Watch:
    """A run that is followed. `due` is the monotonic time of the next look, infinite during one.

    `failures` and `unreadable` count, by output, how often none came, and how often one came that is no picture.
    `since` is the wall clock's time of the last known change of its phase, or of its render id. `is_refused` says that
    the last look ended because of the backend's key, `has_looked` that one has ended.
    """

    run: Run
    backend: Backend
    due: float
    since: float = field(init=False)
    is_refused: bool = False
    has_looked: bool = False
    failures: Counter[int] = field(default_factory=Counter)
    unreadable: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        run = self.run
        self.since = run.completed_at or run.settled_at or run.submitted_at or run.created_at


class Tracker:
    """One thread that decides, and a small pool that looks.

    `clock` is monotonic seconds, `wall` seconds since the epoch, `jitter(low, high)` a random number between the two.
    `on_stored` is called with each run whose outputs are all in the database.
    """

    def __init__(
        self,
        journal: Journal,
        keys: Keys,
        find_backend: FindBackend,
        *,
        on_stored: Callable[[Run], object],
        looks_at_once: int,
        clock: Callable[[], float],
        wall: Callable[[], float],
        jitter: Callable[[float, float], float],
    ) -> None:
        self._journal = journal
        self._keys = keys
        self._find_backend = find_backend
        self._on_stored = on_stored
        self._clock = clock
        self._wall = wall
        self._jitter = jitter
        self._clients = Clients(LOOK_TIMEOUT)
        self._looks = Pool(looks_at_once, "rerender-look")
        # Apart, so that an API that hangs does not keep what is made here from being seen.
        self._looks_at_previews = Pool(1, "rerender-look-here")
        self._lock = threading.Lock()
        self._watches: dict[str, _Watch] = {}
        self._next_renewal = self._next_round = -math.inf
        self._has_begun = False
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="rerender-tracker", daemon=True)

    def start(self) -> None:
        """Begin. Idempotent."""
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()

    def close(self, timeout: float) -> None:
        """End, waiting at most `timeout` seconds for looks in flight; what they still learn is not written."""
        self._stopping.set()
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._looks.close(timeout)
        self._looks_at_previews.close(timeout)
        self._clients.keep_only(set())

    def follow(self, run: Run, backend: Backend) -> None:
        """Look at the run now, and again until it ends; the backend's key is kept for that."""
        with self._lock:
            if not backend.is_preview:
                self._keys.offer(run.workspace, backend)
            self._watches[run.run_id] = _Watch(run, backend, due=self._clock())
        self._woken.set()

    def previews(self) -> int:
        """How many previews are followed, which is how many the embedded service has to make."""
        with self._lock:
            return sum(watch.run.is_preview for watch in self._watches.values())

    def has_looked(self, run_id: str) -> bool:
        """Whether a look at the run has ended; or the first round has, without taking it up."""
        with self._lock:
            watch = self._watches.get(run_id)
        return self._has_begun and (watch is None or watch.has_looked)

    def look_around(self) -> None:
        """Do the next round now: there may be a run to take up, or a key for one."""
        self._next_renewal = self._next_round = -math.inf
        self._woken.set()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                if self._clock() >= self._next_renewal:
                    self._next_renewal = self._clock() + self._journal.lease / 3
                    self._renew()
                if self._clock() >= self._next_round:
                    self._next_round = min(self._clock() + ROUND_EVERY, self._next_renewal)
                    self._take_up_orphans()
                pause = self._start_looks()
            except Exception as error:
                # A locked or full database passes; a tracker that has ended does not come back.
                _log.error("The tracker goes on after an error: %s", logs.where(error))
                pause = 1.0
            self._has_begun = True
            self._woken.wait(pause)

    def _renew(self) -> None:
        """Three times within each lease: stay the owner, with a key that may still be used."""
        with self._lock:
            known = dict(self._watches)
        mine = self._journal.renew()
        for run_id, watch in known.items():
            backend = self._goes_on_with(watch)
            if run_id in mine and backend is not None:
                watch.backend = backend
                continue
            if backend is None:
                # While it cannot be written, the run is still ours to follow.
                self._journal.let_go(run_id)
            self._drop(watch)

    def _take_up_orphans(self) -> None:
        """Go on with what others left, and forget the keys that nobody needs any more."""
        orphans = self._journal.orphans()
        for run in orphans:
            self._take_up(run)
        with self._lock:
            followed = [watch.run for watch in self._watches.values()]
            in_use = {(watch.run.workspace, watch.backend) for watch in self._watches.values()}
            needed = {(run.workspace, run.backend) for run in [*followed, *orphans] if not run.is_shared}
            self._keys.keep_only(needed, in_use)
            self._clients.keep_only({watch.backend for watch in self._watches.values()})

    def _goes_on_with(self, watch: _Watch) -> Backend | None:
        """Its own key for as long as that works: a newer one may be of another account, which has no such run."""
        if watch.run.is_preview:
            return watch.backend
        own = None
        if not watch.is_refused:
            named = self._all_named(watch.run)
            own = next((backend for backend in named if backend.api_key == watch.backend.api_key), None)
        return own or self._named(watch.run)

    def _named(self, run: Run) -> Backend | None:
        return next(self._all_named(run), None)

    def _all_named(self, run: Run) -> Iterator[Backend]:
        """The run's backend with each key there is for it: the typed ones, the newest first, then that of settings."""
        if not run.is_shared:
            yield from self._keys.find(run.workspace, run.backend)
        if backend := self._find_backend(run):
            yield backend

    def _take_up(self, run: Run) -> None:
        backend = None if run.submission == Submission.SUBMITTING else self._named(run)
        if run.submission != Submission.SUBMITTING and backend is None:
            sentence = f"{WAITS} {_who_is_missing(run)}. Nothing is lost."
            if sentence != run.error:
                self._journal.waits(run.run_id, sentence)
            return
        taken = self._journal.take(run.run_id)
        if taken is not None and backend is not None:
            with self._lock:
                self._watches[run.run_id] = _Watch(taken, backend, due=self._clock())
        elif taken is not None:
            # It was accepted since it was read, and the next round knows that.
            self._journal.let_go(run.run_id)

    def _start_looks(self) -> float:
        """Start what is due; the seconds until something is due again."""
        now = self._clock()
        with self._lock:
            due = [watch for watch in self._watches.values() if watch.due <= now]
            for watch in due:
                watch.due = math.inf
            next_due = min((watch.due for watch in self._watches.values()), default=math.inf)
        for watch in due:
            pool = self._looks_at_previews if watch.run.is_preview else self._looks
            pool.start(partial(self._look, watch), watch.run.workspace)
        return max(0.0, min(next_due, self._next_round) - now)

    def _look(self, watch: _Watch) -> None:
        goes_on, pace = True, 0.0
        try:
            goes_on, pace = self._look_once(watch)
        except Exception as error:
            _log.error("Run %s is looked at again after an error: %s", watch.run.run_id, logs.where(error))
        watch.has_looked = True
        if not goes_on:
            self._drop(watch)
            return
        # Not less than the floor: two looks a little early make a third where two would do.
        delay = poll_delay(self._wall() - watch.since, watch.backend.poll_floor) * self._jitter(1.0, 1.1)
        watch.due = self._clock() + max(pace, delay)
        self._woken.set()

    def _look_once(self, watch: _Watch) -> tuple[bool, float]:
        """Whether there is more to look for, and the seconds that the API asks to wait before."""
        try:
            with self._clients.lend(watch.backend) as client:
                render = client.get(watch.run.render_id or "")
                watch.is_refused = False
                return self._learn(watch, client, render), 0.0
        except RateLimited as error:
            return self._miss(watch, error), min(MAX_PACE, error.retry_after or 0.0)
        except RerenderError as error:
            return self._miss(watch, error), 0.0

    def _learn(self, watch: _Watch, client: Client, render: Render) -> bool:
        """Write down what the API says. False when there is nothing more to look for."""
        run = watch.run
        if self._watches.get(run.run_id) is not watch:
            return False  # Its owner said meanwhile that it is another render.
        if run.phase not in (None, render.phase):
            # How long it waited in a queue says nothing of how long it will be rendered.
            watch.since = self._wall()
        if render.phase in (Phase.FAILED, Phase.DEAD):
            self._journal.ended(run.run_id, render, _why_it_ended(run, render))
            return False
        if render.phase == Phase.COMPLETED:
            return self._fetch(watch, client, render)
        watch.run = replace(run, phase=render.phase, misc=dict(render.misc), error=None)
        return watch.run == run or self._journal.seen(run.run_id, render)

    def _miss(self, watch: _Watch, error: RerenderError) -> bool:
        """A look that failed ends nothing, with two exceptions: the embedded service's 404 is the whole truth, and an
        id that was typed by hand may be of no render at all.
        """
        run_id = watch.run.run_id
        if isinstance(error, NotFound) and watch.run.is_preview:
            self._journal.ended(run_id, None, LOST)
            return False
        if isinstance(error, NotFound) and watch.run.is_unconfirmed and self._wall() - watch.since > NOT_FOUND_GRACE:
            self._journal.not_found(watch.run, NO_SUCH_RENDER.format(watch.run.render_id))
            return False
        watch.is_refused = isinstance(error, AuthenticationError | ConfigurationError)
        if watch.is_refused:
            whose = f"{OWNERS} key." if watch.run.is_shared else f"its key: {error}"
            sentence = f"{WAITS} {whose} Nothing is lost."
        else:
            sentence = f"{told(error, is_shared=watch.run.is_shared)} Looking again by itself."
        if sentence == watch.run.error:
            return True
        watch.run = replace(watch.run, error=sentence)
        return self._journal.noted(run_id, sentence)

    def _fetch(self, watch: _Watch, client: Client, render: Render) -> bool:
        """Store the outputs that are still missing. False when none is, or when it has been tried long enough."""
        known = self._journal.completed(watch.run.run_id, render)
        if known is None:
            return False
        completed_at, stored = known
        watch.run = run = replace(watch.run, phase=render.phase, misc=dict(render.misc), completed_at=completed_at)
        missing = {position: output for position, output in enumerate(render.outputs) if position not in stored}
        last: list[Download] = []
        error = None if render.outputs else "The API says completed, but names no pictures."
        others_wait_from = self._clock() + FETCHES_FOR
        for position in sorted(missing, key=lambda position: watch.failures[position]):
            if self._stopping.is_set() or self._clock() > others_wait_from:
                break
            download, problem = self._download(watch, client, position, missing[position])
            if download is None:
                watch.failures[position] += 1
                error = problem
                continue
            del missing[position]
            if not missing:
                last = [download]
            # Each as it comes, because together they may take a gigabyte.
            elif not self._journal.store(run, [download], is_all=False, error=None, is_last=False):
                return False
        is_all = bool(render.outputs) and not missing
        is_last = is_all or (error is not None and self._wall() - completed_at > DOWNLOADS_FOR)
        if error is not None:
            error = f"{error} {_gave_up(run) if is_last else 'Trying again by itself.'}"
        is_ours = self._journal.store(run, last, is_all=is_all, error=error, is_last=is_last)
        if is_ours and is_all:
            self._on_stored(run)
        return is_ours and not is_last

    def _download(self, watch: _Watch, client: Client, position: int, output: Output) -> tuple[Download | None, str]:
        """The output, or why it could not be had."""
        turn = partial(decoding.turn, is_ours=True) if watch.run.is_preview else decoding.checked_turn
        try:
            return Download(position, client.download(output, turn=turn)), ""
        except decoding.Busy:
            return None, decoding.BUSY
        except DownloadError as problem:
            watch.unreadable[position] += problem.data is not None
            if problem.data is not None and watch.unreadable[position] >= UNREADABLE_TRIES:
                return Download(position, problem.data, is_picture=False), ""
            return None, str(problem)

    def _drop(self, watch: _Watch) -> None:
        with self._lock:
            if self._watches.get(watch.run.run_id) is watch:
                del self._watches[watch.run.run_id]


def _who_is_missing(run: Run) -> str:
    if run.is_preview:
        return "the preview service"
    return f"{OWNERS} key" if run.is_shared else f"the key for {run.backend}"


def _why_it_ended(run: Run, render: Render) -> str:
    said = render.misc.get("error")
    reason = f" {said[:200]}" if isinstance(said, str) and said.isprintable() else ""
    if run.is_preview:
        return f"The preview ended as {render.phase}.{reason} It cost nothing."
    return f"The API ended this render as {render.phase}.{reason} It may have cost the credit."


def _gave_up(run: Run) -> str:
    hours = round(DOWNLOADS_FOR / 3600)
    return f"Given up after {hours} hours; the render is still at the API as {run.render_id}, so look again later."
