"""The rest of the form: prompt, pictures, seed, and the button that spends a credit."""

from __future__ import annotations

import time

import streamlit as st

from rerender import samples
from rerender.errors import ConfigurationError, ImageError, InvalidRequest
from rerender.models import BATCH_SIZE, SEED, RenderRequest
from rerender.studio import prompts
from rerender.studio.backends import Backend
from rerender.studio.budget import CapReached
from rerender.studio.decoding import Busy
from rerender.studio.limits import LimitReached
from rerender.studio.runs import Run
from rerender.ui import allowance, as_code, control_form, fields, series, session, steering, understanding
from rerender.ui.page import NEEDS_YOU
from rerender.ui.visits import Visit, visit_now

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
_NEW_SEED = "form.new_seed"
_UNTIL_SENT = ". You can render again once all of it is sent or cancelled."
# Most POSTs are answered within this many seconds; then the page need not be drawn twice for one click.
_ACCEPTED_WITHIN = 0.25


def prompt(backend: Backend) -> None:
    """The prompt, and ready-made ones to start from and edit; under it what the preview engine makes of its words."""
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(":small[Prompt]", width="content")
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                st.toggle(
                    "One prompt a line",
                    key=fields.key(fields.ONE_A_LINE),
                    persist_state="session",
                    help="Each line is a run of its own, with the same image, seed, size and number of pictures.",
                )
                st.menu_button("Ideas", _ideas(), key="form.idea", type="tertiary", on_click=_take_idea)
        several = fields.value(fields.ONE_A_LINE)
        st.text_area(
            "Prompt",
            key=fields.key(fields.PROMPT),
            height=144 if several else 96,
            placeholder="oak and glass, golden hour\nred brick, heavy snow"
            if several
            else "oak and glass, golden hour",
            label_visibility="collapsed",
            persist_state="session",
        )
        if backend.is_preview:
            understanding.while_typing("Prompt")


def _ideas() -> tuple[str, ...]:
    sample = session.sample_name()
    return samples.get(sample).prompts if sample else IDEAS


def _take_idea() -> None:
    idea, written = st.session_state["form.idea"], fields.value(fields.PROMPT).rstrip()
    several = fields.value(fields.ONE_A_LINE) and written
    fields.fill(fields.PROMPT, f"{written}\n{idea}" if several else idea)


def batch_and_seed() -> None:
    """How many pictures, and the seed with its dice."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Pictures",
            range(BATCH_SIZE.low, BATCH_SIZE.high + 1),
            required=True,
            key=fields.key(fields.BATCH_SIZE),
            persist_state="session",
        )
        st.number_input(
            "Seed",
            *SEED,
            step=1,
            key=fields.key(fields.SEED),
            width=150,
            persist_state="session",
            help="The number that chance starts from. The same request with the same seed gives the same preview.",
        )
        st.button(
            "New seed",
            icon=":material/casino:",
            key=_NEW_SEED,
            on_click=_roll,
            args=(fields.key(fields.SEED),),
            help="A random seed",
        )


def _roll(drawn: str) -> None:
    """Another seed than the one in the widget of the key `drawn`, unless there is one already."""
    if drawn == fields.key(fields.SEED):
        session.roll_seed()


def button(visit: Visit, runs: list[Run]) -> None:
    """The render button with the cost of a click beside it, and what kept the last click from being sent.

    `runs` are those of the last click: on a telephone what becomes of them is out of sight, so it is said here too.
    """
    lines = prompts.read(fields.value(fields.PROMPT)) if fields.value(fields.ONE_A_LINE) else None
    count = len(lines.kept) if lines and lines.kept else 1
    is_busy = series.is_busy(runs)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Render",
            type="primary",
            shortcut="Ctrl+Enter",
            icon=":material/auto_awesome:",
            disabled=is_busy,
            on_click=_submit,
            kwargs={"drawn": fields.key(fields.SEED), "shown": _price(visit.backend, count)},
        )
        _price_tag(visit, count)
        as_code.button_for_form(visit, lambda: _requests(visit.backend)[0])
    with st.container():
        if progress := series.progress(runs):
            st.caption(f"Last click: {progress}{_UNTIL_SENT if is_busy else ''}")
    with st.container():
        if lines and lines.repeated:
            st.caption(_said_of_repeated(lines.repeated))
    with st.container():
        for problem in st.session_state.get(session.PROBLEM, ()):
            st.error(problem)
        asked_about, *asked_for = st.session_state.get(session.ASKING) or ("",)
        twin = visit.history.run(asked_about)
        if twin and twin.is_open:
            _ask_again(twin, len(asked_for) - 1)


def _price_tag(visit: Visit, count: int) -> None:
    caps = visit.backend.caps
    words = [cost(visit.backend, count), *([allowance.left(visit, caps)] if caps else [])]
    st.text(", ".join(words), width="content")


def cost(backend: Backend, runs: int = 1) -> str:
    """What a click costs that makes so many runs, in words."""
    if backend.is_preview:
        return "Free preview" if runs == 1 else f"{runs} free previews"
    return backend.price() if runs == 1 else f"{runs} runs, {backend.price(runs)}"


Price = tuple[str, bool, float, float]
"""Where runs are made, whether the app's owner pays, and how many credits and dollars in all."""


def _price(backend: Backend, runs: int) -> Price:
    return backend.name, backend.is_shared, runs * backend.credits_per_run, runs * backend.cost


def _is_as_shown(now: Price, shown: Price) -> bool:
    """Whether a click costs no more than the page said, where and whom it said: others may have changed that since."""
    return now[:2] == shown[:2] and now[2] <= shown[2] and now[3] <= shown[3]


