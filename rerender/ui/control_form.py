"""The control image's part of the form: choose it, and see it as it will be sent."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rerender import images, samples
from rerender.errors import ImageError
from rerender.models import IMAGE_SIDE
from rerender.studio import capsule, decoding, pictures
from rerender.studio.preferences import FITS
from rerender.ui import fields, session, uploads
from rerender.ui.paste import paste
from rerender.ui.thumbnails import Thumbnail, thumbnails

SAMPLES, UPLOAD = "Samples", "Upload"
FILE_TYPES = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif")
_UPLOADED = "form.uploaded"
_PROBLEM = "form.control_problem"
_PREVIEW_SIDE = 150

ABOUT_FITS = "Crop cuts the longer sides, pad adds white (see-through where the image is), stretch distorts."


def choose() -> None:
    """The pickers: our samples, or a file of the visitor's."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            ":small[Control image]",
            width="content",
            help="The picture whose shapes are kept: a clay render, a screenshot of a model, a sketch or a photo.",
        )
        source = st.segmented_control(
            "Control image",
            (SAMPLES, UPLOAD),
            default=SAMPLES,
            required=True,
            key="form.source",
            on_change=_forget_problem,
            label_visibility="collapsed",
            persist_state="session",
        )
    # Without a gap where the button to paste is not drawn: it listens all the same.
    with st.container(gap="small" if source == UPLOAD else None):
        if source == UPLOAD:
            st.file_uploader(
                "Image file",
                FILE_TYPES,
                max_upload_size=decoding.upload_bytes() // 1_000_000,
                key=uploads.key(_UPLOADED),
                on_change=_take_upload,
                args=(uploads.key(_UPLOADED),),
                label_visibility="collapsed",
            )
        else:
            _samples()
        paste(_take_carried, shown=source == UPLOAD, key="form.paste")
    # Always there, so that what stands below keeps its place in the page when a sentence comes or goes.
    with st.container():
        _outcome()


def _outcome() -> None:
    """What came of the last choice, where that is not plain."""
    if session.is_carried():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("The picture's settings are in the form.", width="content")
            st.button("Use the picture itself", type="tertiary", on_click=_take_carrier)
    if problem := st.session_state.get(_PROBLEM):
        st.error(problem)


def _samples() -> None:
    names = [sample.name for sample in samples.SAMPLES]
    chosen = session.sample_name()
    thumbnails(
        [Thumbnail(samples.thumbnail(sample.name), "image/webp", sample.title) for sample in samples.SAMPLES],
        label="Samples",
        chosen=names.index(chosen) if chosen in names else None,
        on_choose=lambda index: _take_sample(names[index]),
        key="form.sample",
        aspect=1.35,
    )


def _forget_problem() -> None:
    st.session_state[_PROBLEM] = ""


def _take_sample(name: str) -> None:
    _forget_problem()
    session.use_sample(name)


def _take_upload(drawn: str) -> None:
    _forget_problem()
    if file := uploads.take(_UPLOADED, drawn):
        _take_carried(file.getvalue(), file.name)


def _take_carried(data: bytes, name: str) -> None:
    """Choose an image file; a picture of ours that carries its settings fills the form with them."""

    def choose_it() -> None:
        decoding.check_bytes(data)
        if request := capsule.read(data):
            session.use_carried(request, data, name)
        else:
            session.use_control_image(data, name)

    _try(choose_it)


def take(data: bytes, name: str, size: tuple[int, int] | None = None) -> None:
    """Choose an image file, as `session.use_control_image` does; one that cannot be used leaves a sentence."""
    _try(lambda: session.use_control_image(data, name, size=size))


def _take_carrier() -> None:
    _try(session.use_carrier)


def _try(choose_image: Callable[[], None]) -> None:
    _forget_problem()
    try:
        choose_image()
    except (ImageError, decoding.Busy) as error:
        st.session_state[_PROBLEM] = str(error)


