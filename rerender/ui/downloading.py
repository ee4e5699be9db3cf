"""Files that are made for a download: one at a time, out of the server's memory soon, and with a sentence where not.

Streamlit makes as many at once as it is asked for, and keeps each until two later runs of a page have ended, anybody's:
twelve exports of 24 MB took 290 MB. Of a file that cannot be made it says nothing but that, and logs a traceback with
what the browser sent, also where all is well: the page was drawn anew, or another tab has deleted the picture.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from weakref import WeakValueDictionary

from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from rerender import logs
from rerender.errors import RerenderError
from rerender.studio.limits import Limits
from rerender.ui.wrapping import wrap

__all__ = ["BUSY", "FAILED", "GONE", "NotOffered", "bound"]

BUSY = "Other downloads are being made at the moment. Try again in a few seconds."
GONE = "The page has changed since. Try again."
FAILED = "This file could not be made. Try again; if it stays so, the log of the app says why."
_WAITS_FOR_S = 20.0
# The browser fetches a file as soon as it is made; only the next visitor's may come in between.
_ARCHIVES_HELD = 2

_log = logging.getLogger(__name__)


class NotOffered(RerenderError):
    """A file is not the visitor's to have any more. Its text is said below the button."""


def bound(limits: Limits) -> None:
    """Make files for a download one at a time from now on, and hold no more of them than the size of two archives.

    Of two methods of Streamlit's own the first is replaced and the other wrapped, once a process.
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
        self, _: object, handler: DeferredFileHandler, request: BackendOperationRequest, session_id: str
    ) -> BackendOperationResponse:
        """Make the file when it is its turn. Where it is not for too long, or it cannot be made, the browser says so
        below the button.
        """
        # Who asks for much waits for one turn only, so that it is soon everybody else's.
        own = self._of_session.setdefault(session_id, asyncio.Lock())
        answer = BackendOperationResponse(request_id=request.request_id)
        try:
            async with asyncio.timeout(self._waits_for) as waiting, own, self._of_all:
                waiting.reschedule(None)
                execute = handler._get_media_file_mgr().execute_deferred
                url = await asyncio.to_thread(execute, request.deferred_file.file_id)
                answer.deferred_file.url = url
        except TimeoutError:
            answer.error_msg = BUSY
        except MediaFileStorageError as error:
            # Where nothing caused it, nobody offers the file any more.
            answer.error_msg = _why(error.__cause__) if error.__cause__ else GONE
        except Exception as error:
            answer.error_msg = _why(error)
        return answer


def _why(error: BaseException) -> str:
    """What the visitor reads of the error that kept a file from being made; what is behind it is logged."""
    is_said = isinstance(error, RerenderError)
    if not is_said or error.__cause__:
        _log.error("A file for a download could not be made: %s", logs.where(error))
    return str(error) if is_said else FAILED


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
