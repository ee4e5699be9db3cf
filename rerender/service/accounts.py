"""Whose key a key is: an account sees its own renders, and to it those of others do not exist."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Protocol

from rerender.errors import ConfigurationError

__all__ = ["OWNER", "Accounts", "OneAccount", "SignedAccounts"]

OWNER = ""
"""The account of whoever started the service, and of what was stored before there were others."""

_API_KEY = re.compile(r"[!-~]+")


class Accounts(Protocol):
    """Who may use the service."""

    def of(self, key: str) -> str | None:
        """The account of an API key, None for a wrong one."""


class OneAccount:
    """Every one of these keys is of the one account. Raises `ConfigurationError` for what could never be sent."""

    def __init__(self, api_keys: Sequence[str]) -> None:
        if not api_keys or not all(map(_API_KEY.fullmatch, api_keys)):
            raise ConfigurationError("An API key is one word of plain ASCII characters.")
        self._keys = [key.encode() for key in api_keys]

    def of(self, key: str) -> str | None:
        """`OWNER`, or None for a wrong key."""
        # Every key is compared, in constant time: how long it takes must not tell which came close.
        return OWNER if sum(hmac.compare_digest(key.encode(), known) for known in self._keys) else None


class SignedAccounts:
    """An account for each name that a key was made for, known by a signature: nothing has to be kept."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)

    def key_of(self, account: str) -> str:
        """The key of the account, which only whoever has the secret can make."""
        return f"{account}.{hmac.new(self._secret, account.encode(), hashlib.sha256).hexdigest()}"

    def of(self, key: str) -> str | None:
        """The account that `key_of` made the key for, None for any other key."""
        account = key.rpartition(".")[0]
        return account if hmac.compare_digest(key.encode(), self.key_of(account).encode()) else None
