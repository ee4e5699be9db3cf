from __future__ import annotations

import itertools
from pathlib import Path

from rerender.models import DEFAULT_WORKFLOW_ID, RenderRequest
from rerender.service.jobs import Jobs
from rerender.service.storage import Storage
from rerender.service.timings import Stopwatch
from tests.service.calls import picture
from tests.service.engines import FlatEngine
from tests.waiting import wait_until


def test_stages_that_come_again_are_added_up_and_storing_stands_by_itself() -> None:
    watch = Stopwatch(1.5, iter([0.0, 1.0, 3.0, 6.0, 10.0, 15.0]).__next__)
    for stage in ("light", "colour", "light", "storing"):
        watch.stage(stage)
    assert watch.stop(storing="storing") == {
        "seconds": 15.0,
        "timings": {"queued": 1.5, "stages": {"light": 6.0, "colour": 3.0}, "storing": 5.0},
    }


def test_a_clock_that_was_set_back_gives_no_negative_wait() -> None:
    assert Stopwatch(-60.0).stop(storing="")["timings"]["queued"] == 0.0


def test_a_completed_render_says_how_long_it_waited_and_what_each_stage_took(
    tmp_path: Path, engine: FlatEngine
) -> None:
    seconds = itertools.count(100)
    storage = Storage(tmp_path)
    jobs = Jobs(storage, engine, clock=lambda: 7.0, timer=lambda: float(next(seconds)))
    render_id = jobs.submit(RenderRequest("oak", picture(), 2, image_width=512, image_height=512), DEFAULT_WORKFLOW_ID)
    jobs.start()
    record = wait_until(lambda: (found := jobs.find(render_id)) and found.phase == "completed" and found)
    assert record.misc["seconds"] == 4.0
    assert record.misc["timings"] == {"queued": 0.0, "stages": {"first": 1.0}, "storing": 2.0}
    jobs.close()
    storage.close()
