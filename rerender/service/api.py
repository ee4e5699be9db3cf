"""The HTTP side of the service: the two documented calls, the pictures, and one shape for every error."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Callable, Collection
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rerender.errors import InvalidRequest
from rerender.models import CONTROL_IMAGE_MAX_BYTES, DEFAULT_WORKFLOW_ID
from rerender.service.jobs import Jobs, QueueFull
from rerender.service.schemas import (
    ErrorAnswer,
    PictureAnswer,
    RenderAnswer,
    RenderBody,
    SubmitAnswer,
    read_request,
)
from rerender.service.storage import Picture, Record

# Base64 makes four bytes of three; the rest is for the prompt, escaped, and the other fields.
MAX_BODY_BYTES = 4 * -(-CONTROL_IMAGE_MAX_BYTES // 3) + 256 * 1024
BODY_SECONDS = 60.0
RETRY_AFTER_SECONDS = 5

_DESCRIPTION = """The ReRender API, served from this machine. Pictures are made by the preview engine: instant previews
by rules, no AI model. Press *Authorize* and enter the API key to try the calls here."""
_DRAIN_BYTES = 4 * MAX_BODY_BYTES
_DRAIN_SECONDS = 5.0


class Refusal(Exception):
    """An answer of 400 and above, in the one shape that errors have here."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.code, self.message, self.headers = status, code, message, headers
        super().__init__(message)


def create_app(jobs: Jobs, api_keys: Collection[str]) -> FastAPI:
    """The API over `jobs`, for whoever has one of `api_keys`."""
    app = FastAPIOffline(
        title="ReRender API, local",
        description=_DESCRIPTION,
        version="1",
        redoc_url=None,
        redirect_slashes=False,
        swagger_ui_parameters={"persistAuthorization": True, "validatorUrl": None},
        responses={"default": {"model": ErrorAnswer, "description": "Any other refusal"}},
    )
    app.add_middleware(_ReadToTheEnd)
    _add_error_handlers(app)
    _add_renders(app, jobs, api_keys)
    _add_pictures(app, jobs)
    return app


def _add_renders(app: FastAPI, jobs: Jobs, api_keys: Collection[str]) -> None:
    key_needed = [Depends(_key_check(api_keys))]
    # Eight bodies of 10 MB, parsed at once, took 836 MB of memory.
    one_at_a_time = asyncio.Lock()

    @app.post(
        "/api/workflows/{workflow_id}",
        summary="Submit a run",
        dependencies=key_needed,
        responses=_refusals(401, 404, 408, 413, 422, 429),
        openapi_extra={"requestBody": _request_body()},
    )
    async def submit(
        workflow_id: Annotated[str, Path(examples=[DEFAULT_WORKFLOW_ID])], request: Request
    ) -> SubmitAnswer:
        if workflow_id != DEFAULT_WORKFLOW_ID:
            raise Refusal(404, "not_found", f"There is no such workflow here; the one served is {DEFAULT_WORKFLOW_ID}.")
        async with one_at_a_time:
            body = await _body(request)
            render_request = await run_in_threadpool(read_request, body)
            render_id = await run_in_threadpool(jobs.submit, render_request, workflow_id)
        return SubmitAnswer(render_id=render_id)

    @app.get("/api/renders/{render_id}", summary="Get a result", dependencies=key_needed, responses=_refusals(401, 404))
    def get_render(render_id: str, request: Request, response: Response) -> RenderAnswer:
        record = jobs.find(render_id)
        if record is None:
            raise Refusal(404, "not_found", "There is no such render.")
        response.headers["Cache-Control"] = "no-store"
        return _render_answer(record, str(request.base_url))


