"""A visitor without a browser: speaks with the app over its websocket exactly as Streamlit's own front end does."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from types import TracebackType
from typing import Any

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from rerender.studio.workspaces import new_secret
from rerender.ui.session import COOKIE
from tests.visitors import messages
from tests.visitors.traffic import Traffic
from tests.visitors.tree import VALUE_FIELDS, Tree, Widget

XSRF = "_streamlit_xsrf"
HUNG_UP = 0
"""In place of a status, where the server would not hear all of it."""
PATIENCE = 900.0
"""Seconds after which an answer is given up; a right one never takes that long, but machines are shared."""

_OVERTAKEN_WITHIN, _ASKED_AGAIN_AFTER = 0.4, 10.0


class Closed(Exception):
    """The server has closed the connection."""


@dataclass
class Visitor:
    """One tab of one browser. `secret` is the cookie that the app's own script would have set.

    Use as an async context manager, and `open` a page first. Each action returns when the page stands as it does after
    the script run that it began.
    """

    url: str
    secret: str = field(default_factory=new_secret)
    traffic: Traffic | None = None
    tree: Tree = field(default_factory=Tree)
    query: str = ""
    page: str = ""
    session_id: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    toasts: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    values: dict[str, WidgetState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._http = requests.Session()
        self._http.trust_env = False
        # A kept connection may be closed by the server just when it is used again.
        self._http.headers["Connection"] = "close"
        self._http.cookies.set(COOKIE, self.secret)
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._answers: dict[str, ForwardMsg] = {}
        self._news = asyncio.Condition()
        # How often the whole page has run, by the name of no fragment, and each fragment.
        self._begun: Counter[str] = Counter()
        self._runs, self._page_runs, self._drawn = False, False, ""
        self._is_over, self._why = True, ""

    async def __aenter__(self) -> Visitor:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()
        self._http.close()

    # Coming and going.

    async def open(self, page: str = "", query: str = "") -> None:
        """Go to a page by its path, as with an address typed into a new tab."""
        await self.connect(page, query)
        await self.rerun()

    async def connect(self, page: str = "", query: str = "") -> None:
        """Like `open`, but ask for no page to be run, as no browser does."""
        await self.leave()
        self.page, self.query = page, query
        for path in (f"/{page}", "/_stcore/health", "/_stcore/host-config"):
            await self.get(path)
        token = self.cookie(XSRF)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies)
        self._socket = await connect(
            f"{self.url.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=["streamlit", *([token] if token else [])],  # type: ignore[list-item]
            origin=self.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookies},
            max_size=None,
            proxy=None,
            open_timeout=PATIENCE,
            ping_interval=None,
        )
        self._is_over = False
        self._reading = asyncio.create_task(self._read())

    async def leave(self) -> None:
        """Close the tab."""
        for task in chain([self._reading], self._timers.values()):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Closed):
                    await task
        self._timers.clear()
        self._reading = None
        self.tree, self.values = Tree(), {}
        self._begun.clear()
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def go(self, page: str) -> None:
        """Choose a page of the navigation by its path."""
        self.page, self.query = page, ""
        await self.rerun(page_script_hash=self.pages[page])
        # The page before may have drawn itself again a moment before this was heard.
        await self.until(lambda: self._drawn == self.pages[page] and not self._runs)

    # What is on the page.

    def find(self, label: str = "", *, key: str = "", kind: str = "") -> Widget | None:
        """The first widget whose label or key begins so."""
        for widget in self.tree.widgets():
            if widget.label.startswith(label) and widget.key.startswith(key) and kind in ("", widget.kind):
                return widget
        return None

    def widget(self, label: str = "", *, key: str = "", kind: str = "") -> Widget:
        """Like `find`, for one that must be there."""
        widget = self.find(label, key=key, kind=kind)
        assert widget is not None, f"no {kind or 'widget'} {label or key} on the page:\n{self.tree.text()}"
        return widget

    @property
    def is_over(self) -> bool:
        """Whether there is no connection any more."""
        return self._is_over

    @property
    def is_quiet(self) -> bool:
        """Whether nothing runs, and no fragment will run by itself: nothing is awaited on the page."""
        return not self._runs and not self._timers

    @property
    def errors(self) -> list[str]:
        """What the page says in red."""
        return [alert.body for alert in self.tree.of_kind("alert") if alert.format == alert.ERROR]

    # Actions.

    async def click(self, label: str = "", *, key: str = "") -> None:
        await self.send(messages.state(self.widget(label, key=key, kind="button"), True))

    async def set(self, value: Any, label: str = "", *, key: str = "", kind: str = "") -> None:
        """Give a widget a value: text, a number, a truth value, an option's words or a list of those."""
        await self.send(messages.state(self.widget(label, key=key, kind=kind), value))

    async def trigger(self, event: str, value: Any, *, key: str) -> None:
        """Let a component of ours say that something happened in it."""
        await self.send(messages.triggered(self.widget(key=key, kind="bidi_component"), event, value))

    async def upload(self, name: str, data: bytes, label: str = "", *, key: str = "") -> None:
        """Choose a file: its bytes go by HTTP, then the page is told."""
        await self.send(messages.uploaded(await self.put(name, data), name, len(data), self.widget(label, key=key)))

    async def put(self, name: str, data: bytes) -> FileURLs:
        """Send a file's bytes to where the server wants them."""
        urls, status = await self.try_to_put(name, data)
        assert status == 204
        return urls

    async def try_to_put(self, name: str, data: bytes) -> tuple[FileURLs, int]:
        """Send a file's bytes to where the server would want them; the status that comes, which may be `HUNG_UP`."""
        asked, message = messages.place_for(self.session_id, name)
        urls = (await self.ask(asked, message)).file_urls_response.file_urls[0]
        return urls, await asyncio.to_thread(self._put, f"{self.url}{urls.upload_url}", name, data)

    def _put(self, url: str, name: str, data: bytes) -> int:
        file, token = {"file": (name, data)}, {"X-Xsrftoken": self.cookie(XSRF)}
        try:
            return self._http.put(url, files=file, headers=token, timeout=PATIENCE).status_code
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return HUNG_UP  # An answer that comes before all was sent may be lost.

    async def download(self, label: str = "", *, key: str = "") -> bytes:
        """Click a download button, and fetch what it offers."""
        return (await self.get(await self.made(label, key=key))).content

    async def made(self, label: str = "", *, key: str = "") -> str:
        """Click a download button; the path of what it offers, once that is made."""
        offered = self.tree.of_kind("download_button")
        button = next(one for one in offered if one.label.startswith(label) and key in one.id)
        url = button.url
        if button.deferred_file_id:
            asked, message = messages.deferred_file(self.session_id, button.deferred_file_id)
            answer = (await self.ask(asked, message)).backend_operation_response
            if answer.error_msg:
                raise FileNotFoundError(answer.error_msg)
            url = answer.deferred_file.url
        return str(url)

    def cookie(self, name: str) -> str:
        """A cookie that the server has set, empty where there is none."""
        return str(self._http.cookies.get(name, ""))

    async def get(self, path: str) -> requests.Response:
        """Fetch anything of the app by HTTP."""
        answer = await asyncio.to_thread(self._http.get, f"{self.url}{path}", timeout=PATIENCE)
        if self.traffic is not None:
            self.traffic.file(answer.content)
        return answer

    # The protocol.

    async def send(self, *states: WidgetState, fragment: str | None = None) -> None:
        """Send these values with those that the page holds already; also values that no browser would send."""
        triggers = [state for state in states if "trigger" in (state.WhichOneof("value") or "")]
        for state in states:
            if state not in triggers:
                self.values[state.id] = state
        fragment = self._fragment_of(states[0].id) if fragment is None and states else fragment
        await self.rerun(*triggers, fragment=fragment or "")

    async def rerun(self, *triggers: WidgetState, page_script_hash: str = "", fragment: str = "") -> None:
        """Have the script run, and wait until nothing runs any more."""
        may_be_overtaken = bool(self._timers)
        for name in () if fragment else list(self._timers):
            self._unfollow(name)
        # Where the whole page is to run too, Streamlit runs no fragment of it apart.
        ours = {fragment, ""}
        begun = sum(self._begun[one] for one in ours)
        await self.post(self._rerun(triggers, page_script_hash, fragment))
        await self.until(lambda: sum(self._begun[one] for one in ours) > begun and not self._runs)
        while may_be_overtaken:
            # What ran may have been begun by a fragment, a moment before this was heard.
            seen = self._begun.total()
            await asyncio.sleep(_OVERTAKEN_WITHIN)
            await self.until(lambda: not self._runs)
            may_be_overtaken = self._begun.total() > seen and not self._timers

    async def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait for something on the page while fragments run by themselves."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: condition() or self._is_over)
        if not condition():
            raise Closed(self._why)

    async def post(self, message: BackMsg) -> None:
        """Send any message of the protocol, and wait for nothing."""
        await self.post_raw(message.SerializeToString())

    def write(self, data: bytes) -> None:
        """Write these bytes to the connection as they are, frames or parts of frames."""
        assert self._socket is not None
        self._socket.transport.write(data)

    async def post_raw(self, frame: bytes | str | list[bytes]) -> None:
        """Send any frame over the socket, or a message in so many, and wait for nothing."""
        if self._socket is None or self._is_over:
            raise Closed(self._why)
        try:
            await self._socket.send(frame)
        except ConnectionClosed as error:
            raise Closed from error

    def _rerun(self, triggers: tuple[WidgetState, ...], page_script_hash: str, fragment: str) -> BackMsg:
        message = messages.rerun([*self.values.values(), *triggers], self.query, f"{self.url}/{self.page}", fragment)
        if not page_script_hash and not self.pages:
            message.rerun_script.page_name = self.page
        else:
            message.rerun_script.page_script_hash = page_script_hash or self.pages.get(self.page, "")
        return message

    def _fragment_of(self, widget_id: str) -> str:
        for node in self.tree.nodes.values():
            if node.kind in VALUE_FIELDS and widget_id in (node.proto.id, messages.TRIGGER.format(node.proto.id)):
                return node.fragment
        return ""

    async def ask(self, asked: str, message: BackMsg) -> ForwardMsg:
        """The answer to a question; asked again after a while, as a person clicks again.

        Streamlit drops answers that wait to be sent at the moment in which a run of the page begins.
        """
        end = asyncio.get_running_loop().time() + PATIENCE
        while asked not in self._answers and asyncio.get_running_loop().time() < end:
            await self.post(message)
            with contextlib.suppress(TimeoutError):
                await self.until(lambda: asked in self._answers, _ASKED_AGAIN_AFTER)
        return self._answers.pop(asked)

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for frame in self._socket:
                assert isinstance(frame, bytes)
                message = ForwardMsg.FromString(frame)
                if self.traffic is not None:
                    self.traffic.message(frame, message)
                self._take(message)
                async with self._news:
                    self._news.notify_all()
        except ConnectionClosed as error:
            self._why = str(error)
        finally:
            self._is_over = True
            async with self._news:
                self._news.notify_all()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        match kind:
            case "new_session":
                self._begin(message)
            case "delta":
                self._draw(message)
            case "script_finished":
                self._finish(message)
            case "session_status_changed" if not message.session_status_changed.script_is_running:
                # Also said between a page's run that ended early and the one that goes on.
                self._runs = self._page_runs
            case "navigation":
                self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
                here = message.navigation.page_script_hash
                self.page = next((path for path, name in self.pages.items() if name == here), self.page)
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "auto_rerun":
                self._follow(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            case "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    self._unfollow(fragment)
            case "file_urls_response":
                self._answers[message.file_urls_response.response_id] = message
            case "backend_operation_response":
                self._answers[message.backend_operation_response.request_id] = message

    def _begin(self, message: ForwardMsg) -> None:
        run = message.metadata.run
        self._runs, self._page_runs = True, not run.fragment_ids
        self._begun.update(run.fragment_ids or [""])
        self.session_id = message.new_session.initialize.session_id
        self.tree.run = run.script_run_id
        if not run.fragment_ids:
            self._drawn = message.new_session.page_script_hash
            for fragment in list(self._timers):
                self._unfollow(fragment)

    def _draw(self, message: ForwardMsg) -> None:
        widget = self.tree.draw(message)
        if widget is not None and getattr(widget.proto, "set_value", False):
            self.values.pop(widget.id, None)
        element = message.delta.new_element
        if element.WhichOneof("type") == "exception":
            self.exceptions.append(f"{element.exception.type}: {element.exception.message}")
        elif element.WhichOneof("type") == "toast":
            self.toasts.append(element.toast.body)

    def _finish(self, message: ForwardMsg) -> None:
        run = message.metadata.run
        # Of a run that gives way to the next one nothing is heard, or that it ended early.
        self._runs = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if not self._runs:
            self._page_runs = False
            self.tree.finish(run.script_run_id, set(run.fragment_ids))
            drawn = {widget.id for widget in self.tree.widgets()}
            self.values = {name: state for name, state in self.values.items() if name in drawn}

    def _follow(self, fragment: str, interval: float) -> None:
        if fragment not in self._timers:
            self._timers[fragment] = asyncio.create_task(self._tick(fragment, interval))

    def _unfollow(self, fragment: str) -> None:
        if (timer := self._timers.pop(fragment, None)) is not None:
            timer.cancel()

    async def _tick(self, fragment: str, interval: float) -> None:
        with contextlib.suppress(Closed):
            while True:
                await asyncio.sleep(interval)
                message = self._rerun((), "", fragment)
                message.rerun_script.is_auto_rerun = True
                await self.post(message)
