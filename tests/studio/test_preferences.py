"""Preferences: kept by workspace, checked before they are saved, and read whatever else has been written there."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from sqlalchemy import text

from rerender.errors import ConfigurationError
from rerender.studio.database import EVERYONE, Database
from rerender.studio.preferences import TYPED, Preferences, change, load
from tests.studio.helpers import SQLITE


def write(database: Database, name: str, value: str) -> None:
    with database.write(EVERYONE) as connection:
        row = {"name": name, "value": value}
        connection.execute(text("INSERT INTO preferences VALUES ('ours', :name, :value)"), row)


def test_without_any_they_follow_the_configuration(database: Database) -> None:
    assert load(database, "ours") == Preferences()


def test_a_change_is_kept_and_leaves_the_others_alone(database: Database) -> None:
    change(database, "ours", backend=TYPED, base_url="https://elsewhere.example", credit_price=0.04)
    change(database, "ours", batch_size=4)
    change(database, "ours", credit_price=None)
    expected = Preferences(backend=TYPED, base_url="https://elsewhere.example", batch_size=4)
    assert load(database, "ours") == expected


def test_a_workspace_sees_only_its_own(database: Database) -> None:
    change(database, "ours", batch_size=4)
    change(database, "theirs", batch_size=2)
    assert (load(database, "ours").batch_size, load(database, "theirs").batch_size) == (4, 2)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"backend": "embedded "}, "no such place"),
        ({"base_url": "http://example.org"}, "https"),
        ({"base_url": "genly.ai"}, "https"),
        ({"base_url": "https://user@example.org"}, "user name"),
        ({"base_url": "https://example.org/" + "x" * 2000}, "not a URL"),
        ({"base_url": None}, "not a URL"),
        ({"workflow_id": "../secrets"}, "workflow id"),
        ({"workflow_id": 7}, "workflow id"),
        ({"credits_per_run": -1.0}, "Credits per run"),
        ({"credits_per_run": "1"}, "Credits per run"),
        ({"credit_price": float("nan")}, "price of a credit"),
        ({"credit_price": float("inf")}, "price of a credit"),
        ({"credit_price": True}, "price of a credit"),
        ({"poll_floor": 0.5}, "from 1 to 30 seconds"),
        ({"poll_floor": 31.0}, "from 1 to 30 seconds"),
        ({"batch_size": 5}, "from 1 to 4"),
        ({"batch_size": 2.0}, "from 1 to 4"),
        ({"size": "huge"}, "draft, standard, large"),
        ({"fit": "tile"}, "crop, pad, stretch"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_sentence_and_not_saved(
    database: Database, changes: dict[str, Any], sentence: str
) -> None:
    change(database, "ours", batch_size=3)
    with pytest.raises(ConfigurationError, match=sentence):
        change(database, "ours", **changes)
    assert load(database, "ours") == Preferences(batch_size=3)


@pytest.mark.parametrize("broken", ['"http://example.org"', "null", '{"a": 1}', "[1]", "9" * 400])
def test_a_broken_value_does_not_take_the_others_with_it(database: Database, broken: str) -> None:
    change(database, "ours", batch_size=3)
    write(database, "base_url", broken)
    assert load(database, "ours") == Preferences(batch_size=3)


@SQLITE
@pytest.mark.parametrize("broken", ['"', ""])
def test_what_is_no_json_does_not_take_the_others_with_it(database: Database, broken: str) -> None:
    test_a_broken_value_does_not_take_the_others_with_it(database, broken)


def test_a_name_of_a_newer_version_is_passed_over_and_kept(database: Database) -> None:
    write(database, "of_the_future", '"yes"')
    change(database, "ours", batch_size=2)
    assert load(database, "ours") == Preferences(batch_size=2)
    with database.read(EVERYONE) as connection:
        names = connection.scalars(text("SELECT name FROM preferences ORDER BY name")).all()
    assert names == ["batch_size", "of_the_future"]


def test_what_is_unknown_is_not_even_read(database: Database) -> None:
    for number in range(50):
        write(database, f"unknown{number}", f'"{"x" * 100_000}"')
    tracemalloc.start()
    assert load(database, "ours") == Preferences()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
