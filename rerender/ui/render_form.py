"""The rest of the form: prompt, pictures, seed, and the button that spends a credit."""

from __future__ import annotations

import secrets
import time
from functools import partial

import streamlit as st

from rerender import samples
from rerender.errors import ConfigurationError, ImageError, InvalidRequest
from rerender.models import BATCH_SIZE, SEED, RenderRequest
from rerender.studio.backends import Backend
from rerender.studio.runs import Run
from rerender.ui import as_code, control_form, session
from rerender.ui.runtime import Visit, visit_now

IDEAS = (
    "golden hour, red brick walls, slate roof, green lawn",
    "night, warm lit windows, timber walls",
    "heavy snow, winter, overcast",
    "watercolor, spring, cream walls, red roof",
    "pencil sketch",
    "blueprint",
)
"""Prompts to start from for an image of the visitor's own; each sample brings its own three."""

# Two clicks of one double click are closer together than this many seconds; a wish for a second run is not.
_DOUBLE_CLICK = 2.0
# Most POSTs are answered within this many seconds; then the page need not be drawn twice for one click.
_ACCEPTED_WITHIN = 0.25


def prompt() -> None:
    """The prompt, and ready-made ones to start from and edit."""
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(":small[Prompt]", width="content")
            st.menu_button("Ideas", _ideas(), key="form.idea", type="tertiary", on_click=_take_idea)
        st.text_area(
            "Prompt",
            key=session.PROMPT,
            height=96,
            placeholder="oak and glass, golden hour",
            label_visibility="collapsed",
            persist_state="session",
        )


def _ideas() -> tuple[str, ...]:
    sample = session.sample_name()
    return samples.get(sample).prompts if sample else IDEAS


def _take_idea() -> None:
    st.session_state[session.PROMPT] = st.session_state["form.idea"]


def batch_and_seed() -> None:
    """How many pictures, and the seed with its dice."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Pictures",
            range(BATCH_SIZE.low, BATCH_SIZE.high + 1),
            required=True,
            key=session.BATCH_SIZE_KEY,
            persist_state="session",
        )
        st.number_input(
            "Seed",
            *SEED,
            step=1,
            key=session.SEED_KEY,
            width=150,
            persist_state="session",
            help="The number that chance starts from. The same request with the same seed gives the same preview.",
        )
        st.button("New seed", icon=":material/casino:", on_click=_roll, help="A random seed")


def _roll() -> None:
    st.session_state[session.SEED_KEY] = secrets.randbelow(SEED.high + 1)


def button(visit: Visit, *, busy: bool) -> None:
    """The render button with the cost of a click beside it, and what kept the last click from being sent."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Render",
            type="primary",
            shortcut="Ctrl+Enter",
            icon=":material/auto_awesome:",
            disabled=busy,
            on_click=_submit,
        )
        st.text(cost(visit.backend), width="content")
        as_code.button_for_form(visit, partial(_request, visit.backend))
    with st.container():
        for problem in st.session_state.get(session.PROBLEM, ()):
            st.error(problem)
        asked_about = visit.history.run(st.session_state.get(session.ASKING) or "")
        if asked_about and asked_about.is_unfinished:
            _ask_again()


def cost(backend: Backend) -> str:
    """What one click costs, in words."""
    if backend.is_preview:
        return "Free preview"
    unit = "credit" if backend.credits_per_run == 1 else "credits"
    return f"{backend.credits_per_run:g} {unit}, about ${backend.cost:.3f}"


def _submit(*, confirmed: bool = False) -> None:
    """Check the form, and hand the run to the runner. Nothing is sent while anything is wrong with it.

    `confirmed` says that the visitor was asked about an identical run and wants another.
    """
    visit = visit_now()
    asked_about = st.session_state.get(session.ASKING)
    st.session_state[session.PROBLEM] = []
    st.session_state[session.ASKING] = None
    try:
        request = _request(visit.backend)
        twin = visit.history.unfinished_like(visit.backend.name, request)
        if confirmed and (twin is None or twin.run_id != asked_about):
            return  # The question was about another request than the form holds now.
        if twin and not confirmed:
            _ask_or_join(twin)
            return
        backend = visit.runtime.ready(visit.backend)
        run_id = visit.runner.submit(visit.workspace, backend, request)
        session.watch(run_id)
        if run := visit.history.run(run_id):
            visit.await_change(run, _ACCEPTED_WITHIN)
    except InvalidRequest as error:
        st.session_state[session.PROBLEM] = [_said_of(field, text) for field, text in error.problems.items()]
    except (ConfigurationError, ImageError) as error:
        st.session_state[session.PROBLEM] = [str(error)]


def _ask_or_join(twin: Run) -> None:
    """An identical run is on its way: a double click goes on to that one, a later click is asked about."""
    if time.time() - twin.created_at > _DOUBLE_CLICK:
        st.session_state[session.ASKING] = twin.run_id
    else:
        session.watch(twin.run_id)


def _request(backend: Backend) -> RenderRequest:
    state = st.session_state
    return RenderRequest(
        prompt=state[session.PROMPT],
        control_image=control_form.prepared(keep_alpha=backend.keeps_alpha),
        batch_size=state[session.BATCH_SIZE_KEY],
        image_width=state[session.WIDTH],
        image_height=state[session.HEIGHT],
        seed=state[session.SEED_KEY],
    )


_LABELS = {
    "prompt": "The prompt",
    "control_image": "The control image",
    "batch_size": "Pictures",
    "image_width": "Width",
    "image_height": "Height",
    "seed": "Seed",
}


def _said_of(field: str, text: str) -> str:
    """The client's sentence in the page's words: the label in place of the field's name."""
    return f"{_LABELS[field]}{text.removeprefix(field)} Nothing was sent."


def _ask_again() -> None:
    st.warning("The same request is still being made. Rendering it again costs again.")
    with st.container(horizontal=True):
        st.button("Render it again", on_click=_submit, kwargs={"confirmed": True})
        st.button("Keep waiting", on_click=lambda: st.session_state.update({session.ASKING: None}))
