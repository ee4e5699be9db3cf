"""What one browser session remembers. Text, numbers, bytes and dicts only: saving a file while the app runs gives
every class of ours a new identity, which instances kept here would not share.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import streamlit as st

from rerender import images, samples
from rerender.models import BATCH_SIZE, SEED

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

_BEGUN = "session.begun"
_CONTROL = "session.control"
_RUN = "session.run_id"
_RENDER_IDS = "session.render_ids"
_SECRET = "session.secret"  # noqa: S105 - the key's name, not a secret
_SHOWN = "session.shown"


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


def secret() -> str:
    """This session's own random word, which names its workspace where every visitor has one."""
    return str(st.session_state.setdefault(_SECRET, secrets.token_hex(16)))


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
    use_control_image(history.data(run.control_image), "The image of an earlier run")
    st.session_state[_CONTROL]["sent_as"] = (run.image_width, run.image_height, run.is_preview)
    st.session_state[PROMPT] = run.prompt
    st.session_state[BATCH_SIZE_KEY] = run.batch_size
    st.session_state[SEED_KEY] = run.seed
    st.session_state[WIDTH], st.session_state[HEIGHT] = run.image_width, run.image_height
    st.session_state[_RUN] = run.run_id


# The runs of this session.


def watch(run_id: str) -> None:
    """Show this run, which this session has just made, from now on, also after a reload."""
    show_run(run_id)
    st.session_state[_RENDER_IDS][run_id] = ""


def show_run(run_id: str) -> None:
    """Show this run from now on, whoever made it, and leave the form as it is."""
    st.session_state[_RUN] = run_id


def run_ids() -> frozenset[str]:
    """The runs that this session has made."""
    return frozenset(st.session_state[_RENDER_IDS])


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
