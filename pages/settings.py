"""Where renders are made and with which key, what they cost, how the form begins, and what is kept."""

import streamlit as st

from rerender.ui import access, allowance, page, settings_form, visits, workspace_form, your_data

page.enter("pages/settings.py")
visit = visits.visit()

page.heading(visit, "settings")
left, right = st.columns(2, gap="large")
with left:
    settings_form.where_renders_are_made(visit)
    settings_form.cost(visit)
    settings_form.polling_pace(visit)
    allowance.spending(visit)
with right:
    settings_form.form_defaults(visit)
    your_data.kept(visit)
    workspace_form.export_and_import(visit)
    your_data.delete_everything(visit)
    access.owner_code_form(visit.guest)
