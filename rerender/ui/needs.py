"""What needs the visitor: each run with what happened, what it cost, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rerender.client import DEFAULT_BASE_URL
from rerender.errors import ImageError
from rerender.studio.attention import Need
from rerender.studio.runs import Run
from rerender.ui import settings_form, steering, words
from rerender.ui.page import SETTINGS, plain
from rerender.ui.visits import Visit, visit_now

_MOST = 20
_PROBLEMS = "needs.problems"
_SETTLED = "needs.settled"


def show(visit: Visit) -> None:
    """Every run that needs something, the newest first."""
    _offer_undo(visit)
    needs = visit.needs()
    if not needs:
        st.text("Nothing needs you: no run waits for a decision or a key.")
        return
    for need, run in needs[:_MOST]:
        with st.container(border=True):
            _one(visit, need, run)
    if len(needs) > _MOST:
        st.caption(f"And {len(needs) - _MOST} more, which come up when these are done.")


def _one(visit: Visit, need: Need, run: Run) -> None:
    picture, told = st.columns([1, 6], gap="medium")
    with picture:
        _control_image(visit, run)
    with told:
        st.subheader(_TITLES[need], anchor=False)
        st.text(run.error or "")
        st.caption(f"{plain(_shortened(run.prompt))} · {plain(f'{words.when(run.created_at)} · {words.cost(run)}')}")
        if run.deleted_at is not None:
            st.caption("You deleted it before this was known. Its pictures come back with it, if you find its render.")
        _ACTIONS[need](visit, run)
        if problem := st.session_state.get(_PROBLEMS, {}).get(run.run_id):
            st.error(problem)


def _control_image(visit: Visit, run: Run) -> None:
    try:
        st.image(visit.history.thumbnail(run.control_image), alt="Control image", width=140)
    except ImageError:
        st.caption("The control image cannot be shown")


def _shortened(prompt: str) -> str:
    return " ".join(prompt[:120].split()) + ("…" if len(prompt) > 120 else "")


def _fate(visit: Visit, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if run.backend in (visit.backend.name, DEFAULT_BASE_URL):
            # Of other origins an imported archive may say anything.
            st.link_button("Look at your account", run.backend, icon=":material/open_in_new:")
        with st.popover("I found its render", icon=":material/search_check:"):
            key = f"needs.render_id.{run.run_id}"
            st.text_input("Its render id at the API", key=key, max_chars=200, placeholder="Paste it here")
            _button("Fetch its pictures", _attach, run, key, primary=True)
            st.caption("Nothing is sent again, and nothing is charged for this.")
        _button("It was charged", _settle, run, True)
        _button("It was not charged", _settle, run, False)
        wanted = st.button("Render it again", key=f"needs.again.{run.run_id}", help=_AGAIN)
    if wanted:
        visit.curation.restore(run.run_id)
        steering.reuse(visit, run)


def _key(visit: Visit, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if settings_form.can_ask_for_key(visit, run.backend):
            label, key = f"Type the key for {plain(run.backend)}", f"needs.key.{run.run_id}"
            ask = settings_form.ask_for_key
            if st.button(label, icon=":material/key:", key=key, on_click=ask, args=(run.backend,)):
                st.switch_page(SETTINGS)
        else:
            st.caption(plain(f"No key can be typed here for {run.backend}."))
        _button("Stop watching", _let_go, run)


def _pictures(_visit: Visit, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        steering.watch_again(run)
        _button("Let it go", _let_go, run)


def _button(label: str, on_click: Callable[..., None], run: Run, *args: object, primary: bool = False) -> None:
    key = f"needs.{label}.{run.run_id}"
    st.button(label, key=key, type="primary" if primary else "secondary", on_click=on_click, args=(run.run_id, *args))


_AGAIN = "Fills the form with its settings. Nothing is sent before you press Render, and that costs again."
_TITLES = {
    Need.FATE: "May have been charged",
    Need.KEY: "Waits for its key",
    Need.PICTURES: "Its pictures could not be fetched",
}
_ACTIONS: dict[Need, Callable[[Visit, Run], None]] = {Need.FATE: _fate, Need.KEY: _key, Need.PICTURES: _pictures}


def _attach(run_id: str, key: str) -> None:
    visit, render_id = visit_now(), st.session_state[key].strip()
    attached = visit.runner.attach(visit.workspace, run_id, render_id)
    st.session_state[_PROBLEMS] = {} if attached else {run_id: _NO_SUCH_ID if render_id else _NO_ID}
    run = visit.history.run(run_id)
    if attached and run is not None:
        visit.lend_key(run.backend)
        st.toast("Its pictures are being fetched")


_NO_ID = "Paste the render id that your account shows. Nothing has changed."
_NO_SUCH_ID = "This is no render id, or it is that of another run here. Nothing has changed."


def _settle(run_id: str, charged: bool) -> None:
    visit = visit_now()
    if visit.runner.settle(visit.workspace, run_id, charged=charged):
        st.session_state[_SETTLED] = {"run_id": run_id, "charged": charged}


def _offer_undo(visit: Visit) -> None:
    """The way back from what was said last."""
    if (settled := st.session_state.get(_SETTLED)) is None:
        return
    run = visit.history.run(settled["run_id"])  # None when it is deleted
    if run is not None and not (run.can_be_settled and run.settled_at is not None):
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, gap="small"):
        st.text(f"Noted that it was {'' if settled['charged'] else 'not '}charged.", width="content")
        st.button("Undo", icon=":material/undo:", on_click=_take_back, args=(settled["run_id"],))
        st.button("Dismiss", type="tertiary", on_click=_forget)


def _take_back(run_id: str) -> None:
    _forget()
    visit = visit_now()
    visit.runner.reopen(visit.workspace, run_id)


def _forget() -> None:
    st.session_state.pop(_SETTLED, None)


def _let_go(run_id: str) -> None:
    visit = visit_now()
    visit.runner.stop_watching(visit.workspace, run_id)
