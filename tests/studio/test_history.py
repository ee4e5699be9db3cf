from __future__ import annotations

import io
from collections.abc import Callable
from itertools import product

import pytest
from PIL import ExifTags, Image
from sqlalchemy import text, update

from rerender.errors import ImageError
from rerender.studio.backends import Backend
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.runner import Runner
from rerender.studio.runs import State, Submission
from rerender.studio.tables import thumbnails
from tests.fake_api import Answer, FakeApi, picture
from tests.studio.helpers import a_request, finished, read
from tests.studio.rows import add_run
from tests.waiting import wait_until


@pytest.fixture
def run_id(runner: Runner, backend: Backend, history: History) -> str:
    return finished(history, runner.submit("ours", backend, a_request(batch_size=2))).run_id


def test_another_workspace_sees_nothing(run_id: str, database: Database, history: History, backend: Backend) -> None:
    theirs = History(database, "theirs")
    assert (theirs.latest(), theirs.recent(), theirs.run(run_id), theirs.unfinished()) == (None, [], None, [])
    assert (theirs.outputs(run_id), theirs.control_image(run_id)) == ([], None)
    assert theirs.open_like(backend.name, a_request(batch_size=2)) is None
    for output in history.outputs(run_id):
        for load in (theirs.data, theirs.thumbnail):
            with pytest.raises(KeyError):
                load(output.sha256)


def test_the_control_image_is_kept_as_it_was_sent(run_id: str, history: History) -> None:
    control_image = history.control_image(run_id)
    assert control_image is not None
    assert (control_image.mime, control_image.width, control_image.height) == ("image/png", 512, 512)
    assert history.data(control_image.sha256) == a_request().control_image


def test_the_newest_run_comes_first(runner: Runner, backend: Backend, history: History) -> None:
    run_ids = [runner.submit("ours", backend, a_request(seed=seed)) for seed in range(4)]
    assert [run.run_id for run in history.recent(3)] == run_ids[:0:-1]
    latest = history.latest()
    assert latest is not None
    assert latest.run_id == run_ids[-1]


def test_an_unfinished_run_of_the_very_same_request_is_found(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    run_id = runner.submit("ours", backend, a_request())
    alike = history.open_like(backend.name, a_request())
    assert alike is not None
    assert alike.run_id == run_id
    assert history.open_like("embedded", a_request()) is None
    other_image = picture(512, 512, 99)
    for change in ({"seed": 8}, {"prompt": "oak"}, {"batch_size": 2}, {"control_image": other_image}):
        assert history.open_like(backend.name, a_request(**change)) is None
    api.state.phases = ["completed"]
    finished(history, run_id)
    assert history.open_like(backend.name, a_request()) is None


def test_what_may_still_bring_its_pictures_is_found_by_its_request_and_nothing_else(
    history: History, database: Database
) -> None:
    decided = [{}, {"stopped_at": 5.0}, {"settled_at": 5.0}, {"completed_at": 5.0}]
    times = [{"finished_at": at, "stored_at": stored} for at, stored in ((None, None), (5.0, None), (5.0, 5.0))]
    states = product(Submission, ("embedded", "https://api.test"), times, decided)
    open_runs = set()
    for seed, (submission, backend, at, decision) in enumerate(states):
        run_id = add_run(database, submission=submission, backend=backend, seed=seed, **at, **decision)
        alike = history.open_like(backend, a_request(seed=seed))
        assert (alike is not None) == read(history, run_id).is_open
        if alike is not None:
            open_runs.add((backend != "embedded", alike.state))
    paid = {State.UNFINISHED, State.STOPPED, State.UNCERTAIN, State.FAILED}
    assert open_runs == {(True, state) for state in paid} | {(False, State.UNFINISHED)}


def test_an_image_is_kept_once_a_workspace(
    runner: Runner, backend: Backend, history: History, database: Database
) -> None:
    runner.submit("ours", backend, a_request(seed=1))
    runner.submit("ours", backend, a_request(seed=2))
    runner.submit("theirs", backend, a_request())
    wait_until(lambda: not history.unfinished())
    with database.read(EVERYONE) as connection:
        count = connection.scalar(text("SELECT count(*) FROM blobs WHERE workspace = 'ours'"))
    assert count == 2, "one control image, one output that both runs share"


def test_thumbnails_are_made_once_and_keep_the_aspect(run_id: str, history: History, database: Database) -> None:
    (sha256, *_) = (output.sha256 for output in history.outputs(run_id))
    first = history.thumbnail(sha256, side=96)
    with Image.open(io.BytesIO(first)) as thumbnail:
        assert thumbnail.size == (96, 96)
    with database.write(EVERYONE) as connection:
        connection.execute(update(thumbnails).values(data=b"\0"))
    assert history.thumbnail(sha256, side=96) == b"\0", "the kept one is used"
    assert len(history.thumbnail(sha256, side=48)) > 1, "another size is another thumbnail"


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_picture_whose_exif_block_is_broken_still_has_its_thumbnail(
    format: str, runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, format, exif=b"Exif\0\0no TIFF header")
    api.state.files["/files/render1/0.png"] = Answer(200, file.getvalue())
    run = finished(history, runner.submit("ours", backend, a_request()))
    (output,) = history.outputs(run.run_id)
    with Image.open(io.BytesIO(history.thumbnails([output.sha256])[output.sha256])) as thumbnail:
        assert thumbnail.size == (64, 48)


def test_a_thumbnail_is_upright(runner: Runner, backend: Backend, history: History, api: FakeApi) -> None:
    file, exif = io.BytesIO(), Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (64, 48), "teal").save(file, "JPEG", exif=exif)
    api.state.files["/files/render1/0.png"] = Answer(200, file.getvalue())
    run = finished(history, runner.submit("ours", backend, a_request()))
    with Image.open(io.BytesIO(history.thumbnail(history.outputs(run.run_id)[0].sha256))) as thumbnail:
        assert thumbnail.size == (48, 64)


def test_bytes_that_are_no_picture_have_no_thumbnail(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.files["/files/render1/0.png"] = Answer(200, b"a format of the future")
    run = finished(history, start_runner().submit("ours", backend, a_request()))
    with pytest.raises(ImageError):
        history.thumbnail(history.outputs(run.run_id)[0].sha256)
