from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from rerender.errors import ImageError
from rerender.models import DEFAULT_WORKFLOW_ID, RenderRequest
from rerender.service.jobs import Jobs, QueueFull
from rerender.service.storage import Record, Storage
from tests.service.calls import picture
from tests.service.engines import FlatEngine
from tests.waiting import wait_until


def request(seed: int = 0, batch_size: int = 1) -> RenderRequest:
    return RenderRequest("a private prompt", picture(), batch_size, image_width=512, image_height=512, seed=seed)


@pytest.fixture
def sleeps() -> list[float]:
    """The pauses before the disk is tried again."""
    return []


@pytest.fixture
def open_jobs(tmp_path: Path, engine: FlatEngine, sleeps: list[float]) -> Iterator[Callable[[], Jobs]]:
    """Opens the jobs of one folder; each call ends the one before, as a new process would."""
    opened: list[tuple[Jobs, Storage]] = []

    def close() -> None:
        for jobs, storage in opened:
            jobs.close()
            storage.close()

    def open_again() -> Jobs:
        close()
        storage = Storage(tmp_path)
        clock = iter(range(10**6)).__next__
        opened.append((Jobs(storage, engine, queue_limit=3, clock=clock, sleep=sleeps.append), storage))
        return opened[-1][0]

    yield open_again
    close()


def submit(jobs: Jobs, seed: int = 0) -> str:
    return jobs.submit(request(seed), DEFAULT_WORKFLOW_ID)


def phase(jobs: Jobs, render_id: str) -> str | None:
    record = jobs.find(render_id)
    return record.phase if record else None


def wait_for(jobs: Jobs, render_id: str, wanted: str) -> None:
    wait_until(lambda: phase(jobs, render_id) == wanted)


def test_renders_are_made_one_by_one_in_the_order_they_came(open_jobs: Callable[[], Jobs], engine: FlatEngine) -> None:
    jobs = open_jobs()
    ids = [submit(jobs, seed) for seed in (5, 3, 4)]
    jobs.start()
    wait_for(jobs, ids[-1], "completed")
    assert engine.rendered == [5, 3, 4]


def test_a_render_stopped_between_two_stages_is_pending_again_and_made_after_the_next_start(
    open_jobs: Callable[[], Jobs], engine: FlatEngine
) -> None:
    jobs = open_jobs()
    jobs.start()
    engine.gate.clear()
    render_id = submit(jobs)
    assert engine.working.wait(30)
    jobs.close()
    assert phase(jobs, render_id) == "pending"
    engine.gate.set()
    jobs = open_jobs()
    jobs.start()
    wait_for(jobs, render_id, "completed")


def test_waiting_renders_keep_their_order_over_a_restart(open_jobs: Callable[[], Jobs], engine: FlatEngine) -> None:
    jobs = open_jobs()
    ids = [submit(jobs, seed) for seed in (2, 1, 3)]
    jobs = open_jobs()
    jobs.start()
    wait_for(jobs, ids[-1], "completed")
    assert engine.rendered == [2, 1, 3]


def cut_off(folder: Path, render_id: str) -> None:
    """Leave a waiting render as a process that was killed over it leaves it."""
    path = folder / "renders" / f"{render_id}.json"
    left = path.read_text().replace('"phase": "pending"', '"phase": "processing"')
    assert left != path.read_text()
    path.write_text(left)


def test_a_render_over_which_the_process_died_is_made_again_before_those_that_wait(
    open_jobs: Callable[[], Jobs], tmp_path: Path, engine: FlatEngine
) -> None:
    jobs = open_jobs()
    ids = [submit(jobs, seed) for seed in (1, 2)]
    cut_off(tmp_path, ids[0])
    jobs = open_jobs()
    jobs.start()
    for render_id in ids:
        wait_for(jobs, render_id, "completed")
    assert engine.rendered == [1, 2]


def test_a_render_over_which_the_process_died_twice_is_dead_with_a_reason_and_the_others_are_made(
    open_jobs: Callable[[], Jobs], tmp_path: Path, engine: FlatEngine
) -> None:
    jobs = open_jobs()
    twice, other = submit(jobs, seed=1), submit(jobs, seed=2)
    for _ in range(2):
        cut_off(tmp_path, twice)
        engine.gate.clear()
        jobs = open_jobs()
        jobs.start()
        assert engine.working.wait(30)
        jobs.close()
    assert phase(jobs, twice) == "dead"
    engine.gate.set()
    jobs = open_jobs()
    jobs.start()
    wait_for(jobs, other, "completed")
    record = jobs.find(twice)
    assert record is not None
    assert (record.phase, record.pictures) == ("dead", ())
    assert record.misc["error"].startswith("The service was cut off twice while it worked on this render")
    assert engine.rendered == [2]


def test_stopping_in_order_is_no_interruption_however_often(open_jobs: Callable[[], Jobs], engine: FlatEngine) -> None:
    render_id = submit(open_jobs())
    engine.gate.clear()
    for _ in range(3):
        engine.working.clear()
        jobs = open_jobs()
        jobs.start()
        assert engine.working.wait(30)
    engine.gate.set()
    wait_for(jobs, render_id, "completed")


def test_a_render_whose_control_image_is_gone_fails_and_the_others_are_made(
    open_jobs: Callable[[], Jobs], tmp_path: Path
) -> None:
    jobs = open_jobs()
    broken, other = submit(jobs, seed=1), submit(jobs, seed=2)
    record = jobs.find(broken)
    assert record is not None
    (tmp_path / "pictures" / record.control_image.file).unlink()
    jobs.start()
    wait_for(jobs, broken, "failed")
    wait_for(jobs, other, "completed")


