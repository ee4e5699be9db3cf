"""Files for a download are made one after the other, whoever asks, and few of them stay in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from rerender.errors import RerenderError
from rerender.ui import downloading

MOST = 1000
PROMPT = "oak and glass"
LOAD = getattr(MemoryMediaFileStorage.load_and_get_id, "__wrapped__", MemoryMediaFileStorage.load_and_get_id)


class Desk:
    """Where sessions ask for files, as Streamlit's server has it; `made` says which were, in their order."""

    def __init__(self, waits_for: float = 60.0) -> None:
        self._turns = downloading._Turns(waits_for)
        self._manager = MediaFileManager(MemoryMediaFileStorage("/media"))
        self._handler = DeferredFileHandler(lambda: self._manager)
        self.made: list[str] = []

    async def ask(self, session: str, make: Callable[[], bytes] = lambda: b"a file") -> str:
        """The sentence that the browser shows, or nothing where it gets a file."""

        def made() -> bytes:
            self.made.append(session)
            return make()

        return await self.ask_for(self._manager.add_deferred(made, None, "a place"), session)

    async def ask_for(self, file_id: str, session: str = "mine") -> str:
        """The same of a file by the id that a browser says."""
        request = BackendOperationRequest(request_id="a request")
        request.deferred_file.file_id = file_id
        answer = await self._turns.make(None, self._handler, request, session)
        assert answer.request_id == "a request"
        assert bool(answer.error_msg) is not bool(answer.deferred_file.url)
        return answer.error_msg


def test_files_for_all_visitors_are_made_one_at_a_time() -> None:
    desk = Desk()
    inside, seen = 0, 0

    async def ask() -> None:
        loop = asyncio.get_running_loop()

        def make() -> bytes:
            nonlocal inside, seen
            inside += 1
            for _ in range(20):
                # Meanwhile the loop gets round to all that it has to begin.
                asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
                seen = max(seen, inside)
            inside -= 1
            return b"a file"

        await asyncio.gather(*(desk.ask(f"session {number}", make) for number in range(4)))

    asyncio.run(ask())
    assert (len(desk.made), seen) == (4, 1)


def test_who_asks_for_many_files_lets_everybody_else_have_theirs_after_the_first() -> None:
    desk = Desk()

    async def ask() -> None:
        await asyncio.gather(*(desk.ask(session) for session in ("greedy", "greedy", "greedy", "mine", "yours")))

    asyncio.run(ask())
    assert desk.made == ["greedy", "mine", "yours", "greedy", "greedy"]


def test_who_waits_for_too_long_is_told_so_and_the_file_is_not_made_behind_their_back() -> None:
    desk = Desk(waits_for=0)
    said: list[str] = []

    async def ask() -> None:
        loop = asyncio.get_running_loop()

        def make() -> bytes:
            said.append(asyncio.run_coroutine_threadsafe(desk.ask("late"), loop).result())
            return b"a file"

        said.append(await desk.ask("early", make))

    asyncio.run(ask())
    assert said == [downloading.BUSY, ""]
    assert desk.made == ["early"]


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_file_that_nobody_offers_any_more_is_no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert asyncio.run(Desk().ask_for("an id\nof a browser's own")) == downloading.GONE
    assert not errors(caplog)


def test_what_keeps_a_file_from_being_made_is_said_in_its_own_words(caplog: pytest.LogCaptureFixture) -> None:
    def make() -> bytes:
        raise downloading.NotOffered("This picture was deleted.")

    assert asyncio.run(Desk().ask("mine", make)) == "This picture was deleted."
    assert not errors(caplog)


def test_what_is_behind_the_words_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def make() -> bytes:
        raise RerenderError("The database is away.") from OSError(PROMPT)

    assert asyncio.run(Desk().ask("mine", make)) == "The database is away."
    (record,) = errors(caplog)
    assert "OSError" in record.getMessage()
    assert PROMPT not in caplog.text


def test_a_file_for_which_there_is_no_room_is_a_fault_like_one_in_making_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(*_: object) -> str:
        raise MemoryError(PROMPT)

    monkeypatch.setattr(MemoryMediaFileStorage, "load_and_get_id", keep)
    assert asyncio.run(Desk().ask("mine")) == downloading.FAILED
    (record,) = errors(caplog)
    assert "MemoryError" in record.getMessage()
    assert PROMPT not in caplog.text


def test_a_fault_in_making_a_file_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    def make() -> bytes:
        raise ZeroDivisionError(PROMPT)

    assert asyncio.run(Desk().ask("mine", make)) == downloading.FAILED
    (record,) = errors(caplog)
    assert "ZeroDivisionError" in record.getMessage()
    assert "test_downloading.py" in record.getMessage()
    assert PROMPT not in caplog.text


def test_after_a_file_that_could_not_be_made_the_next_one_is() -> None:
    desk = Desk()

    async def ask() -> None:
        assert await desk.ask_for("gone")
        assert await desk.ask("mine") == ""

    asyncio.run(ask())


@pytest.fixture
def storage() -> MemoryMediaFileStorage:
    return MemoryMediaFileStorage("/media")


@pytest.fixture
def put(storage: MemoryMediaFileStorage) -> Callable[[bytes, MediaFileKind], str]:
    shelf = downloading._Shelf(MOST)
    return lambda data, kind: shelf.put(LOAD, storage, data, "image/png", kind, None)


Put = Callable[[bytes, MediaFileKind], str]


def held(storage: MemoryMediaFileStorage, names: list[str]) -> list[bool]:
    def is_held(name: str) -> bool:
        try:
            return bool(storage.get_file(name))
        except MediaFileStorageError:
            return False

    return [is_held(name) for name in names]


def test_of_files_that_were_made_the_newest_are_held_up_to_the_bound(put: Put, storage: MemoryMediaFileStorage) -> None:
    names = [put(bytes([number]) * 400, MediaFileKind.DOWNLOADABLE) for number in range(5)]
    assert held(storage, names) == [False, False, False, True, True]


def test_a_file_that_alone_is_over_the_bound_can_still_be_fetched(put: Put, storage: MemoryMediaFileStorage) -> None:
    names = [put(bytes([number]) * size, MediaFileKind.DOWNLOADABLE) for number, size in enumerate((300, 2 * MOST))]
    assert held(storage, names) == [False, True]


def test_pictures_of_a_page_stay_whatever_is_made_for_downloads(put: Put, storage: MemoryMediaFileStorage) -> None:
    picture = put(b"p" * 2 * MOST, MediaFileKind.MEDIA)
    names = [put(bytes([number]) * 900, MediaFileKind.DOWNLOADABLE) for number in range(2)]
    assert held(storage, [picture, *names]) == [True, False, True]
