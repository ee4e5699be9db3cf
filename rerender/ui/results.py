"""The right side of the render page: a run on its way, then its pictures compared with what was sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import streamlit as st

from rerender.errors import ImageError
from rerender.studio import capsule, downloads, pictures
from rerender.studio.attention import waits_for_key
from rerender.studio.runs import Picture, Run
from rerender.studio.understanding import of_run
from rerender.ui import as_code, comparison, control_form, fields, series, session, steering, understanding, words
from rerender.ui.away import or_away
from rerender.ui.compare import Side, alone
from rerender.ui.components import NOTHING
from rerender.ui.page import plain
from rerender.ui.thumbnails import Thumbnail, thumbnails
from rerender.ui.visits import Visit, visit_now

# How often the fragment looks, and how long within each look it waits for the runner's own word: most of the time,
# so that a picture is shown when it is there and not a tick later.
_TICK, _SLICE = 0.4, 0.35

PHASES = {
    None: "Sending",
    "pending": "Waiting for its turn",
    "processing": "Rendering",
    "completed": "Fetching the pictures",
}


def current(visit: Visit) -> list[Run]:
    """The runs of the click that this session shows, oldest first; empty before the first click."""
    runs = _read(visit)
    if run := _chosen(runs):
        # In the address, so that a reload comes back to this run and not to another tab's.
        st.query_params["run"] = run.run_id
        session.note_render_id(run)
    return runs


def _read(visit: Visit) -> list[Run]:
    run = visit.history.run(session.run_id() or "")
    return series.of(visit.history, run) if run else []


def _chosen(runs: list[Run], run_id: str | None = None) -> Run | None:
    wanted = run_id or session.run_id()
    return next((run for run in runs if run.run_id == wanted), None)


def show(visit: Visit, runs: list[Run]) -> None:
    """The run that is shown, in whichever state it is, with its series; before the first, the control image."""
    run = _chosen(runs)
    if run is None:
        _nothing_yet(visit)
    else:
        _draw(visit, run, runs, partial(_read, visit))


def show_alone(visit: Visit, run: Run) -> None:
    """One run of whatever time in a dialog: without its series, and without what would open another dialog."""

    def read() -> list[Run]:
        now = visit.history.run(run.run_id)
        return [now] if now else []

    _draw(visit, run, [run], read, in_dialog=True)


def _draw(visit: Visit, run: Run, runs: list[Run], read: Callable[[], list[Run]], *, in_dialog: bool = False) -> None:
    stored = series.batches(visit.history, runs)
    batch = stored[run.run_id]
    position = min(session.shown_position(run.run_id), len(batch) - 1)
    if not batch:
        comparison.waiting(visit, run, runs)
    elif batch[position].is_readable:
        comparison.show(visit, run, position, runs, stored)
    else:
        st.warning("This file could not be read as a picture. It is kept as it came, and can be downloaded.")
    # Filled last, because following a run takes time.
    status = st.container()
    series.grid(visit, runs, stored, run)
    if batch:
        _details(visit, run, position, runs, stored)
        if not in_dialog:
            _go_on(visit, run, batch, position)
    if run.is_found:
        steering.found_by_owner(run)
    if run.is_preview and run.stored_at is not None:
        understanding.chips("The preview understood", of_run(run))
    with status:
        if not run.is_unfinished and run.stored_at is None:
            steering.ended(run)
            if run.can_be_settled and not in_dialog:
                steering.say_fate(run)
        if any(one.is_unfinished for one in runs):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                with st.container():
                    st.fragment(or_away(_follow), run_every=_TICK)(visit, read, run.run_id, _stage(run, runs, batch))
                steering.stops(run, runs)


def _details(visit: Visit, run: Run, position: int, runs: list[Run], stored: series.Batches) -> None:
    """What else there is to a picture: its batch, what it is compared with, its files."""
    batch = stored[run.run_id]
    if len(batch) > 1:
        _thumbnails(visit, run, batch, position)
    if batch[position].is_readable:
        comparison.controls(run, position, runs, stored)
    _downloads(visit, run, batch, position)


def _nothing_yet(visit: Visit) -> None:
    try:
        data = control_form.prepared(keep_alpha=visit.backend.keeps_alpha)
    except ImageError:
        return  # The form beside it says why.
    size = (fields.value(fields.WIDTH), fields.value(fields.HEIGHT))
    mime = pictures.describe(data).mime
    alone(Side(data, mime, "", "The control image as it will be sent"), size=size, key=comparison.FRAME)
    st.caption("Your picture appears here, over the control image it is made from.")


Stage = tuple[object, ...]


def _stage(run: Run, runs: list[Run], batch: list[Picture]) -> Stage:
    """How far a run and its series have gone; with another stage the whole page looks otherwise."""
    standing = ((one.is_unfinished, one.is_queued, waits_for_key(one)) for one in runs)
    return (run.submission, len(batch), series.is_busy(runs), *standing)


def _follow(visit: Visit, read: Callable[[], list[Run]], run_id: str, drawn: Stage) -> None:
    """One look at a run that is unfinished, or whose series is; reruns the page when there is something new for it.

    It draws nothing but words, because it draws them twice a second.
    """
    runs: list[Run] = []

    def look() -> Stage:
        runs[:] = read()
        run = _chosen(runs, run_id)
        return () if run is None else _stage(run, runs, visit.history.outputs(run.run_id))

    if visit.await_other(look, drawn, _SLICE) != drawn:
        st.rerun()
    if run := _chosen(runs, run_id):
        ready = sum(one.stored_at is not None for one in runs)
        told = [_words(run)] if run.is_unfinished else []
        told += [f"{ready} of {len(runs)} ready"] if len(runs) > 1 else []
        if waits_for_key(run):
            st.text(" · ".join(told))
        else:
            st.status(" · ".join(told), state="running", type="compact")
        if run.is_unfinished and run.error:
            st.warning(plain(run.error))


def _words(run: Run) -> str:
    """Where the run is, in words, and since when; a phase that nobody knows is shown as the API says it."""
    if waits_for_key(run):
        return words.standing(run)
    if run.is_queued:
        where = words.standing(run)
    elif run.is_unconfirmed:
        where = "Looking for its render"
    else:
        phase = "pending" if run.phase is None and run.submission == "accepted" else run.phase
        where = PHASES.get(phase) or plain(phase or "")
    return f"{where}, {time.time() - run.created_at:.0f} s"


def _thumbnails(visit: Visit, run: Run, batch: list[Picture], position: int) -> None:
    names = [comparison.name(run, len(batch), index) for index in range(len(batch))]
    thumbnails(
        [_thumbnail(visit, picture, name) for picture, name in zip(batch, names, strict=True)],
        label="Pictures of this batch",
        chosen=position,
        on_choose=lambda index: session.show_position(run.run_id, index),
        key="result.batch",
        widest="7rem",
        aspect=run.image_width / run.image_height,
    )


def _thumbnail(visit: Visit, picture: Picture, name: str) -> Thumbnail:
    if not picture.is_readable:
        return Thumbnail(*NOTHING, f"{name}, not readable", state="Not readable")
    try:
        return Thumbnail(visit.history.thumbnail(picture.sha256), "image/webp", name)
    except ImageError:
        return Thumbnail(*NOTHING, f"{name}, cannot be shown small")


def _downloads(visit: Visit, run: Run, batch: list[Picture], position: int) -> None:
    chosen, control_image = batch[position], visit.history.control_image(run.run_id)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.download_button(
            "Download",
            data=visit.gated(lambda: visit.history.data(chosen.sha256)),
            file_name=downloads.file_name(run, position, chosen.mime),
            mime=chosen.mime,
            icon=":material/download:",
            on_click="ignore",
        )
        if control_image and capsule.can_hold(chosen, control_image):
            st.download_button(
                "Download with settings",
                data=visit.gated(
                    lambda: capsule.write(
                        visit.history.data(chosen.sha256), position, run, visit.history.data(run.control_image)
                    )
                ),
                file_name=downloads.file_name(run, position, chosen.mime, note="with-settings"),
                mime=chosen.mime,
                icon=":material/download:",
                on_click="ignore",
                help="The same picture, with its prompt, control image and settings inside. "
                "Drop it on Upload to have them in the form again.",
            )
        if len(batch) > 1:
            st.download_button(
                f"Download all {len(batch)} as ZIP",
                data=visit.gated(
                    lambda: downloads.as_zip(run, [(item, visit.history.data(item.sha256)) for item in batch])
                ),
                file_name="rerender.zip",
                mime="application/zip",
                icon=":material/folder_zip:",
                on_click="ignore",
            )


def _go_on(visit: Visit, run: Run, batch: list[Picture], position: int) -> None:
    """What can come after a picture: another run made from it, or the same one made elsewhere."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        if batch[position].is_readable:
            st.button(
                "Use as control image",
                type="tertiary",
                icon=":material/reply:",
                on_click=_use_as_control_image,
                args=(run.run_id, position),
                help="The next render starts from this picture.",
            )
        as_code.button_for_run(visit, run)


def _use_as_control_image(run_id: str, position: int) -> None:
    history = visit_now().history
    run, batch = history.run(run_id), history.outputs(run_id)
    if run is not None and position < len(batch):
        size = (run.image_width, run.image_height)
        control_form.take(history.data(batch[position].sha256), comparison.name(run, len(batch), position), size)
