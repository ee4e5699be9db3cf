"""Whose runs these are: one workspace on one's own machine, one for each visitor of a host."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from ipaddress import ip_address
from typing import Literal

from rerender.errors import ConfigurationError

__all__ = ["LOCAL", "Mode", "is_secret", "mode", "new_secret", "workspace_of", "workspace_of_person"]

Mode = Literal["local", "hosted"]
LOCAL = "local"


def mode(server_address: str | None, override: str | None = None) -> Mode:
    """`local` only if the app listens on this machine alone, else `hosted`; `override` is RERENDER_MODE.

    Raises `ConfigurationError` for an override that is neither word.
    """
    if override:
        if override not in ("local", "hosted"):
            raise ConfigurationError(f"RERENDER_MODE must be local or hosted, not {override!r}.")
        return "local" if override == "local" else "hosted"
    return "local" if _is_loopback(server_address or "") else "hosted"


def new_secret() -> str:
    """What a visitor's browser is given to hold: 128 random bits in hex."""
    return secrets.token_hex(16)


def is_secret(text: str) -> bool:
    """Whether `new_secret` may have made the text; anything else names no workspace."""
    return re.fullmatch("[0-9a-f]{32}", text) is not None


def workspace_of(secret: str) -> str:
    """The name of a visitor's workspace: the SHA-256 of what only the visitor's browser holds, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def workspace_of_person(issuer: str, subject: str) -> str:
    """The name of the workspace of who signed in, in hex: no secret of a browser's can have the same one.

    By what the provider never gives to another, as it may an e-mail address.
    """
    return hashlib.sha256(json.dumps(["person", issuer, subject]).encode()).hexdigest()


def _is_loopback(address: str) -> bool:
    try:
        return address == "localhost" or ip_address(address).is_loopback
    except ValueError:
        return False
