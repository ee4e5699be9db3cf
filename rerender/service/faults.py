"""Faults on request, for tests and rehearsals: which requests go wrong, and how. docs/local-api.md has the format."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from rerender.errors import ConfigurationError
from rerender.service.refusals import error_answer

_KINDS = {"submit": ("POST", "/api/workflows/"), "look": ("GET", "/api/renders/"), "picture": ("GET", "/pictures/")}
_NUMBERS = re.compile(r"every ([1-9]\d{0,5})|([1-9]\d{0,5})(?:(-)([1-9]\d{0,5})?)?", re.ASCII)
_TRANSPORT = "transport"


class BadFaults(ConfigurationError):
    """The file of faults cannot be read, or a rule in it makes no sense. Nothing was served."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Requests by their number, which begins at 1: from `first` to `last`, and of these each `step`-th."""

    first: int
    last: float
    step: int = 1

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last and number % self.step == 0


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule: what happens to which requests. `delay` and `retry_after` are in seconds, `truncate` is a share."""

    on: str
    number: Numbers
    delay: float = 0.0
    status: int | None = None
    retry_after: int | None = None
    drop: bool = False
    after_work: bool = False
    truncate: float | None = None
    phase: str | None = None


def read_faults(path: Path) -> tuple[Fault, ...]:
    """The rules in a JSON file. Raises `BadFaults`, which names the file and the rule."""
    try:
        return parse_faults(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadFaults(f"{path} cannot be read: {reason}.") from None
    except BadFaults as error:
        raise BadFaults(f"{path}: {error}") from None


def parse_faults(text: str) -> tuple[Fault, ...]:
    """The rules in JSON text. Raises `BadFaults`, which names the rule."""
    try:
        rules = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFaults("This is no JSON.") from None
    if not isinstance(rules, list) or not rules:
        raise BadFaults('The rules must be a JSON list, such as [{"on": "submit", "number": 1, "drop": true}].')
    return tuple(_fault(rule, f"Rule {index}") for index, rule in enumerate(rules, 1))


def _is_number(value: object, low: float, high: float) -> bool:
    return type(value) in (int, float) and low <= value <= high  # type: ignore[operator]


def _is_whole(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "on": (lambda value: isinstance(value, str) and value in _KINDS, "submit, look or picture"),
    "number": (lambda value: _numbers(value) is not None, 'a number from 1, or text such as "2-4", "5-" or "every 3"'),
    "delay": (lambda value: _is_number(value, 0, 3600), "seconds from 0 to 3600"),
    "status": (lambda value: _is_whole(value, 400, 599), "a whole number from 400 to 599"),
    "retry_after": (lambda value: _is_whole(value, 0, 86_400), "whole seconds from 0 to 86400"),
    "drop": (lambda value: value is True, "true, or left out"),
    "after_work": (lambda value: value is True, "true, or left out"),
    "truncate": (lambda value: _is_number(value, 0, 0.999), "the share of the body that is sent, from 0 to 0.999"),
    "phase": (lambda value: isinstance(value, str) and 0 < len(value) <= 100, "text of 1 to 100 characters"),
}


def _numbers(value: object) -> Numbers | None:
    if _is_whole(value, 1, 999_999):
        return Numbers(value, value)  # type: ignore[arg-type]
    found = _NUMBERS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    every, first, dash, last = found.groups()
    if every:
        return Numbers(1, math.inf, int(every))
    numbers = Numbers(int(first), math.inf if dash and not last else int(last or first))
    return numbers if numbers.first <= numbers.last else None


def _fault(rule: object, name: str) -> Fault:
    if not isinstance(rule, dict):
        raise BadFaults(f"{name} must be a JSON object.")
    for field in rule:
        if field not in _FIELDS:
            raise BadFaults(f"{name} has a field that no rule has; there are {', '.join(_FIELDS)}.")
    for field, (is_valid, wanted) in _FIELDS.items():
        if field not in rule and field in ("on", "number"):
            raise BadFaults(f'{name} needs "{field}": {wanted}.')
        if field in rule and not is_valid(rule[field]):
            raise BadFaults(f'{name}: "{field}" must be {wanted}.')
    _check_together(rule, name)
    return Fault(**{**rule, "number": _numbers(rule["number"])})


def _check_together(rule: dict[str, Any], name: str) -> None:
    kinds = [field for field in ("status", "drop", "truncate", "phase") if field in rule]
    if len(kinds) > 1:
        raise BadFaults(f'{name} has both "{kinds[0]}" and "{kinds[1]}"; make two rules of it.')
    if not kinds and "delay" not in rule:
        raise BadFaults(f"{name} does nothing: give it delay, status, drop, truncate or phase.")
    if "retry_after" in rule and "status" not in rule:
        raise BadFaults(f'{name}: "retry_after" goes with "status" only.')
    if "after_work" in rule and not {"status", "drop"} & set(rule):
        raise BadFaults(f'{name}: "after_work" goes with "status" or "drop" only.')
    if "phase" in rule and rule["on"] != "look":
        raise BadFaults(f'{name}: "phase" goes with "on": "look" only.')


class ClosableProtocol(H11Protocol):
    """HTTP/1.1 by uvicorn that hands the app its connection, in the scope's `state`, so that it can be broken."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # noqa: D102
        self.app_state = {**self.app_state, _TRANSPORT: transport}
        super().connection_made(transport)


