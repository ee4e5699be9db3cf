"""What the owner of the app pays for: never more than its caps, whatever visitors, crashes and deletions do."""

from __future__ import annotations

import io
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from rerender.models import Render
from rerender.studio import budget
from rerender.studio.archive import Archive
from rerender.studio.backends import Backend, Caps, api_backend
from rerender.studio.budget import Cap, CapReached, Spent
from rerender.studio.curation import Curation, purge
from rerender.studio.database import EVERYONE, Database, sqlite_url
from rerender.studio.history import History
from rerender.studio.journal import Journal, new_owner, new_run_id
from rerender.studio.runs import Submission
from rerender.studio.steering import Steering
from rerender.studio.tables import charges, runs
from rerender.studio.wipe import at_stake, wipe
from tests.studio.helpers import a_request

MANY = 1000.0
NOON = 20_000 * budget.DAY + budget.DAY / 2
FATES = ("unsent", "stopped", "refused", "uncertain", "accepted", "failed", "deleted uncertain", "refused, accepted")
FREE = {"unsent", "stopped", "refused"}


def paid_by_owner(visitor: float = MANY, day: float = MANY, in_all: float = MANY) -> Backend:
    return replace(api_backend("owners-key"), caps=Caps(visitor, day, in_all))


class Books:
    """A journal whose clock a test moves, and what becomes of its runs."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOON
        self.restart()

    def restart(self) -> None:
        tools: dict[str, Any] = {"wall": lambda: self.now, "announce": lambda: None}
        self.journal = Journal(self.database, new_owner(), lease=30.0, **tools)
        self.steering = Steering(self.database, **tools)

    def click(self, backend: Backend, runs: int = 1, workspace: str = "ours") -> list[str]:
        run_ids = [new_run_id() for _ in range(runs)]
        self.journal.begin(workspace, backend, [a_request(seed=seed) for seed in range(runs)], None, run_ids)
        return run_ids

    def becomes(self, run_id: str, fate: str, workspace: str = "ours") -> None:
        if fate in ("unsent", "stopped"):
            # As for a runner that closes, and for a visitor who cancels.
            self.steering.stop(workspace, run_id) if fate == "stopped" else self._never_sent(run_id)
            return
        self.journal.sending(run_id)
        if fate.startswith("refused"):
            self.journal.not_accepted(run_id, Submission.REFUSED, "No.")
        if fate.endswith("uncertain"):
            if fate.startswith("deleted"):
                Curation(self.database, workspace, wall=lambda: self.now - 1).delete(run_id)
            self.journal.not_accepted(run_id, Submission.UNCERTAIN, "No answer.")
        if fate.endswith(("accepted", "failed")):
            self.journal.accepted(run_id, f"of-{run_id}")
        if fate == "failed":
            render = Render.from_json({"_id": f"of-{run_id}", "phase": "failed"})
            self.journal.ended(run_id, render, "It failed.")

    def _never_sent(self, run_id: str) -> None:
        self.journal.let_go()

    @property
    def spent(self) -> float:
        return budget.spent(self.database, self.now)[1].credits


@pytest.fixture
def books(database: Database) -> Books:
    return Books(database)


def charge_count(database: Database) -> int:
    with database.read(EVERYONE) as connection:
        return connection.scalar(select(func.count()).select_from(charges)) or 0


@pytest.mark.parametrize(
    ("backend", "cap", "says"),
    [
        (paid_by_owner(visitor=2), Cap.VISITOR, "pays for you are used up. Nothing was sent or charged. Type a key of"),
        (paid_by_owner(day=2), Cap.DAY, "are used up. Nothing was sent or charged. Come back tomorrow"),
        (paid_by_owner(in_all=2), Cap.ALL, "for all visitors are used up. Nothing was sent or charged. Type a key of"),
        (paid_by_owner(2, 2, 2), Cap.ALL, "for all visitors are used up."),
    ],
)
def test_a_click_beyond_a_cap_is_refused_with_which_cap_it_is_and_what_to_do(
    books: Books, backend: Backend, cap: Cap, says: str
) -> None:
    books.click(backend)
    books.click(backend)
    with pytest.raises(CapReached, match=says) as refusal:
        books.click(backend)
    assert refusal.value.cap == cap
    assert books.spent == 2


def test_of_a_click_that_is_too_large_nothing_is_kept(books: Books, database: Database, history: History) -> None:
    books.click(paid_by_owner(visitor=5), runs=2)
    with pytest.raises(CapReached, match=r"nearly used up: 3 of them are left, and this needs 4\..*Render fewer"):
        books.click(paid_by_owner(visitor=5), runs=4)
    assert (len(history.recent()), charge_count(database)) == (2, 2)
    books.click(paid_by_owner(visitor=5), runs=3)
    assert books.spent == 5


def test_a_visitors_cap_is_the_visitors_own_and_the_others_are_everybodys(books: Books, database: Database) -> None:
    backend = paid_by_owner(visitor=2, day=3)
    books.click(backend, 2, "ours")
    books.click(backend, 1, "theirs")
    assert budget.left(database, replace(backend.caps, per_day=9.0), "theirs", books.now) == budget.Left(1, Cap.VISITOR)
    with pytest.raises(CapReached) as refusal:
        books.click(backend, 1, "theirs")
    assert refusal.value.cap == Cap.DAY


def test_a_day_ends_at_midnight_utc_and_the_other_caps_do_not_end(books: Books) -> None:
    backend = paid_by_owner(visitor=2, day=1)
    books.click(backend)
    books.now = NOON + budget.DAY / 2 - 0.01
    with pytest.raises(CapReached):
        books.click(backend)
    books.now = NOON + budget.DAY / 2
    books.click(backend)
    books.now = NOON + 400 * budget.DAY
    with pytest.raises(CapReached) as refusal:
        books.click(backend)
    assert refusal.value.cap == Cap.VISITOR


def test_credits_in_fractions_add_up_to_the_cap_and_not_beyond(books: Books) -> None:
    backend = replace(paid_by_owner(visitor=1), credits_per_run=0.1)
    books.click(backend, 3)
    books.click(backend, 7)
    with pytest.raises(CapReached):
        books.click(backend)


@pytest.mark.parametrize("fate", FATES)
def test_only_what_was_certainly_not_charged_can_be_spent_again(books: Books, database: Database, fate: str) -> None:
    (run_id,) = books.click(paid_by_owner())
    books.becomes(run_id, fate)
    assert books.spent == (0 if fate in FREE else 1)


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("how", ["wiped", "purged"])
def test_deleting_changes_nothing_about_what_was_spent(
    books: Books, database: Database, history: History, fate: str, how: str
) -> None:
    (run_id,) = books.click(paid_by_owner())
    books.click(paid_by_owner(), 1, "theirs")
    books.becomes(run_id, fate)
    before = books.spent
    if how == "wiped":
        wipe(database, "ours", give_up=at_stake(database, "ours"))
    else:
        books.steering.stop("ours", run_id)
        Curation(database, "ours", wall=lambda: books.now).delete(run_id)
        purge(database, lambda: books.now + 2 * 3600)
    assert history.run(run_id) is None
    assert books.spent == before


def test_a_run_that_a_visitor_brings_back_as_refused_gives_no_credit_back(books: Books, database: Database) -> None:
    (run_id,) = books.click(paid_by_owner(visitor=1))
    books.becomes(run_id, "uncertain")
    with database.write(EVERYONE) as connection:
        # As a visitor can in the archive's own file.
        connection.execute(update(runs).values(submission="refused", is_shared=False))
    file = io.BytesIO()
    Archive(database, "ours").export(file)
    wipe(database, "ours", give_up=1)
    Archive(database, "ours").import_from(file)
    (run,) = History(database, "ours").recent()
    assert (run.run_id, run.submission, run.is_shared) == (run_id, "refused", False)
    with pytest.raises(CapReached):
        books.click(paid_by_owner(visitor=1))
    wipe(database, "ours")
    with pytest.raises(CapReached):
        books.click(paid_by_owner(visitor=1))


@pytest.mark.parametrize("fate", FATES)
def test_a_visitor_says_nothing_about_what_became_of_the_owners_credit(
    books: Books, history: History, fate: str
) -> None:
    (run_id,) = books.click(paid_by_owner())
    books.becomes(run_id, fate)
    before = history.run(run_id)
    says = books.steering
    assert not says.settle("ours", run_id, charged=False)
    assert not says.settle("ours", run_id, charged=True)
    assert not says.attach("ours", run_id, "f" * 24)
    assert not says.reopen("ours", run_id)
    assert history.run(run_id) == before
    assert before is None or not before.can_be_settled
    assert history.needs() == []


def test_an_uncertain_run_of_the_owners_is_neither_open_nor_at_stake(
    books: Books, database: Database, history: History
) -> None:
    (run_id,) = books.click(paid_by_owner())
    books.becomes(run_id, "uncertain")
    run = history.run(run_id)
    assert run is not None
    assert not run.is_open
    assert history.open_like(run.backend, a_request(seed=0)) is None
    assert at_stake(database, "ours") == 0


def test_one_that_was_cut_off_says_who_may_have_been_charged(books: Books, history: History) -> None:
    (run_id,) = books.click(paid_by_owner())
    books.journal.sending(run_id)
    books.journal.let_go()
    run = history.run(run_id)
    assert run is not None
    assert "may have been charged to the owner of this app" in str(run.error)


def test_a_visitors_own_price_and_key_are_not_counted(books: Books, database: Database) -> None:
    books.click(api_backend("my-own-key"), 3)
    assert charge_count(database) == 0


def test_the_owner_sees_sums_and_no_visitor(books: Books, database: Database) -> None:
    fates = ("unsent", "accepted", "uncertain", "refused")
    for fate in fates:
        books.becomes(books.click(paid_by_owner())[0], fate)
    books.now += budget.DAY
    books.click(paid_by_owner(), 2)
    books.click(paid_by_owner(), 1, "theirs")
    assert budget.spent(database, books.now) == (Spent(3, 0, 0), Spent(3, 1, 1))
    ours, theirs = budget.visitors(database, books.now, 2)
    assert budget.visitors(database, books.now, 1) == [ours]
    assert (ours.today, ours.in_all, theirs.in_all) == (Spent(2, 0, 0), Spent(2, 1, 1), Spent(1, 0, 0))
    assert len(ours.name) == len(theirs.name) == budget.NAME_CHARS
    assert ours.name != theirs.name
    assert "ours"[:3] not in ours.name


Step = tuple[str, str, int]
WORKSPACES, CREDITS = ("ours", "theirs"), Caps(7, 9, 13)
a_click = st.tuples(st.just("click"), st.sampled_from(WORKSPACES), st.integers(1, 4))
a_fate = st.tuples(st.sampled_from(FATES[1:]), st.sampled_from(WORKSPACES), st.integers(0, 3))
an_end = st.tuples(st.sampled_from(("wipe", "purge", "restart", "tomorrow")), st.sampled_from(WORKSPACES), st.just(0))


@given(st.lists(st.one_of(a_click, a_fate, an_end), max_size=25))
def test_no_sequence_of_events_spends_more_than_a_cap_or_forgets_what_was_spent(
    new_database_file: Path, steps: list[Step]
) -> None:
    with TemporaryDirectory() as folder:
        database = Database.open(sqlite_url(Path(shutil.copy(new_database_file, folder))))
        try:
            _held_against_a_model(Books(database), steps)
        finally:
            database.close()


def _held_against_a_model(books: Books, steps: list[Step]) -> None:
    """The model: which run of whom was made on which day, and whether it counts."""
    backend = replace(paid_by_owner(), caps=CREDITS)
    counted: dict[str, tuple[str, int]] = {}
    sending: dict[str, list[str]] = {workspace: [] for workspace in WORKSPACES}
    for what, workspace, number in steps:
        today = int(books.now // budget.DAY)
        if what == "click":
            of_visitor = Counter(whose for whose, _ in counted.values())[workspace]
            of_day = Counter(day for _, day in counted.values())[today]
            rest = min(CREDITS.per_visitor - of_visitor, CREDITS.per_day - of_day, CREDITS.in_all - len(counted))
            if number > rest:
                with pytest.raises(CapReached):
                    books.click(backend, number, workspace)
            else:
                made = books.click(backend, number, workspace)
                counted |= dict.fromkeys(made, (workspace, today))
                sending[workspace] += made
        elif what in FATES and sending[workspace]:
            run_id = sending[workspace].pop(number % len(sending[workspace]))
            books.becomes(run_id, what, workspace)
            if what in FREE:
                del counted[run_id]
        else:
            _happens(books, what, workspace, is_sending=bool(sending[workspace]))
        in_all = budget.spent(books.database, books.now)[1]
        assert in_all.credits == len(counted)
        assert in_all.reserved == sum(map(len, sending.values()))


def _happens(books: Books, what: str, workspace: str, *, is_sending: bool) -> None:
    if what == "wipe" and not is_sending:
        wipe(books.database, workspace, give_up=at_stake(books.database, workspace))
    elif what == "purge":
        for run in History(books.database, workspace).recent(100):
            Curation(books.database, workspace, wall=lambda: books.now).delete(run.run_id)
        purge(books.database, lambda: books.now + 2 * 3600)
    elif what == "tomorrow":
        books.now += budget.DAY
