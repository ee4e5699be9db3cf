"""Who may come in: every rule as a table, and what cannot be kept is refused before anyone comes in."""

from __future__ import annotations

from typing import Any

import pytest

from rerender.errors import ConfigurationError
from rerender.studio.access import Guest, Person, Policy
from rerender.studio.codes import ENTER, OWN, NotTaken, WrongCode
from rerender.studio.database import Database
from rerender.studio.workspaces import LOCAL, new_secret, workspace_of, workspace_of_person

ISSUER = "https://accounts.example"
CODE, OWNER_CODE = "open sesame", "the owner's word"


def read(settings: dict[str, str], *, signs_in: bool = True, mode: Any = "hosted", is_mode_said: bool = True) -> Policy:
    return Policy.read([settings.get], mode, signs_in=signs_in, is_mode_said=is_mode_said)


def person(email: Any = "ada@example.com", verified: Any = True, **others: Any) -> Person:
    return Person.from_claims({"iss": ISSUER, "sub": "1", "email": email, "email_verified": verified} | others)


@pytest.mark.parametrize(
    "email",
    ["ada@example.com", "Ada@Example.COM", "ada@example.org", "anyone@example.org", "x.y+z@EXAMPLE.org"],
)
def test_a_listed_address_or_one_of_a_listed_domain_is_let_in(email: str) -> None:
    policy = read({"RERENDER_ALLOWED": "ADA@example.com,  @Example.org"})
    assert policy.refusal(person(email)) == ""


@pytest.mark.parametrize(
    "email",
    [
        "bob@example.com",
        "ada@evil-example.com",
        "ada@example.com.evil",
        "ada@sub.example.org",
        "x@evil-example.org",
        "x@example.org.evil",
        "x@evil@example.org",
        "x@evil.test@example.org",
        "@example.org",
        "example.org",
        "x@",
        "",
        " ada@example.com",
        "ada@example.com ",
        "ada@example.com\n",
        "ada @example.com",
        "Ada <ada@example.com>",
        '"x"@example.org',
        "x@example.org, ada@example.com",
        "x@example.org\x00",
        "x@exаmple.org",  # a Cyrillic а
        "x@ｅxample.org",
        "x@example。org",
        "x@EXAMPLE.ORG\u212a",
        "\u212aada@example.com",
        "x" * 250 + "@example.org",
        "x@xn--exmple-4nf.org",
        "x@example.org.",
        "x@.example.org",
        ["x@example.org"],
        {"x@example.org": 1},
        None,
        7,
        True,
    ],
)
def test_an_address_that_only_looks_like_a_listed_one_is_refused(email: Any) -> None:
    policy = read({"RERENDER_ALLOWED": "ada@example.com @example.org"})
    assert policy.refusal(person(email))


def test_a_listed_name_in_another_script_is_a_mistake_in_the_settings() -> None:
    for written in ("@exаmple.org", "ada@exämple.org", "\u212aay@example.org"):
        with pytest.raises(ConfigurationError, match="RERENDER_ALLOWED must be"):
            read({"RERENDER_ALLOWED": written})


@pytest.mark.parametrize("said", [False, None, "false", "yes", 1, 0, "", "True", [True], {}])
def test_an_address_that_the_provider_has_not_confirmed_lets_nobody_in(said: Any) -> None:
    policy = read({"RERENDER_ALLOWED": "ada@example.com", "RERENDER_OWNERS": "ada@example.com"})
    assert "confirmed" in policy.refusal(person(verified=said))
    assert not policy.is_owner(person(verified=said))


def test_the_word_true_is_as_good_as_true_because_some_providers_send_it() -> None:
    assert read({"RERENDER_ALLOWED": "ada@example.com"}).refusal(person(verified="true")) == ""


