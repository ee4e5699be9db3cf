"""A request as code that runs: curl for a shell, Python with this package, and the JSON body itself.

The key is never in it, only the name of the environment variable that holds it. The control image is a file beside
it, because a shell shows no megabytes.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from rerender.client import DEFAULT_BASE_URL
from rerender.models import RenderRequest
from rerender.studio import pictures
from rerender.studio.backends import EMBEDDED, Backend, origin_of
from rerender.studio.downloads import extension

__all__ = ["address_of", "body", "control_file", "curl", "curl_body", "python", "shown_body"]

LOCAL_ADDRESS = "http://127.0.0.1:8600"
"""Where `python -m rerender serve` listens. The app's own preview service has another address at each start."""

_SERVE = "# Answered by: python -m rerender serve --port 8600 --api-key $GENLY_API_KEY\n"

_CURL = r"""{serve}base={base_url}
answer=$({{
  {body}
}} | curl -sS "$base/api/workflows/"{workflow_id} -H "Authorization: Bearer $GENLY_API_KEY" \
  -H "Content-Type: application/json" --data-binary @-)
printf '%s\n' "$answer"
render_id=$(printf '%s\n' "$answer" | sed -n 's/.*"render_id": *"\([^"]*\)".*/\1/p')

while [ -n "$render_id" ]; do
  curl -sSf "$base/api/renders/$render_id" -H "Authorization: Bearer $GENLY_API_KEY" -o render.json || break
  grep -Eq '"phase": *"(completed|failed|dead)"' render.json && cat render.json && break
  sleep 2
done
"""

_CURL_BODY = r"""printf %s {begin}
  base64 < {file} | tr -d '\n'
  printf %s '"}}'"""

_PYTHON = """\
{serve}from pathlib import Path

from rerender import Client, RenderRequest

request = RenderRequest(
    prompt={prompt!r},
    control_image=Path({file!r}).read_bytes(),
    batch_size={batch_size},
    image_width={image_width},
    image_height={image_height},
    seed={seed},
)
with Client(base_url={base_url!r}, workflow_id={workflow_id!r}) as client:  # the key from GENLY_API_KEY
    render_id = client.submit(request)  # the only call that costs
    print(render_id)
    render = client.wait(render_id, timeout=300, on_update=lambda render: print(render.phase))
    for number, output in enumerate(render.outputs, start=1):
        Path(f"render-{{number}}.png").write_bytes(client.download(output))
"""


def address_of(backend_name: str, known: Sequence[Backend]) -> str:
    """The base URL for runs of the backend of that name: the preview's is that of a service that anyone can start.

    The code sends a key there, and an imported run may say of any address that it was made there. So it is that of a
    `known` API or of the usual one; where none of them has the name, the first's.
    """
    if backend_name == EMBEDDED:
        return LOCAL_ADDRESS
    addresses = [one.base_url for one in known if not one.is_preview] + [DEFAULT_BASE_URL]
    return next((address for address in addresses if origin_of(address) == backend_name), addresses[0])


def control_file(request: RenderRequest) -> str:
    """The name under which the code looks for the control image: `control.png`, or with another kind's ending."""
    return f"control.{extension(pictures.describe(request.control_image).mime)}"


def curl(request: RenderRequest, base_url: str, workflow_id: str) -> str:
    """Commands for a shell on Linux or macOS: submit, then look until the render has ended and print it."""
    return _CURL.format(
        serve=_serve(base_url),
        base_url=shlex.quote(base_url),
        workflow_id=shlex.quote(workflow_id),
        body=curl_body(request),
    )


def curl_body(request: RenderRequest) -> str:
    """The commands that print the request's body, whatever its prompt says."""
    begin = _readable(_fields(request) | {"control_image": ""}).removesuffix('"}')
    return _CURL_BODY.format(begin=shlex.quote(begin), file=control_file(request))


def python(request: RenderRequest, base_url: str, workflow_id: str) -> str:
    """A script with this package: submit, wait, and save every picture."""
    return _PYTHON.format(
        serve=_serve(base_url),
        base_url=base_url,
        workflow_id=workflow_id,
        file=control_file(request),
        **_fields(request),
    )


def body(request: RenderRequest) -> str:
    """The whole body of the POST, megabytes long."""
    return _readable(request.to_json())


def shown_body(request: RenderRequest) -> str:
    """The body for people: in the control image's place stands which file goes there, in base64."""
    return _readable(_fields(request) | {"control_image": f"({control_file(request)} in base64)"}, indent=2)


def _fields(request: RenderRequest) -> dict[str, str | int]:
    return {
        "prompt": request.prompt,
        "batch_size": request.batch_size,
        "image_width": request.image_width,
        "image_height": request.image_height,
        "seed": request.seed,
    }


def _readable(fields: dict[str, str | int], indent: int | None = None) -> str:
    """JSON in which letters stay letters, unless one of them is a sign that a terminal would obey or not show."""
    text = json.dumps(fields, ensure_ascii=False, indent=indent)
    return text if text.replace("\n", "").isprintable() else json.dumps(fields, indent=indent)


def _serve(base_url: str) -> str:
    return _SERVE if base_url == LOCAL_ADDRESS else ""
