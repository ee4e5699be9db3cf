"""What every page begins with, and the way a deep link takes through app.py.

While no session has run `st.navigation`, Streamlit serves the files of pages/ by itself: a deep link into a process
that has just started would run a page without app.py. So each page asks `enter` first, and app.py sends such a
visitor on to where the link pointed.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import streamlit as st

from rerender.ui import help, session, visitor, way
from rerender.ui.visits import Visit

ICON = str(Path(__file__).parent / "icon.svg")

SETTINGS, NEEDS_YOU = "pages/settings.py", "pages/needs_you.py"

_ENTERED = "page.entered"
_DEEP_LINK = "page.deep_link"


def enter(path: str) -> None:
    """Call first in the page at `path`: sends a visitor who has not come through app.py there, and back again."""
    if _ENTERED not in st.session_state:
        st.session_state[_DEEP_LINK] = {"path": path, "query": st.query_params.to_dict()}
        st.switch_page("app.py")


def follow_deep_link() -> None:
    """Call in app.py after `st.navigation` and any gate: goes on to the page that a deep link asked for."""
    st.session_state[_ENTERED] = True
    link = st.session_state.pop(_DEEP_LINK, None)
    if link is not None:
        st.switch_page(link["path"], query_params=link["query"])


def heading(visit: Visit, name: str) -> None:
    """The product's name, where renders are made at the moment, and the help for the page of this name."""
    # Without a gap, so that the script that recognises a visitor takes no space.
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.title("ReRender Studio", anchor=False, width="content")
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                _place(visit)
                help.popover(name)
        if visit.is_known_by_cookie:
            visitor.recognise()
        elif visit.is_hosted:
            way.go_on()
    if name != "needs_you" and (needs := visit.needs()):
        label = "One run needs you" if len(needs) == 1 else f"{len(needs)} runs need you"
        st.page_link(NEEDS_YOU, label=label, icon=":material/notification_important:")
    if visit.is_known_by_cookie and not session.is_kept():
        st.warning("Your browser keeps no cookie for this page, so your history ends with this tab.")
    if visit.runtime.ephemeral:
        st.warning("The app's folder cannot be written to. Runs and pictures are kept only until the app stops.")


def _place(visit: Visit) -> None:
    if visit.backend.is_preview:
        with st.popover("Preview engine", icon=":material/bolt:", type="tertiary"):
            st.markdown(_ABOUT_PREVIEW)
            st.page_link(SETTINGS, label="Render elsewhere", icon=":material/settings:")
    elif visit.backend.needs_key:
        st.text(f"No key for {visit.backend.name}", width="content")
        st.page_link(SETTINGS, label="Type your key in Settings", icon=":material/key:")
    else:
        who_pays = ", paid by the owner of this app" if visit.backend.is_shared else ""
        st.text(f"Renders at {visit.backend.name}{who_pays}", width="content")


_ABOUT_PREVIEW = """
**Instant preview by rules, no AI model.** It recolours, relights and re-draws your control image on the computer that
runs this app, without a key, without internet, free of charge. The same request and seed give the same picture.

It is not ReRender's model and not what ReRender will return: it never moves geometry and adds no objects.
"""


def plain(text: str) -> str:
    """`text` as one line in which nothing is obeyed, for what Streamlit reads as Markdown.

    Some signs Streamlit finds in text that is escaped too, those of addresses, icons and arrows: each gets an invisible
    space.
    """
    apart = _OBEYED.sub(lambda sign: f"{sign[0][0]}\u200b{sign[0][1:]}", isolated(text))
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:=&])", r"\\\1", apart)


def isolated(text: str) -> str:
    """`text` as one line that cannot turn around what stands beside it, in whichever direction it is written."""
    line = " ".join(_TURNING.sub("", text).split())
    is_turned = any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in line)
    return f"\u2068{line}\u2069" if is_turned else line


_OBEYED = re.compile(r"://|www\.|@|:(?=material/|streamlit:)|[-<>=](?=[-<>=])", re.IGNORECASE)
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
