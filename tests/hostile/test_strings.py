"""Whatever text a stranger types, names, keeps or answers with: it stays text, or is refused in a sentence."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import time as clock
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from rerender import errors
from rerender.cli.terminal import plain as on_one_line
from rerender.client import Client
from rerender.engines.preview import PreviewEngine
from rerender.errors import InvalidRequest
from rerender.models import DEFAULT_WORKFLOW_ID, RenderRequest
from rerender.service.server import LocalServer
from rerender.studio import as_code, capsule, downloads, prompts, understanding
from rerender.studio.archive import ArchiveError
from rerender.studio.curation import NOTE_MAX_CHARS, Curation
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.search import Search
from rerender.ui import juxtapose
from tests.clients import REQUEST
from tests.fake_api import Answer, FakeApi
from tests.hostile.archives import document as manifest_of
from tests.hostile.archives import run_json, sha, zipped
from tests.hostile.doors import is_fit_for_people
from tests.hostile.strings import label, strings
from tests.service.calls import KEY, Caller, body, problem
from tests.service.engines import FlatEngine
from tests.studio.archives import PICTURES, STORED, a_database, exported, imported, store

SECONDS = 3.0


def prompts_of_ours() -> list[str]:
    """Those that can be a prompt, which is all that can be sent as text at all."""
    taken = []
    for text in strings():
        with suppress(InvalidRequest):
            taken.append(replace(REQUEST, prompt=text).prompt)
    return taken


def test_there_are_at_least_200_hostile_strings() -> None:
    assert len(strings()) >= 200


def test_a_prompt_is_sent_as_it_is_or_refused_in_a_sentence() -> None:
    for text in strings():
        try:
            request = replace(REQUEST, prompt=text)
        except InvalidRequest as refused:
            sentences = list(refused.problems.values())
        else:
            sentences = []
            assert RenderRequest.from_json(json.loads(json.dumps(request.to_json()))) == request
        assert all(sentence.endswith(".") and sentence.isprintable() for sentence in sentences), label(text)
    assert len(prompts_of_ours()) > 300


def test_the_engine_understands_any_prompt_in_bounded_time() -> None:
    engine, slowest = PreviewEngine(), (0.0, "")
    for text in prompts_of_ours():
        begun = clock.process_time()
        engine.describe(replace(REQUEST, prompt=text))
        understanding.of_text(text, one_a_line=True)
        prompts.read(text)
        slowest = max(slowest, (clock.process_time() - begun, label(text)))
    assert slowest[0] < SECONDS, slowest


# The database and what leaves it


@pytest.fixture(scope="module")
def kept(new_database_file: Path) -> Iterator[tuple[Database, dict[str, str]]]:
    """A workspace with a run for each prompt, which also is the note of it; and the prompts by their runs' ids."""
    with a_database(new_database_file) as database:
        ids = {f"{number:032x}": text for number, text in enumerate(prompts_of_ours())}
        for run_id, text in ids.items():
            store(database, replace(STORED, run_id=run_id, prompt=text), PICTURES[0], {0: PICTURES[1]})
            Curation(database, "ours").annotate(run_id, text)
        yield database, ids


def test_what_is_kept_is_what_was_typed(kept: tuple[Database, dict[str, str]]) -> None:
    database, ids = kept
    history = History(database, "ours")
    for run_id, text in ids.items():
        run = history.run(run_id)
        assert run is not None
        assert run.prompt == text
        assert run.note == text[:NOTE_MAX_CHARS].strip() or run.note == text[:NOTE_MAX_CHARS], label(text)


def test_a_search_for_anything_finds_what_has_it_and_touches_nothing(kept: tuple[Database, dict[str, str]]) -> None:
    database, ids = kept
    history, every = History(database, "ours"), len(ids)
    for text in strings():
        found = history.search(Search(text=text), 1, 24)
        assert found.total <= every
        if text in ids.values() and text.strip() == text and len(text) < 200:
            assert found.total >= 1, label(text)
        assert History(database, "theirs").search(Search(text=text), 1, 24).total == 0
    assert history.search(Search(), 1, 24).total == every


def test_an_archive_of_it_comes_back_as_it_was(kept: tuple[Database, dict[str, str]], database: Database) -> None:
    data = exported(kept[0])
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert all(re.fullmatch(r"manifest\.json|pictures/[a-z0-9-]{1,90}\.png", name) for name in archive.namelist())
    assert imported(database, data).runs == len(kept[1])
    assert exported(database) == data


@pytest.mark.parametrize("field", ["prompt", "note", "error", "phase", "workflow_id", "render_id", "backend", "misc"])
def test_any_text_in_an_archive_is_taken_as_text_or_refused(database: Database, field: str) -> None:
    for number, text in enumerate(strings()[::3]):
        values: dict[str, Any] = {field: {"a": text, text: "a"} if field == "misc" else text}
        row = run_json(number, sha(PICTURES[0]), [], **values)
        files = [("manifest.json", manifest_of([row], {sha(PICTURES[0]): "a.png"})), ("a.png", PICTURES[0])]
        try:
            imported(database, zipped([*files]))
        except ArchiveError as refused:
            sentence = str(refused)
        else:
            sentence = ""
            run = History(database, "ours").run(f"{number:032}")
            assert run is not None
            assert getattr(run, field) == values[field]
        assert not sentence or is_fit_for_people(sentence), label(text)


