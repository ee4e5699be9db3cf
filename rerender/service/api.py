"""The HTTP side of the service: the two documented calls, the pictures, and a look at its health."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import IO, Annotated, Any

from fastapi import Depends, FastAPI, Path, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from rerender.images import FORMATS
from rerender.models import DEFAULT_WORKFLOW_ID
from rerender.service.accounts import Accounts
from rerender.service.jobs import Jobs
from rerender.service.reading import ReadToTheEnd, check_announced, read_body
from rerender.service.refusals import Refusal, add_error_handlers, documented
from rerender.service.schemas import (
    ErrorAnswer,
    HealthAnswer,
    PictureAnswer,
    RenderAnswer,
    RenderBody,
    SubmitAnswer,
    read_request,
)
from rerender.service.storage import Picture, Record

_DESCRIPTION = """The ReRender API, served from this machine. Pictures are made by the preview engine: instant previews
by rules, no AI model. Press *Authorize* and enter the API key to try the calls here."""


def create_app(jobs: Jobs, accounts: Accounts, *, faults: bool = False) -> FastAPI:
    """The API over `jobs`, for whoever has a key of an account. `faults`: whether its health says that some are on."""
    app = FastAPIOffline(
        title="ReRender API, local",
        description=_DESCRIPTION,
        version="1",
        redoc_url=None,
        redirect_slashes=False,
        swagger_ui_parameters={"persistAuthorization": True, "validatorUrl": None},
        responses={"default": {"model": ErrorAnswer, "description": "Any other refusal"}},
    )
    app.add_middleware(ReadToTheEnd)
    add_error_handlers(app)
    _add_renders(app, jobs, accounts)
    _add_pictures(app, jobs)
    _add_health(app, jobs, faults)
    return app


def _add_renders(app: FastAPI, jobs: Jobs, accounts: Accounts) -> None:
    account_of = Depends(_account_of(accounts))
    # Eight bodies of 10 MB, parsed at once, took 836 MB of memory.
    one_at_a_time = asyncio.Lock()

    @app.post(
        "/api/workflows/{workflow_id}",
        summary="Submit a run",
        responses=documented(401, 404, 408, 413, 415, 422, 429),
        openapi_extra={"requestBody": _request_body()},
    )
    async def submit(
        workflow_id: Annotated[str, Path(examples=[DEFAULT_WORKFLOW_ID])],
        request: Request,
        account: str = account_of,
    ) -> SubmitAnswer:
        if workflow_id != DEFAULT_WORKFLOW_ID:
            raise Refusal(404, "not_found", f"There is no such workflow here; the one served is {DEFAULT_WORKFLOW_ID}.")
        check_announced(request)
        # Not under the lock: whoever sends slowly holds up nobody, and takes room on the disk only.
        with jobs.scratch_file() as body:
            await read_body(request, body)
            async with one_at_a_time:
                return SubmitAnswer(render_id=await run_in_threadpool(_submit, jobs, body, workflow_id, account))

    @app.get("/api/renders/{render_id}", summary="Get a result", responses=documented(401, 404))
    def get_render(render_id: str, request: Request, response: Response, account: str = account_of) -> RenderAnswer:
        record = jobs.find(render_id, account)
        if record is None:
            raise Refusal(404, "not_found", "There is no such render.")
        response.headers["Cache-Control"] = "no-store"
        return _render_answer(record, str(request.base_url))


def _submit(jobs: Jobs, body: IO[bytes], workflow_id: str, account: str) -> str:
    body.seek(0)
    return jobs.submit(read_request(body.read()), workflow_id, account)


_PICTURES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture",
        "content": {f"image/{name.lower()}": {"schema": {"type": "string", "format": "binary"}} for name in FORMATS},
    },
    304: {"description": "The picture is the one that `If-None-Match` names"},
}


def _add_pictures(app: FastAPI, jobs: Jobs) -> None:
    @app.get(
        "/pictures/{file}",
        summary="Get a picture",
        response_class=Response,
        responses=_PICTURES | documented(404),
    )
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
        return _WholeFile(path, headers=headers, media_type=f"image/{path.suffix[1:]}")

    @app.get("/", include_in_schema=False)
    def go_to_docs() -> RedirectResponse:
        return RedirectResponse("docs")


class _WholeFile(FileResponse):
    """A file, never a part of it: Starlette refuses bad ranges in a shape of its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers["Accept-Ranges"] = "none"
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


def _add_health(app: FastAPI, jobs: Jobs, faults: bool) -> None:
    @app.get("/healthz", summary="See whether it works", responses=documented(503))
    def get_health() -> HealthAnswer:
        if not jobs.is_working:
            raise Refusal(503, "not_working", "Nothing is rendered any more. Start the service again.")
        engine, (waiting, working) = jobs.engine, jobs.counts()
        return HealthAnswer(
            status="ok",
            engine=engine.name,
            version=engine.version,
            waiting=waiting,
            working=working,
            faults=faults,
        )


_BEARER = HTTPBearer(auto_error=False, description="The API key that the service was started with")


def _account_of(accounts: Accounts) -> Callable[..., str]:
    def check(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> str:
        account = accounts.of(credentials.credentials) if credentials else None
        if account is None:
            message = "The API key is wrong." if credentials else "An API key is needed: Authorization: Bearer KEY."
            raise Refusal(401, "unauthorized", message, {"WWW-Authenticate": "Bearer"})
        return account

    return check


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
