"""The key of the app's owner serves what it paid for, and nothing else that a visitor says is at the same API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rerender.errors import ConfigurationError
from rerender.studio.backends import PREVIEW, Backend, Caps, api_backend, choose
from rerender.studio.connection import probe
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.keys import Keys
from rerender.studio.preferences import TYPED, WITHOUT_KEY, Preferences
from rerender.studio.runner import Runner
from rerender.studio.runtime import Runtime
from tests.fake_api import API_KEY, Answer, FakeApi
from tests.studio.helpers import a_request, backend_at, finished, read
from tests.studio.rows import JUST_NOW, add_run
from tests.waiting import wait_until

CAPS = {"RERENDER_CAP_PER_VISITOR": "5", "RERENDER_CAP_PER_DAY": "40", "RERENDER_CAP_IN_ALL": "400"}
KEY = {"GENLY_API_KEY": "k1"}
A_VISITORS_KEY = "key-of-a-visitor"


@pytest.fixture
def settings(api: FakeApi) -> dict[str, str]:
    return {"GENLY_API_KEY": API_KEY, "GENLY_BASE_URL": api.base_url, **CAPS}


@pytest.fixture
def open_runtime(tmp_path: Path, settings: dict[str, str]) -> Iterator[Callable[[], Runtime]]:
    """Opens hosted apps on the same home, one after the other."""
    opened: list[Runtime] = []

    def open_() -> Runtime:
        for runtime in opened:
            runtime.close()
        opened.append(Runtime.open(tmp_path / "home", sources=[settings.get], mode="hosted"))
        return opened[-1]

    yield open_
    for runtime in opened:
        runtime.close()


@pytest.fixture
def shared(settings: dict[str, str]) -> Backend:
    return replace(choose([settings.get], "hosted"), poll_floor=0.01)


def looked_at(api: FakeApi) -> set[str]:
    return {request.path.rpartition("/")[2] for request in api.state.gets}


def test_the_owners_key_pays_for_visitors_only_with_all_three_caps() -> None:
    assert choose([KEY.get], "hosted") == PREVIEW
    assert choose([CAPS.get], "hosted") == PREVIEW
    backend = choose([(KEY | CAPS).get], "hosted")
    assert (backend.api_key, backend.caps, backend.is_shared) == ("k1", Caps(5, 40, 400), True)
    assert choose([KEY.get, CAPS.get], "hosted") == backend
    assert choose([(KEY | CAPS).get], "local").caps is None


@pytest.mark.parametrize("missing", CAPS)
def test_a_cap_that_is_missing_beside_others_is_named_and_nothing_is_spent(missing: str) -> None:
    settings = KEY | {name: value for name, value in CAPS.items() if name != missing}
    with pytest.raises(ConfigurationError, match=missing):
        choose([settings.get], "hosted")
    assert choose([settings.get], "local").api_key == "k1"


@pytest.mark.parametrize("written", ["many", "-1", "nan", "inf", "1e999", "5 credits"])
@pytest.mark.parametrize("name", CAPS)
def test_a_cap_that_is_no_amount_is_named_and_nothing_is_spent(name: str, written: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        choose([(KEY | CAPS | {name: written}).get], "hosted")


def test_runs_that_cost_no_credit_would_have_no_cap_so_nothing_is_spent() -> None:
    with pytest.raises(ConfigurationError, match="RERENDER_CREDITS_PER_RUN"):
        choose([(KEY | CAPS | {"RERENDER_CREDITS_PER_RUN": "0"}).get], "hosted")


def test_what_a_visitor_calls_the_price_says_nothing_about_the_owners_credits() -> None:
    preferred = Preferences(credits_per_run=0.0, credit_price=0.0, poll_floor=9.0)
    backend = choose([(KEY | CAPS).get], "hosted", preferred)
    assert (backend.credits_per_run, backend.credit_price, backend.poll_floor) == (1.0, 0.025, 9.0)


def test_a_visitor_may_still_render_elsewhere() -> None:
    settings = (KEY | CAPS).get
    assert choose([settings], "hosted", Preferences(backend=WITHOUT_KEY)) == PREVIEW
    typed = choose([settings], "hosted", Preferences(backend=TYPED), {api_backend("k").base_url: "mine"})
    assert (typed.api_key, typed.is_shared) == ("mine", False)
    assert choose([settings], "hosted", Preferences(backend=TYPED)).needs_key


def test_the_owners_key_is_not_among_the_typed_ones() -> None:
    keys = Keys(lambda: 0.0)
    shared = choose([(KEY | CAPS).get], "hosted")
    keys.offer("ours", shared)
    assert keys.find("ours", shared.name) == []


def test_a_run_that_the_owner_paid_for_is_fetched_after_a_restart_too(
    open_runtime: Callable[[], Runtime], shared: Backend, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    runtime = open_runtime()
    run_id = runtime.runner.submit("ours", shared, a_request())
    wait_until(lambda: read(runtime.history("ours"), run_id).phase)
    again = open_runtime()
    api.state.phases = ["completed"]
    run = finished(again.history("ours"), run_id)
    assert run.stored_at is not None
    assert run.is_shared
    assert {request.auth for request in api.state.gets} == {f"Bearer {API_KEY}"}


@pytest.mark.parametrize("columns", [{"finished_at": None}, {"stopped_at": 1001.0}], ids=["unfinished", "stopped"])
def test_a_run_that_a_visitor_imported_is_never_looked_at_with_the_owners_key(
    open_runtime: Callable[[], Runtime], shared: Backend, api: FakeApi, columns: dict[str, object]
) -> None:
    runtime = open_runtime()
    paid = runtime.runner.submit("theirs", shared, a_request())
    of_another = finished(runtime.history("theirs"), paid).render_id
    stolen = {"backend": shared.name, "render_id": of_another, "phase": None, "stored_at": None}
    run_id = add_run(runtime.database, **{**JUST_NOW, **stolen, **columns})
    looks = api.state.get_count
    runtime = open_runtime()
    runtime.runner.look_again("ours", run_id)
    # With the owner's key in use for a run of the same visitor, and offered by a page.
    own = runtime.runner.submit("ours", shared, a_request(seed=8))
    runtime.runner.offer("ours", shared)
    finished(runtime.history("ours"), own)
    wait_until(lambda: "waiting for the key" in str(read(runtime.history("ours"), run_id).error))
    assert of_another not in {request.path.rpartition("/")[2] for request in api.state.gets[looks:]}
    assert runtime.history("ours").outputs(run_id) == []


def test_a_guessed_render_id_is_not_looked_up_with_the_owners_key(
    open_runtime: Callable[[], Runtime], shared: Backend, api: FakeApi
) -> None:
    runtime = open_runtime()
    unknown = {"backend": shared.name, "submission": "uncertain", "render_id": None, "phase": None, "stored_at": None}
    run_id = add_run(runtime.database, **unknown)
    paid = add_run(runtime.database, is_shared=True, **unknown)
    assert runtime.runner.attach("ours", run_id, "f" * 24)
    assert not runtime.runner.attach("ours", paid, "e" * 24)
    runtime.runner.offer("ours", shared)
    wait_until(lambda: "waiting for the key" in str(read(runtime.history("ours"), run_id).error))
    assert looked_at(api) == set()


def test_a_visitors_key_is_not_used_for_what_the_owner_paid_for(
    start_runner: Callable[..., Runner], database: Database, history: History, api: FakeApi
) -> None:
    mine = backend_at(api, A_VISITORS_KEY)
    started = {"backend": mine.name, "finished_at": None, "stored_at": None, "phase": None}
    paid, own = (add_run(database, is_shared=is_shared, **started) for is_shared in (True, False))
    runner = start_runner(lambda _: None)
    runner.offer("ours", mine)
    wait_until(lambda: "waiting for the app owner's key" in str(read(history, paid).error))
    wait_until(lambda: looked_at(api))
    assert looked_at(api) == {read(history, own).render_id}
    assert paid not in {run.run_id for _, run in history.needs()}


@pytest.mark.parametrize("status", [401, 402, 403, 404, 422])
def test_what_the_api_says_of_the_owners_account_is_not_for_visitors(
    open_runtime: Callable[[], Runtime], shared: Backend, api: FakeApi, status: int
) -> None:
    api.state.submit_answers = [Answer(status, {"error": "jane@example.org has 0 credits"})]
    runtime = open_runtime()
    run = finished(runtime.history("ours"), runtime.runner.submit("ours", shared, a_request()))
    assert (run.submission, run.credits) == ("refused", 0.0)
    assert "jane" not in str(run.error)
    assert "Nothing was charged" in str(run.error)


@pytest.mark.parametrize("status", [200, 500])
def test_an_odd_answer_about_the_owners_account_is_not_for_visitors_either(
    open_runtime: Callable[[], Runtime], shared: Backend, api: FakeApi, status: int
) -> None:
    api.state.submit_answers = [Answer(status, {"error": "jane@example.org has 0 credits"})]
    runtime = open_runtime()
    run = finished(runtime.history("ours"), runtime.runner.submit("ours", shared, a_request()))
    assert (run.submission, "jane" in str(run.error)) == ("uncertain", False)
    assert "charged to the owner of this app" in str(run.error)


def test_nor_is_what_it_says_to_a_look_or_a_test(
    open_runtime: Callable[[], Runtime], shared: Backend, api: FakeApi
) -> None:
    said = Answer(402, {"error": "jane@example.org has 0 credits"})
    api.state.phases = ["processing"]
    runtime = open_runtime()
    history = runtime.history("ours")
    run_id = runtime.runner.submit("ours", shared, a_request())
    wait_until(lambda: read(history, run_id).phase)
    api.state.get_answers = [said] * 1000
    wait_until(lambda: read(history, run_id).error)
    assert "jane" not in str(read(history, run_id).error)
    assert "jane" not in probe(shared).says


def test_a_lost_answer_says_who_may_have_been_charged(
    open_runtime: Callable[[], Runtime], shared: Backend, api: FakeApi
) -> None:
    api.state.submit_answers = [Answer(drop=True)]
    runtime = open_runtime()
    run = finished(runtime.history("ours"), runtime.runner.submit("ours", shared, a_request()))
    assert "may have been charged to the owner of this app" in str(run.error)
    assert "your account" not in str(run.error)
