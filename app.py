"""ReRender Studio: `streamlit run app.py`."""

import streamlit as st

from rerender.ui import page

st.set_page_config(page_title="ReRender Studio", page_icon=page.ICON, layout="wide")
pages = [
    st.Page("pages/render.py", title="Render", icon=":material/auto_awesome:", default=True),
    st.Page("pages/history.py", title="History", icon=":material/history:"),
    st.Page("pages/settings.py", title="Settings", icon=":material/settings:"),
]
current = st.navigation(pages, position="top")
page.follow_deep_link()
current.run()
