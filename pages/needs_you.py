"""Runs that need a decision or a key: what happened, what it cost, what can be done."""

from rerender.ui import needs, page, session, visits

page.enter("pages/needs_you.py")
visit = visits.visit()
session.begin(visit.history, visit.preferences)

page.heading(visit, "needs_you")
needs.show(visit)
