"""Brute force against a code, on a real database: never more tries than allowed, whatever runs at once."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from rerender.studio import codes
from rerender.studio.codes import (
    ENTER,
    OWN,
    SPAN_EACH_S,
    SPAN_IN_ALL_S,
    TRIES_EACH,
    TRIES_IN_ALL,
    Purpose,
    TooManyTries,
    WrongCode,
)
from rerender.studio.database import EVERYONE, Database
from rerender.studio.tables import admissions, tries

CODE = "correct horse"
HOUR = 1_700_000_000 // SPAN_IN_ALL_S * SPAN_IN_ALL_S
THREADS = 8


@pytest.fixture
def give(database: Database) -> Callable[..., str]:
    """What becomes of a code that is given: "in", "wrong" or "blocked"."""

    def give(typed: str, address: str | None = "192.0.2.1", at: float = HOUR, purpose: Purpose = ENTER) -> str:
        try:
            codes.give(database, "ours", purpose, CODE, typed, address=address, wall=lambda: at)
        except WrongCode:
            return "wrong"
        except TooManyTries:
            return "blocked"
        return "in"

    return give


def all_at_once(give: Callable[..., str], addresses: list[str | None]) -> list[str]:
    start = threading.Barrier(THREADS)

    def share(number: int) -> list[str]:
        start.wait()
        return [give(f"guess {number} {address}", address) for address in addresses[number::THREADS]]

    with ThreadPoolExecutor(THREADS) as threads:
        return [outcome for outcomes in threads.map(share, range(THREADS)) for outcome in outcomes]


def test_one_address_has_exactly_its_tries_however_many_it_makes_at_once(give: Callable[..., str]) -> None:
    outcomes = all_at_once(give, ["192.0.2.1"] * 48)
    assert outcomes.count("wrong") == TRIES_EACH
    assert outcomes.count("blocked") == 48 - TRIES_EACH


@pytest.mark.parametrize("address", ["192.0.{}.{}", None])
def test_all_addresses_together_have_exactly_their_tries(give: Callable[..., str], address: str | None) -> None:
    outcomes = all_at_once(give, [address and address.format(i // 250, i % 250) for i in range(TRIES_IN_ALL + 40)])
    assert outcomes.count("wrong") == TRIES_IN_ALL
    assert outcomes.count("blocked") == 40


def test_while_blocked_even_the_right_code_is_refused_with_when_to_try_again(
    database: Database, give: Callable[..., str]
) -> None:
    for guess in range(TRIES_EACH):
        assert give(f"guess {guess}") == "wrong"
    with pytest.raises(TooManyTries, match="again in 4 minutes"):
        codes.give(database, "ours", ENTER, CODE, CODE, address="192.0.2.1", wall=lambda: HOUR + 90)
    assert not codes.has_given(database, "ours", ENTER, CODE)
    assert give(CODE, at=HOUR + SPAN_EACH_S - 1) == "blocked"
    assert give(CODE, address="192.0.2.2") == "in", "another address is not held up"
    assert give(CODE, at=HOUR + SPAN_EACH_S) == "in"


def test_where_all_are_blocked_it_is_until_the_hour_is_over_and_who_is_in_stays_in(
    database: Database, give: Callable[..., str]
) -> None:
    assert give(CODE) == "in"
    for guess in range(TRIES_IN_ALL):
        assert give(f"guess {guess}", None) == "wrong"
    assert give(CODE, "192.0.2.9", HOUR + SPAN_IN_ALL_S - 1) == "blocked"
    assert codes.has_given(database, "ours", ENTER, CODE)
    assert give(CODE, "192.0.2.9", HOUR + SPAN_IN_ALL_S) == "in"


def test_a_restart_begins_no_new_count(database_url: str, give: Callable[..., str]) -> None:
    for guess in range(TRIES_EACH):
        give(f"guess {guess}")
    reopened = Database.open(database_url)
    with pytest.raises(TooManyTries):
        codes.give(reopened, "ours", ENTER, CODE, CODE, address="192.0.2.1", wall=lambda: HOUR)
    reopened.close()


def test_right_codes_are_not_counted(give: Callable[..., str]) -> None:
    assert {give(CODE) for _ in range(TRIES_EACH * 3)} == {"in"}


def test_addresses_that_one_customer_has_are_one(give: Callable[..., str]) -> None:
    assert [give("x", f"2001:db8:1:2::{i:x}") for i in range(7)] == ["wrong"] * TRIES_EACH + ["blocked"] * 2
    assert give("x", "2001:db8:1:3::1") == "wrong"
    assert [give("x", a) for a in ("192.0.2.7", "::ffff:192.0.2.7") * 3] == ["wrong"] * TRIES_EACH + ["blocked"]
    assert give("x", "not an address") == "wrong"


def test_the_owners_code_is_counted_for_itself(give: Callable[..., str]) -> None:
    for guess in range(TRIES_EACH):
        assert give(f"guess {guess}", purpose=OWN) == "wrong"
    assert give(CODE, purpose=OWN) == "blocked"
    assert give(CODE, purpose=ENTER) == "in"


def test_neither_the_code_nor_a_quick_hash_of_it_nor_an_address_is_kept_and_old_counts_go(
    database: Database, database_file: Path, give: Callable[..., str]
) -> None:
    give("guess")
    give(CODE)
    with database.read(EVERYONE) as connection:
        (mark,) = connection.scalars(select(admissions.c.fingerprint))
        kept = {row.who for row in connection.execute(select(tries))}
    assert len(kept) == 2
    assert len(mark) == 64
    files = b"".join(path.read_bytes() for path in database_file.parent.iterdir())
    assert CODE.encode() not in files
    assert b"192.0.2.1" not in files
    for name in ("md5", "sha1", "sha256", "blake2b"):
        for text in (CODE, f"{ENTER}{CODE}", f"{CODE}{ENTER}"):
            assert hashlib.new(name, text.encode()).hexdigest().encode() not in files
    assert give("late guess", at=HOUR + 3 * SPAN_IN_ALL_S) == "wrong"
    with database.read(EVERYONE) as connection:
        assert len(list(connection.execute(select(tries)))) == 2
