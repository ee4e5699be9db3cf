"""What is uploaded is held by the server for as short a time, and in as small a quantity, as can be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from rerender.ui import uploads

MOST = 1000


def file(name: str, size: int) -> UploadedFileRec:
    return UploadedFileRec(name, f"{name}.png", "image/png", bytes(size))


@pytest.fixture
def manager() -> MemoryUploadedFileManager:
    return MemoryUploadedFileManager("/upload")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def put(manager: MemoryUploadedFileManager, clock: Clock) -> Callable[[str, str, int], None]:
    room = uploads._Room(MOST, clock)
    add = getattr(MemoryUploadedFileManager.add_file, "__wrapped__", MemoryUploadedFileManager.add_file)

    def put(session: str, name: str, size: int) -> None:
        room.add(add, manager, session_id=session, file=file(name, size))

    return put


def held(manager: MemoryUploadedFileManager) -> dict[str, list[str]]:
    return {session: list(files) for session, files in manager.file_storage.items() if files}


Put = Callable[[str, str, int], None]


def test_of_many_files_that_one_visitor_sends_only_the_last_is_held(
    put: Put, manager: MemoryUploadedFileManager
) -> None:
    for number in range(100):
        put("mine", f"file-{number}", 600)
    assert held(manager) == {"mine": ["file-99"]}


def test_what_all_visitors_send_together_has_an_end_and_there_is_room_again_later(
    put: Put, manager: MemoryUploadedFileManager
) -> None:
    put("mine", "a", 600)
    with pytest.raises(HTTPException, match="503"):
        put("theirs", "b", 600)
    assert held(manager) == {"mine": ["a"]}
    manager.remove_file("mine", "a")
    put("theirs", "b", 600)
    assert held(manager) == {"theirs": ["b"]}


def test_files_that_no_page_takes_keep_nobody_out_for_long(
    put: Put, manager: MemoryUploadedFileManager, clock: Clock
) -> None:
    put("idle", "a", 600)
    clock.now = 20.0
    put("new", "b", 300)
    with pytest.raises(HTTPException, match="503"):
        put("mine", "c", 600)
    clock.now = 40.0
    put("mine", "c", 600)
    assert held(manager) == {"new": ["b"], "mine": ["c"]}
