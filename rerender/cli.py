"""The command line: `python -m rerender`."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from rerender.errors import RerenderError
from rerender.models import DEFAULT_WORKFLOW_ID

_CURL = """\
printf '{{"prompt": "oak and glass, golden hour", "control_image": "%s", "batch_size": 1,
  "image_width": 1024, "image_height": 768, "seed": 7}}' "$(base64 < {picture} | tr -d '\\n')" |
curl -X POST {base_url}/api/workflows/{workflow_id} -H "Authorization: Bearer {api_key}" \\
  -H "Content-Type: application/json" -d @-
curl {base_url}/api/renders/RENDER_ID -H "Authorization: Bearer {api_key}"
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """ReRender Studio on the command line."""


@main.command(
    epilog="""\b
Examples:
  python -m rerender serve
  python -m rerender serve --port 8601 --api-key one-key --api-key another-key
  python -m rerender serve --home /tmp/scratch --port 0    # any free port
"""
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
def serve(host: str, port: int, api_keys: tuple[str, ...], home: Path) -> None:
    """Serve the ReRender API from this machine, with pictures by the preview engine (no AI model)."""
    # FastAPI and OpenCV take a second to load: not for --help.
    from rerender.engines.preview import PreviewEngine
    from rerender.engines.settings import working_size
    from rerender.service.server import LocalServer

    folder = home.expanduser() / "serve"
    keys = api_keys or (secrets.token_urlsafe(24),)
    try:
        server = LocalServer(folder, PreviewEngine(working_size()), keys, host=host, port=port)
        server.run(lambda: click.echo(_welcome(server.base_url, keys[0], folder)))
    except (RerenderError, OSError) as error:
        raise click.ClickException(str(error)) from None


def _welcome(base_url: str, api_key: str, folder: Path) -> str:
    curl = _CURL.format(base_url=base_url, api_key=api_key, workflow_id=DEFAULT_WORKFLOW_ID, picture="picture.jpg")
    return f"""\
ReRender API, served from this machine (preview engine, no AI model)
  Base URL  {base_url}
  API key   {api_key}
  Docs      {base_url}/docs
  Pictures  {folder}

Try it, with your own picture.jpg:

{curl}
Ctrl+C stops it; renders that have not ended are taken up at the next start."""
