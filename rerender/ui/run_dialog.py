"""One run of the history, over the page: its pictures, all that is known of it, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from rerender.studio.curation import NOTE_MAX_CHARS
from rerender.studio.runs import Run, State
from rerender.ui import as_code, deleted, results, session, steering, words
from rerender.ui.away import or_away
from rerender.ui.visits import Visit, visit_now

_CHOSEN = "history.chosen"
_NOTED = "history.noted"


def choose(run_id: str) -> None:
    """Show this run over the page from now on."""
    st.session_state[_CHOSEN] = run_id
    st.session_state[_NOTED] = False


def close() -> None:
    """Show none any more."""
    st.session_state.pop(_CHOSEN, None)


def star(run_id: str, starred: bool) -> None:
    """Mark a run, or take the mark away; for a click."""
    visit_now().curation.star(run_id, starred)


def show(visit: Visit) -> None:
    """The chosen run, when there is one."""
    run_id = st.session_state.get(_CHOSEN)
    run = visit.history.run(run_id) if run_id else None
    if run is None:
        close()
    else:
        st.dialog(words.when(run.created_at), width="large", on_dismiss=close)(or_away(_draw))(run.run_id)


def _draw(run_id: str) -> None:
    # Streamlit draws a dialog again by itself, without the page and so without its gate.
    visit = visit_now()
    run = visit.history.run(run_id)
    if run is None:
        st.rerun()  # It was deleted a moment ago.
    shown, told = st.columns([8, 5], gap="medium")
    with shown:
        results.show_alone(visit, run)
    with told:
        st.code(run.prompt, language=None, wrap_lines=True, height="content" if len(run.prompt) < 400 else 200)
        _facts(run)
        _note(run)
        _actions(visit, run)
        with st.expander("As code", icon=":material/code:"):
            as_code.of_run(visit, run)


def _facts(run: Run) -> None:
    facts = {
        "State": words.standing(run),
        "Cost": words.cost(run),
        "Size": f"{words.size(run)} px",
        "Pictures": f"{run.batch_size}",
        "Seed": f"{run.seed}",
        "Rendered at": words.backend(run.backend),
        "Workflow": run.workflow_id,
        "Render id": run.render_id or "None came back",
    }
    if run.stored_at is not None:
        facts["Took"] = f"{run.stored_at - run.created_at:.1f} s"
    with st.container(gap="xxsmall"):
        for name, value in facts.items():
            with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                st.caption(name, width=80)
                st.text(value)


def _note(run: Run) -> None:
    key = f"history.note.{run.run_id}"
    st.text_area(
        "Note",
        value=run.note,
        key=key,
        height=80,
        max_chars=NOTE_MAX_CHARS,
        placeholder="What is worth remembering about it",
        on_change=_save_note,
        args=(run.run_id, key),
    )
    if st.session_state.get(_NOTED):
        st.caption("Note saved.")


def _save_note(run_id: str, key: str) -> None:
    st.session_state[_NOTED] = visit_now().curation.annotate(run_id, st.session_state[key])


def _actions(visit: Visit, run: Run) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        about = "Fill the form with them, control image included"
        wanted = st.button("Use these settings", type="primary", help=about)
        if run.can_be_settled:
            steering.say_fate(run, close)
        if st.button("Show on the render page", help="The form there stays as it is"):
            session.show(run.run_id)
            close()
            st.switch_page("pages/render.py")
        st.button("★ Starred" if run.starred else "☆ Star", on_click=star, args=(run.run_id, not run.starred))
        with st.popover("Delete"):
            st.text("Delete this run and its pictures?")
            st.caption(f"{_at_stake(run)}You can undo it on this page.")
            st.button("Delete this run", type="primary", on_click=deleted.delete, args=(run.run_id, run.is_queued))
    if wanted:
        steering.reuse(visit, run, close)


def _at_stake(run: Run) -> str:
    """What of a paid run deleting does not undo."""
    if run.is_preview:
        return ""
    if run.is_queued:
        return "It has not been sent yet: it is cancelled, and nothing is charged. "
    if run.state not in (State.UNFINISHED, State.UNCERTAIN, State.STOPPED):
        return ""
    may_have = "may have been" if run.state == State.UNCERTAIN or run.is_unconfirmed else "is"
    whose = "owner's credit" if run.is_shared else "credit"
    return f"The {whose} {may_have} spent, and that is not undone. "
