"""Every answer of 400 and above: one shape, sentences of our own, nothing of what was sent."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from rerender.errors import InvalidRequest
from rerender.service.jobs import QueueFull
from rerender.service.schemas import ErrorAnswer

RETRY_AFTER_SECONDS = 5

_DOCUMENTED = {
    401: "No API key, or a wrong one",
    404: "There is nothing under this id",
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "The body is not announced as `application/json`",
    422: "The body is no JSON, or a field is missing or outside its range; `fields` names each",
    429: "Too many renders wait; `Retry-After` says for how many seconds to wait",
    503: "Nothing is rendered any more; the service has to be started again",
}


class Refusal(Exception):
    """An answer of 400 and above, in the one shape that errors have here."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.code, self.message, self.headers = status, code, message, headers
        super().__init__(message)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of these statuses."""
    return {status: {"model": ErrorAnswer, "description": _DOCUMENTED[status]} for status in statuses}


def error_answer(
    status: int, code: str, message: str, *, fields: dict[str, str] | None = None, headers: Any = None
) -> JSONResponse:
    """The answer for an error, in the one shape."""
    named = {"fields": fields} if fields else {}
    return JSONResponse({"error": {"code": code, "message": message, **named}}, status, headers)


def add_error_handlers(app: FastAPI) -> None:
    """Give whatever is raised in the app that shape."""

    @app.exception_handler(Refusal)
    async def refused(_request: Request, error: Refusal) -> JSONResponse:
        return error_answer(error.status, error.code, error.message, headers=error.headers)

    @app.exception_handler(InvalidRequest)
    async def invalid(_request: Request, error: InvalidRequest) -> JSONResponse:
        return error_answer(422, "invalid_request", str(error), fields=error.problems)

    @app.exception_handler(QueueFull)
    async def full(_request: Request, error: QueueFull) -> JSONResponse:
        return error_answer(429, "queue_full", str(error), headers={"Retry-After": str(RETRY_AFTER_SECONDS)})

    @app.exception_handler(HTTPException)
    async def unrouted(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 405:
            message = f"{request.method} is not taken here."
            return error_answer(405, "method_not_allowed", message, headers=error.headers)
        message = "There is nothing at this address; /docs shows what there is."
        return error_answer(error.status_code, "not_found", message)

    @app.exception_handler(Exception)
    async def broken(_request: Request, _failure: Exception) -> JSONResponse:
        return error_answer(500, "internal_error", "The service failed at this request; its log says where.")
