"""Finding runs again: words, states, filters, pages, and the picture that stands for a run."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import event

from rerender.studio import pictures
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.runs import State, Submission
from rerender.studio.search import TEXT_MAX_CHARS, Search
from tests.fake_api import picture
from tests.studio.helpers import read
from tests.studio.rows import add_run


def found(history: History, **search: object) -> set[str]:
    return {entry.run.run_id for entry in history.search(Search(**search)).entries}  # type: ignore[arg-type]


def test_every_run_is_in_the_one_state_that_a_search_finds_it_by(database: Database, history: History) -> None:
    columns, times = ("finished_at", "stored_at"), [(None, None), (5.0, None), (5.0, 5.0)]
    decisions: list[dict[str, float]] = [{}, {"stopped_at": 5.0}, {"settled_at": 5.0}]
    run_ids = [
        add_run(database, submission=submission, backend=backend, **decided, **dict(zip(columns, at, strict=True)))
        for submission, at, backend, decided in product(Submission, times, ("embedded", "https://api.test"), decisions)
    ]
    by_state = {state: found(history, state=state) for state in State}
    assert sum(len(ids) for ids in by_state.values()) == len(run_ids)
    assert all(by_state.values()), "each state is reached"
    for run_id in run_ids:
        assert run_id in by_state[read(history, run_id).state]


def test_an_uncertain_run_counts_as_perhaps_charged_unless_it_is_a_preview(
    database: Database, history: History
) -> None:
    cut_off = {"submission": "uncertain", "stored_at": None}
    free, paid = add_run(database, **cut_off), add_run(database, backend="https://api.test", credits=0.0, **cut_off)
    assert read(history, free).state == State.FAILED
    assert read(history, paid).state == State.UNCERTAIN
    assert (found(history, state="failed"), found(history, state="uncertain")) == ({free}, {paid})


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("oak", True),
        ("OAK glass", True),
        ("  glass\toak ", True),
        ("client", True),
        ("oak client", True),
        ("oak brick", False),
        ("überdachung", True),
        ("ÜBERDACHUNG", True),
        ("100%", True),
        ("a_b", True),
        ("1%0", False),
        ("o_k", False),
        ("%", True),
        ("\\", False),
        ("'; DROP TABLE runs; --", False),
        ("6748", False),
        ("67482f9a0a1c7e0df4310000", True),
        ("oak" + " " * TEXT_MAX_CHARS + "brick", True),
        ("x" * 100_000, False),
    ],
)
def test_every_word_must_stand_in_the_prompt_or_the_note_whatever_its_case_and_signs(
    database: Database, history: History, text: str, finds: bool
) -> None:
    run_id = add_run(
        database,
        prompt="Oak and glass, Überdachung, 100% a_b",
        note="For the client",
        render_id="67482f9a0a1c7e0df4310000",
    )
    assert found(history, text=text) == ({run_id} if finds else set())


def test_filters_are_met_all_at_once(database: Database, history: History) -> None:
    wanted = {"backend": "https://api.test", "starred": True, "created_at": 50.0}
    run_id = add_run(database, **wanted)
    for change in ({"backend": "embedded"}, {"starred": False}, {"created_at": 49.9}, {"created_at": 60.0}):
        add_run(database, **{**wanted, **change})
    assert found(history, backend="https://api.test", starred=True, since=50.0, until=60.0) == {run_id}
    assert len(found(history)) == 5
    assert history.backends() == ["embedded", "https://api.test"]


def test_pages_follow_each_other_newest_first_and_know_the_total(database: Database, history: History) -> None:
    run_ids = [add_run(database, created_at=float(age)) for age in range(7)][::-1]
    pages = [history.search(Search(), page, size=3) for page in (1, 2, 3, 4)]
    assert [[entry.run.run_id for entry in page.entries] for page in pages] == [
        run_ids[:3],
        run_ids[3:6],
        run_ids[6:],
        [],
    ]
    assert {page.total for page in pages} == {7}


def test_the_first_picture_that_can_be_shown_stands_for_a_run_and_until_then_its_control_image(
    database: Database, history: History
) -> None:
    control_image, first, second = picture(512, 512, 1), picture(64, 64, 2), picture(64, 64, 3)
    sha256 = {data: pictures.describe(data).sha256 for data in (control_image, first, second)}
    expected = {
        add_run(database, control_image=control_image, results=results): (sha256[cover], cover != control_image)
        for results, cover in (
            ([first, second], first),
            ([None, second], second),
            ([None], control_image),
            ([], control_image),
        )
    }
    entries = history.search(Search()).entries
    assert {entry.run.run_id: (entry.cover, entry.has_picture) for entry in entries} == expected
    assert history.thumbnails({entry.cover for entry in entries}).keys() == set(sha256.values())


def test_a_search_sees_one_workspace_and_nothing_deleted(database: Database, history: History) -> None:
    ours = add_run(database, results=[picture(64, 64, 2)])
    theirs = add_run(database, workspace="theirs", backend="https://theirs.test", results=[picture(64, 64, 3)])
    add_run(database, deleted_at=5.0, backend="https://deleted.test")
    assert found(history) == {ours}
    assert history.search(Search()).total == 1
    assert history.backends() == ["embedded"]
    (their_entry,) = History(database, "theirs").search(Search()).entries
    assert their_entry.run.run_id == theirs
    with pytest.raises(KeyError):
        history.thumbnails([their_entry.cover])


def test_a_page_takes_as_many_queries_with_two_runs_as_with_twenty(database: Database, history: History) -> None:
    counted = []
    for size in (2, 20):
        for _ in range(size):
            add_run(database, results=[picture(64, 64, size)])
        found = history.search(Search(), size=size)
        history.thumbnails({entry.cover for entry in found.entries})
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object, to: list[str] = statements) -> None:
            to.append(statement)

        event.listen(database._reader, "before_cursor_execute", note)
        found = history.search(Search(), size=size)
        history.thumbnails({entry.cover for entry in found.entries})
        event.remove(database._reader, "before_cursor_execute", note)
        assert len(found.entries) == size
        counted.append([statement for statement in statements if statement.startswith("SELECT")])
    assert [len(statements) for statements in counted] == [3, 3]


def test_an_image_whose_bytes_are_cut_has_no_thumbnail_and_hinders_no_other(
    database: Database, history: History
) -> None:
    whole, cut = picture(640, 640, 5), picture(640, 640, 9)[:60]
    for data in (whole, cut):
        add_run(database, results=[data])
    covers = {entry.cover for entry in history.search(Search()).entries}
    assert len(covers) == 2
    assert list(history.thumbnails(covers)) == [pictures.describe(whole).sha256]
