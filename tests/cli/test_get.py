"""`python -m rerender get`, in this process."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from rerender.studio.database import Database, sqlite_url
from rerender.studio.history import History
from rerender.studio.runtime import Runtime
from rerender.studio.workspaces import LOCAL
from tests.cli.conftest import broken, document
from tests.fake_api import API_KEY, Answer, FakeApi, picture
from tests.ports import unused_port
from tests.studio.helpers import a_request, backend_at, finished
from tests.studio.rows import add_run
from tests.waiting import wait_until

Cli = Callable[..., Result]


def test_the_latest_runs_are_listed_newest_first(cli: Cli, hosted: FakeApi) -> None:
    assert cli("get").output == "No runs yet.\n"
    assert cli("render", "clay.png", "oak\n\x1b[2Jand glass", "--seed", 1).exit_code == 0
    hosted.state.submit_answers = [Answer(drop=True)]
    assert cli("render", "clay.png", "ünder fire").exit_code == 4
    listed = cli("get")
    assert listed.exit_code == 0
    first, second = listed.stdout.splitlines()
    assert re.fullmatch(r"[0-9a-f]{32}  \d{4}-\d\d-\d\d \d\d:\d\d  may be charged  ünder fire", first)
    assert re.fullmatch(r"[0-9a-f]{32}  \d{4}-\d\d-\d\d \d\d:\d\d  completed       oak \[2Jand glass", second)
    assert [run["state"] for run in document(cli("get", "--json"))["runs"]] == ["uncertain", "completed"]


def test_a_run_is_found_by_its_own_id_and_by_its_renders(cli: Cli, hosted: FakeApi, place: Path) -> None:
    made = document(cli("render", "clay.png", "oak", "--seed", 1, "--json"))
    files = {path.name: path.read_bytes() for path in place.iterdir()}
    for some_id in (made["run_id"], made["render_id"]):
        assert document(cli("get", some_id, "--json")) == made
    assert {path.name: path.read_bytes() for path in place.iterdir()} == files, "writing it twice is writing it once"
    hosted.state.requests.clear()
    assert cli("get", made["run_id"], "--out", "else/where").stdout == "else/where/rerender-oak-seed1-1.png\n"
    assert hosted.state.requests == []


def test_what_ended_otherwise_is_said_again_with_its_code(cli: Cli, hosted: FakeApi) -> None:
    hosted.state.submit_answers = [Answer(402), Answer(drop=True)]
    refused, uncertain = (document(cli("render", "clay.png", "oak", "--json")) for _ in range(2))
    hosted.state.phases = ["dead"]
    dead = document(cli("render", "clay.png", "oak", "--json"))
    for said in (refused, uncertain, dead):
        again = document(cli("get", said["run_id"], "--json"))
        assert again == said
    assert hosted.state.submit_count == 3


def test_a_run_that_another_process_follows_is_waited_for_by_reading_the_history(
    cli: Cli, hosted: FakeApi, tmp_path: Path
) -> None:
    hosted.state.phases = ["processing"]
    app = Runtime.open(tmp_path / "home", sources=[os.environ.get])
    try:
        run_id = app.runner.submit(LOCAL, backend_at(hosted), a_request())
        wait_until(lambda: hosted.state.get_count)
        assert cli("get", run_id, "--timeout", 0).exit_code == 6
        hosted.state.phases = ["completed"]
        assert cli("get", run_id).stdout == "rerender-oak-and-glass-seed7-1.png\n"
        assert finished(app.history(LOCAL), run_id).stored_at
    finally:
        app.close()
    assert len(hosted.state.downloads) == 1, "only its owner fetched it"


def test_a_list_says_that_a_run_was_cancelled_before_it_was_sent(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    database = Database.open(sqlite_url(tmp_path / "home" / "studio.sqlite3"))
    add_run(database, workspace=LOCAL, submission="refused", render_id=None, stored_at=None, stopped_at=5.0)
    database.close()
    assert "  cancelled  " in cli("get").stdout


def test_a_list_takes_up_nothing(cli: Cli, hosted: FakeApi) -> None:
    hosted.state.phases = ["processing"]
    assert cli("render", "clay.png", "oak", "--timeout", 0).exit_code == 6
    hosted.state.requests.clear()
    assert "in progress" in cli("get").stdout
    assert hosted.state.requests == []


def test_pictures_that_were_given_up_are_looked_for_again(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch, history: History
) -> None:
    hosted.state.files = {"/files/render1/0.png": Answer(404)}
    monkeypatch.setattr("rerender.studio.tracker.DOWNLOADS_FOR", -1.0)
    gave_up = cli("render", "clay.png", "oak", "--seed", 1)
    assert gave_up.exit_code == 7
    assert not history.recent()[0].is_unfinished
    hosted.state.files = {}
    assert cli("get", history.recent()[0].run_id).stdout == "rerender-oak-seed1-1.png\n"


def test_what_is_logged_for_programmers_is_not_said(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch, history: History
) -> None:
    hosted.state.phases = ["processing"]
    assert cli("render", "clay.png", "oak", "--timeout", 0).exit_code == 6
    monkeypatch.setenv("GENLY_API_KEY", "no usable key")
    result = cli("get", history.recent()[0].run_id, "--timeout", 1)
    assert result.exit_code == 6
    assert "cannot be used" not in result.stderr


@pytest.fixture
def uncertain(cli: Cli, hosted: FakeApi) -> str:
    """A run whose POST got no answer, although the account has its render, `found1`."""
    hosted.state.submit_answers = [Answer(drop=True)]
    run_id = str(document(cli("render", "clay.png", "oak", "--seed", 1, "--json"))["run_id"])
    hosted.state.renders["found1"] = hosted.state.submits[0].json
    return run_id


def test_a_run_that_may_have_been_charged_gets_the_render_that_its_owner_found(
    cli: Cli, hosted: FakeApi, history: History, uncertain: str
) -> None:
    said = cli("get", uncertain)
    assert said.exit_code == 4
    assert f"`python -m rerender get {uncertain} --render RENDER_ID`" in said.stderr
    assert '"Needs you"' in said.stderr
    for _ in range(2):
        assert cli("get", uncertain, "--render", "found1").stdout == "rerender-oak-seed1-1.png\n"
    run = history.run(uncertain)
    assert run is not None
    assert (run.state, run.render_id, hosted.state.submit_count) == ("completed", "found1", 1)


def test_a_render_id_that_the_api_does_not_know_can_be_corrected(cli: Cli, uncertain: str) -> None:
    mistyped = cli("get", uncertain, "--render", "typo", "--timeout", 0)
    assert mistyped.exit_code == 6
    assert "Nothing is lost" not in mistyped.stderr
    assert f"If the id typo is wrong: python -m rerender get {uncertain} --render RENDER_ID" in mistyped.stderr
    assert cli("get", uncertain, "--render", "found1").stdout == "rerender-oak-seed1-1.png\n"


def test_a_render_id_goes_to_no_run_that_needs_none_and_not_to_two(
    cli: Cli, hosted: FakeApi, history: History, uncertain: str
) -> None:
    made = document(cli("render", "clay.png", "oak", "--json"))
    preview = document(cli("render", "clay.png", "oak", "--preview", "--width", 512, "--height", 512, "--json"))
    before, asked = history.recent(), len(hosted.state.requests)
    for arguments, words in (
        ((uncertain, "--render", made["render_id"]), "This is the render of another run."),
        ((uncertain, "--render", "a b"), "This is no render id."),
        ((made["run_id"], "--render", "found1"), "This run needs no render id: it is completed."),
        ((preview["run_id"], "--render", "found1"), "This run needs no render id: it is completed."),
        (("typo", "--render", "found1"), "No run typo is known here."),
        (("--render", "found1"), "--render goes with the ID of a run."),
    ):
        result = cli("get", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr
    assert (history.recent(), len(hosted.state.requests)) == (before, asked)


@pytest.fixture
def render_id(hosted: FakeApi) -> str:
    """A render that the account has and the history does not know."""
    hosted.state.renders["lost1"] = a_request(batch_size=2).to_json()
    return "lost1"


def test_a_render_that_the_history_does_not_know_is_fetched_from_the_api(
    cli: Cli, hosted: FakeApi, render_id: str, place: Path
) -> None:
    hosted.state.phases = ["processing", "completed"]
    result = cli("get", render_id)
    assert (result.exit_code, hosted.state.submit_count) == (0, 0)
    assert result.stdout.splitlines() == ["rerender-lost1-1.png", "rerender-lost1-2.png"]
    written = json.loads((place / "rerender-lost1.json").read_text("utf-8"))
    assert (written["render_id"], written["phase"], written["backend"]) == ("lost1", "completed", hosted.base_url)
    assert [made["file"] for made in written["pictures"]] == result.stdout.splitlines()
    assert written["answer"]["workflow_id"] == "674829a60a1c7e0df43198b8"
    assert cli("get", render_id).stdout == result.stdout
    assert len(list(place.iterdir())) == 4


def test_2_means_that_nobody_can_be_asked(cli: Cli) -> None:
    result = cli("get", "lost1", "--json")
    assert document(result)["exit_code"] == 2
    assert "GENLY_API_KEY" in result.stderr


@pytest.mark.parametrize("no_id", ["../workflows", "a b/../c", "..", ""])
def test_2_also_means_an_id_that_is_none(cli: Cli, hosted: FakeApi, tmp_path: Path, no_id: str) -> None:
    result = cli("get", no_id)
    assert (result.exit_code, result.stderr) == (2, "This is no run or render id. Looking cost nothing.\n")
    assert (hosted.state.requests, (tmp_path / "home").exists()) == ([], False)


def test_one_look_is_enough_for_what_is_completed_however_long_it_takes(
    cli: Cli, hosted: FakeApi, history: History
) -> None:
    hosted.state.phases = ["processing"]
    assert cli("render", "clay.png", "oak", "--seed", 1, "--timeout", 0).exit_code == 6
    run_id = history.recent()[0].run_id
    assert cli("get", run_id, "--timeout", 0).exit_code == 6
    hosted.state.phases, hosted.state.get_delay = ["completed"], 0.3
    hosted.state.files = {"/files/render1/0.png": Answer(200, picture(1024, 816), delay=0.3)}
    assert cli("get", run_id, "--timeout", 0).stdout == "rerender-oak-seed1-1.png\n"


def test_one_look_is_enough_for_a_render_that_the_history_does_not_know(
    cli: Cli, hosted: FakeApi, render_id: str
) -> None:
    hosted.state.get_delay = 1.2
    assert cli("get", render_id, "--timeout", 0).exit_code == 0


@pytest.mark.parametrize("status", [400, 401, 403])
def test_3_means_that_the_api_refuses(cli: Cli, hosted: FakeApi, render_id: str, status: int) -> None:
    hosted.state.get_answers = [Answer(status, {"error": API_KEY})] * 2
    result = cli("get", render_id)
    assert result.exit_code == 3
    assert "Looking cost nothing. Again: python -m rerender get lost1" in result.stderr
    assert "Nothing was charged" not in result.stderr


def test_3_also_means_that_the_api_has_no_such_render_at_last(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rerender.client.NOT_FOUND_GRACE", 0.5)
    result = cli("get", "typo")
    assert result.exit_code == 3
    assert hosted.state.get_count > 2


@pytest.mark.parametrize("answer", [Answer(404), Answer(408), Answer(503), Answer(drop=True), Answer(200, b"<html>")])
def test_a_fault_that_passes_ends_no_waiting(cli: Cli, hosted: FakeApi, render_id: str, answer: Answer) -> None:
    hosted.state.get_answers = [answer]
    result = cli("get", render_id)
    assert result.exit_code == 0
    assert "Looking again." in result.stderr


@pytest.mark.parametrize("answer", [Answer(404), Answer(503), Answer(drop=True)])
def test_6_also_means_that_such_a_fault_did_not_pass_in_time(
    cli: Cli, hosted: FakeApi, render_id: str, answer: Answer
) -> None:
    hosted.state.get_answers = [answer] * 9
    result = cli("get", render_id, "--timeout", 0, "--quiet")
    assert result.exit_code == 6
    assert result.stderr.endswith("Looking cost nothing. Again: python -m rerender get lost1\n")
    assert "no answer so far" not in result.stderr, "the fault itself is said"


def test_6_also_means_that_the_api_was_not_reached(cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLY_BASE_URL", f"http://127.0.0.1:{unused_port()}")
    assert cli("get", "lost1", "--timeout", 0).exit_code == 6


@pytest.mark.parametrize("method", ["run", "recent", "outputs"])
def test_looking_never_says_that_nothing_was_sent(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    made = document(cli("render", "clay.png", "oak", "--json"))
    monkeypatch.setattr(History, method, broken)
    result = cli("get", *([] if method == "recent" else [made["run_id"]]))
    assert result.exit_code == {"run": 6, "recent": 2, "outputs": 7}[method]
    assert "database" in result.stderr
    assert "Nothing was sent" not in result.stderr
    assert (f"get {made['run_id']}" in result.stderr) == (method != "recent")


@pytest.mark.parametrize(
    ("name", "value"), [("RERENDER_HOME", "/dev/null/home"), ("RERENDER_DATABASE_URL", "no address")]
)
def test_a_setting_that_is_wrong_is_said_without_what_was_sent(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    for arguments in ((), ("some-id",), ("some-id", "--out", "clay.png/inside")):
        result = cli("get", *arguments)
        assert result.exit_code == 2
        assert "Looking cost nothing." in result.stderr
        assert "Nothing was sent" not in result.stderr


@pytest.mark.parametrize("phase", ["failed", "dead"])
def test_5_means_that_the_render_ended_without_pictures(cli: Cli, hosted: FakeApi, render_id: str, phase: str) -> None:
    hosted.state.phases = [phase]
    result = cli("get", render_id, "--json")
    assert (document(result)["phase"], result.exit_code) == (phase, 5)


def test_6_means_that_it_is_not_finished(cli: Cli, hosted: FakeApi, render_id: str) -> None:
    hosted.state.phases = ["queued somewhere"]
    result = cli("get", render_id, "--timeout", 0)
    assert result.exit_code == 6
    assert "python -m rerender get lost1" in result.stderr


def test_7_means_that_pictures_are_missing_and_what_came_is_kept_as_it_came(
    cli: Cli, hosted: FakeApi, render_id: str, place: Path
) -> None:
    hosted.state.files = {"/files/lost1/0.png": Answer(200, b"no picture"), "/files/lost1/1.png": Answer(404)}
    result = cli("get", render_id)
    assert (result.exit_code, result.stdout) == (7, "rerender-lost1-1.bin\n")
    assert (place / "rerender-lost1-1.bin").read_bytes() == b"no picture"
    hosted.state.files = {f"/files/lost1/{n}.png": Answer(404) for n in range(2)}
    assert (cli("get", render_id).exit_code, len(list(place.glob("*-2.json")))) == (7, 0)


def test_7_also_means_completed_without_any_picture(cli: Cli, hosted: FakeApi, render_id: str) -> None:
    hosted.state.outputs = []
    assert cli("get", render_id).exit_code == 7