def test_a_file_that_is_downloaded_has_a_name_of_letters(kept: tuple[Database, dict[str, str]]) -> None:
    for text in prompts_of_ours():
        name = downloads.file_name(replace(STORED, prompt=text), 0, "image/png")
        assert re.fullmatch(r"rerender-[a-z0-9-]{1,60}\.png", name), label(text)
        assert re.fullmatch(r"[^<>\"'`\\{}$&#|]{0,60}", juxtapose.label(text))
        assert on_one_line(text).isprintable()


def test_a_picture_that_carries_it_gives_it_back() -> None:
    for text in prompts_of_ours()[::5]:
        data = capsule.write(PICTURES[1], 0, replace(STORED, prompt=text), PICTURES[0])
        found = capsule.read(data)
        assert found is not None
        assert found.prompt == text


# Code for a shell

NEEDED = ("base64", "tr", "sed", "grep", "cat", "sleep", "rm")
CURL = '#!/bin/sh\nprintf "%s\\n" "$#" "$1" >> "$CALLS"\ncat > "$CALLS.body"\nprintf "{}"\n'


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A folder with the control image in it, and beside it one with the only programs that there are."""
    (tmp_path / "programs").mkdir()
    for name in NEEDED:
        found = subprocess.run(["/bin/sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True)
        (tmp_path / "programs" / name).symlink_to(found.stdout.strip())
    (tmp_path / "programs" / "curl").write_text(CURL)
    (tmp_path / "programs" / "curl").chmod(0o755)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "control.png").write_bytes(PICTURES[0])
    return tmp_path


def assert_the_script_does_only_what_it_says(text: str, beside: Path, shell: str) -> None:
    request = RenderRequest(text, PICTURES[0], image_width=512, image_height=512)
    script = as_code.curl(request, "https://rerender.example", DEFAULT_WORKFLOW_ID)
    calls = beside / "calls"
    calls.unlink(missing_ok=True)
    environment = {"PATH": str(beside / "programs"), "CALLS": str(calls), "GENLY_API_KEY": "a-key", "HOME": "/nowhere"}
    checked = subprocess.run([f"/bin/{shell}", "-n", "-c", script], capture_output=True, text=True, env=environment)
    assert (checked.returncode, checked.stderr) == (0, ""), label(text)
    ended = subprocess.run(
        [f"/bin/{shell}", "-c", script],
        cwd=beside / "work",
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (ended.stdout, ended.stderr) == ("{}\n", ""), label(text)
    assert calls.read_text() == "8\n-sS\n", (label(text), "one call, of these words")
    assert json.loads((beside / "calls.body").read_text()) == request.to_json(), label(text)
    assert [path.name for path in (beside / "work").iterdir()] == ["control.png"], label(text)


def test_no_prompt_runs_anything_in_a_shell(beside: Path) -> None:
    texts = prompts_of_ours()
    for text in texts[:50] + texts[50::12]:
        assert_the_script_does_only_what_it_says(text, beside, "sh")


@pytest.mark.proof
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_no_prompt_of_all_runs_anything_in_any_shell(beside: Path, shell: str) -> None:
    for text in prompts_of_ours():
        assert_the_script_does_only_what_it_says(text, beside, shell)


def test_no_prompt_is_more_than_a_word_in_python() -> None:
    def skeleton(text: str) -> str:
        request = RenderRequest(text, PICTURES[0], image_width=512, image_height=512)
        tree = ast.parse(as_code.python(request, "https://rerender.example", DEFAULT_WORKFLOW_ID))
        words = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value == text]
        assert len(words) == 1, label(text)
        words[0].value = "the prompt"
        return ast.dump(tree)

    for text in prompts_of_ours():
        if text not in ("0", "-1"):
            assert skeleton(text) == skeleton("oak"), label(text)


# What a malicious API says


def test_no_word_of_an_api_is_more_than_a_word_in_a_sentence(client: Client, api: FakeApi) -> None:
    for text in strings()[::2]:
        for said in ({"error": text}, {"message": [text]}, {"detail": [{"loc": [text], "msg": text}]}):
            api.state.get_answers = [Answer(400, json.dumps(said).encode())]
            with pytest.raises(errors.ApiError) as caught:
                client.get("a")
            assert str(caught.value).isprintable(), label(text)
            assert len(str(caught.value)) < 400
            assert not re.search("[\u202a-\u202e\u2066-\u2069]", str(caught.value))


@pytest.mark.parametrize("field", ["phase", "_id", "workflow_id", "created_at", "outputs", "misc"])
def test_any_text_in_a_render_is_read_as_text_or_refused(client: Client, api: FakeApi, field: str) -> None:
    for text in strings()[::2]:
        render: dict[str, Any] = {"_id": "a", "phase": "completed", field: text}
        if field == "outputs":
            render[field] = [{"name": text, "type": text, "desc": text, "cover_src": text, "cover_width": text}, text]
        api.state.get_answers = [Answer(200, json.dumps(render).encode())]
        with suppress(errors.MalformedResponse):
            client.get("a")


# The service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    server = LocalServer(tmp_path_factory.mktemp("service"), FlatEngine(), [KEY])
    server.start()
    yield Caller(server.base_url)
    server.close()


def test_the_service_takes_a_prompt_or_names_it(service: Caller) -> None:
    ours = set(prompts_of_ours())
    for text in strings()[::6]:
        answer = service.post(body(prompt=text))
        if text in ours:
            service.wait(answer.json()["render_id"])
        else:
            assert set(problem(answer).get("fields") or {"prompt"}) <= {"prompt", "body"}, label(text)
            assert answer.status_code in (400, 422)
