"""What one browser session remembers. Text, numbers, bytes and dicts only: saving a file while the app runs gives
every class of ours a new identity, which instances kept here would not share.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import streamlit as st

from rerender import images, samples
from rerender.errors import ImageError
from rerender.models import SEED, RenderRequest
from rerender.studio import decoding
from rerender.studio.preferences import SIZES
from rerender.studio.workspaces import is_secret, new_secret
from rerender.ui import fields

if TYPE_CHECKING:
    from rerender.studio.history import History
    from rerender.studio.preferences import Preferences
    from rerender.studio.runs import Run

PROBLEM = "form.problem"
ASKING = "form.asking"

COOKIE = "rerender_visitor"

_BEGUN = "session.begun"
_CONTROL = "session.control"
_RUN = "session.run_id"
_RENDER_IDS = "session.render_ids"
_SECRET = "session.secret"  # noqa: S105 - the key's name, not a secret
_SHOWN = "session.shown"
_SIZE = "session.size"
_TYPED_KEYS = "session.typed_keys"
_UNKEPT = "session.unkept"
_WORKSPACE = "session.workspace"

# Who the visitor is, how the page was come to, and numbers that must not come twice; all else is the workspace's own.
_OUTLIVE = (_SECRET, _UNKEPT, _WORKSPACE, "page.", "uploads.", fields.EDITIONS, "visitor")


def begin(history: History, preferences: Preferences) -> None:
    """Once a session: the form as the run in the address, or the newest one, had it; else, or where its image cannot be
    used again, as the first sample and the preferences like it.

    Called before any widget of the form is drawn.
    """
    st.session_state[_SIZE] = preferences.size
    if _BEGUN in st.session_state:
        return
    st.session_state[_RENDER_IDS] = {}
    fields.fill(fields.BATCH_SIZE, preferences.batch_size)
    fields.fill(fields.FIT, preferences.fit)
    fields.fill(fields.KEEP_ASPECT, True)
    fields.fill(fields.PROMPT, "")
    fields.fill(fields.ONE_A_LINE, False)
    roll_seed()
    asked_for = history.run(st.query_params.get("run", ""))
    run = asked_for or history.latest()
    if run is None or not _began_with(run, history):
        use_sample(samples.SAMPLES[0].name)
    # Last, so that a beginning that failed is begun again.
    st.session_state[_BEGUN] = True


def _began_with(run: Run, history: History) -> bool:
    """Show the run, and fill the form with it; False when its control image cannot be used again."""
    show(run.run_id)
    try:
        use_run(run, history)
    except ImageError:
        return False
    _use_prompts(history.series(run.series_id) if run.series_id else [])
    return True


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
    """The browser says which word it holds, empty if it keeps none: go on in its workspace."""
    st.session_state[_UNKEPT] = not held
    if is_secret(held):
        st.session_state[_SECRET] = held


def belongs_to() -> str:
    """The workspace whose this session is; empty at first."""
    return str(st.session_state.get(_WORKSPACE, ""))


def belong_to(workspace: str) -> None:
    """Let the session be this workspace's from now on, with nothing in it of the one whose it was."""
    if st.session_state.get(_WORKSPACE, workspace) != workspace:
        end()
    st.session_state[_WORKSPACE] = workspace


def forget_problem() -> None:
    """Say no more what kept the last click from being sent: something has been done about it."""
    st.session_state[PROBLEM] = []


def forget_settings() -> None:
    """Let the settings be read anew: what is saved is not what their widgets show any more."""
    for key in list(st.session_state):
        if str(key).startswith("settings."):
            del st.session_state[key]


def end() -> None:
    """Forget all of this session but whose it is, as after everything was deleted: it begins anew."""
    for key in list(st.session_state):
        if not str(key).startswith(_OUTLIVE):
            del st.session_state[key]


# The key that was typed in this session: {base URL for which it was typed: key}, never more than one.


def typed_keys() -> dict[str, str]:
    """The typed key by its base URL, empty before one was typed."""
    return dict(st.session_state.get(_TYPED_KEYS, {}))


def keep_key(base_url: str, key: str) -> None:
    """Remember a typed key for this base URL, and no other."""
    st.session_state[_TYPED_KEYS] = {base_url: key}


def forget_key() -> None:
    """Forget the typed key."""
    st.session_state[_TYPED_KEYS] = {}


# The control image, as it was chosen: {"data": bytes, "size": tuple, "name": str, "sample": str or "", "sent_as": tuple
# or (), "carrier": {"data": bytes, "name": str, "former": dict} of the picture that brought it with its settings, or
# of a copy of a large one, or {}}.


def control_image() -> bytes:
    """The bytes of the chosen image file, or of a copy of a large one, before it is prepared for sending."""
    return bytes(st.session_state[_CONTROL]["data"])


