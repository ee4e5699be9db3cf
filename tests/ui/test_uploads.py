"""What is uploaded is held by the server for as short a time, and in as small a quantity, as can be."""

from __future__ import annotations

from functools import partial

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


def put(manager: MemoryUploadedFileManager, session: str, name: str, size: int) -> None:
    add = getattr(MemoryUploadedFileManager.add_file, "__wrapped__", MemoryUploadedFileManager.add_file)
    partial(uploads._add, MOST)(add, manager, session_id=session, file=file(name, size))


def held(manager: MemoryUploadedFileManager) -> dict[str, list[str]]:
    return {session: list(files) for session, files in manager.file_storage.items() if files}


def test_of_many_files_that_one_visitor_sends_only_the_last_is_held(manager: MemoryUploadedFileManager) -> None:
    for number in range(100):
        put(manager, "mine", f"file-{number}", 600)
    assert held(manager) == {"mine": ["file-99"]}


def test_what_all_visitors_send_together_has_an_end_and_there_is_room_again_later(
    manager: MemoryUploadedFileManager,
) -> None:
    put(manager, "mine", "a", 600)
    with pytest.raises(HTTPException, match="503"):
        put(manager, "theirs", "b", 600)
    assert held(manager) == {"mine": ["a"]}
    manager.remove_file("mine", "a")
    put(manager, "theirs", "b", 600)
    assert held(manager) == {"theirs": ["b"]}