def _add_pictures(app: FastAPI, jobs: Jobs) -> None:
    @app.get("/pictures/{file}", summary="Get a picture", response_class=FileResponse, responses=_refusals(404))
    def get_picture(file: str, request: Request) -> Response:
        path = jobs.picture_path(file)
        if path is None:
            raise Refusal(404, "not_found", "There is no such picture.")
        headers = {
            "ETag": f'"{path.stem}"',
            "Cache-Control": "private, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        }
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return FileResponse(path, headers=headers)

    @app.get("/", include_in_schema=False)
    def go_to_docs() -> RedirectResponse:
        return RedirectResponse("docs")


_BEARER = HTTPBearer(auto_error=False, description="The API key that the service was started with")


def _key_check(api_keys: Collection[str]) -> Callable[..., None]:
    keys = [key.encode() for key in api_keys]

    def check(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> None:
        given = credentials.credentials.encode() if credentials else b""
        # Every key is compared, in constant time: how long it takes must not tell which came close.
        if not sum(hmac.compare_digest(given, key) for key in keys):
            message = "The API key is wrong." if credentials else "An API key is needed: Authorization: Bearer KEY."
            raise Refusal(401, "unauthorized", message, {"WWW-Authenticate": "Bearer"})

    return check


async def _body(request: Request) -> bytearray:
    declared = request.headers.get("content-length", "")
    body = bytearray()
    too_large = Refusal(413, "payload_too_large", f"The body is over {MAX_BODY_BYTES:,} bytes.")
    if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
        raise too_large
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise too_large
    except TimeoutError:
        raise Refusal(408, "request_timeout", f"The body did not arrive within {BODY_SECONDS:g} seconds.") from None
    except ClientDisconnect:
        raise Refusal(400, "incomplete_body", "The connection closed before the body had arrived.") from None
    return body


def _render_answer(record: Record, base_url: str) -> RenderAnswer:
    def entry(picture: Picture, name: str, desc: str = "") -> PictureAnswer:
        return PictureAnswer(
            name=name,
            type="image",
            desc=desc,
            cover_src=f"{base_url}pictures/{picture.file}",
            cover_width=picture.width,
            cover_height=picture.height,
        )

    return RenderAnswer(
        _id=record.id,
        workflow_id=record.workflow_id,
        inputs=[entry(record.control_image, "control_image")],
        outputs=[
            entry(picture, f"image_{index + 1}", f"Seed {record.seed + index}")
            for index, picture in enumerate(record.pictures)
        ],
        phase=record.phase,
        is_sample=False,
        is_public=False,
        created_at=int(record.created_at),
        updated_at=int(record.updated_at),
        misc=record.misc,
    )


def _request_body() -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": RenderBody.model_json_schema()}}}


_REFUSALS = {
    401: "No API key, or a wrong one",
    404: "There is nothing under this id",
    408: "The body did not arrive in time",
    413: "The body is too large",
    422: "The body is no JSON, or a field is missing or outside its range; `fields` names each",
    429: "Too many renders wait; `Retry-After` says for how many seconds to wait",
}


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorAnswer, "description": _REFUSALS[status]} for status in statuses}


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(Refusal)
    async def refused(_request: Request, error: Refusal) -> JSONResponse:
        return _error(error.status, error.code, error.message, headers=error.headers)

    @app.exception_handler(InvalidRequest)
    async def invalid(_request: Request, error: InvalidRequest) -> JSONResponse:
        return _error(422, "invalid_request", str(error), fields=error.problems)

    @app.exception_handler(QueueFull)
    async def full(_request: Request, error: QueueFull) -> JSONResponse:
        return _error(429, "queue_full", str(error), headers={"Retry-After": str(RETRY_AFTER_SECONDS)})

    @app.exception_handler(HTTPException)
    async def unrouted(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 405:
            return _error(405, "method_not_allowed", f"{request.method} is not taken here.", headers=error.headers)
        return _error(error.status_code, "not_found", "There is nothing at this address; /docs shows what there is.")

    @app.exception_handler(Exception)
    async def broken(_request: Request, _failure: Exception) -> JSONResponse:
        return _error(500, "internal_error", "The service failed at this request; its log says where.")


def _error(
    status: int, code: str, message: str, *, fields: dict[str, str] | None = None, headers: Any = None
) -> JSONResponse:
    named = {"fields": fields} if fields else {}
    return JSONResponse({"error": {"code": code, "message": message, **named}}, status, headers)


class _ReadToTheEnd:
    """Reads the rest of a refused request before answering.

    A server that answers and closes while the body is still being sent resets the connection, and the client
    never learns that its key was wrong or its picture too large. Bounded in bytes and in time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        at_end = False

        async def watched_receive() -> Message:
            nonlocal at_end
            message = await receive()
            at_end = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def read_rest() -> None:
            size = 0
            while not at_end and size < _DRAIN_BYTES:
                size += len((await watched_receive()).get("body", b""))

        async def late_send(message: Message) -> None:
            if message["type"] == "http.response.start" and not at_end:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(read_rest(), _DRAIN_SECONDS)
            await send(message)

        await self._app(scope, watched_receive, late_send)
