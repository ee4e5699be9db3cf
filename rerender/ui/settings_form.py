"""The preferences, as widgets. Each change is saved at once; the key alone is never saved, only kept in the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from rerender.client import DEFAULT_BASE_URL
from rerender.errors import ConfigurationError
from rerender.models import BATCH_SIZE
from rerender.studio import connection, preferences
from rerender.studio.attention import Need
from rerender.studio.backends import CREDIT_PRICE, CREDITS_PER_RUN, configured, costs, is_origin
from rerender.studio.connection import Verdict
from rerender.studio.preferences import CONFIGURED, FITS, POLL_FLOOR, SIZES, TYPED, WITHOUT_KEY
from rerender.ui import allowance, control_form, render_form, session, settings
from rerender.ui.page import plain
from rerender.ui.visits import Visit, visit_now

_PROBLEMS = "settings.problems"
_KEY = "settings.api_key"
_ASKED_FOR = "settings.asked_for"

_ABOUT_ASKED = (
    "The run that waits for its key was made at {}. If that is an API of yours, type its key below. "
    "New runs are rendered there too, until you choose otherwise."
)
# Within so many seconds an API that answers has taken a key or refused it.
_HEARD_WITHIN = 3.0

_PLACES = {
    CONFIGURED: "As configured",
    WITHOUT_KEY: "The preview engine",
    TYPED: "An API, with a key I type here",
}
_PAID_BY_OWNER = "ReRender, paid by the owner of this app"
_SHOW: dict[str, Callable[[str], object]] = {
    Verdict.REACHED: st.success,
    Verdict.REFUSED: st.error,
    Verdict.ODD: st.warning,
    Verdict.UNREACHED: st.error,
}


def where_renders_are_made(visit: Visit) -> None:
    """The choice of the backend; its address and key where they are typed; a test of both."""
    st.subheader("Where renders are made", anchor=False)
    # Hosted, the configuration is the preview, unless its owner pays within caps.
    has_configured = not visit.is_hosted or allowance.offered(visit) is not None
    places = tuple(_PLACES) if has_configured else (WITHOUT_KEY, TYPED)
    names = _PLACES | ({CONFIGURED: _PAID_BY_OWNER} if visit.is_hosted else {})
    chosen = visit.preferences.backend
    st.radio(
        "Where renders are made",
        places,
        format_func=lambda place: names[place],
        captions=[plain(_about(place, visit)) for place in places],
        label_visibility="collapsed",
        **_saved("backend", chosen if chosen in places else WITHOUT_KEY),
    )
    if chosen == TYPED:
        if st.session_state.get(_ASKED_FOR) == visit.backend.name:
            st.info(plain(_ABOUT_ASKED.format(visit.backend.name)))
        _address(visit)
        _key(visit)
    if not visit.backend.is_preview and not visit.backend.is_shared:
        _test(visit)


def can_ask_for_key(visit: Visit, backend: str) -> bool:
    """Whether a key can be typed for the API of this name; hosted, for the one only."""
    return backend == DEFAULT_BASE_URL if visit.is_hosted else is_origin(backend)


def ask_for_key(backend: str) -> None:
    """Choose the API of this name, whose key is to be typed next: its address is filled in, never a key."""
    visit = visit_now()
    if visit.preferences.backend != TYPED or visit.backend.name != backend:
        preferences.change(visit.runtime.database, visit.workspace, backend=TYPED, base_url=backend)
    session.forget_key()  # of another API, or refused: else the run would not wait
    session.forget_settings()
    st.session_state[_ASKED_FOR] = backend


def _about(place: str, visit: Visit) -> str:
    if place == WITHOUT_KEY:
        return "On the computer that runs this app, without a key, free of charge."
    if place == TYPED:
        return "At genly.ai, paid with credits of your own." if visit.is_hosted else "At genly.ai or elsewhere."
    try:
        backend = configured(settings.SOURCES, visit.mode)
    except ConfigurationError as error:
        return f"Cannot be used: {error}"
    if backend.is_preview:
        return "No key is set in the environment or in the app's secrets, so this is the preview engine."
    if backend.caps:
        takes = f"Each run takes {backend.credits_per_run:g} of the owner's credits"
        return f"At {backend.name}. {takes}, with {allowance.left(visit, backend.caps)}."
    return f"At {backend.name}. The key is set in {settings.place_of('GENLY_API_KEY')}."


def _address(visit: Visit) -> None:
    if visit.is_hosted:
        st.text(f"Base URL: {visit.backend.base_url}")
        return
    st.text_input(
        "Base URL", help="Another URL needs its key typed again.", **_saved("base_url", visit.preferences.base_url)
    )
    _problem("base_url")
    st.text_input("Workflow id", **_saved("workflow_id", visit.preferences.workflow_id))
    _problem("workflow_id")


def _key(visit: Visit) -> None:
    if visit.backend.needs_key:
        st.text_input("API key", type="password", key=_KEY, on_change=_take_key)
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text("API key: set", width="content")
            st.button("Forget the key", icon=":material/key_off:", on_click=session.forget_key)
    _problem("api_key")
    st.caption(
        "Kept in the memory of this browser session until you reload or close the page. Renders under way keep it "
        "until they end, for 24 hours at most. It is never stored, and sent to this API only."
    )


def _take_key() -> None:
    visit = visit_now()
    key = st.session_state[_KEY].strip()
    # The field must not send it back to the browser with the next page.
    st.session_state[_KEY] = ""
    _note_problem("api_key", "")
    if not key or not visit.backend.needs_key:
        return
    try:
        backend = visit.backend.with_key(key)
    except ConfigurationError as error:
        _note_problem("api_key", str(error))
        return
    session.keep_key(backend.base_url, key)
    session.forget_problem()
    st.session_state.pop(_ASKED_FOR, None)
    waiting = [run.run_id for need, run in visit.history.needs() if need == Need.KEY and run.backend == backend.name]
    needed = visit.history.need_count()
    visit.runner.offer(visit.workspace, backend)
    if waiting:
        visit.await_other(visit.history.need_count, needed, _HEARD_WITHIN)
    st.toast("The key is set")


def _test(visit: Visit) -> None:
    wanted = st.button(
        "Test the connection",
        icon=":material/network_check:",
        disabled=visit.backend.needs_key,
        help="Asks for a render that does not exist. It costs nothing.",
    )
    if wanted:
        with st.spinner("Asking the API"):
            result = connection.probe(visit.backend)
        _SHOW[result.verdict](plain(result.says))


def cost(visit: Visit) -> None:
    """Credits a run and dollars a credit, for the sum beside the button; not where the owner of the app pays it."""
    if visit.backend.is_shared:
        return
    st.subheader("Cost", anchor=False)
    credits_per_run, credit_price = _configured_costs()
    with st.container(horizontal=True):
        st.number_input(
            "Credits per run",
            0.0,
            step=1.0,
            format="%g",
            placeholder=f"{credits_per_run:g}",
            value=None,
            **_saved("credits_per_run", visit.preferences.credits_per_run),
        )
        st.number_input(
            "Dollars per credit",
            0.0,
            step=0.001,
            format="%g",
            placeholder=f"{credit_price:g}",
            value=None,
            **_saved("credit_price", visit.preferences.credit_price),
        )
    st.text(f"One run: {render_form.cost(visit.backend)}")
    st.caption("An empty box follows the configuration. The preview is always free.")


def _configured_costs() -> tuple[float, float]:
    try:
        return costs(settings.SOURCES)
    except ConfigurationError:
        return CREDITS_PER_RUN, CREDIT_PRICE  # Where the setting matters, the page has already said what is wrong.


def form_defaults(visit: Visit) -> None:
    """How the form begins where there is no earlier run to begin with."""
    st.subheader("How the form begins", anchor=False)
    st.segmented_control(
        "Pictures",
        range(BATCH_SIZE.low, BATCH_SIZE.high + 1),
        required=True,
        **_saved("batch_size", visit.preferences.batch_size),
    )
    st.segmented_control(
        "Size",
        SIZES,
        format_func=str.capitalize,
        required=True,
        help="About 768, 1024 or 2048 px on the long side, in the image's own shape.",
        **_saved("size", visit.preferences.size),
    )
    st.segmented_control(
        "Where the shapes differ",
        FITS,
        format_func=str.capitalize,
        required=True,
        help=control_form.ABOUT_FITS,
        **_saved("fit", visit.preferences.fit),
    )
    st.caption("For a first run; later the form begins as your last run had it. The size holds for every new image.")


def polling_pace(visit: Visit) -> None:
    """How often the API is asked how a render is getting on."""
    st.subheader("Polling pace", anchor=False)
    st.number_input(
        "Seconds between two status checks, at least",
        *POLL_FLOOR,
        step=1.0,
        format="%g",
        **_saved("poll_floor", float(visit.preferences.poll_floor)),
    )
    st.caption("Checks get rarer while a render takes long. The preview has a pace of its own.")


def _saved(name: str, value: Any) -> dict[str, Any]:
    """What makes a widget show a preference and save it: its first value, then each change of it."""
    key = f"settings.{name}"
    st.session_state.setdefault(key, value)
    return {"key": key, "on_change": _save, "args": (name, key)}


def _save(name: str, key: str) -> None:
    visit = visit_now()
    value = st.session_state[key]
    try:
        value = value.strip() if isinstance(value, str) else value
        preferences.change(visit.runtime.database, visit.workspace, **{name: value})
    except ConfigurationError as error:
        _note_problem(name, f"{error} Not saved.")
        return
    _note_problem(name, "")
    session.forget_problem()
    if name == "base_url":
        session.forget_key()
    st.toast("Saved")


def _problem(name: str) -> None:
    """What kept the last change from being saved, where the visitor is looking."""
    if sentence := st.session_state.get(_PROBLEMS, {}).get(name):
        st.error(plain(sentence))


def _note_problem(name: str, sentence: str) -> None:
    st.session_state[_PROBLEMS] = {**st.session_state.get(_PROBLEMS, {}), name: sentence}
