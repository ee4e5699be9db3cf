"""A short help for each page: what it is for, and which keys do what."""

from __future__ import annotations

import streamlit as st

__all__ = ["popover"]

_RENDER = """
**A picture in three steps.** Choose a control image: its shapes stay. Say in the prompt what it should look like:
time, weather, season, materials, colours, or a medium such as watercolor. Press **Render** and drag the slider.

| key | what it does |
|---|---|
| Ctrl + Enter | renders, also from inside the prompt |
| Ctrl + V | takes an image from the clipboard as the control image |
| ← → in the samples or the batch | chooses the next picture |
| ← → on the slider | moves it; Page ↑ ↓ by more, Home and End to its ends |
"""

_HISTORY = """
**Every run is here**, with its pictures, its request and what it cost, also after a reload or a crash.

| key | what it does |
|---|---|
| ← → in a row of pictures | chooses the next picture |
"""

_SETTINGS = """
**Your key and what a run costs.** A key that you type here is kept in memory only: never in the history, a log or an
address, and it is sent to the API's own address only. The preview is free; what any other run costs stands
beside **Render** before you press it.
"""

_NEEDS_YOU = """
**Runs that wait for you.** One whose answer was lost may have been charged: look for it in your account. If it is
there, paste its render id and its pictures are fetched; nothing is sent again by itself. What you said by mistake you
can say again where the run is shown. One without its key goes on when you type that in Settings.
"""

_EVERYWHERE = """
| key, on every page | what it does |
|---|---|
| Tab, Shift + Tab | to the next or previous control, from the top to the bottom |
| Space | opens a menu, presses a button |
| Esc | closes what is open |
| R | draws the page again, while you are not typing |
"""

_TEXTS = {"render": _RENDER, "history": _HISTORY, "needs_you": _NEEDS_YOU, "settings": _SETTINGS}


def popover(page_name: str) -> None:
    """A "Help" button that opens the text of the page `page_name`: render, history, needs_you or settings.

    Raises `KeyError` for a page without a text.
    """
    text = _TEXTS[page_name]
    with st.popover("Help", icon=":material/help:", type="tertiary"):
        st.markdown(text)
        st.markdown(_EVERYWHERE)
