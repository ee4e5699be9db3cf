"""Taking everything along: the whole workspace as one file, and back."""

from __future__ import annotations

import io
import math
import time

import streamlit as st

from rerender.studio.archive import Archive, ArchiveError, Contents, Imported
from rerender.ui import session, settings, uploads
from rerender.ui.visits import Visit, visit_now
from rerender.ui.words import counted

_UPLOADED = "workspace.archive"
_OUTCOME = "workspace.outcome"
_FORGETS = "Your runs are kept only until this app sleeps or restarts. Export them to keep them."


def notice(visit: Visit) -> None:
    """Where the history is lost when the host stops the app: say so, and how to keep it."""
    if visit.is_hosted and not settings.lookup("RERENDER_DATABASE_URL"):
        st.info(_FORGETS, icon=":material/bedtime:")


def export_and_import(visit: Visit) -> None:
    """One button that saves everything, and the place to bring it back to."""
    contents = _archive(visit).contents()
    limit = visit.runtime.limits.archive_mb
    fits = contents.byte_size < limit * 1e6
    # A host would hold the whole of it in memory, for a file that it does not take back.
    is_refused = visit.is_hosted and not fits
    st.download_button(
        "Export everything",
        # A disabled button can still be pressed by hand.
        data=b"" if is_refused else visit.gated(lambda: _exported(visit)),
        file_name=f"rerender-workspace-{time.strftime('%Y-%m-%d')}.zip",
        mime="application/zip",
        icon=":material/archive:",
        on_click="ignore",
        disabled=is_refused or not contents.runs,
    )
    st.caption(_says(contents, limit, fits=fits, is_hosted=visit.is_hosted))
    st.file_uploader(
        f"Import an archive, up to {limit} MB",
        "zip",
        key=uploads.key(_UPLOADED),
        on_change=_import,
        args=(uploads.key(_UPLOADED),),
    )
    with st.container():
        _show_outcome()


def _archive(visit: Visit) -> Archive:
    return Archive(visit.runtime.database, visit.workspace, limits=visit.runtime.limits)


def _exported(visit: Visit) -> io.BytesIO:
    # Streamlit keeps a download in memory in any case; a file on disk would be read into it.
    file = io.BytesIO()
    _archive(visit).export(file)
    return file


def _says(contents: Contents, limit: int, *, fits: bool, is_hosted: bool) -> str:
    """What the archive will hold, and what to do where it cannot be uploaded again."""
    if not contents.runs:
        return "There is nothing to export yet."
    size = math.ceil(contents.byte_size / 1e6)
    runs, files = counted(contents.runs, "run"), counted(contents.pictures, "image file")
    held = f"{runs} with {files}, about {size} MB. No key is in it."
    if not contents.are_importable:
        return f"{held} That is more than an archive can bring back: delete runs that you do not need first."
    if fits:
        return held
    if is_hosted:
        return (
            f"{held} That is more than the {limit} MB that can be exported and imported here: download the runs that "
            "you want to keep as a ZIP each, in History, or delete runs that you do not need."
        )
    return (
        f"{held} That is more than the {limit} MB that can be imported here; an app started with "
        f"`RERENDER_ARCHIVE_MB={2 * size}` takes it."
    )


def _import(drawn: str) -> None:
    visit = visit_now()
    file = uploads.take(_UPLOADED, drawn)
    # Taken before the work begins, because asking the session for it afterwards may be cut off by another click.
    outcome = st.session_state.setdefault(_OUTCOME, {})
    outcome.clear()
    if file is None:
        return
    try:
        imported = _archive(visit).import_from(file)
        outcome["success"] = _brought(imported) + _outlived(imported, visit.runtime.limits.keep_days)
        session.forget_settings()
    except ArchiveError as error:
        outcome["error"] = str(error)


def _brought(imported: Imported) -> str:
    there = f"{counted(imported.known_runs, 'run')} {'was' if imported.known_runs == 1 else 'were'} already here"
    if not imported.runs:
        return f"Nothing new: {there}." if imported.known_runs else "The archive is empty."
    came = f"{counted(imported.runs, 'run')} and {counted(imported.pictures, 'image file')} were imported."
    return f"{came} {there}, and stayed as they are." if imported.known_runs else came


def _outlived(imported: Imported, keep_days: int) -> str:
    """What becomes of runs that are older than what is kept here, if any came."""
    if not imported.outlived:
        return ""
    are = "is" if imported.outlived == 1 else "are"
    return (
        f" {imported.outlived:,} of them {are} over {keep_days} days old and {are} deleted here within the hour: "
        "keep the archive."
    )


def _show_outcome() -> None:
    outcome = st.session_state.get(_OUTCOME, {})
    if sentence := outcome.get("success"):
        st.success(sentence)
    if problem := outcome.get("error"):
        st.error(problem)
