"""`python -m rerender render`, in this process."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image

from rerender.models import RenderRequest
from rerender.studio.backends import PREVIEW
from rerender.studio.curation import Curation
from rerender.studio.database import EVERYONE, Database, sqlite_url
from rerender.studio.history import History
from rerender.studio.runtime import Runtime
from rerender.studio.workspaces import LOCAL
from tests.cli.conftest import broken, document
from tests.fake_api import API_KEY, Answer, FakeApi, Request
from tests.ports import unused_port

Cli = Callable[..., Result]


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.name != "clay.png")


def test_pictures_are_written_beside_what_is_needed_to_render_them_again(
    cli: Cli, hosted: FakeApi, place: Path, history: History
) -> None:
    result = cli("render", "clay.png", "oak and glass", "--batch-size", 2, "--seed", 7)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["rerender-oak-and-glass-seed7-1.png", "rerender-oak-and-glass-seed7-2.png"]
    written = json.loads((place / "rerender-oak-and-glass-seed7.json").read_text("utf-8"))
    control_image = (place / written["request"]["control_image"]["file"]).read_bytes()
    again = RenderRequest(**written["request"] | {"control_image": control_image})
    assert [request.json for request in hosted.state.submits] == [again.to_json()]
    assert hashlib.sha256(control_image).hexdigest() == written["request"]["control_image"]["sha256"]
    assert (written["render_id"], written["phase"], written["backend"]) == ("render1", "completed", hosted.base_url)
    assert (written["credits"], written["cost"]) == (1.0, 0.025)
    assert [made["file"] for made in written["pictures"]] == result.stdout.splitlines()
    assert [made["seed"] for made in written["pictures"]] == [None, None], "the API says one for the whole batch"
    run = history.run(written["run_id"])
    assert run is not None
    assert run.stored_at
    kept = [history.data(output.sha256) for output in history.outputs(run.run_id)]
    assert kept == [(place / name).read_bytes() for name in result.stdout.splitlines()]


def test_where_and_for_how_much_is_said_before_anything_is_sent(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("rerender.cli.terminal.Terminal.note", lambda _self, sentence: said.append(sentence))
    said_before: list[str] = []
    hosted.state.on_request = lambda request: said_before.extend(said) if request.method == "POST" else None
    assert cli("render", "clay.png", "oak", "--seed", 3).exit_code == 0
    assert f"1 picture, 1024 × 816, seed 3, at {hosted.base_url}: 1 credit, about $0.025." in said_before[0]


def test_without_a_key_the_preview_engine_renders_for_nothing(cli: Cli, place: Path) -> None:
    result = cli("render", "clay.png", "oak", "--width", 512, "--batch-size", 2, "--seed", 5, "--json", "--out", "made")
    said = document(result)
    assert (said["backend"], said["cost"], said["exit_code"], result.stderr) == ("embedded", 0.0, 0, "")
    assert [made["seed"] for made in said["pictures"]] == [5, 6]
    for made in said["pictures"]:
        with Image.open(place / said["folder"] / made["file"]) as image:
            assert image.size == (512, 512)


def test_a_preview_spends_nothing_even_if_there_is_a_key(cli: Cli, hosted: FakeApi) -> None:
    result = cli("render", "clay.png", "oak", "--preview", "--width", 512, "--height", 512)
    assert (result.exit_code, hosted.state.requests) == (0, [])
    assert "no AI model" in result.stderr


def test_beside_the_app_a_preview_is_made_too_but_does_not_outlive_the_command(cli: Cli, tmp_path: Path) -> None:
    app = Runtime.open(tmp_path / "home")
    try:
        app.ready(PREVIEW, "local")
        (tmp_path / "home" / "service" / "pid").write_text("1")  # as if the app were another process
        small = ("render", "clay.png", "oak", "--seed", 1, "--width", 512, "--height", 512)
        large = ("--batch-size", 4, "--width", 2048, "--height", 2048)
        stopped = cli("render", "clay.png", "oak", *large, "--timeout", 0)
        assert stopped.exit_code == 6
        assert "It cost nothing; render it again." in stopped.stderr
        assert cli("get", document(cli("get", "--json"))["runs"][0]["run_id"]).exit_code == 5
        assert cli(*small).exit_code == 0
    finally:
        app.close()


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ((), (1024, 816)),
        (("--width", 800), (800, 640)),
        (("--height", 1024), (1280, 1024)),
        (("--width", 600, "--height", 700, "--fit", "pad"), (600, 700)),
    ],
)
def test_sizes_that_are_not_given_follow_the_images_aspect(
    cli: Cli, hosted: FakeApi, options: tuple[object, ...], size: tuple[int, int]
) -> None:
    assert cli("render", "clay.png", "oak", *options).exit_code == 0
    (sent,) = hosted.state.submits
    assert (sent.json["image_width"], sent.json["image_height"]) == size
    prepared = RenderRequest.from_json(sent.json).control_image
    with Image.open(io.BytesIO(prepared)) as image:
        assert image.size == size
        assert (image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)) == ("pad" in options)


def test_a_seed_that_is_not_given_is_another_each_time_and_is_said(cli: Cli, hosted: FakeApi) -> None:
    said = [document(cli("render", "clay.png", "oak", "--json")) for _ in range(2)]
    seeds = [sent.json["seed"] for sent in hosted.state.submits]
    assert seeds == [one["request"]["seed"] for one in said]
    assert seeds[0] != seeds[1]


def test_a_control_image_that_was_sent_is_sent_the_same_again(cli: Cli, hosted: FakeApi) -> None:
    first = document(cli("render", "clay.png", "oak", "--seed", 1, "--json"))
    assert cli("render", first["request"]["control_image"]["file"], "oak", "--seed", 1).exit_code == 0
    assert hosted.state.submits[0].json == hosted.state.submits[1].json


def test_no_file_is_overwritten(cli: Cli, hosted: FakeApi, place: Path) -> None:
    assert cli("render", "clay.png", "oak", "--seed", 1).exit_code == 0
    before = {name: (place / name).read_bytes() for name in names(place)}
    second = cli("render", "clay.png", "oak", "--seed", 1)
    assert second.stdout.splitlines() == ["rerender-oak-seed1-1-2.png"]
    assert {name: (place / name).read_bytes() for name in before} == before
    written = json.loads((place / "rerender-oak-seed1-2.json").read_text("utf-8"))
    assert (written["render_id"], written["pictures"][0]["file"]) == ("render2", "rerender-oak-seed1-1-2.png")


def test_progress_and_quiet_leave_stdout_to_file_names(cli: Cli, hosted: FakeApi) -> None:
    hosted.state.phases = ["processing", "completed"]
    loud = cli("render", "clay.png", "oak", "--seed", 1)
    assert "processing" in loud.stderr.splitlines()
    assert loud.stdout == "rerender-oak-seed1-1.png\n"
    hosted.state.phases = ["completed"]
    quiet = cli("render", "clay.png", "oak", "--seed", 2, "--quiet")
    assert (quiet.stdout, quiet.stderr) == ("rerender-oak-seed2-1.png\n", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("no-such.png", "oak"), "does not exist"),
        (("text.png", "oak"), "not an image of a known kind"),
        (("clay.png", "  "), "prompt must say something"),
        (("clay.png", "oak", "--batch-size", 5), "1<=x<=4"),
        (("clay.png", "oak", "--width", 100), "512<=x<=2048"),
        (("clay.png", "oak", "--out", "text.png/inside"), "cannot be written"),
    ],
)
def test_2_means_a_wrong_value_and_that_nothing_was_sent(
    cli: Cli, hosted: FakeApi, place: Path, arguments: tuple[object, ...], words: str
) -> None:
    (place / "text.png").write_text("no picture")
    result = cli("render", *arguments)
    assert (result.exit_code, result.stdout, hosted.state.requests) == (2, "", [])
    assert words in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GENLY_API_KEY", "two words", "API key"),
        ("GENLY_BASE_URL", "http://example.com", "https"),
        ("RERENDER_HOME", "/dev/null/home", "cannot be written"),
        ("RERENDER_DATABASE_URL", "no address", "cannot be used"),
    ],
)
def test_2_means_a_wrong_setting_and_that_nothing_was_sent(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    result = cli("render", "clay.png", "oak", "--json")
    assert (document(result)["exit_code"], hosted.state.requests) == (2, [])
    assert words in result.stderr
    assert "Nothing was sent." in result.stderr


@pytest.mark.parametrize("status", [400, 401, 402, 422])
def test_3_means_refused_and_that_nothing_was_charged(cli: Cli, hosted: FakeApi, status: int) -> None:
    hosted.state.submit_answers = [Answer(status, {"error": f"no, {API_KEY}"})]
    result = cli("render", "clay.png", "oak")
    assert (result.exit_code, result.stdout, hosted.state.submit_count) == (3, "", 1)
    assert "Nothing was charged." in result.stderr


def test_3_also_means_that_the_api_was_not_reached(cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLY_BASE_URL", f"http://127.0.0.1:{unused_port()}")
    result = cli("render", "clay.png", "oak")
    assert result.exit_code == 3
    assert "(connection refused). Nothing was charged." in result.stderr


@pytest.mark.parametrize("answer", [Answer(drop=True), Answer(503), Answer(200, {"ok": True})])
def test_4_means_that_it_may_have_been_charged_and_was_sent_once(cli: Cli, hosted: FakeApi, answer: Answer) -> None:
    hosted.state.submit_answers = [answer]
    result = cli("render", "clay.png", "oak", "--json")
    said = document(result)
    assert (said["state"], result.exit_code, hosted.state.submit_count) == ("uncertain", 4, 1)
    assert "may have been charged" in result.stderr
    assert f"get {said['run_id']} --render RENDER_ID" in result.stderr


@pytest.mark.parametrize("phase", ["failed", "dead"])
def test_5_means_that_the_render_ended_without_pictures(cli: Cli, hosted: FakeApi, phase: str) -> None:
    hosted.state.phases = [phase]
    result = cli("render", "clay.png", "oak", "--json")
    assert (document(result)["phase"], result.exit_code) == (phase, 5)
    assert phase in result.stderr


def test_6_means_not_finished_and_get_goes_on(cli: Cli, hosted: FakeApi) -> None:
    hosted.state.phases, hosted.state.submit_delay = ["\x1b[31mnew\x07phase"], 0.3
    result = cli("render", "clay.png", "oak", "--seed", 1, "--timeout", 0)
    assert (result.exit_code, result.stdout, hosted.state.submit_count) == (6, "", 1)
    assert not {"\x1b", "\x07"} & set(result.stderr)
    hosted.state.phases = ["completed"]
    command, run_id = result.stderr.split()[-2:]
    assert cli(command, run_id).stdout == "rerender-oak-seed1-1.png\n"
    assert hosted.state.submit_count == 1


def test_without_waiting_a_post_is_still_sent_again_at_the_pace_of_the_api(cli: Cli, hosted: FakeApi) -> None:
    hosted.state.submit_answers = [Answer(429, headers={"Retry-After": "0"})]
    hosted.state.phases = ["processing"]
    assert (cli("render", "clay.png", "oak", "--timeout", 0).exit_code, hosted.state.submit_count) == (6, 2)


def test_a_database_that_fails_while_waiting_loses_nothing(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch, history: History
) -> None:
    with monkeypatch.context() as patch:
        hosted.state.on_request = lambda _request: patch.setattr(History, "run", broken)
        result = cli("render", "clay.png", "oak", "--seed", 1)
    assert result.exit_code == 6
    hosted.state.on_request = None
    *_, command, run_id = result.stderr.split()
    assert cli(command, run_id).stdout == "rerender-oak-seed1-1.png\n"
    assert hosted.state.submit_count == 1


@pytest.mark.parametrize("method", ["outputs", "data", "control_image"])
def test_a_database_that_fails_at_the_end_of_a_paid_run_does_not_say_that_nothing_was_sent(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(History, method, broken)
        failed = document(cli("render", "clay.png", "oak", "--seed", 1, "--json"))
    assert (failed["exit_code"], failed["render_id"], hosted.state.submit_count) == (7, "render1", 1)
    assert "Nothing was sent" not in failed["message"]
    command, run_id = failed["message"].split()[-2:]
    assert cli(command, run_id).stdout == "rerender-oak-seed1-1.png\n"


def test_a_database_that_fails_at_the_end_leaves_every_other_end_as_it_is(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(History, "outputs", broken)
    hosted.state.submit_answers = [Answer(402), Answer(drop=True)]
    assert [cli("render", "clay.png", "oak").exit_code for _ in range(2)] == [3, 4]


def test_a_database_that_fails_before_anything_was_sent_says_so(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(History, "open_like", broken)
    result = cli("render", "clay.png", "oak")
    assert (result.exit_code, hosted.state.requests) == (2, [])
    assert "Nothing was sent." in result.stderr


def test_a_run_that_is_deleted_in_the_app_ends_the_waiting(
    cli: Cli, hosted: FakeApi, tmp_path: Path, history: History
) -> None:
    database = Database.open(sqlite_url(tmp_path / "home" / "studio.sqlite3"))

    def delete(request: Request) -> None:
        for run in history.recent() if request.method == "GET" else []:
            Curation(database, LOCAL).delete(run.run_id)

    hosted.state.on_request, hosted.state.phases = delete, ["processing"]
    result = cli("render", "clay.png", "oak", "--timeout", 20)
    database.close()
    assert result.exit_code == 7
    assert "was deleted" in result.stderr


def test_7_means_that_pictures_could_not_be_fetched_yet_and_get_goes_on(cli: Cli, hosted: FakeApi) -> None:
    hosted.state.files = {"/files/render1/1.png": Answer(503)}
    result = cli("render", "clay.png", "oak", "--seed", 1, "--batch-size", 2, "--timeout", 5)
    assert result.exit_code == 7
    assert result.stdout == "rerender-oak-seed1-1.png\n", "what has come is written"
    hosted.state.files = {}
    went_on = document(cli("get", result.stderr.split()[-1], "--json"))
    assert (went_on["exit_code"], len(went_on["pictures"]), hosted.state.submit_count) == (0, 2, 1)


def test_7_also_means_that_the_folder_cannot_be_written_any_more(cli: Cli, hosted: FakeApi, place: Path) -> None:
    def spoil(_request: object) -> None:
        if (place / "out").is_dir():
            (place / "out").rmdir()
            (place / "out").touch()

    hosted.state.on_request = spoil
    result = cli("render", "clay.png", "oak", "--seed", 1, "--out", "out")
    assert result.exit_code == 7
    assert "The pictures are kept" in result.stderr
    run_id = result.stderr.rpartition("get ")[2].split()[0]
    assert cli("get", run_id).stdout == "rerender-oak-seed1-1.png\n"


def test_the_same_paid_request_is_not_sent_twice_unless_that_is_meant(cli: Cli, hosted: FakeApi) -> None:
    hosted.state.phases = ["processing"]
    same = ("render", "clay.png", "oak", "--seed", 1, "--timeout", 0)
    assert cli(*same).exit_code == 6
    refused = cli(*same)
    assert (refused.exit_code, hosted.state.submit_count) == (2, 1)
    assert "--again" in refused.stderr
    assert (cli(*same, "--again").exit_code, hosted.state.submit_count) == (6, 2)


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        ("submission = 'uncertain', render_id = NULL", "may have been charged"),
        ("stopped_at = 5", "Fetch its pictures with: python -m rerender get"),
    ],
)
def test_the_same_paid_request_is_not_sent_twice_either_when_it_may_have_been_charged_or_is_watched_no_more(
    cli: Cli, hosted: FakeApi, tmp_path: Path, now: str, sentence: str
) -> None:
    hosted.state.phases = ["processing"]
    same = ("render", "clay.png", "oak", "--seed", 1, "--timeout", 0)
    assert cli(*same).exit_code == 6
    database = Database.open(sqlite_url(tmp_path / "home" / "studio.sqlite3"))
    with database.write(EVERYONE) as connection:
        connection.exec_driver_sql(f"UPDATE runs SET finished_at = 5, {now}")
    database.close()
    refused = cli(*same)
    assert (refused.exit_code, hosted.state.submit_count) == (2, 1)
    assert sentence in refused.stderr
