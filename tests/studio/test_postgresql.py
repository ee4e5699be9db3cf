"""The promises that matter most on a server that several write to at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select, text

from rerender.models import RenderRequest
from rerender.studio.archive import Archive, Contents
from rerender.studio.backends import Backend
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.preferences import change, load
from rerender.studio.runner import Runner
from rerender.studio.tables import images, metadata, outputs
from rerender.studio.wipe import BeingSent, PaidRunsAtStake, wipe
from tests.fake_api import picture
from tests.studio.archives import everything, exported, imported
from tests.studio.helpers import POSTGRESQL, a_request, finished

AT_ONCE = 8

pytestmark = POSTGRESQL


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What each call returns when all of them begin at the same moment."""
    gate = threading.Barrier(len(calls))

    def begin(call: Callable[[], object]) -> object:
        gate.wait(60)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [one.result() for one in [pool.submit(begin, call) for call in calls]]


def test_what_a_write_reads_is_true_until_it_ends_whichever_process_writes(
    database: Database, database_url: str
) -> None:
    with database.write(EVERYONE) as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def count() -> None:
        # One of its own, as each process has: the writers of one process wait for each other anyway.
        other = Database(database_url)
        for _ in range(20):
            with other.write(EVERYONE) as connection:
                value = connection.scalar(text("SELECT value FROM counter"))
                connection.execute(text("UPDATE counter SET value = :next"), {"next": value + 1})
        other.close()

    at_once(*[count] * AT_ONCE)
    with database.read(EVERYONE) as connection:
        assert connection.scalar(text("SELECT value FROM counter")) == AT_ONCE * 20


def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    with database.read(EVERYONE) as reader:
        assert reader.scalar(select(func.count()).select_from(images)) == 0
        with database.write(EVERYONE) as writer:
            writer.execute(text("INSERT INTO images VALUES ('ours', 'abc', 'image/png', 1, 1, 1)"))
        assert reader.scalar(select(func.count()).select_from(images)) == 0


def test_one_image_one_thumbnail_and_one_preference_can_be_kept_at_once(
    runner: Runner, backend: Backend, database: Database, history: History
) -> None:
    requests = [a_request(seed=seed) for seed in range(AT_ONCE)]

    def submission(request: RenderRequest) -> Callable[[], object]:
        return lambda: runner.submit("ours", backend, request)

    run_ids = at_once(*map(submission, requests))
    runs = [finished(history, str(run_id)) for run_id in run_ids]
    assert all(run.stored_at for run in runs)
    (sha256,) = {history.outputs(run.run_id)[0].sha256 for run in runs}
    assert len(set(at_once(*[lambda: history.thumbnail(sha256)] * AT_ONCE))) == 1
    at_once(*[lambda: change(database, "ours", batch_size=3)] * AT_ONCE)
    assert load(database, "ours").batch_size == 3


def test_deleting_everything_while_something_is_sent_loses_no_paid_run(
    runner: Runner, backend: Backend, database: Database, history: History
) -> None:
    def delete() -> bool:
        try:
            wipe(database, "ours")
        except (BeingSent, PaidRunsAtStake):
            return False
        return True

    for seed in range(10):
        run_id, *_ = at_once(lambda seed=seed: runner.submit("ours", backend, a_request(seed=seed)), delete, delete)
        if history.run(str(run_id)) is not None:
            assert finished(history, str(run_id)).stored_at
    wipe(database, "ours")
    with database.read(EVERYONE) as connection:
        assert not any(connection.scalar(select(func.count()).select_from(table)) for table in metadata.sorted_tables)


def test_a_workspace_is_counted_exported_and_imported(
    runner: Runner, backend: Backend, database: Database, history: History
) -> None:
    finished(history, runner.submit("ours", backend, a_request(batch_size=2, control_image=picture(512, 512, 7))))
    change(database, "ours", fit="pad")
    contents = Archive(database, "ours").contents()
    assert isinstance(contents, Contents)
    assert (contents.runs, contents.pictures) == (1, 3)
    assert contents.byte_size / 1e6 > 0
    assert (contents.pixels, contents.are_importable) == (3 * 512 * 512, True)
    data = exported(database)
    assert imported(database, data, "theirs").runs == 1
    assert everything(database, "theirs")["blobs"] == everything(database)["blobs"]
    with database.read(EVERYONE) as connection:
        assert connection.scalar(select(func.count()).select_from(outputs)) == 4
