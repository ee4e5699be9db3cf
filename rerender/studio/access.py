"""Who may come in on a host, and who sees there what its owner sees: by sign-in, by a code, or by both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rerender.errors import ConfigurationError
from rerender.studio import codes
from rerender.studio.backends import Lookup, first
from rerender.studio.codes import ENTER, OWN, Purpose
from rerender.studio.database import Database
from rerender.studio.workspaces import LOCAL, Mode

__all__ = ["Guest", "Person", "Policy"]

CODE_MIN_CHARS = 8
"""Of eight random letters half are tried in 100,000 years, at the tries that `codes` allows."""
_ADDRESS_MAX_CHARS = 254
# ASCII alone, so that no letter of another script looks like one of these.
_LOCAL_PART, _DOMAIN = r"[a-z0-9.!#$%&'+/=?^_`{|}~-]+", r"[a-z0-9-]+(?:\.[a-z0-9-]+)*"


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in, as the provider says: `issuer` and `subject` together are one person for good.

    `address` is empty where the provider gives none that can be one. `is_confirmed` is None where it does not say.
    """

    issuer: str
    subject: str
    address: str = ""
    is_confirmed: bool | None = None

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> Person:
        """The person that an ID token's claims name."""
        texts = (claims.get(name) for name in ("iss", "sub", "email"))
        issuer, subject, email = (text if isinstance(text, str) else "" for text in texts)
        said = claims.get("email_verified")
        # Some providers send these two words in place of JSON's own.
        is_confirmed = None if said is None else said is True or said == "true"
        return cls(issuer, subject, _address(email), is_confirmed)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings ask of whoever comes. One that cannot be kept is a `ConfigurationError`, and nobody comes in.

    `allowed` has addresses and, each after an @, domains; empty, whoever the provider signs in may enter.
    `trusted_issuers` are providers all of whose addresses are taken for confirmed, although they do not say so.
    """

    signs_in: bool = False
    allowed: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    trusted_issuers: frozenset[str] = frozenset()
    access_code: str = field(default="", repr=False)
    owner_code: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for name, value in (
            ("RERENDER_ALLOWED", self.allowed),
            ("RERENDER_OWNERS", self.owners),
            ("RERENDER_TRUSTED_ISSUERS", self.trusted_issuers),
        ):
            _require(self.signs_in or not value, f"{name} needs sign-in, which [auth] in the app's secrets sets up.")
        _require(not any(one.startswith("@") for one in self.owners), "RERENDER_OWNERS takes whole addresses only.")
        for name, code in (("RERENDER_ACCESS_CODE", self.access_code), ("RERENDER_OWNER_CODE", self.owner_code)):
            _require(not code or len(code) >= CODE_MIN_CHARS, f"{name} must have {CODE_MIN_CHARS} characters or more.")
        differ = self.owner_code != self.access_code or not self.owner_code
        _require(differ, "RERENDER_OWNER_CODE must differ from RERENDER_ACCESS_CODE, which every guest has.")

    @classmethod
    def read(cls, sources: Sequence[Lookup], mode: Mode, *, signs_in: bool, is_mode_said: bool) -> Policy:
        """The policy of the settings. In local mode, where only one's own computer reaches the app, none holds.

        But local mode is also what an app behind a proxy takes itself for: unless RERENDER_MODE says it, a setting
        of access is then refused, not passed over. Raises `ConfigurationError`.
        """
        written = {name: first(sources, name) or "" for name in _SETTINGS}
        if mode == "local":
            unmet = next((name for name, value in written.items() if value), "[auth]" if signs_in else "")
            _require(
                is_mode_said or not unmet,
                f"{unmet} is set, but the app takes itself for one on your own computer. Set RERENDER_MODE to hosted, "
                "or to local if it is.",
            )
            return cls()
        return cls(
            signs_in=signs_in,
            allowed=_guests("RERENDER_ALLOWED", written["RERENDER_ALLOWED"]),
            owners=_guests("RERENDER_OWNERS", written["RERENDER_OWNERS"]),
            trusted_issuers=frozenset(_words("RERENDER_TRUSTED_ISSUERS", written["RERENDER_TRUSTED_ISSUERS"])),
            access_code=_code("RERENDER_ACCESS_CODE", written["RERENDER_ACCESS_CODE"]),
            owner_code=_code("RERENDER_OWNER_CODE", written["RERENDER_OWNER_CODE"]),
        )

    def refusal(self, person: Person) -> str:
        """Why this person may not come in, in one sentence; empty for one who may."""
        if not person.issuer or not person.subject:
            return "Your sign-in provider did not say who you are."
        if not self.allowed:
            return ""
        if not person.address:
            return "Your sign-in provider did not tell your e-mail address, by which guests are known here."
        if not self._confirms(person):
            return f"Your sign-in provider has not confirmed that {person.address} is your address."
        domain = person.address.partition("@")[2]
        if {person.address, f"@{domain}"} & (self.allowed | self.owners):
            return ""
        return f"{person.address} is not on the guest list."

    def is_owner(self, person: Person) -> bool:
        """Whether this person sees what the owner sees."""
        return not self.refusal(person) and person.address in self.owners and self._confirms(person)

    def _confirms(self, person: Person) -> bool:
        return person.is_confirmed is True or (person.is_confirmed is None and person.issuer in self.trusted_issuers)


@dataclass(frozen=True, slots=True)
class Guest:
    """Who stands at the door, and the workspace behind it; `workspace` is empty before a sign-in that is asked for."""

    database: Database
    policy: Policy
    workspace: str
    person: Person | None = None

    @property
    def refusal(self) -> str:
        """Why the person who signed in may not come in, in one sentence; empty for one who may, and before."""
        return self.policy.refusal(self.person) if self.person else ""

    @property
    def is_admitted(self) -> bool:
        """Whether the workspace may be opened now."""
        if self.workspace == LOCAL:
            return True
        if not self.workspace or self.refusal or (self.policy.signs_in and self.person is None):
            return False
        return not self.policy.access_code or self._has_given(ENTER, self.policy.access_code)

    @property
    def is_owner(self) -> bool:
        """Whether this is the owner, who is admitted in any case where the app is on one's own computer."""
        if self.workspace == LOCAL:
            return True
        if not self.is_admitted:
            return False
        by_address = self.person is not None and self.policy.is_owner(self.person)
        return by_address or (bool(self.policy.owner_code) and self._has_given(OWN, self.policy.owner_code))

    def give(self, purpose: Purpose, typed: str, *, address: str | None) -> None:
        """Give a code that was typed. Raises `codes.NotTaken` with a sentence to show."""
        code = self.policy.access_code if purpose == ENTER else self.policy.owner_code
        if not self.workspace or not code:
            raise codes.NotTaken("No code is asked for any more.")
        codes.give(self.database, self.workspace, purpose, code, typed, address=address)

    def _has_given(self, purpose: Purpose, code: str) -> bool:
        return codes.has_given(self.database, self.workspace, purpose, code)


