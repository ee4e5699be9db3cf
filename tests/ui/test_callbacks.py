"""A click does all that it asks for, whatever is clicked or drawn in the same moment."""

from __future__ import annotations

import threading
from typing import Any, cast

from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.testing.v1 import AppTest

from rerender.ui.callbacks import run_whole


def page() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    def in_two_steps() -> None:
        st.session_state["steps"] = ["first"]
        context = get_script_run_ctx()
        assert context
        context.script_requests.request_rerun(RerunData())  # as a click does that comes now
        st.toast("half way")
        st.session_state["steps"] = [*st.session_state["steps"], "second"]

    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    st.button("Go", on_click=in_two_steps)
    st.text(f"run {st.session_state['runs']}: {st.session_state.get('steps')}")


def test_a_click_during_a_callback_waits_for_its_end_and_is_then_heard() -> None:
    run_whole()
    app = AppTest.from_function(page, default_timeout=300).run()
    app.button[0].click().run()
    assert app.text[0].value == "run 2: ['first', 'second']"


def test_the_callbacks_of_two_clicks_never_run_beside_each_other() -> None:
    run_whole()
    side_by_side = threading.Barrier(2)
    met: list[int] = []

    class Session:
        def on_script_will_rerun(self, *_: object, **__: object) -> None:
            try:
                met.append(side_by_side.wait(0.3))
            except threading.BrokenBarrierError:
                met.append(-1)

    def click() -> None:
        SafeSessionState(cast(Any, Session()), lambda: None).on_script_will_rerun(None)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert met == [-1, -1]