def control_size() -> tuple[int, int]:
    """Width and height of the chosen image, upright."""
    width, height = st.session_state[_CONTROL]["size"]
    return width, height


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


def use_control_image(data: bytes, name: str, *, size: tuple[int, int] | None = None, was_sent: bool = False) -> None:
    """Choose an image and its (width, height) to be sent, or have a size of its aspect proposed.

    One that `was_sent` is kept byte for byte, to be sent again, whatever a session keeps of others.

    Raises `ImageError`, and `Busy`; then the choice stays what it was.
    """
    kept, own = (data, decoding.size_of(data)) if was_sent else decoding.copy_to_keep(data)
    _choose(kept, own, name, size)


def _choose(
    data: bytes, own: tuple[int, int], name: str, size: tuple[int, int] | None = None, sample: str = ""
) -> None:
    """Let an image of that size of its own be the one that is chosen."""
    sizes = images.sizes_for(*own)
    chosen = {"data": data, "size": own, "name": name, "sample": sample, "sent_as": (), "carrier": {}}
    st.session_state[_CONTROL] = chosen
    # An extreme aspect may leave fewer sizes than there are names.
    preferred = SIZES.index(st.session_state[_SIZE])
    _fill_size(*(size or sizes[min(preferred, len(sizes) - 1)]))


def use_sample(name: str) -> None:
    """Choose a sample, with its first prompt unless a prompt of the visitor's own is there."""
    sample = samples.get(name)
    typed = fields.value(fields.PROMPT).strip()
    # It is not opened to learn its size: the page then begins whatever else is being opened.
    _choose(samples.load(name), (sample.width, sample.height), sample.title, sample=name)
    if not typed or any(typed in other.prompts for other in samples.SAMPLES):
        fields.fill(fields.PROMPT, sample.prompts[0])


def roll_seed() -> None:
    """Choose a random seed."""
    fields.fill(fields.SEED, secrets.randbelow(SEED.high + 1))


def use_run(run: Run, history: History) -> None:
    """Fill the form with a run's settings, its control image included, and show that run.

    Raises `ImageError`, and `Busy`; then the form stays what it was.
    """
    use_control_image(history.data(run.control_image), "The image of an earlier run", was_sent=True)
    st.session_state[_CONTROL]["sent_as"] = (run.image_width, run.image_height, run.is_preview)
    _fill(run)
    st.session_state[_RUN] = run.run_id


def use_carried(request: RenderRequest, picture: bytes, name: str) -> None:
    """Fill the form with the request that a picture of that name carries. Raises `ImageError`, and `Busy`."""
    kept, _ = decoding.copy_to_keep(picture)
    with decoding.turn(request.control_image):
        control_image = images.load(request.control_image)
    size = (request.image_width, request.image_height)
    carried = (fields.PROMPT, fields.ONE_A_LINE, fields.BATCH_SIZE, fields.SEED)
    former = {field: fields.value(field) for field in carried}
    was_sent = control_image.size == size
    use_control_image(request.control_image, f"The control image in {name}", was_sent=was_sent)
    st.session_state[_CONTROL]["sent_as"] = (*size, control_image.mode == "RGBA") if was_sent else ()
    st.session_state[_CONTROL]["carrier"] = {"data": kept, "name": name, "former": former}
    _fill(request)


def is_carried() -> bool:
    """Whether a picture brought the control image, and its other settings with it."""
    return bool(st.session_state[_CONTROL]["carrier"])


def use_carrier() -> None:
    """Take the picture itself as control image, and what stood in the form before its settings came.

    Raises `ImageError`, and `Busy`; then the choice stays what it was.
    """
    carrier = st.session_state[_CONTROL]["carrier"]
    use_control_image(carrier["data"], carrier["name"])
    for field, value in carrier["former"].items():
        fields.fill(field, value)


def _fill(request: RenderRequest | Run) -> None:
    fields.fill(fields.PROMPT, request.prompt)
    fields.fill(fields.ONE_A_LINE, False)
    fields.fill(fields.BATCH_SIZE, request.batch_size)
    fields.fill(fields.SEED, request.seed)
    _fill_size(request.image_width, request.image_height)


def _fill_size(width: int, height: int) -> None:
    fields.fill(fields.WIDTH, width)
    fields.fill(fields.HEIGHT, height)


def _use_prompts(series: list[Run]) -> None:
    if len(series) > 1:
        fields.fill(fields.PROMPT, "\n".join(run.prompt for run in series))
        fields.fill(fields.ONE_A_LINE, True)


# The runs of this session.


def watch(run_ids: list[str]) -> None:
    """Show the first of these new runs from now on, also after a reload."""
    st.session_state[_RENDER_IDS].update(dict.fromkeys(run_ids, ""))
    show(run_ids[0])


def show(run_id: str) -> None:
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
