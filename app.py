"""ReRender Studio: `streamlit run app.py`."""

import streamlit as st

from rerender.ui import away, callbacks, forgeries, fragments, leavers, page, visits

st.set_page_config(page_title="ReRender Studio", page_icon=page.ICON, layout="wide")
callbacks.run_whole()
forgeries.ignore()
fragments.hear_out()
leavers.let_go()
workspace = visits.admitted()
needs = visits.need_count(workspace)
pages = [
    st.Page("pages/render.py", title="Render", default=True),
    st.Page("pages/history.py", title="History"),
    st.Page("pages/needs_you.py", title=f"Needs you ({needs})" if needs else "Needs you"),
    st.Page("pages/settings.py", title="Settings"),
]
current = st.navigation(pages, position="hidden" if workspace is None else "top")
page.follow_deep_link()
try:
    current.run()
except away.PASSING as error:
    away.say(error)
