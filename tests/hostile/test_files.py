"""Whatever file a stranger sends, by whichever door: a right picture, or one sentence, soon and with little memory."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image

from rerender import DownloadError, Output, images
from rerender.client import Client
from rerender.opening import FORMATS
from rerender.service.server import LocalServer
from rerender.studio.archive import ArchiveError
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.runs import Picture
from tests.fake_api import Answer, FakeApi, FakeTime
from tests.hostile import files
from tests.hostile.archives import OUTPUTS, archive_of, archive_with_control_image
from tests.hostile.building import MARK, File
from tests.hostile.doors import DOORS, OUR_CODECS, Outcome, is_fit_for_people, through, watched
from tests.service.calls import KEY, Caller, body, problem
from tests.service.engines import FlatEngine
from tests.studio.archives import a_database, imported

# Pillow warns of much of this; outside of tests a warning is no error.
pytestmark = pytest.mark.filterwarnings("ignore")

Refusal = TypeVar("Refusal", bound=Exception)

SECONDS = 3.0
"""Processor seconds for one file at one door, at most."""


SLOW_DOORS = ("prepared", "prepared with alpha")


def test_there_are_at_least_400_hostile_files() -> None:
    assert len({file.data for file in files.light()}) >= 650, "bombs, archives and strings not counted"
    assert len({file.name for file in files.light()}) == len(files.light())


@dataclass
class Passed:
    """What the doors made of the files, by the door's name and the file's, and whom each door let at them."""

    outcomes: dict[str, dict[str, Outcome]] = field(default_factory=dict)
    seen: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    slowest: tuple[float, str, str] = (0.0, "", "")


def pass_through(doors: dict[str, list[File]]) -> Passed:
    """Feed each door its files. Fails for one that takes too long; whatever is no refusal of ours goes on up."""
    passed = Passed()
    for door, fed in doors.items():
        with watched() as passed.seen[door]:
            passed.outcomes[door] = {}
            for file in fed:
                begun = time.process_time()
                passed.outcomes[door][file.name] = through(DOORS[door], file.data)
                passed.slowest = max(passed.slowest, (time.process_time() - begun, door, file.name))
    assert passed.slowest[0] < SECONDS, passed.slowest
    return passed


@pytest.fixture(scope="module")
def passed() -> Passed:
    every = list(files.light())
    # Preparing is resizing and packing, again and again.
    some = [file for number, file in enumerate(every) if number % 5 == 0 or (MARK in file.data and number % 2)]
    return pass_through({door: some if door in SLOW_DOORS else every for door in DOORS})


def test_every_door_takes_what_is_a_picture_and_refuses_in_a_sentence_what_is_none(passed: Passed) -> None:
    assert_each_is_taken_or_refused(passed)


def test_nothing_but_pixels_of_a_file_is_ever_sent(passed: Passed) -> None:
    """A file may be a picture and a script at once: what is made of it is only the picture."""
    assert_nothing_but_pixels_is_sent(passed)


@pytest.mark.proof
def test_no_file_is_prepared_but_what_is_a_picture_and_nothing_but_its_pixels() -> None:
    passed = pass_through({door: list(files.light()) for door in SLOW_DOORS})
    assert_each_is_taken_or_refused(passed)
    assert_nothing_but_pixels_is_sent(passed)


def assert_each_is_taken_or_refused(passed: Passed) -> None:
    for door in ("the form", "shown flat", "posted to the service", *SLOW_DOORS):
        for name, outcome in passed.outcomes.get(door, {}).items():
            assert (outcome.value is None) == bool(outcome.sentence), (door, name)
            is_picture = files.named(name).is_picture
            assert is_picture is None or is_picture != bool(outcome.sentence), (door, name, outcome.sentence)
    sentences = {outcome.sentence for door in passed.outcomes.values() for outcome in door.values()} - {""}
    assert [sentence for sentence in sentences if not is_fit_for_people(sentence)] == []


def assert_nothing_but_pixels_is_sent(passed: Passed) -> None:
    marked = 0
    for door, size in (("prepared", (512, 512)), ("prepared with alpha", (512, 520)), ("shown small", None)):
        for name, outcome in passed.outcomes.get(door, {}).items():
            if outcome.value is None:
                continue
            marked += MARK in files.named(name).data
            assert not re.search(MARK + b"|<script|<html|<[?]php", outcome.value), (door, name)
            with Image.open(io.BytesIO(outcome.value)) as picture:
                assert picture.format in ("PNG", "JPEG", "WEBP")
                assert not {"exif", "icc_profile", "comment", "xmp", "XML:com.adobe.xmp"} & set(picture.info)
                assert size in (None, picture.size)
    assert marked > 60


def test_what_the_form_takes_every_door_behind_it_takes(passed: Passed) -> None:
    for file in files.light():
        if passed.outcomes["the form"][file.name].sentence:
            assert passed.outcomes["carried as control image"][file.name].value is None
            continue
        described = passed.outcomes["described"][file.name].value
        assert isinstance(described, Picture)
        assert (described.mime, described.byte_size) != ("application/octet-stream", 0)
        for door in ("shown small", "the preview engine"):
            assert not passed.outcomes[door][file.name].sentence, (door, file.name)
        assert passed.outcomes["carried as control image"][file.name].value.control_image == file.data
        assert passed.outcomes["posted to the service"][file.name].value == file.data


def test_a_picture_in_an_other_wrapping_is_still_that_picture(passed: Passed) -> None:
    for kind in ("PNG RGB", "BMP RGB", "TIFF RGB", "GIF P", "WEBP RGB", "JPEG RGB"):
        plain = passed.outcomes["the form"][kind].value
        for payload in ("HTML", "ZIP", "PDF", "shell"):
            assert passed.outcomes["the form"][f"{kind} and then {payload}"].value.tobytes() == plain.tobytes()


@pytest.mark.parametrize("door", DOORS)
def test_only_the_formats_that_are_taken_get_near_a_decoder(passed: Passed, door: str) -> None:
    """Pillow knows fifty formats more, some of which start other programs."""
    readers = {name for kind, name in passed.seen[door] if kind == "reader"}
    assert readers <= set(FORMATS)
    assert {name for kind, name in passed.seen[door] if kind == "decoder"} <= OUR_CODECS
    assert readers or door == "carrying settings", "that one reads chunks, and decodes only what they hold"


def test_the_watch_sees_every_reader_that_it_should() -> None:
    with watched() as seen:
        for file in files.light():
            try:
                Image.open(io.BytesIO(file.data)).load()
            except Exception:
                continue
    assert len({name for kind, name in seen if kind == "reader"}) > 40


def refusal(act: Callable[[], object], kind: type[Refusal]) -> Refusal | None:
    """The refusal of that kind with which it ends, None for success; every other exception goes on up."""
    try:
        act()
    except kind as refused:
        return refused
    return None


# Bombs, in a process of their own


def bombed(*arguments: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.hostile.bombs_process", *arguments]
    root = Path(__file__).parents[2]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=900)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return [json.loads(line) for line in ended.stdout.splitlines()]


def assert_none_went_off(lines: list[dict[str, Any]], doors: int) -> None:
    assert len(lines) == len({line["bomb"] for line in lines}) * doors
    for line in lines:
        assert line["seconds"] < SECONDS, line
        assert line["megabytes"] < (250 if line["sentence"] else 600), line
        assert line["is_fit"], line
        if line["door"] == "the form" and line["is_picture"] is not None:
            assert line["is_picture"] != bool(line["sentence"]), line


def test_no_bomb_goes_off() -> None:
    assert_none_went_off(bombed("quick"), 2)


@pytest.mark.proof
def test_no_bomb_of_any_weight_goes_off_behind_any_door() -> None:
    assert_none_went_off(bombed(), len(DOORS))


# Over the network: outputs of a malicious API, and what is posted to the embedded service


def test_an_output_is_a_whole_picture_or_is_kept_as_bytes_with_a_sentence(
    client: Client, api: FakeApi, time: FakeTime
) -> None:
    with watched() as seen:
        for number, file in enumerate(files.light()):
            api.state.files[f"/{number}"] = Answer(200, file.data, {"Content-Type": "image/png"})
            refused = refusal(lambda number=number: client.download(Output(cover_src=f"/{number}")), DownloadError)
            assert refused is None or is_fit_for_people(str(refused)), str(refused)
            assert refused is None or refused.data == file.data
            is_ours = file.is_picture and file.name.startswith(("PNG", "WEBP")) and "×" not in file.name
            assert refused is None or not is_ours, file.name
    assert {name for kind, name in seen if kind == "reader"} == {"PNG", "JPEG", "WEBP"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    server = LocalServer(tmp_path_factory.mktemp("service"), FlatEngine(), [KEY])
    server.start()
    yield Caller(server.base_url)
    server.close()


def post(service: Caller, file: File) -> None:
    answer = service.post(body(control_image=base64.b64encode(file.data).decode("ascii")))
    if answer.status_code == 200:
        assert file.is_picture is not False, file.name
        assert service.wait(answer.json()["render_id"])["phase"] == "completed"
    else:
        assert file.is_picture is not True, (file.name, answer.text)
        said = problem(answer)
        assert (answer.status_code, set(said["fields"])) == (422, {"control_image"}), file.name
        assert is_fit_for_people(said["fields"]["control_image"])


def test_the_service_renders_it_or_says_what_is_wrong_with_it(service: Caller) -> None:
    for file in files.light()[::12]:
        post(service, file)


@pytest.mark.proof
def test_the_service_renders_each_or_says_what_is_wrong_with_it(service: Caller) -> None:
    for file in files.light():
        post(service, file)


# In an archive


def test_any_file_in_an_archive_is_kept_as_what_it_is(new_database_file: Path) -> None:
    """As an output: a paid file is never thrown away, and no page decodes one that does not decode now."""
    with a_database(new_database_file) as database:
        every = [file for file in files.light() if file.data]
        with watched() as seen:
            imported(database, archive_of(every))
        history = History(database, "ours")
        kept = {output.sha256: output for run_id in run_ids(every) for output in history.outputs(run_id)}
        assert len(kept) == len(every)
        for sha256, output in kept.items():
            if output.is_readable:
                images.decode(history.data(sha256), ("PNG", "JPEG", "WEBP"), 64_000_000)
        assert {name for kind, name in seen if kind == "reader"} <= set(FORMATS)


def run_ids(every: list[File]) -> list[str]:
    return [f"{number:032}" for number in range(-(-len(every) // OUTPUTS))]


@pytest.mark.parametrize("some", [pytest.param(9, id="a ninth"), pytest.param(1, id="all", marks=pytest.mark.proof)])
def test_any_file_as_the_control_image_of_an_archive_is_usable_or_refused(database: Database, some: int) -> None:
    for number, file in enumerate(files.light()[::some]):
        data = archive_with_control_image(file.data, number)
        refused = refusal(lambda data=data: imported(database, data), ArchiveError)
        assert file.is_picture is not (refused is not None), (file.name, str(refused))
        assert refused is None or is_fit_for_people(str(refused))
