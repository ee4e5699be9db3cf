"""A request as code: curl, Python and JSON, for the form as it stands or for any run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from rerender.errors import ConfigurationError, ImageError, InvalidRequest
from rerender.models import RenderRequest
from rerender.studio import as_code
from rerender.studio.backends import Backend, configured, origin_of
from rerender.studio.runs import Run
from rerender.ui import fields, settings
from rerender.ui.away import or_away
from rerender.ui.page import plain
from rerender.ui.visits import Visit, visit_now

_OPENED, _FORM = "code.opened", "form"
_ELSEWHERE = "This run was made at {0}. The code goes to {1}; change that only if you trust {0} with your key."
_BESIDE = "Save it beside the code, and set GENLY_API_KEY to your key."


def button_for_run(visit: Visit, run: Run) -> None:
    """A button that opens the run's code."""
    st.button(
        "Run as code", type="tertiary", icon=":material/code:", key="code.run", on_click=_open, args=(run.run_id,)
    )
    if st.session_state.get(_OPENED) == run.run_id:
        _dialog(lambda: of_run(visit, run))


def button_for_form(visit: Visit, request: Callable[[], RenderRequest]) -> None:
    """A button that opens the code of what Render would send; `request` is only called then."""
    st.button("As code", type="tertiary", icon=":material/code:", key="code.form", on_click=_open, args=(_FORM,))
    if st.session_state.get(_OPENED) == _FORM:
        _dialog(lambda: of_form(visit, request))


# Kept until it is closed, because the page is drawn again by itself when a run gets on.


def _open(what: str) -> None:
    st.session_state[_OPENED] = what


def _close() -> None:
    st.session_state.pop(_OPENED, None)


def of_run(visit: Visit, run: Run) -> None:
    """A run's code, in place: for where a dialog is already open."""

    def request() -> RenderRequest:
        return RenderRequest(
            prompt=run.prompt,
            control_image=visit.history.data(run.control_image),
            batch_size=run.batch_size,
            image_width=run.image_width,
            image_height=run.image_height,
            seed=run.seed,
        )

    address = as_code.address_of(run.backend, _known(visit))
    if not run.is_preview and origin_of(address) != run.backend:
        st.caption(plain(_ELSEWHERE.format(run.backend, address)))
    _show(visit, request, address, run.workflow_id)


def of_form(visit: Visit, request: Callable[[], RenderRequest]) -> None:
    """The code of what `request` gives, in place."""
    if fields.value(fields.ONE_A_LINE):
        st.caption("With the first of the prompts; the others differ in the prompt alone.")
    _show(visit, request, as_code.address_of(visit.backend.name, [visit.backend]), visit.backend.workflow_id)


def _known(visit: Visit) -> list[Backend]:
    """The API in use and that of the settings: an imported run may name any other."""
    with suppress(ConfigurationError):
        return [visit.backend, configured(settings.SOURCES, visit.mode)]
    return [visit.backend]


@st.dialog("As code", width="large", on_dismiss=_close)
def _dialog(show: Callable[[], None]) -> None:
    def drawn() -> None:
        # Streamlit draws a dialog again by itself, without the page and so without its gate.
        visit_now()
        show()

    or_away(drawn)()


def _show(visit: Visit, make: Callable[[], RenderRequest], base_url: str, workflow_id: str) -> None:
    """The code of the request that `make` gives; what is wrong with it is said instead."""
    try:
        request = make()
    except (InvalidRequest, ImageError) as error:
        st.error(plain(str(error)))
        return
    file = as_code.control_file(request)
    curl, python, body = st.tabs(("curl", "Python", "JSON"))
    with curl:
        _download(visit, lambda: request.control_image, file, _BESIDE, "code.curl")
        st.code(as_code.curl(request, base_url, workflow_id), "bash", wrap_lines=True)
    with python:
        _download(visit, lambda: request.control_image, file, _BESIDE, "code.python")
        st.code(as_code.python(request, base_url, workflow_id), "python", wrap_lines=True)
    with body:
        whole = "The whole body, control image included."
        _download(visit, lambda: as_code.body(request), "body.json", whole, "code.json")
        st.code(as_code.shown_body(request), "json", wrap_lines=True)


def _download(visit: Visit, data: Callable[[], bytes | str], file_name: str, why: str, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            f"Download {file_name}",
            data=visit.gated(data),
            file_name=file_name,
            icon=":material/download:",
            on_click="ignore",
            key=key,
        )
        st.caption(why, width="content")
