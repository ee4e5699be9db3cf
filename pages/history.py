"""Find a run again, look at it, go on from it."""

from rerender.ui import deleted, filters, found_runs, page, run_dialog, session, visits

page.enter("pages/history.py")
visit = visits.visit()
session.begin(visit.history, visit.preferences)

page.heading(visit, "history")
deleted.offer()
if visit.history.latest() is None:
    found_runs.none_yet()
else:
    found_runs.show(visit, filters.choose(visit))
run_dialog.show(visit)
