from __future__ import annotations

from dataclasses import replace

import pytest

from rerender.client import DEFAULT_BASE_URL
from rerender.errors import ConfigurationError
from rerender.studio.backends import PREVIEW, api_backend, choose, origin_of
from rerender.studio.preferences import CONFIGURED, TYPED, WITHOUT_KEY, Preferences
from rerender.studio.workspaces import Mode, mode, workspace_of

NOTHING: dict[str, str] = {}


def test_without_a_key_it_is_the_preview_which_costs_nothing() -> None:
    assert choose([NOTHING.get], "local") == PREVIEW
    assert PREVIEW.cost == 0


def test_with_a_key_it_is_the_hosted_api_at_the_documented_price() -> None:
    backend = choose([NOTHING.get, {"GENLY_API_KEY": "k1"}.get], "local")
    assert (backend.name, backend.base_url, backend.api_key) == (DEFAULT_BASE_URL, DEFAULT_BASE_URL, "k1")
    assert (backend.credits_per_run, backend.cost, backend.is_preview) == (1.0, 0.025, False)


def test_a_key_goes_only_to_the_address_of_its_own_source() -> None:
    secrets = {"GENLY_API_KEY": "from-secrets"}
    environment = {"GENLY_API_KEY": "from-environment", "GENLY_BASE_URL": "https://elsewhere.example"}
    assert choose([secrets.get, environment.get], "local").base_url == DEFAULT_BASE_URL
    backend = choose([NOTHING.get, environment.get], "local")
    assert (backend.name, backend.api_key) == ("https://elsewhere.example", "from-environment")


def test_hosted_never_uses_the_owners_key() -> None:
    assert choose([{"GENLY_API_KEY": "k1"}.get], "hosted") == PREVIEW


def test_credits_and_price_are_settings() -> None:
    settings = {"GENLY_API_KEY": "k1", "RERENDER_CREDITS_PER_RUN": "2", "RERENDER_CREDIT_PRICE": "0.04"}
    assert choose([settings.get], "local").cost == pytest.approx(0.08)


@pytest.mark.parametrize("written", ["a lot", "-1", "nan", "inf"])
def test_a_price_that_is_no_amount_is_refused_by_name(written: str) -> None:
    settings = {"GENLY_API_KEY": "k1", "RERENDER_CREDIT_PRICE": written}
    with pytest.raises(ConfigurationError, match="RERENDER_CREDIT_PRICE"):
        choose([settings.get], "local")


@pytest.mark.parametrize(
    ("key", "base_url"),
    [("two words", DEFAULT_BASE_URL), ("k1", "genly.ai"), ("k1", "http://genly.ai"), ("k1", "https://a@b.example")],
)
def test_a_key_or_address_that_cannot_be_used_is_refused(key: str, base_url: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        api_backend(key, base_url=base_url)
    assert key not in str(refusal.value) or key == "k1"


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        ("https://Rerender.genly.ai/", "https://rerender.genly.ai"),
        ("https://genly.ai:443/deeper", "https://genly.ai"),
        ("http://127.0.0.1:8600", "http://127.0.0.1:8600"),
        ("http://[::1]:8600/x", "http://[::1]:8600"),
    ],
)
def test_a_backend_is_named_by_its_origin(base_url: str, origin: str) -> None:
    assert origin_of(base_url) == origin


def test_a_key_is_in_no_repr() -> None:
    assert "k-secret" not in repr(api_backend("k-secret"))


@pytest.mark.parametrize(
    ("credits_per_run", "runs", "said"),
    [(1, 1, "1 credit, about $0.025"), (1, 2, "2 credits, about $0.050"), (0.5, 2, "1 credit, about $0.025")],
)
def test_a_price_counts_the_credits_of_all_runs(credits_per_run: float, runs: int, said: str) -> None:
    assert api_backend("k", credits_per_run=credits_per_run).price(runs) == said


ELSEWHERE = "https://elsewhere.example"
OWNERS = {"GENLY_API_KEY": "owners", "GENLY_BASE_URL": "https://owner.example"}
ANYWHERE = {DEFAULT_BASE_URL: "for-genly", ELSEWHERE: "for-elsewhere", "https://owner.example": "for-owner"}
PREVIEWED = ("", "")