def test_a_trusted_issuer_may_leave_out_the_claim_but_no_other_may_and_none_may_deny_it() -> None:
    policy = read({"RERENDER_ALLOWED": "@example.com", "RERENDER_TRUSTED_ISSUERS": f"{ISSUER} https://other.example"})
    assert policy.refusal(person(verified=None)) == ""
    assert "confirmed" in policy.refusal(person(verified=False))
    for issuer in (f"{ISSUER}/", f"{ISSUER}.evil", "https://accounts.example/tenant", ISSUER.upper()):
        assert "confirmed" in policy.refusal(person(verified=None, iss=issuer))


def test_without_a_list_whoever_the_provider_signs_in_comes_in_but_nobody_without_a_name() -> None:
    policy = read({})
    assert policy.refusal(person(email=None, verified=None)) == ""
    for claims in ({"iss": ""}, {"sub": ""}, {"sub": None}, {"iss": 7}):
        assert "did not say who you are" in policy.refusal(person(**claims))


def test_an_owner_is_let_in_without_being_on_the_list_and_only_with_a_confirmed_address() -> None:
    policy = read({"RERENDER_ALLOWED": "@guests.example", "RERENDER_OWNERS": "Ada@example.com"})
    assert policy.refusal(person()) == ""
    assert policy.is_owner(person())
    assert not policy.is_owner(person("bob@guests.example"))
    open_to_all = read({"RERENDER_OWNERS": "ada@example.com"})
    assert not open_to_all.is_owner(person(verified=False))
    assert open_to_all.refusal(person(verified=False)) == ""


