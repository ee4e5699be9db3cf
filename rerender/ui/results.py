"""The right side of the render page: a run on its way, then its pictures compared with what was sent."""

from __future__ import annotations

import time

import streamlit as st

from rerender.errors import ImageError
from rerender.studio import capsule, downloads, pictures
from rerender.studio.runs import Picture, Run
from rerender.ui import as_code, control_form, session
from rerender.ui.compare import Side, alone, compare
from rerender.ui.page import plain
from rerender.ui.runtime import Visit, has_changed, visit_now
from rerender.ui.thumbnails import Thumbnail, thumbnails

# How often the fragment looks, and how long within each look it waits for the runner's own word: most of the time,
# so that a picture is shown when it is there and not a tick later.
_TICK, _SLICE = 0.4, 0.35

_FRAME = "result.compare"

PHASES = {
    None: "Sending",
    "pending": "Waiting for its turn",
    "processing": "Rendering",
    "completed": "Fetching the pictures",
}


def current(visit: Visit) -> Run | None:
    """The run that this session shows, None before the first."""
    run_id = session.run_id()
    run = visit.history.run(run_id) if run_id else None
    if run is not None:
        # In the address, so that a reload comes back to this run and not to another tab's.
        st.query_params["run"] = run.run_id
        session.note_render_id(run)
    return run


def is_submitting(run: Run | None) -> bool:
    """Whether the run's POST is still on its way, so that another click would be a double click."""
    return run is not None and run.submission == "submitting" and run.is_unfinished


def show(visit: Visit, run: Run | None) -> None:
    """The current run in whichever state it is; before the first, the control image as it will be sent.

    One fragment for all of it, so that a picture appears in the very frame in which its control image was waiting.
    """
    unfinished = run is not None and run.is_unfinished
    st.fragment(_draw, run_every=_TICK if unfinished else None)(visit, run)


def _draw(visit: Visit, run: Run | None) -> None:
    if run is None:
        _nothing_yet(visit)
    elif run.is_unfinished:
        _follow(visit, run)
    elif run.stored_at is None:
        _ended(visit, run)
    else:
        _pictures(visit, run)


def _nothing_yet(visit: Visit) -> None:
    try:
        data = control_form.prepared(keep_alpha=visit.backend.keeps_alpha)
    except ImageError:
        return  # The form beside it says why.
    size = (st.session_state[session.WIDTH], st.session_state[session.HEIGHT])
    mime = pictures.describe(data).mime
    alone(Side(data, mime, "", "The control image as it will be sent"), size=size, key=_FRAME)
    st.caption("Your picture appears here, over the control image it is made from.")


def _follow(visit: Visit, drawn: Run) -> None:
    """One look at an unfinished run; reruns the page when there is something new for it."""
    run = visit.await_change(drawn, _SLICE)
    if run is None or has_changed(run, drawn):
        st.rerun()
    if visit.history.outputs(run.run_id):
        _pictures(visit, run)
    else:
        _frame(visit, run, waiting=True)
    st.status(f"{_words(run)}, {time.time() - run.created_at:.0f} s", state="running", type="compact")
    if run.error:
        st.warning(plain(run.error))


def _words(run: Run) -> str:
    """Where the run is, in words; a phase that nobody knows is shown as the API says it."""
    phase = "pending" if run.phase is None and run.submission == "accepted" else run.phase
    return PHASES.get(phase) or plain(phase or "")


def _ended(visit: Visit, run: Run) -> None:
    if visit.history.outputs(run.run_id):
        _pictures(visit, run)
    else:
        _frame(visit, run)
    st.error(plain(run.error or "This run ended without pictures."))
    if run.completed_at is not None:
        st.button("Look again", on_click=_look_again, args=(run.run_id,))


def _look_again(run_id: str) -> None:
    visit = visit_now()
    visit.runner.look_again(visit.workspace, run_id)


def _frame(visit: Visit, run: Run, *, waiting: bool = False) -> None:
    alone(_sent(visit, run), size=(run.image_width, run.image_height), key=_FRAME, waiting=waiting)