class FaultyApp:
    """An app with some of its requests made to go wrong; the first rule that fits decides. Needs `ClosableProtocol`."""

    def __init__(self, app: ASGIApp, faults: tuple[Fault, ...]) -> None:
        self._app = app
        self._faults = faults
        self._seen: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        fault = self._fault(scope)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is None or not (fault.status or fault.drop or fault.phase or fault.truncate is not None):
            await self._app(scope, receive, send)
            return
        answer = _Answer()
        if fault.after_work or fault.phase or fault.truncate is not None:
            await self._app(scope, receive, answer.send)
        else:
            await _read_body(receive)
        if fault.drop:
            await _close(scope, receive, at_once=True)
        elif fault.truncate is not None:
            await send(answer.start)
            share = answer.body[: int(len(answer.body) * fault.truncate)]
            await send({"type": "http.response.body", "body": bytes(share), "more_body": True})
            await _close(scope, receive, at_once=False)
        else:
            await _changed(answer, fault)(scope, receive, send)

    def _fault(self, scope: Scope) -> Fault | None:
        for kind, (method, path) in _KINDS.items():
            if scope["type"] == "http" and scope["method"] == method and scope["path"].startswith(path):
                self._seen[kind] += 1
                fitting = (fault for fault in self._faults if fault.on == kind and self._seen[kind] in fault.number)
                return next(fitting, None)
        return None


class _Answer:
    """The answer of an app, kept instead of sent."""

    def __init__(self) -> None:
        self.start: Message = {}
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


def _changed(answer: _Answer, fault: Fault) -> ASGIApp:
    if fault.status is not None:
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return error_answer(fault.status, "rehearsed_fault", "This fault is a rehearsed one.", headers=headers)
    render = json.loads(answer.body)
    if answer.start["status"] == 200:
        render |= {"phase": fault.phase, "outputs": []}
    return JSONResponse(render, answer.start["status"], {"Cache-Control": "no-store"})


async def _read_body(receive: Receive) -> None:
    while (await receive()).get("more_body", False):
        pass


async def _close(scope: Scope, receive: Receive, *, at_once: bool) -> None:
    """Close the connection; not `at_once`: when what was sent has left."""
    transport = scope["state"][_TRANSPORT]
    if at_once:
        transport.abort()
    else:
        transport.close()
    # uvicorn takes an app that returns without an answer for broken, unless the connection has gone by then.
    while (await receive())["type"] != "http.disconnect":
        pass