@pytest.mark.parametrize(
    ("settings", "signs_in", "says"),
    [
        ({"RERENDER_ALLOWED": "@example.com"}, False, "needs sign-in"),
        ({"RERENDER_OWNERS": "ada@example.com"}, False, "needs sign-in"),
        ({"RERENDER_TRUSTED_ISSUERS": ISSUER}, False, "needs sign-in"),
        ({"RERENDER_OWNERS": "@example.com"}, True, "whole addresses"),
        ({"RERENDER_ALLOWED": "  "}, True, "names nobody"),
        ({"RERENDER_ALLOWED": " , "}, True, "names nobody"),
        ({"RERENDER_ALLOWED": "['ada@example.com']"}, True, "must be e-mail addresses"),
        ({"RERENDER_ALLOWED": "example.com"}, True, "must be e-mail addresses"),
        ({"RERENDER_ALLOWED": "*@example.com"}, True, "must be e-mail addresses"),
        ({"RERENDER_ALLOWED": "@*"}, True, "must be e-mail addresses"),
        ({"RERENDER_ALLOWED": "@"}, True, "must be e-mail addresses"),
        ({"RERENDER_ACCESS_CODE": "1234567"}, False, "8 characters"),
        ({"RERENDER_ACCESS_CODE": "   1234567   "}, False, "8 characters"),
        ({"RERENDER_ACCESS_CODE": "          "}, False, "8 characters"),
        ({"RERENDER_OWNER_CODE": "short"}, False, "8 characters"),
        ({"RERENDER_ACCESS_CODE": CODE, "RERENDER_OWNER_CODE": CODE}, False, "must differ"),
    ],
)
def test_settings_that_cannot_be_kept_let_nobody_in(settings: dict[str, str], signs_in: bool, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as refusal:
        read(settings, signs_in=signs_in)
    assert not any(code in str(refusal.value) for name, code in settings.items() if name.endswith("CODE"))


def test_on_ones_own_computer_no_policy_holds_if_that_was_said() -> None:
    settings = {"RERENDER_ALLOWED": "nonsense", "RERENDER_ACCESS_CODE": "x"}
    assert read(settings, mode="local") == Policy()
    assert read({}, mode="local", signs_in=False, is_mode_said=False) == Policy()


@pytest.mark.parametrize(
    ("settings", "signs_in"),
    [({}, True), ({"RERENDER_ACCESS_CODE": CODE}, False), ({"RERENDER_OWNER_CODE": CODE}, False)],
)
def test_a_host_that_takes_itself_for_ones_own_computer_is_not_open(settings: dict[str, str], signs_in: bool) -> None:
    with pytest.raises(ConfigurationError, match="Set RERENDER_MODE"):
        read(settings, mode="local", signs_in=signs_in, is_mode_said=False)


def test_no_code_is_in_what_a_policy_shows_of_itself() -> None:
    policy = read({"RERENDER_ACCESS_CODE": CODE, "RERENDER_OWNER_CODE": OWNER_CODE})
    assert CODE not in repr(policy)
    assert OWNER_CODE not in repr(policy)


def test_a_person_has_one_workspace_that_no_other_person_and_no_browser_has() -> None:
    names = {workspace_of_person(*pair) for pair in (("a", "b"), ("ab", ""), ("", "ab"), ("b", "a"), ('a", "b', ""))}
    assert len(names) == 5
    assert workspace_of_person("a", "b") == workspace_of_person("a", "b")
    assert not names & {LOCAL, workspace_of(new_secret()), ""}


def guest(database: Database, policy: Policy, who: Person | None = None, workspace: str = "ours") -> Guest:
    return Guest(database, policy, workspace, who)


def test_the_code_lets_in_its_workspace_alone_until_it_is_changed(database: Database) -> None:
    policy = read({"RERENDER_ACCESS_CODE": CODE}, signs_in=False)
    ours = guest(database, policy)
    assert not ours.is_admitted
    with pytest.raises(WrongCode):
        ours.give(ENTER, "open sesam", address=None)
    assert not ours.is_admitted
    ours.give(ENTER, f" {CODE}\n", address=None)
    assert ours.is_admitted
    assert not ours.is_owner
    assert not guest(database, policy, workspace="theirs").is_admitted
    changed = read({"RERENDER_ACCESS_CODE": "another one"}, signs_in=False)
    assert not guest(database, changed).is_admitted


def test_the_owners_code_makes_an_owner_of_a_guest_who_is_let_in_and_of_no_other(database: Database) -> None:
    policy = read({"RERENDER_ACCESS_CODE": CODE, "RERENDER_OWNER_CODE": OWNER_CODE}, signs_in=False)
    ours = guest(database, policy)
    ours.give(OWN, OWNER_CODE, address=None)
    assert not ours.is_owner, "not before the guest is let in"
    with pytest.raises(WrongCode):
        ours.give(ENTER, OWNER_CODE, address=None)
    ours.give(ENTER, CODE, address=None)
    assert ours.is_owner
    assert not guest(database, policy, workspace="theirs").is_owner


def test_with_sign_in_and_a_code_both_are_asked_for(database: Database) -> None:
    policy = read({"RERENDER_ACCESS_CODE": CODE, "RERENDER_ALLOWED": "ada@example.com"})
    ada, bob = guest(database, policy, person()), guest(database, policy, person("bob@example.com"), "bobs")
    for one in (ada, bob):
        assert not one.is_admitted
        one.give(ENTER, CODE, address=None)
    assert ada.is_admitted
    assert not bob.is_admitted
    assert "guest list" in bob.refusal


def test_before_a_sign_in_that_is_asked_for_nothing_is_open(database: Database) -> None:
    policy = read({"RERENDER_OWNER_CODE": OWNER_CODE})
    nobody = guest(database, policy, workspace="")
    assert not nobody.is_admitted
    assert not nobody.is_owner
    with pytest.raises(NotTaken):
        nobody.give(OWN, OWNER_CODE, address=None)
    assert not guest(database, policy).is_admitted, "a browser's own workspace is no sign-in"


def test_on_ones_own_computer_everybody_is_the_owner(database: Database) -> None:
    local = guest(database, Policy(), workspace=LOCAL)
    assert local.is_admitted
    assert local.is_owner
    assert not guest(database, Policy()).is_owner