@pytest.mark.parametrize(
    ("mode", "preferred", "settings", "typed_keys", "expected"),
    [
        ("local", {"backend": CONFIGURED}, NOTHING, ANYWHERE, PREVIEWED),
        ("local", {"backend": CONFIGURED}, OWNERS, ANYWHERE, ("https://owner.example", "owners")),
        (
            "local",
            {"backend": CONFIGURED, "base_url": ELSEWHERE},
            OWNERS,
            ANYWHERE,
            ("https://owner.example", "owners"),
        ),
        ("local", {"backend": WITHOUT_KEY}, OWNERS, ANYWHERE, PREVIEWED),
        ("local", {"backend": TYPED}, OWNERS, ANYWHERE, (DEFAULT_BASE_URL, "for-genly")),
        ("local", {"backend": TYPED}, OWNERS, NOTHING, (DEFAULT_BASE_URL, "")),
        ("local", {"backend": TYPED, "base_url": ELSEWHERE}, OWNERS, ANYWHERE, (ELSEWHERE, "for-elsewhere")),
        ("local", {"backend": TYPED, "base_url": ELSEWHERE}, OWNERS, {DEFAULT_BASE_URL: "k"}, (ELSEWHERE, "")),
        (
            "local",
            {"backend": TYPED, "base_url": "https://owner.example"},
            OWNERS,
            NOTHING,
            ("https://owner.example", ""),
        ),
        ("hosted", {"backend": CONFIGURED}, OWNERS, ANYWHERE, PREVIEWED),
        ("hosted", {"backend": WITHOUT_KEY}, OWNERS, ANYWHERE, PREVIEWED),
        ("hosted", {"backend": TYPED}, OWNERS, ANYWHERE, (DEFAULT_BASE_URL, "for-genly")),
        ("hosted", {"backend": TYPED}, OWNERS, NOTHING, (DEFAULT_BASE_URL, "")),
        ("hosted", {"backend": TYPED, "base_url": ELSEWHERE}, OWNERS, ANYWHERE, (DEFAULT_BASE_URL, "for-genly")),
        ("hosted", {"backend": TYPED, "base_url": ELSEWHERE}, OWNERS, {ELSEWHERE: "k"}, (DEFAULT_BASE_URL, "")),
    ],
)
def test_a_typed_key_and_a_configured_one_each_go_to_their_own_address_only(
    mode: Mode,
    preferred: dict[str, str],
    settings: dict[str, str],
    typed_keys: dict[str, str],
    expected: tuple[str, str],
) -> None:
    backend = choose([settings.get], mode, Preferences(**preferred), typed_keys)  # type: ignore[arg-type]
    assert (backend.base_url, backend.api_key) == expected
    assert backend.is_preview == (expected == PREVIEWED)
    assert backend.needs_key == (expected != PREVIEWED and not expected[1])


def test_a_backend_whose_key_is_missing_cannot_be_asked_for_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLY_API_KEY", "owners")
    with pytest.raises(ConfigurationError):
        choose([NOTHING.get], "local", Preferences(backend=TYPED)).client()


def test_pace_and_price_of_the_workspace_reach_the_backend_and_never_the_preview() -> None:
    preferences = Preferences(credits_per_run=2.0, credit_price=0.04, poll_floor=7.0)
    configured = choose([OWNERS.get], "local", preferences)
    assert (configured.cost, configured.poll_floor) == (pytest.approx(0.08), 7.0)
    typed = choose([NOTHING.get], "local", replace(preferences, backend=TYPED))
    assert (typed.cost, typed.poll_floor) == (pytest.approx(0.08), 7.0)
    assert choose([NOTHING.get], "local", preferences) == PREVIEW


def test_a_price_that_nobody_prefers_is_the_configured_one_for_a_typed_key_too() -> None:
    settings = {"RERENDER_CREDITS_PER_RUN": "3"}
    preferences = Preferences(backend=TYPED, credit_price=0.0)
    backend = choose([settings.get], "local", preferences)
    assert (backend.credits_per_run, backend.cost) == (3.0, 0.0)


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.3.2.1", "::1"])
def test_an_app_that_listens_on_this_machine_only_is_local(address: str) -> None:
    assert mode(address) == "local"


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.1.4", "example.com"])
def test_every_other_app_is_hosted(address: str | None) -> None:
    assert mode(address) == "hosted"


def test_the_mode_can_be_set_by_name_only() -> None:
    assert (mode("0.0.0.0", "local"), mode("localhost", "hosted")) == ("local", "hosted")
    with pytest.raises(ConfigurationError, match="RERENDER_MODE"):
        mode("localhost", "Local host")


def test_a_workspace_name_does_not_tell_the_secret() -> None:
    assert workspace_of("secret") == "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
