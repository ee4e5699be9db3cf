"""Files that are made for a download: one at a time, and out of the server's memory soon.

Streamlit makes as many at once as it is asked for, and keeps each until two later runs of a page have ended, anybody's:
twelve exports of 24 MB took 290 MB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from rerender.studio.limits import Limits
from rerender.ui.wrapping import wrap

__all__ = ["BUSY", "bound"]

BUSY = "Other downloads are being made at the moment. Try again in a few seconds."
_WAITS_FOR_S = 20.0
# The browser fetches a file as soon as it is made; only the next visitor's may come in between.
_ARCHIVES_HELD = 2


def bound(limits: Limits) -> None:
    """Make files for a download one at a time from now on, and hold no more of them than the size of two archives.

    Two methods of Streamlit's own are wrapped, once a process.
    """
    wrap(DeferredFileHandler, "handle", _Turns().make)
    wrap(MemoryMediaFileStorage, "load_and_get_id", _Shelf(_ARCHIVES_HELD * limits.archive_mb * 1_000_000).put)


class _Turns:
    """At making a file: one session's after another's, and of what one session asks for one thing after another."""

    def __init__(self, waits_for: float = _WAITS_FOR_S) -> None:
        self._waits_for = waits_for
        self._of_session: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._of_all = asyncio.Lock()

    async def make(
        self,
        make: Callable[..., Awaitable[BackendOperationResponse]],
        handler: DeferredFileHandler,
        request: BackendOperationRequest,
        session_id: str,
    ) -> BackendOperationResponse:
        """Make the file when it is its turn; where it is not for too long, the browser says so below the button."""
        # Who asks for much waits for one turn only, so that it is soon everybody else's.
        own = self._of_session.setdefault(session_id, asyncio.Lock())
        try:
            async with asyncio.timeout(self._waits_for) as waiting, own, self._of_all:
                waiting.reschedule(None)
                return await make(handler, request, session_id)
        except TimeoutError:
            return BackendOperationResponse(request_id=request.request_id, error_msg=BUSY)


class _Shelf:
    """For so many bytes of files that were made for a download, and the newest in any case."""

    def __init__(self, most: int) -> None:
        self._most = most

    def put(
        self,
        load: Callable[..., str],
        storage: MemoryMediaFileStorage,
        data: bytes | str,
        mimetype: str,
        kind: MediaFileKind,
        filename: str | None = None,
    ) -> str:
        """Hold a file, in place of the oldest of those that were made for a download if it is such a one."""
        added = load(storage, data, mimetype, kind, filename)
        if kind == MediaFileKind.DOWNLOADABLE:
            sizes = {name: file.content_size for name, file in list(storage._files_by_id.items()) if file.kind == kind}
            excess = sum(sizes.values()) - self._most
            for name, size in sizes.items():
                if excess > 0 and name != added:
                    storage.delete_file(name)
                    excess -= size
        return added