def _sent(visit: Visit, run: Run) -> Side:
    """The control image exactly as it was sent."""
    picture = visit.history.control_image(run.run_id)
    assert picture is not None  # noqa: S101 - it is stored with the run, in the same transaction
    return Side(visit.history.data(picture.sha256), picture.mime, "Control image", "The control image as it was sent")


def _pictures(visit: Visit, run: Run) -> None:
    batch = visit.history.outputs(run.run_id)
    position = min(session.shown_position(run.run_id), len(batch) - 1)
    if batch[position].is_readable:
        _comparison(visit, run, batch, position)
    else:
        st.warning("This file could not be read as a picture. It is kept as it came, and can be downloaded.")
    if len(batch) > 1:
        _thumbnails(visit, run, batch, position)
    _downloads(visit, run, batch, position)
    if run.is_preview:
        _understanding(run)


def _understanding(run: Run) -> None:
    """Which words of the prompt the preview engine followed, and which it could not."""
    understood, unknown = (run.misc.get(key) or [] for key in ("understood", "not_understood"))
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption("The preview understood", width="content")
        for word in understood:
            st.badge(plain(word), color="green")
        if not understood:
            st.caption("none of the words", width="content")
        if unknown:
            st.caption("but not", width="content")
        for word in unknown:
            st.badge(plain(word), color="gray")


def _name(run: Run, count: int, position: int) -> str:
    kind = "Preview" if run.is_preview else "ReRender"
    return kind if count == 1 else f"{kind} {position + 1} of {count}"


def _comparison(visit: Visit, run: Run, batch: list[Picture], position: int) -> None:
    chosen = batch[position]
    name = _name(run, len(batch), position)
    compare(
        _sent(visit, run),
        Side(visit.history.data(chosen.sha256), chosen.mime, name, f"{name}: {run.prompt}"),
        size=(run.image_width, run.image_height),
        key=_FRAME,
    )
    if (chosen.width, chosen.height) != (run.image_width, run.image_height):
        st.caption(
            f"The picture came as {chosen.width} × {chosen.height} px, not as {run.image_width} × {run.image_height}. "
            "It is shown whole inside the control image's frame."
        )


def _thumbnails(visit: Visit, run: Run, batch: list[Picture], position: int) -> None:
    names = [_name(run, len(batch), index) for index in range(len(batch))]
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
        return Thumbnail(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", f"{name}, not readable", "?")
    return Thumbnail(visit.history.thumbnail(picture.sha256), "image/webp", name)


def _downloads(visit: Visit, run: Run, batch: list[Picture], position: int) -> None:
    chosen, control_image = batch[position], visit.history.control_image(run.run_id)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.download_button(
            "Download",
            data=lambda: visit.history.data(chosen.sha256),
            file_name=downloads.file_name(run, position, chosen.mime),
            mime=chosen.mime,
            icon=":material/download:",
            on_click="ignore",
        )
        if control_image and capsule.can_hold(chosen, control_image):
            st.download_button(
                "With settings",
                data=lambda: capsule.write(
                    visit.history.data(chosen.sha256), position, run, visit.history.data(run.control_image)
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
                data=lambda: downloads.as_zip(run, [(item, visit.history.data(item.sha256)) for item in batch]),
                file_name="rerender.zip",
                mime="application/zip",
                icon=":material/folder_zip:",
                on_click="ignore",
            )
        if chosen.is_readable and st.button(
            "Use as control image",
            type="tertiary",
            icon=":material/reply:",
            on_click=_use_as_control_image,
            args=(run.run_id, position),
            help="The next render starts from this picture.",
        ):
            st.rerun()  # The form is outside of this fragment.
        as_code.button_for_run(visit, run)


def _use_as_control_image(run_id: str, position: int) -> None:
    history = visit_now().history
    run, batch = history.run(run_id), history.outputs(run_id)
    if run is not None and position < len(batch):
        size = (run.image_width, run.image_height)
        control_form.take(history.data(batch[position].sha256), _name(run, len(batch), position), size)
