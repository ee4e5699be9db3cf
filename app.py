"""ReRender Studio: `streamlit run app.py`."""

import streamlit as st

from rerender.ui import page

st.set_page_config(page_title="ReRender Studio", page_icon=page.ICON, layout="wide")
pages = [
    st.Page("pages/render.py", title="Render", default=True),
    st.Page("pages/history.py", title="History"),
    st.Page("pages/settings.py", title="Settings"),
]
current = st.navigation(pages, position="top")
page.follow_deep_link()
current.run()