def as_sent(*, keep_alpha: bool) -> None:
    """The prepared image in small, its size, and the controls that shape it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        try:
            data = prepared(keep_alpha=keep_alpha)
            small = _small(data, is_ours=bool(session.sample_name()))
        except ImageError as error:
            st.error(str(error))
            return
        st.image(small, width=_PREVIEW_SIDE, alt=f"Control image as it will be sent: {session.control_name()}")
        with st.container(width=185, gap="xsmall"):
            width, height = fields.value(fields.WIDTH), fields.value(fields.HEIGHT)
            st.text(session.control_name())
            st.caption(f"Sent as {width} × {height} px, {len(data) / 1e6:.1f} MB")
            with st.popover("Size and fit", icon=":material/crop:"):
                _size_and_fit()


def _size_and_fit() -> None:
    for label, side in (("Width", fields.WIDTH), ("Height", fields.HEIGHT)):
        key = fields.key(side)
        st.number_input(
            label, *IMAGE_SIDE, step=8, key=key, on_change=_take_side, args=(side, key), persist_state="session"
        )
    st.toggle(
        "Keep the image's aspect",
        key=fields.key(fields.KEEP_ASPECT),
        on_change=_follow_aspect,
        args=(fields.WIDTH,),
        persist_state="session",
    )
    st.segmented_control(
        "Where the shapes differ",
        FITS,
        format_func=str.capitalize,
        required=True,
        key=fields.key(fields.FIT),
        persist_state="session",
        help=ABOUT_FITS,
    )


def _take_side(side: str, drawn: str) -> None:
    """A side was typed into the widget of the key `drawn`, which may not be the one that counts any more."""
    if drawn == fields.key(side):
        _follow_aspect(side)


def _follow_aspect(given: str) -> None:
    if not fields.value(fields.KEEP_ASPECT):
        return
    own_width, own_height = session.control_size()
    if given == fields.WIDTH:
        other, ratio = fields.HEIGHT, own_height / own_width
    else:
        other, ratio = fields.WIDTH, own_width / own_height
    wanted = fields.value(given) * ratio
    fields.fill(other, images.legal_side(wanted))
    if not IMAGE_SIDE.low <= wanted <= IMAGE_SIDE.high:
        # The other side cannot be that long, so this one gives way: the shape is what was asked for.
        fields.fill(given, images.legal_side(fields.value(other) / ratio))


def prepared(*, keep_alpha: bool) -> bytes:
    """The control image exactly as it will be sent, kept and compared. Raises `ImageError`, and `Busy`."""
    # A size forged past its widget is refused with the request; until then it must not be allocated.
    width, height = (IMAGE_SIDE.clamp(fields.value(side)) for side in (fields.WIDTH, fields.HEIGHT))
    if session.is_as_sent(width, height, keep_alpha=keep_alpha):
        return session.control_image()
    # A browser can say that none of the ways to fit is chosen.
    fit, is_ours = fields.value(fields.FIT) or FITS[0], bool(session.sample_name())
    return _prepare(session.control_image(), width, height, fit, keep_alpha=keep_alpha, is_ours=is_ours)


# In the session's own cache: one visitor's picture must not be kept where others' are. One, as each tab holds it while
# it is open, and form and page ask for the same.
@st.cache_data(scope="session", show_spinner=False, max_entries=1)
def _prepare(data: bytes, width: int, height: int, fit: images.Fit, *, keep_alpha: bool, is_ours: bool) -> bytes:
    with decoding.turn(data, is_ours=is_ours):
        return images.prepare(data, width, height, fit, keep_alpha=keep_alpha)


@st.cache_data(scope="session", show_spinner=False, max_entries=2)
def _small(data: bytes, *, is_ours: bool) -> bytes:
    # At twice the shown size, for dense screens.
    with decoding.turn(data, is_ours=is_ours):
        return pictures.shrink(data, 2 * _PREVIEW_SIDE)
