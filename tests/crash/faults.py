"""A server with one fault, which strikes processes down and keeps the truth about what it charged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.crash.points import Point, Stage
from tests.fake_api import Answer, FakeApi, Request, picture

Work = Callable[[], Answer]
Spoil = Callable[[Work], Answer]
"""Answers a request; the work is done, and charged, when the spoil calls for it."""


def instead(answer: Answer) -> Spoil:
    return lambda work: answer


def dropped(work: Work) -> Answer:
    return replace(work(), drop=True)


def late(work: Work) -> Answer:
    return replace(work(), delay=0.02)


def replaced(answer: Answer) -> Spoil:
    """The work is done, and the client is told something else."""

    def spoil(work: Work) -> Answer:
        work()
        return answer

    return spoil


def halved(work: Work) -> Answer:
    """The connection ends in the middle of the body."""
    whole = work()
    return replace(
        whole, body=whole.body[: len(whole.body) // 2], headers={"Content-Length": str(len(whole.body))}, cut=True
    )


def short(work: Work) -> Answer:
    """Half of a picture that looks like all there is."""
    whole = work()
    return replace(whole, body=whole.body[: len(whole.body) // 2])


FETCHED: frozenset[Stage] = frozenset({"submit", "accept", "look", "fetch", "take", "close"})
MISSED: frozenset[Stage] = FETCHED | {"miss"}
REFUSED: frozenset[Stage] = frozenset({"submit", "refuse"})
BUSY = Answer(429, {"error": "Too many requests"}, {"Retry-After": "1"})


@dataclass(frozen=True)
class Fault:
    """What goes wrong: the first requests of each kind, for each run (or file), get these spoils; then all is well."""

    name: str
    stages: frozenset[Stage]
    post: tuple[Spoil, ...] = ()
    look: tuple[Spoil, ...] = ()
    download: tuple[Spoil, ...] = ()
    phases: tuple[str, ...] = ("pending", "processing", "completed")


FAULTS = (
    Fault("none", FETCHED),
    Fault("slow answers", FETCHED, post=(late,), look=(late,) * 9, download=(late,) * 9),
    Fault("dropped after the work", REFUSED, post=(dropped,)),
    Fault("dropped before the work", REFUSED, post=(instead(Answer(drop=True)),)),
    Fault("500 after the work", REFUSED, post=(replaced(Answer(500, b"oops")),)),
    Fault("no id after the work", REFUSED, post=(replaced(Answer(200, b"<html>fine</html>")),)),
    Fault("no credits", REFUSED, post=(instead(Answer(402, {"error": "No credits"})),)),
    Fault("500 on looks", MISSED, look=(instead(Answer(500)),) * 2),
    Fault("early 404", MISSED, look=(instead(Answer(404)),)),
    Fault("unreadable looks", MISSED, look=(instead(Answer(200, b"<html>")),) * 2),
    Fault("dropped looks and downloads", MISSED, look=(dropped,), download=(dropped,)),
    Fault("truncated downloads", FETCHED, download=(halved, halved)),
    Fault("half pictures", FETCHED, download=(short, short)),
    Fault("unknown phase", FETCHED, phases=("dreaming", "completed")),
    Fault(
        "429 with Retry-After",
        MISSED | {"hold"},
        post=(instead(BUSY),),
        look=(instead(BUSY),),
        download=(instead(BUSY),),
    ),
    Fault("dead", FETCHED - {"fetch"} | {"end"}, phases=("processing", "dead")),
)


@dataclass
class Truth:
    """What the server knows."""

    charges: dict[str, int] = field(default_factory=dict)  # the run's seed by render id
    posts: Counter[int] = field(
        default_factory=Counter
    )  # by seed, as far as the body came; without those told to come later


class FaultyApi(FakeApi):
    """A fake API with one fault.

    Runs are told apart by their seeds, and the prompt names the seed, so that half of a body tells it too.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault
        self.truth = Truth()
        self.point: Point | None = None
        self._victims: frozenset[int] = frozenset()
        self._strike: Callable[[], None] = lambda: None
        self.state.phases = list(fault.phases)
        self._seen: Counter[tuple[str, str]] = Counter()
        self._reached = 0

    def aim(self, point: Point, victims: frozenset[int], strike: Callable[[], None]) -> None:
        """Call `strike` when a request of one of the victims reaches the point; victims are known by their seeds."""
        self._strike, self._victims, self._reached, self.point = strike, victims, 0, point

    def answer(self, request: Request) -> Answer:
        kind, of, seed = self._about(request)
        if kind == "post" and seed >= 0:
            self.truth.posts[seed] += 1
        self._struck(kind, "arrived", seed)
        spoils = {"post": self.fault.post, "look": self.fault.look, "download": self.fault.download}[kind]
        number = self._seen[kind, of]
        self._seen[kind, of] += 1
        work = lambda: self._worked(request, seed)  # noqa: E731
        answer = spoils[number](work) if number < len(spoils) else work()
        if kind == "post" and seed >= 0 and answer.status == 429:
            self.truth.posts[seed] -= 1
        self._struck(kind, "worked", seed)
        return answer

    def file(self, render_id: str, position: int) -> bytes:
        """An output as it is, different for each."""
        return picture(40 + self.truth.charges[render_id] % 100, 30 + position)

    def _worked(self, request: Request, seed: int) -> Answer:
        answer = super().answer(request)
        if request.method == "POST":
            self.truth.charges = {render_id: int(body["seed"]) for render_id, body in self.state.renders.items()}
        return answer

    def _picture(self, path: str) -> Answer:
        render_id, _, name = path.removeprefix("/files/").partition("/")
        return Answer(200, self.file(render_id, int(name.partition(".")[0])), {"Content-Type": "image/png"})

    def _about(self, request: Request) -> tuple[str, str, int]:
        """The kind of request, what its fault is counted by, and the seed of its run."""
        if request.method == "POST":
            named = re.search(rb'"prompt": "run (\d+)"', request.body)
            seed = int(named[1]) if named else -1
            return "post", str(seed), seed
        is_look = request.path.startswith("/api/renders/")
        render_id = request.path.split("/")[3 if is_look else 2]
        seed = self.truth.charges.get(render_id, -1)
        return ("look", render_id, seed) if is_look else ("download", request.path, seed)

    def _struck(self, kind: str, when: str, seed: int) -> None:
        if self.point and (self.point.what, self.point.when) == (kind, when) and seed in self._victims:
            self._reached += 1
            if self._reached == self.point.nth:
                self._strike()
