"""An account sees its own renders, and to it those of others do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rerender.service.accounts import OneAccount, SignedAccounts
from rerender.service.server import LocalServer
from tests.service.calls import Caller
from tests.service.engines import FlatEngine

ACCOUNTS = SignedAccounts(b"a secret of the tests")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path / "service", FlatEngine(), ACCOUNTS)
    server.start()
    yield server
    server.close()


def caller(server: LocalServer, account: str) -> Caller:
    return Caller(server.base_url, ACCOUNTS.key_of(account))


def test_a_render_of_another_account_is_as_one_that_does_not_exist(server: LocalServer) -> None:
    ours, theirs = caller(server, "ours"), caller(server, "theirs")
    render = ours.wait(ours.submit())
    answer, unknown = theirs.get(render["_id"]), theirs.get("0" * 24)
    assert (answer.status_code, answer.content) == (404, unknown.content)
    assert ours.get(render["_id"]).status_code == 200


def test_only_its_own_account_can_have_a_render_forgotten(server: LocalServer) -> None:
    ours = caller(server, "ours")
    render = ours.wait(ours.submit())
    for account in ("theirs", ""):
        server.forget(render["_id"], account)
        assert ours.get(render["_id"]).status_code == 200
    server.forget(render["_id"], "ours")
    assert ours.get(render["_id"]).status_code == 404


def test_renders_stay_with_their_account_when_the_service_starts_again(tmp_path: Path) -> None:
    for made_before in (False, True):
        server = LocalServer(tmp_path / "service", FlatEngine(), ACCOUNTS)
        server.start()
        if not made_before:
            ours = caller(server, "ours")
            render_id = ours.wait(ours.submit())["_id"]
        assert caller(server, "ours").get(render_id).status_code == 200
        assert caller(server, "theirs").get(render_id).status_code == 404
        server.close()


@pytest.mark.parametrize(
    "key",
    [
        "ours",
        "ours.",
        f"theirs.{ACCOUNTS.key_of('ours').rpartition('.')[2]}",
        f"{ACCOUNTS.key_of('ours')}0",
        ACCOUNTS.key_of("ours")[:-1],
        SignedAccounts(b"another").key_of("ours"),
        f".{'0' * 64}",
    ],
)
def test_a_key_that_was_not_made_here_opens_nothing(key: str, server: LocalServer) -> None:
    assert ACCOUNTS.of(key) is None
    assert Caller(server.base_url, key).get("0" * 24).status_code == 401


def test_several_keys_of_one_account_see_the_same() -> None:
    keys = OneAccount(["first", "second"])
    assert keys.of("first") == keys.of("second") == ""
    assert keys.of("third") is None