_SETTINGS = (
    "RERENDER_ALLOWED",
    "RERENDER_OWNERS",
    "RERENDER_TRUSTED_ISSUERS",
    "RERENDER_ACCESS_CODE",
    "RERENDER_OWNER_CODE",
)


def _address(text: str) -> str:
    """The address in small letters; empty for what is no plain one."""
    # Before the letters are made small, because that turns some of other scripts into these.
    if len(text) > _ADDRESS_MAX_CHARS or not text.isascii():
        return ""
    return text.lower() if re.fullmatch(f"{_LOCAL_PART}@{_DOMAIN}", text.lower()) else ""


def _guests(name: str, written: str) -> frozenset[str]:
    """The addresses and @domains of a list."""
    words = _words(name, written)
    for word in words:
        is_domain = word.isascii() and re.fullmatch(f"@{_DOMAIN}", word.lower())
        _require(
            bool(is_domain or _address(word)),
            f"{name} must be e-mail addresses, or domains such as @example.com, with commas between them.",
        )
    return frozenset(word.lower() for word in words)


def _words(name: str, written: str) -> list[str]:
    words = [word for word in re.split(r"[,;\s]+", written) if word]
    _require(bool(words) or not written, f"{name} is set, but names nobody.")
    return words


def _code(name: str, written: str) -> str:
    _require(bool(written.strip()) or not written, f"{name} must have {CODE_MIN_CHARS} characters or more.")
    return written.strip()


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise ConfigurationError(sentence)
