"""The runs of the history that a search finds: a page of cards, a pager, and what is said when there are none."""

from __future__ import annotations

import streamlit as st

from rerender.studio.runs import Run, State
from rerender.studio.search import Entry, Found, Search
from rerender.ui import filters, run_dialog, session, words
from rerender.ui.away import or_away
from rerender.ui.components import NOTHING
from rerender.ui.gallery import Card, gallery
from rerender.ui.visits import Visit

_PAGE_SIZE = 24
# How often the page looks whether a run in progress has got on, and how long of it it waits for the runner's word.
_TICK, _SLICE = 1.0, 0.9


def none_yet() -> None:
    """What is said before the first run."""
    with st.container(horizontal_alignment="center", gap="small"):
        st.space("large")
        st.subheader("No renders yet", anchor=False, width="content")
        st.text("Everything you render is kept here, with its settings and its pictures.", width="content")
        st.page_link("pages/render.py", label="Make the first one", icon=":material/auto_awesome:", width="content")


def show(visit: Visit, search: Search) -> None:
    """The page of cards that the visitor is on, kept up to date by itself while anything is in progress."""
    unfinished = visit.history.unfinished()
    # A key for each search, so that a new search begins at its first page.
    pager = f"history.page.{hash(search)}"
    found = visit.history.search(search, st.session_state.get(pager, 1), _PAGE_SIZE)
    if found.total and not found.entries:
        # The last page has lost its last run, and the pager goes back to the first by itself.
        found = visit.history.search(search, 1, _PAGE_SIZE)
    if found.total == 0:
        _nothing_found()
    else:
        _cards(visit, found)
        _pager(found.total, pager)
    if unfinished:
        st.fragment(or_away(_watch), run_every=_TICK)(visit, _standing(unfinished))


def _nothing_found() -> None:
    with st.container(horizontal_alignment="center", gap="small"):
        st.space("large")
        st.subheader("Nothing found", anchor=False, width="content")
        st.text("No run fits all of these filters.", width="content")
        st.button("Clear the filters", on_click=filters.clear)


def _cards(visit: Visit, found: Found) -> None:
    thumbnails = visit.history.thumbnails({entry.cover for entry in found.entries})
    ours = session.run_ids()
    gallery(
        [_card(entry, thumbnails.get(entry.cover), entry.run.run_id in ours) for entry in found.entries],
        label="Runs, newest first",
        on_choose=run_dialog.choose,
        on_star=run_dialog.star,
        key="history.gallery",
    )


def _card(entry: Entry, thumbnail: bytes | None, is_ours: bool) -> Card:
    run = entry.run
    state = run.state.value
    data, mime = (thumbnail, "image/webp") if thumbnail else NOTHING
    kind = "Picture" if entry.has_picture else "Control image"
    return Card(
        run_id=run.run_id,
        data=data,
        mime=mime,
        alt=f"{kind}: {run.prompt}" if thumbnail else f"{kind} that cannot be shown",
        prompt=run.prompt,
        facts=words.size(run) + (f", {run.batch_size} pictures" if run.batch_size > 1 else "") + f", seed {run.seed}",
        cost=words.cost(run),
        created_at=run.created_at,
        state=state,
        badge="" if state == State.COMPLETED else words.STATES[state],
        mark="This session" if is_ours else "",
        starred=run.starred,
    )


def _pager(total: int, key: str) -> None:
    pages = -(-total // _PAGE_SIZE)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{total:,} runs" if total > 1 else "1 run", width="content")
        if pages > 1:
            st.pagination(pages, key=key, width=300, persist_state="session")


def _standing(unfinished: list[Run]) -> tuple[tuple[str, str, str | None], ...]:
    """What of the runs in progress is on the page."""
    return tuple((run.run_id, run.submission, run.phase) for run in unfinished)


def _watch(visit: Visit, drawn: tuple[tuple[str, str, str | None], ...]) -> None:
    """Draws nothing; reruns the page when a run in progress has got on."""
    if visit.await_other(lambda: _standing(visit.history.unfinished()), drawn, _SLICE) != drawn:
        st.rerun()