def _submit(*, drawn: str, shown: Price | None = None) -> None:
    """Check the form, and hand its runs to the runner. Nothing is sent while anything is wrong with one of them.

    `drawn` is the key of the seed's widget on the page that was clicked. `shown` is the price that stood beside the
    button; None says that the visitor was asked about an identical run and wants another.
    """
    if st.session_state.get(_NEW_SEED):
        # Of two quick clicks Streamlit may make one, and then calls back for the later one first.
        _roll(drawn)
    confirmed = shown is None
    visit = visit_now()
    asked_about = st.session_state.get(session.ASKING)
    st.session_state[session.PROBLEM] = []
    st.session_state[session.ASKING] = None
    try:
        requests = _requests(visit.backend)
        twin = _open_twin(visit, requests)
        question = (twin.run_id, _standing(twin), *(request.prompt for request in requests)) if twin else None
        if confirmed and (question is None or question != asked_about):
            return  # The question was about another request than the form holds now, or the run stood otherwise.
        if twin and not confirmed:
            _ask_or_join(visit, twin, question)
        elif shown is not None and not _is_as_shown(_price(visit.backend, len(requests)), shown):
            st.session_state[session.PROBLEM] = [_said_of_price(visit.backend, len(requests))]
        else:
            _send(visit, requests)
    except InvalidRequest as error:
        st.session_state[session.PROBLEM] = [_said_of(field, text) for field, text in error.problems.items()]
    except (Busy, CapReached, ConfigurationError, ImageError, LimitReached) as error:
        st.session_state[session.PROBLEM] = [str(error)]


def _send(visit: Visit, requests: list[RenderRequest]) -> None:
    backend = visit.runtime.ready(visit.backend, visit.workspace)
    if len(requests) == 1:
        run_ids = [visit.runner.submit(visit.workspace, backend, requests[0])]
    else:
        run_ids = visit.runner.submit_series(visit.workspace, backend, requests)
    session.watch(run_ids)

    def is_submitting() -> bool:
        first = visit.history.run(run_ids[0])
        return first is not None and first.is_submitting

    visit.await_other(is_submitting, True, _ACCEPTED_WITHIN)


def _open_twin(visit: Visit, requests: list[RenderRequest]) -> Run | None:
    """The newest open run that is identical to one of these."""
    twins = (visit.history.open_like(visit.backend.name, request) for request in requests)
    return max(filter(None, twins), key=lambda twin: twin.created_at, default=None)


def _ask_or_join(visit: Visit, twin: Run, question: tuple[str, ...] | None) -> None:
    """An identical run is on its way: a double click goes on to that one, a later click is asked about.

    The question keeps which run it is about, how that stands, and every prompt that would be rendered.
    """
    if not twin.is_unfinished or time.time() - twin.created_at > _DOUBLE_CLICK:
        st.session_state[session.ASKING] = question
        return
    shown = visit.history.run(session.run_id() or "")
    if shown is None or twin.series_id is None or shown.series_id != twin.series_id:
        session.show(twin.run_id)


def _requests(backend: Backend) -> list[RenderRequest]:
    text = fields.value(fields.PROMPT)
    others = {
        "control_image": control_form.prepared(keep_alpha=backend.keeps_alpha),
        "batch_size": fields.value(fields.BATCH_SIZE),
        "image_width": fields.value(fields.WIDTH),
        "image_height": fields.value(fields.HEIGHT),
        "seed": fields.value(fields.SEED),
    }
    if fields.value(fields.ONE_A_LINE):
        return prompts.requests(text, **others)
    return [RenderRequest(prompt=text, **others)]


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


def _said_of_price(backend: Backend, runs: int) -> str:
    where = "in the preview engine" if backend.is_preview else f"at {backend.name}"
    now = f"this is {cost(backend, runs)} now, {where}"
    return f"The price has changed: {now}. Nothing was sent yet; click Render to send it."


def _said_of_repeated(numbers: tuple[int, ...]) -> str:
    listed = ", ".join(map(str, numbers[:-1])) + (" and " if len(numbers) > 1 else "") + str(numbers[-1])
    line, is_ = ("Lines", "are") if len(numbers) > 1 else ("Line", "is")
    return f"{line} {listed} {is_} left out: an earlier line says the same."


def _ask_again(twin: Run, prompts_asked_for: int) -> None:
    asked = _ABOUT_TWINS[_standing(twin)]
    same = "The same request" if prompts_asked_for == 1 else "At least one of these requests"
    st.warning(f"{same} {asked}" + ("" if twin.is_preview else " Rendering it again costs again."))
    with st.container(horizontal=True, vertical_alignment="center"):
        if twin.can_be_watched_again:
            st.button("Watch it again", icon=":material/replay:", on_click=_watch_instead, args=(twin.run_id,))
        elif not twin.is_unfinished:
            st.page_link(NEEDS_YOU, label="Say what became of it", icon=":material/help_center:")
        st.button("Render it again", on_click=_submit, kwargs={"drawn": fields.key(fields.SEED)})
        st.button("Keep waiting" if twin.is_unfinished else "Not now", on_click=_ask_no_more)


_ABOUT_TWINS = {
    "unfinished": "is still being made.",
    "stopped": "goes on at the API, where you stopped watching it: watch it again instead.",
    "made": "was made at the API, and its pictures are not here: watch it again instead.",
    "uncertain": "may have been charged: say what became of it first.",
}


def _standing(twin: Run) -> str:
    """How an open run stands, by its name in `_ABOUT_TWINS`."""
    if twin.can_be_watched_again:
        return "stopped" if twin.completed_at is None else "made"
    return "unfinished" if twin.is_unfinished else "uncertain"


def _watch_instead(run_id: str) -> None:
    _ask_no_more()
    steering.again(run_id)
    session.show(run_id)


def _ask_no_more() -> None:
    st.session_state[session.ASKING] = None