def test_an_engine_error_fails_the_render_and_not_the_worker(
    open_jobs: Callable[[], Jobs], engine: FlatEngine, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = open_jobs()
    jobs.start()
    engine.error = RuntimeError("bad pixels while drawing a private prompt")
    failing = submit(jobs)
    wait_for(jobs, failing, "failed")
    engine.error = None
    wait_for(jobs, submit(jobs), "completed")
    record = jobs.find(failing)
    assert record is not None
    assert record.misc["error"] == "The engine stopped with an error; the log of the service says where."
    assert record.pictures == ()
    assert "RuntimeError" in caplog.text
    assert "engines.py" in caplog.text
    assert "private" not in caplog.text


def test_an_error_that_is_meant_for_people_is_passed_on(open_jobs: Callable[[], Jobs], engine: FlatEngine) -> None:
    jobs = open_jobs()
    jobs.start()
    engine.error = ImageError("The control image is empty.")
    wait_for(jobs, render_id := submit(jobs), "failed")
    record = jobs.find(render_id)
    assert record is not None
    assert record.misc["error"] == "The control image is empty."


def test_a_full_queue_refuses_and_stores_nothing(
    open_jobs: Callable[[], Jobs], tmp_path: Path, engine: FlatEngine
) -> None:
    jobs = open_jobs()
    for _ in range(3):
        submit(jobs)
    with pytest.raises(QueueFull):
        submit(jobs)
    assert len(list((tmp_path / "renders").iterdir())) == 3
    jobs.start()
    wait_until(lambda: len(engine.rendered) == 3)
    submit(jobs)


def test_a_render_forgotten_at_work_stops_and_leaves_no_file(
    open_jobs: Callable[[], Jobs], tmp_path: Path, engine: FlatEngine
) -> None:
    jobs = open_jobs()
    jobs.start()
    engine.gate.clear()
    forgotten = submit(jobs, seed=1)
    assert engine.working.wait(30)
    jobs.forget(forgotten)
    engine.gate.set()
    wait_for(jobs, kept := submit(jobs, seed=2), "completed")
    assert phase(jobs, forgotten) is None
    assert [path.stem for path in (tmp_path / "renders").iterdir()] == [kept]
    assert len(list((tmp_path / "pictures").iterdir())) == 2


def test_a_render_forgotten_while_it_waits_is_never_made(open_jobs: Callable[[], Jobs], engine: FlatEngine) -> None:
    jobs = open_jobs()
    forgotten, kept = submit(jobs, seed=1), submit(jobs, seed=2)
    jobs.forget(forgotten)
    jobs.start()
    wait_for(jobs, kept, "completed")
    assert engine.rendered == [2]


def full(*_: object) -> NoReturn:
    raise OSError(28, "No space left on device")


def test_a_disk_that_refuses_a_write_does_not_end_the_worker(
    open_jobs: Callable[[], Jobs], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = open_jobs()
    jobs.start()
    with monkeypatch.context() as broken:
        broken.setattr(Storage, "update", full)
        lost = submit(jobs)
        wait_until(lambda: lost in caplog.text)
    wait_for(jobs, submit(jobs), "completed")
    jobs = open_jobs()
    jobs.start()
    wait_for(jobs, lost, "completed")


def test_a_file_that_is_held_for_a_moment_costs_no_render(
    open_jobs: Callable[[], Jobs], engine: FlatEngine, sleeps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    update, held = Storage.update, [True, True, True]

    def update_later(self: Storage, record: Record) -> bool:
        if record.phase == "completed" and held:
            held.pop()
            raise PermissionError(13, "The process cannot access the file")
        return update(self, record)

    monkeypatch.setattr(Storage, "update", update_later)
    jobs = open_jobs()
    jobs.start()
    wait_for(jobs, submit(jobs, seed=4), "completed")
    assert (engine.rendered, sleeps) == ([4], [0.1, 0.3, 1.0])


def test_what_could_not_be_written_is_no_interruption_however_often(
    open_jobs: Callable[[], Jobs], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Storage.update
    jobs = open_jobs()
    render_id = submit(jobs)
    for _ in range(3):
        caplog.clear()
        with monkeypatch.context() as patch:
            patch.setattr(
                Storage, "update", lambda self, new: full() if new.phase == "completed" else update(self, new)
            )
            jobs.start()
            wait_until(lambda: f"Render {render_id} could not be stored" in caplog.text)
            assert phase(jobs, render_id) == "processing"
            jobs.close()
        jobs = open_jobs()
    record = jobs.find(render_id)
    assert record is not None
    assert (record.phase, record.interruptions) == ("pending", 0)
    jobs.start()
    wait_for(jobs, render_id, "completed")


@pytest.mark.parametrize("method", ["ended", "measure", "find"])
def test_a_disk_that_cannot_be_read_does_not_end_the_worker_either(
    open_jobs: Callable[[], Jobs], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    jobs = open_jobs()
    with monkeypatch.context() as patch:
        patch.setattr(Storage, method, full)
        jobs.start()
        submit(jobs)
        wait_until(lambda: caplog.text)
    wait_for(jobs, submit(jobs), "completed")
    assert jobs.is_working


def test_ended_renders_that_could_not_be_counted_are_counted_the_next_time(
    open_jobs: Callable[[], Jobs], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = open_jobs()
    jobs.start()
    with monkeypatch.context() as patch:
        patch.setattr(Storage, "measure", full)
        first = submit(jobs)
        wait_until(lambda: "could not be gone through" in caplog.text)
    second = submit(jobs)
    wait_until(lambda: set(jobs._ended) == {first, second})


def test_closing_twice_or_before_the_start_is_fine(open_jobs: Callable[[], Jobs]) -> None:
    jobs = open_jobs()
    jobs.close()
    jobs.close()
