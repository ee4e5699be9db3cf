"""`python -m rerender serve`."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rerender.cli.terminal import say
from rerender.errors import ConfigurationError, RerenderError
from rerender.models import DEFAULT_WORKFLOW_ID

if TYPE_CHECKING:
    from rerender.engines.preview import PreviewEngine

_CURL = """\
printf '{{"prompt": "oak and glass, golden hour", "control_image": "%s", "batch_size": 1,
  "image_width": 1024, "image_height": 768, "seed": 7}}' "$(base64 < {picture} | tr -d '\\n')" |
curl -X POST {base_url}/api/workflows/{workflow_id} -H "Authorization: Bearer {api_key}" \\
  -H "Content-Type: application/json" -d @-
curl {base_url}/api/renders/RENDER_ID -H "Authorization: Bearer {api_key}"
"""
_FROM_1 = click.IntRange(min=1)


@click.command(
    short_help="Serve the API from this machine.",
    epilog="""\b
Examples:
  python -m rerender serve
  python -m rerender serve --port 8601 --api-key one-key --api-key another-key
  python -m rerender serve --home /tmp/scratch --port 0    # any free port
  python -m rerender serve --faults rehearsal.json         # docs/local-api.md

\b
Exit codes:
  0  stopped by Ctrl+C or SIGTERM, also in the middle of a render
  1  cannot serve: the port or the folder is in use, the folder cannot be written,
     or RERENDER_WORKING_SIZE is wrong
  2  wrong use or value
""",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8600, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port.")
@click.option("--api-key", "api_keys", multiple=True, help="Key to accept; repeatable. Generated when not given.")
@click.option(
    "--home",
    envvar="RERENDER_HOME",
    show_envvar=True,
    default="~/.rerender",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Renders and pictures are kept in its folder `serve`.",
)
@click.option("--queue-limit", default=64, show_default=True, type=_FROM_1, help="Renders that may wait.")
@click.option("--keep-days", default=30, show_default=True, type=_FROM_1, help="Ended renders are deleted after that.")
@click.option("--keep-mb", default=2000, show_default=True, type=_FROM_1, help="More is deleted, the oldest first.")
@click.option(
    "--faults",
    "faults_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON rules for tests and rehearsals: which requests go wrong, and how.",
)
def serve(
    host: str,
    port: int,
    api_keys: tuple[str, ...],
    home: Path,
    queue_limit: int,
    keep_days: int,
    keep_mb: int,
    faults_file: Path | None,
) -> None:
    """Serve the ReRender API from this machine, with pictures by the preview engine (no AI model)."""
    # FastAPI and OpenCV take a second to load: not for --help.
    from rerender.service.faults import BadFaults, read_faults
    from rerender.service.retention import Retention
    from rerender.service.server import LocalServer

    folder = home.expanduser() / "serve"
    keys = api_keys or (secrets.token_urlsafe(24),)
    try:
        faults = read_faults(faults_file) if faults_file else ()
    except BadFaults as error:
        raise click.BadParameter(str(error), param_hint="--faults") from None
    engine = _engine()
    try:
        server = LocalServer(
            folder,
            engine,
            keys,
            host=host,
            port=port,
            queue_limit=queue_limit,
            retention=Retention(keep_days, keep_mb),
            faults=faults,
        )
    except ConfigurationError as error:
        raise click.BadParameter(str(error), param_hint="--api-key") from None
    try:
        server.run(lambda: say(_welcome(server.base_url, keys[0], folder, faults_file)))
    except (RerenderError, OSError) as error:
        raise click.ClickException(str(error)) from None


def _engine() -> PreviewEngine:
    from rerender.engines.preview import PreviewEngine
    from rerender.engines.settings import working_size

    try:
        return PreviewEngine(working_size())
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None


def _welcome(base_url: str, api_key: str, folder: Path, faults_file: Path | None) -> str:
    faults = f"\n  Faults    on, by {faults_file}: some answers are wrong on purpose" if faults_file else ""
    curl = _CURL.format(base_url=base_url, api_key=api_key, workflow_id=DEFAULT_WORKFLOW_ID, picture="picture.jpg")
    return f"""\
ReRender API, served from this machine (preview engine, no AI model)
  Base URL  {base_url}
  API key   {api_key}
  Docs      {base_url}/docs
  Pictures  {folder}{faults}

Try it, with your own picture.jpg:

{curl}
Ctrl+C stops it; renders that have not ended are taken up at the next start."""
