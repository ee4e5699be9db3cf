"""Codes that let in whoever knows them: given once, counted while they are wrong, and remembered without being kept."""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final, Literal

from sqlalchemy import Connection, delete, insert, select, update

from rerender.errors import RerenderError
from rerender.studio.database import EVERYONE, Database
from rerender.studio.tables import admissions, tries

__all__ = ["ENTER", "OWN", "NotTaken", "Purpose", "TooManyTries", "WrongCode", "forget", "give", "has_given"]

Purpose = Literal["enter", "own"]
ENTER: Final = "enter"
OWN: Final = "own"

TRIES_EACH, SPAN_EACH_S = 5, 5 * 60
"""From one address: enough for a slip or two, too few for a machine. Behind a proxy many people may have one address,
so the span is short."""
TRIES_IN_ALL, SPAN_IN_ALL_S = 100, 60 * 60
"""From everywhere, whatever address is pretended: 2,400 a day, so that the shortest code that is taken, of 8 digits,
lasts a hundred years. Who was let in before is not held up by it."""


class NotTaken(RerenderError):
    """A code was not taken."""


class WrongCode(NotTaken):
    """It is another code."""


class TooManyTries(NotTaken):
    """It was not looked at, because too many wrong ones came before it."""


def give(
    database: Database,
    workspace: str,
    purpose: Purpose,
    code: str,
    typed: str,
    *,
    address: str | None = None,
    wall: Callable[[], float] = time.time,
) -> None:
    """Let the workspace in, from now on and until `code` is another, if `typed` is the code.

    `address` is the network address it came from, None if that is not known. Raises `WrongCode`, `TooManyTries`.
    """
    # Looked at inside the write, which only one has at a time: no two can both be the last try.
    with database.write(EVERYONE) as connection:
        now = wall()
        counters: list[tuple[str, int, int]] = [(purpose, SPAN_IN_ALL_S, TRIES_IN_ALL)]
        if address is not None:
            counters.append((_who(address, purpose, code), SPAN_EACH_S, TRIES_EACH))
        _forget(connection, now)
        full = [_ends(now, length) for who, length, most in counters if _count(connection, who, now, length) >= most]
        is_right = _is_same(typed, code)
        for who, length, _ in [] if full or is_right else counters:
            _add(connection, who, _begins(now, length))
    if full:
        raise TooManyTries(f"Too many wrong codes were tried. Please try again in {_minutes(max(full) - now)}.")
    if not is_right:
        raise WrongCode("That is not the code. Please check it and try again.")
    with database.write(workspace) as connection:
        of_this = (admissions.c.workspace == workspace, admissions.c.purpose == purpose)
        connection.execute(delete(admissions).where(*of_this))
        mark = _fingerprint(code, purpose)
        connection.execute(
            insert(admissions).values(workspace=workspace, purpose=purpose, fingerprint=mark, admitted_at=now)
        )


def has_given(database: Database, workspace: str, purpose: Purpose, code: str) -> bool:
    """Whether the workspace was let in with this very code."""
    mine = select(admissions.c.fingerprint).where(admissions.c.workspace == workspace, admissions.c.purpose == purpose)
    with database.read(workspace) as connection:
        held = connection.scalar(mine)
    return held is not None and hmac.compare_digest(str(held), _fingerprint(code, purpose))


def forget(database: Database, now: float) -> None:
    """Delete what is kept of wrong tries and counts no longer. `now` is seconds since the epoch."""
    with database.write(EVERYONE) as connection:
        _forget(connection, now)


def _forget(connection: Connection, now: float) -> None:
    connection.execute(delete(tries).where(tries.c.span <= now - max(SPAN_IN_ALL_S, SPAN_EACH_S)))


def _is_same(typed: str, code: str) -> bool:
    """In a time that tells nothing of either, not even of their lengths."""
    return hmac.compare_digest(*(hashlib.sha256(text.strip().encode()).digest() for text in (typed, code)))


def _fingerprint(code: str, purpose: str) -> str:
    """What is kept in place of the code: trying codes against it takes a machine's memory and time each."""
    with _one_at_a_time:
        return _slow_hash(code, purpose)


_one_at_a_time = Lock()


# Once a process: it takes 16 MB and some 50 ms.
@lru_cache(maxsize=8)
def _slow_hash(code: str, purpose: str) -> str:
    salt = f"rerender-studio admission {purpose}".encode()
    return hashlib.scrypt(code.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32).hex()


def _who(address: str, purpose: str, code: str) -> str:
    """The address, as only a process that knows the code can find it again."""
    return hmac.new(bytes.fromhex(_fingerprint(code, f"tries {purpose}")), _network(address), "sha256").hexdigest()


def _network(address: str) -> bytes:
    """An IPv4 address, or the network of an IPv6 one, of which each customer has all addresses."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address.encode()
    if isinstance(ip, IPv6Address):
        return ip.ipv4_mapped.packed if ip.ipv4_mapped else ip.packed[:8]
    return ip.packed


def _begins(now: float, length: int) -> int:
    return math.floor(now / length) * length


def _ends(now: float, length: int) -> int:
    return _begins(now, length) + length


def _count(connection: Connection, who: str, now: float, length: int) -> int:
    here = (tries.c.who == who, tries.c.span == _begins(now, length))
    return connection.scalar(select(tries.c.count).where(*here)) or 0


def _add(connection: Connection, who: str, span: int) -> None:
    here = (tries.c.who == who, tries.c.span == span)
    if not connection.execute(update(tries).where(*here).values(count=tries.c.count + 1)).rowcount:
        connection.execute(insert(tries).values(who=who, span=span, count=1))


def _minutes(seconds: float) -> str:
    minutes = max(1, math.ceil(seconds / 60))
    return "a minute" if minutes == 1 else f"{minutes} minutes"
