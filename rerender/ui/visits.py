"""What one visitor sees of the app: the only way to anyone's data, so the gate is here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from io import BytesIO
from typing import TypeVar

import streamlit as st

from rerender.errors import ConfigurationError
from rerender.studio import preferences
from rerender.studio.access import Guest
from rerender.studio.attention import Need
from rerender.studio.backends import Backend, choose
from rerender.studio.curation import Curation
from rerender.studio.database import DatabaseAway
from rerender.studio.history import History, NoSuchImage
from rerender.studio.preferences import Preferences
from rerender.studio.runner import Runner
from rerender.studio.runs import Run
from rerender.studio.runtime import Runtime
from rerender.studio.workspaces import Mode
from rerender.ui import access, away, process, session, settings, uploads
from rerender.ui.downloading import NotOffered

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visitor's view: the backend in use, the history of the visitor's own workspace, and its preferences."""

    runtime: Runtime
    mode: Mode
    guest: Guest
    backend: Backend
    history: History
    preferences: Preferences

    @property
    def workspace(self) -> str:
        """Whose runs the visitor sees."""
        return self.guest.workspace

    @property
    def is_owner(self) -> bool:
        """Whether the visitor runs the app, or has shown to see what that one sees."""
        return self.guest.is_owner

    @property
    def is_known_by_cookie(self) -> bool:
        """Whether the workspace is the browser's, not a person's who signed in."""
        return self.is_hosted and self.guest.person is None

    @property
    def is_hosted(self) -> bool:
        """Whether this is one visitor among others, not the one at whose machine the app runs."""
        return self.mode == "hosted"

    @property
    def runner(self) -> Runner:
        """Who sends runs and follows them."""
        return self.runtime.runner

    @property
    def curation(self) -> Curation:
        """What the visitor does with the runs of the own workspace."""
        return self.runtime.curation(self.workspace)

    def needs(self) -> list[tuple[Need, Run]]:
        """The runs that need the visitor, the newest first. Those that wait for the key in use get it.

        A typed key is in the session's memory and the runner's, and a runner that began anew has lost its own.
        """
        needs = self.history.needs() if self.history.need_count() else []
        for backend in {run.backend for need, run in needs if need == Need.KEY}:
            self.lend_key(backend)
        return needs

    def lend_key(self, backend: str) -> None:
        """Let the runner follow the visitor's runs at this backend with the key in use, where it is that one's.

        The key of the app's owner is not lent: the runner finds it itself, for the runs that it paid for.
        """
        if backend == self.backend.name and not (
            self.backend.is_preview or self.backend.is_shared or self.backend.needs_key
        ):
            self.runner.offer(self.workspace, self.backend)

    def await_other(self, look: Callable[[], T], drawn: T, seconds: float) -> T:
        """What `look` returns, as soon as it is otherwise than it was drawn, or as it is after `seconds`.

        Reruns the page, which then shows the gate, where the visitor may not look any more.
        """
        if import_module(__name__).admitted() != self.workspace:
            st.rerun()
        end = time.monotonic() + seconds
        while True:
            seen = self.runner.news
            found = look()
            left = end - time.monotonic()
            if left <= 0 or found != drawn:
                return found
            self.runner.wait_for_news(seen, left)

    def gated(self, make: Callable[[], bytes | str | BytesIO]) -> Callable[[], bytes | str | BytesIO]:
        """What makes a file of the visitor's, for a download: Streamlit calls it outside of any page, so it asks the
        gate itself. It raises `NotOffered` for who may not look any more and for what was deleted since, and what
        reading the settings raises.
        """

        def made() -> bytes | str | BytesIO:
            if not replace(self.guest, policy=access.policy(self.mode)).is_admitted:
                raise NotOffered("Your access has ended. Reload this page to come in again.")
            try:
                return make()
            except NoSuchImage:
                raise NotOffered("This picture was deleted. Reload this page.") from None

        return made


def visit() -> Visit:
    """The current visitor's view, for one run of a page. Stops the page where the visitor is not let in, which the gate
    then says in place of the page, and with one sentence when a setting is wrong.
    """
    try:
        guest, is_admitted = _guest()
        if not is_admitted:
            access.gate(guest)
            st.stop()
        return _visit(guest)
    except ConfigurationError as error:
        st.error(f"{error} Nothing was sent; correct the setting and start again.", title="A setting is wrong")
        st.stop()
    except DatabaseAway as error:
        away.say(error)


def visit_now() -> Visit:
    """The visitor's view inside a callback: when a file was saved since the page was drawn, what it was drawn with is
    closed by now, and only the module as it is now makes another.

    Ends the callback, and draws the page anew, for whoever is not the one for whom it was drawn.
    """
    now = import_module(__name__)
    drawn_for = session.belongs_to()
    if now.admitted() != drawn_for:
        st.rerun()
    current: Visit = now.visit()
    return current


def admitted() -> str | None:
    """The workspace of the visitor; None for one who is not let in, or when a setting is wrong or the history is away,
    which the page says.
    """
    try:
        guest, is_admitted = _guest()
        return guest.workspace if is_admitted else None
    except (ConfigurationError, DatabaseAway):
        return None


def need_count(workspace: str | None) -> int:
    """How many runs need the visitor of the workspace that `admitted` gave; 0 where that is None."""
    try:
        return 0 if workspace is None else process.runtime().history(workspace).need_count()
    except DatabaseAway:
        return 0


def _guest() -> tuple[Guest, bool]:
    """Who is at the door, and whether it opens. Whatever the session holds of another's is forgotten here.

    Raises `ConfigurationError`, and `DatabaseAway`.
    """
    is_admitted = False
    try:
        guest = access.guest(process.current_mode())
        session.belong_to(guest.workspace)
        is_admitted = guest.is_admitted
    finally:
        uploads.allow(is_admitted)
    return guest, is_admitted


def _visit(guest: Guest) -> Visit:
    runtime, current = process.runtime(), process.current_mode()
    preferred = preferences.load(runtime.database, guest.workspace)
    backend = choose(settings.SOURCES, current, preferred, session.typed_keys())
    return Visit(runtime, current, guest, backend, runtime.history(guest.workspace), preferred)
