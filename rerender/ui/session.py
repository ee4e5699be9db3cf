"""What one browser session remembers. Text, numbers, bytes and dicts only: saving a file while the app runs gives
every class of ours a new identity, which instances kept here would not share.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import streamlit as st

from rerender import images, samples
from rerender.models import BATCH_SIZE, SEED
from rerender.studio.workspaces import is_secret, new_secret

if TYPE_CHECKING:
    from rerender.studio.history import History
    from rerender.studio.runs import Run

PROMPT = "form.prompt"
BATCH_SIZE_KEY = "form.batch_size"
SEED_KEY = "form.seed"
WIDTH = "form.width"
HEIGHT = "form.height"
FIT = "form.fit"
KEEP_ASPECT = "form.keep_aspect"
PROBLEM = "form.problem"
ASKING = "form.asking"

FITS = ("crop", "pad", "stretch")

COOKIE = "rerender_visitor"

_BEGUN = "session.begun"
_CONTROL = "session.control"
_RUN = "session.run_id"
_RENDER_IDS = "session.render_ids"
_SECRET = "session.secret"  # noqa: S105 - the key's name, not a secret
_SHOWN = "session.shown"
_UNKEPT = "session.unkept"


def begin(history: History) -> None:
    """Once a session: the form as the run in the address, or the newest one, had it; else as the first sample likes it.

    Called before any widget of the form is drawn.
    """
    if _BEGUN in st.session_state:
        return
    st.session_state[_BEGUN] = True
    st.session_state[_RENDER_IDS] = {}
    st.session_state[BATCH_SIZE_KEY] = BATCH_SIZE.low
    st.session_state[SEED_KEY] = secrets.randbelow(SEED.high + 1)
    st.session_state[FIT] = FITS[0]
    st.session_state[KEEP_ASPECT] = True
    st.session_state[PROMPT] = ""
    asked_for = history.run(st.query_params.get("run", ""))
    run = asked_for or history.latest()
    if run is None:
        use_sample(samples.SAMPLES[0].name)
    else:
        use_run(run, history)


# The visitor, where every visitor has a workspace.


def secret() -> str:
    """The word that names the visitor's workspace: the browser's own, or a new one for the browser to keep."""
    if _SECRET not in st.session_state:
        held = str(st.context.cookies.get(COOKIE, ""))
        st.session_state[_SECRET] = held if is_secret(held) else new_secret()
    return str(st.session_state[_SECRET])


def is_kept() -> bool:
    """Whether the browser keeps the word, as far as is known: not where cookies are blocked."""
    return not st.session_state.get(_UNKEPT, False)


def hear(held: str) -> None:
    """The browser says which word it holds, empty if it keeps none: go on in its workspace, with the form as it was."""
    st.session_state[_UNKEPT] = not held
    if is_secret(held) and held != secret():
        st.session_state[_SECRET] = held
        for beginning in (_BEGUN, _RUN):
            st.session_state.pop(beginning, None)


# The control image, as it was chosen: {"data": bytes, "name": str, "sample": str or "", "sent_as": tuple or ()}.


def control_image() -> bytes:
    """The bytes of the chosen image file, before it is prepared for sending."""
    return bytes(st.session_state[_CONTROL]["data"])


def control_name() -> str:
    """What the chosen image is called: a sample's title, a file's name."""
    return str(st.session_state[_CONTROL]["name"])


def sample_name() -> str:
    """The chosen sample's name, empty when the image is no sample."""
    return str(st.session_state[_CONTROL]["sample"])


def is_as_sent(width: int, height: int, *, keep_alpha: bool) -> bool:
    """Whether the image comes from a run and was prepared just so for it: then its very bytes are sent again."""
    sent_as = st.session_state[_CONTROL]["sent_as"]
    return sent_as in ((width, height, keep_alpha), (width, height, False))


def use_control_image(data: bytes, name: str, *, sample: str = "") -> None:
    """Choose an image and propose a size of its aspect. Raises `ImageError`; then the choice stays what it was."""
    sizes = images.sizes_for(*images.load(data).size)
    st.session_state[_CONTROL] = {"data": data, "name": name, "sample": sample, "sent_as": ()}
    # The second of a draft, a standard and a large size; an extreme aspect may leave fewer.
    st.session_state[WIDTH], st.session_state[HEIGHT] = sizes[min(1, len(sizes) - 1)]


def use_sample(name: str) -> None:
    """Choose a sample, with its first prompt unless a prompt of the visitor's own is there."""
    sample = samples.get(name)
    typed = st.session_state[PROMPT].strip()
    use_control_image(samples.load(name), sample.title, sample=name)
    if not typed or any(typed in other.prompts for other in samples.SAMPLES):
        st.session_state[PROMPT] = sample.prompts[0]


def use_run(run: Run, history: History) -> None:
    """Fill the form with a run's settings, its control image included, and show that run."""
    use_control_image(history.data(run.control_image), "The image of your last run")
    st.session_state[_CONTROL]["sent_as"] = (run.image_width, run.image_height, run.is_preview)
    st.session_state[PROMPT] = run.prompt
    st.session_state[BATCH_SIZE_KEY] = run.batch_size
    st.session_state[SEED_KEY] = run.seed
    st.session_state[WIDTH], st.session_state[HEIGHT] = run.image_width, run.image_height
    st.session_state[_RUN] = run.run_id


# The runs of this session.


def watch(run_id: str) -> None:
    """Show this run from now on, also after a reload."""
    st.session_state[_RUN] = run_id
    st.session_state[_RENDER_IDS][run_id] = ""


def note_render_id(run: Run) -> None:
    """Remember the `render_id` of a run of this session, once it is known."""
    if run.render_id and run.run_id in st.session_state[_RENDER_IDS]:
        st.session_state[_RENDER_IDS][run.run_id] = run.render_id


def run_id() -> str | None:
    """The run that is shown, None before the first."""
    return st.session_state.get(_RUN)


def shown_position(run_id: str) -> int:
    """Which picture of the run's batch is compared, counted from 0."""
    return int(st.session_state.get(_SHOWN, {}).get(run_id, 0))


def show_position(run_id: str, position: int) -> None:
    """Compare this picture of the run's batch from now on."""
    st.session_state[_SHOWN] = {run_id: position}
