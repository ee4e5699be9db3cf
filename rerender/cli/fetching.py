"""A render that the history does not know, asked of the API with the small client."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from rerender.cli.ending import finish_saved, not_pictures
from rerender.cli.files import picture_described, write
from rerender.cli.following import SOURCES
from rerender.cli.terminal import LOOKED, Exit, Problem, Terminal, go_on
from rerender.client import Client
from rerender.errors import (
    ApiError,
    AuthenticationError,
    DownloadError,
    MalformedResponse,
    RenderFailed,
    TransportError,
    WaitTimeout,
)
from rerender.models import Output, Render
from rerender.studio import pictures
from rerender.studio.backends import Backend, configured
from rerender.studio.downloads import extension
from rerender.studio.runs import Picture

__all__ = ["fetch"]

_LOOK = 60.0  # seconds for a look at a render that has ended


def fetch(render_id: str, terminal: Terminal, folder: Path, timeout: float) -> NoReturn:
    """Wait for the render, write its pictures and what the API says of it. Raises `Problem`, `ConfigurationError`."""
    backend = configured(SOURCES, "local")
    if backend.is_preview:
        raise Problem(
            Exit.WRONG, f"No run or render {render_id} is known here. Set GENLY_API_KEY to ask the API for it."
        )
    with backend.client() as client:
        render = _completed(client, backend, render_id, terminal, timeout)
        kept, problem = _downloaded(client, render.outputs)
    name = f"rerender-{re.sub('[^A-Za-z0-9_-]+', '-', render_id)[:80]}"
    if not kept:
        terminal.finish(Exit.NO_PICTURES, f"{problem} Again: {go_on(render_id)}", _described(render, backend, []))

    def named(suffix: str) -> tuple[dict[str, bytes], dict[str, Any]]:
        ends = [f"{name}-{n + 1}{suffix}.{extension(picture.mime)}" for n, picture, _ in kept]
        files = [picture_described(end, picture, None) for end, (_, picture, _) in zip(ends, kept, strict=True)]
        return dict(zip(ends, (data for _, _, data in kept), strict=True)), _described(render, backend, files)

    try:
        saved = write(folder, name, named)
    except OSError as error:
        raise Problem(
            Exit.NO_PICTURES, f"{folder} cannot be written: {error.strerror}. Again: {go_on(render_id)}"
        ) from None
    code, sentence = not_pictures(sum(not picture.is_readable for _, picture, _ in kept))
    if problem:
        code, sentence = Exit.NO_PICTURES, f"{problem} Again: {go_on(render_id)}"
    finish_saved(terminal, saved, code, sentence)


def _completed(client: Client, backend: Backend, render_id: str, terminal: Terminal, timeout: float) -> Render:
    began, fault = time.monotonic(), ""
    try:
        # `wait` says nothing of what passes, and its single looks have only what is left of the time.
        try:
            timeout = max(timeout, _LOOK) if client.get(render_id).is_terminal else timeout
        except AuthenticationError:
            raise
        except (ApiError, MalformedResponse, TransportError) as error:
            fault = str(error)
            terminal.note(f"{fault} Looking again.")
        return client.wait(
            render_id,
            timeout=timeout,
            on_update=lambda render: terminal.progress(render.phase, time.monotonic() - began),
        )
    except RenderFailed as error:
        terminal.finish(Exit.ENDED, str(error), _described(error.render, backend, []))
    except WaitTimeout as error:
        why = str(error) if error.last else fault or str(error)
        raise Problem(Exit.UNFINISHED, f"{why} {LOOKED} Again: {go_on(render_id)}") from None
    except MalformedResponse as error:
        raise Problem(Exit.NO_PICTURES, f"{error} Again: {go_on(render_id)}") from None
    except ApiError as error:
        raise Problem(Exit.REFUSED, f"{error} {LOOKED} Again: {go_on(render_id)}") from None
    except KeyboardInterrupt:
        raise Problem(Exit.INTERRUPTED, f"Stopped. Nothing is lost: {go_on(render_id)}") from None


def _downloaded(client: Client, outputs: Sequence[Output]) -> tuple[list[tuple[int, Picture, bytes]], str]:
    """The outputs that could be had, each with its place in the batch, and why another could not."""
    kept, problem = [], ""
    for position, output in enumerate(outputs):
        try:
            data = client.download(output)
            kept.append((position, pictures.describe(data), data))
        except DownloadError as error:
            if error.data is None:
                problem = str(error)
            else:
                kept.append((position, pictures.unreadable(error.data), error.data))
    return kept, problem


def _described(render: Render, backend: Backend, files: list[dict[str, Any]]) -> dict[str, Any]:
    """The render as JSON. What was asked for is in the API's own answer, as far as it says so."""
    answer = {name: value for name, value in render.raw.items() if name != "outputs"}
    return {
        "run_id": None,
        "render_id": render.id,
        "phase": render.phase,
        "backend": backend.name,
        "workflow_id": render.workflow_id,
        "pictures": files,
        # Python reads NaN and Infinity, which are no JSON.
        "answer": json.loads(json.dumps(answer), parse_constant=lambda _: None),
    }
