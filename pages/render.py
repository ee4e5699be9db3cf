"""Choose an image, write a prompt, render, compare."""

import streamlit as st

from rerender.ui import control_form, page, render_form, results, session, visits

page.enter("pages/render.py")
visit = visits.visit()
session.begin(visit.history, visit.preferences)
runs = results.current(visit)

page.heading(visit, "render")
form, result = st.columns([5, 8], gap="large")
with form:
    control_form.choose()
    control_form.as_sent(keep_alpha=visit.backend.keeps_alpha)
    render_form.prompt(visit.backend)
    render_form.button(visit, runs)
    render_form.batch_and_seed()
with result:
    results.show(visit, runs)
if visit.backend.is_preview:
    # Only now, because it would slow the page's own first appearance down.
    visit.runtime.warm_up()
