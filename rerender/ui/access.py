"""The gate of a host: who is there, what they see who are not let in, and the owner's own code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAuthError

from rerender.errors import ConfigurationError
from rerender.studio.access import Guest, Person, Policy
from rerender.studio.codes import ENTER, OWN, NotTaken, Purpose
from rerender.studio.workspaces import LOCAL, Mode, workspace_of, workspace_of_person
from rerender.ui import process, session, settings, visitor, way

_COOKIE_SECRET_MIN_CHARS = 32
_WIDTH = 440
_PROBLEM = "access.problem"


def policy(mode: Mode) -> Policy:
    """What the settings ask of whoever comes, as they are now. Raises `ConfigurationError`."""
    if not settings.are_readable():
        raise ConfigurationError("The app's secrets file cannot be read, so nobody can be let in.")
    return Policy.read(
        settings.SOURCES,
        mode,
        signs_in=settings.auth() is not None,
        is_mode_said=bool(settings.lookup("RERENDER_MODE")),
    )


def guest(mode: Mode) -> Guest:
    """Who is at the door, in a session of Streamlit's. Raises `ConfigurationError`."""
    asked, auth = policy(mode), settings.auth()
    database = process.runtime_now().database
    if mode == "local":
        return Guest(database, asked, LOCAL)
    if auth is None:
        return Guest(database, asked, workspace_of(session.secret()))
    if len(str(auth.get("cookie_secret", ""))) < _COOKIE_SECRET_MIN_CHARS:
        # Whoever finds it out can sign in as anyone.
        raise ConfigurationError(f"cookie_secret in [auth] must have {_COOKIE_SECRET_MIN_CHARS} characters or more.")
    if st.user.get("is_logged_in") is not True:
        return Guest(database, asked, "")
    person = Person.from_claims(st.user.to_dict())
    return Guest(database, asked, workspace_of_person(person.issuer, person.subject), person)


def gate(guest: Guest) -> None:
    """All that is shown to one who is not let in: who may, and the way in."""
    with st.container(horizontal_alignment="center"), st.container(width=_WIDTH):
        st.space("large")
        st.title("ReRender Studio", anchor=False)
        if not guest.workspace:
            _sign_in()
        elif guest.refusal:
            st.text(f"{guest.refusal} Sign in with another account, or ask whoever runs this app.")
            st.button("Sign out", icon=":material/logout:", on_click=st.logout)
        else:
            st.text("This app is for invited guests. Type the access code that you were given.")
            _code_form(ENTER, "Access code", "Continue")
            account(guest)
    if guest.workspace and guest.person is None:
        # Else the browser would be asked again at its next visit.
        visitor.recognise()


def account(guest: Guest) -> None:
    """Who signed in, and the way out; nothing for one who did not."""
    if guest.person:
        who = guest.person.address
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"Signed in as {who}" if who else "Signed in", width="content")
            st.button("Sign out", icon=":material/logout:", on_click=st.logout)


def owner_code_form(guest: Guest) -> None:
    """Where the owner's code is typed, on a host that has one, by a visitor who has not yet."""
    if guest.policy.owner_code and not guest.is_owner:
        with st.expander("For the owner", icon=":material/admin_panel_settings:"):
            st.caption("Whoever runs this app sees more with the owner's code.")
            _code_form(OWN, "Owner's code", "Show it")


def _sign_in() -> None:
    st.text("Sign in to use this app. What you render here is kept for you, in every browser.")
    for name in _providers(settings.auth() or {}):
        label = f"Sign in with {name.capitalize()}" if name else "Sign in"
        if st.button(label, type="primary", icon=":material/login:", width="stretch", key=f"access.sign_in.{name}"):
            try:
                st.login(name or None)
            except StreamlitAuthError as error:
                st.error(str(error), title="Sign-in is not set up right")
    way.remember()


def _providers(auth: Mapping[str, Any]) -> list[str]:
    """The names of the sign-in providers in the secrets; empty for the one without a name."""
    named = [name for name, section in auth.items() if isinstance(section, Mapping) and "client_id" in section]
    return [""] * ("client_id" in auth or not named) + named


def _code_form(purpose: Purpose, label: str, button: str) -> None:
    key = f"access.{purpose}"
    with st.form(f"{key}.form", border=False):
        st.text_input(label, type="password", key=key, autocomplete="current-password")
        st.form_submit_button(button, type="primary", on_click=_give, args=(purpose, key))
    if problem := st.session_state.get(_PROBLEM, {}).get(purpose):
        st.error(problem)


def _give(purpose: Purpose, key: str) -> None:
    typed = str(st.session_state[key])
    # The field must not send it back to the browser with the next page.
    st.session_state[key] = ""
    st.session_state[_PROBLEM] = {}
    if not typed.strip():
        return
    address = st.context.ip_address
    try:
        guest(process.current_mode()).give(purpose, typed, address=str(address) if address else None)
    except (NotTaken, ConfigurationError) as problem:
        st.session_state[_PROBLEM] = {purpose: str(problem)}
