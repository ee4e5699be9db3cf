"""`python -m rerender render`."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, get_args

import click

from rerender import images
from rerender.cli.options import shared
from rerender.cli.terminal import EXIT_CODES, Exit, Problem, Terminal, go_on
from rerender.errors import ConfigurationError, ImageError, InvalidRequest
from rerender.models import BATCH_SIZE, CONTROL_IMAGE_MAX_BYTES, IMAGE_SIDE, SEED, RenderRequest

if TYPE_CHECKING:
    from rerender.studio.backends import Backend
    from rerender.studio.runs import Run

_STANDARD = 1  # of the sizes from small to large, the one that a new form of the app begins with
_NOTHING_SENT = "Nothing was sent."


@click.command(
    short_help="Make pictures, and write them into a folder.",
    epilog=f"""\b
Examples:
  python -m rerender render clay.png "oak and glass, golden hour"
  python -m rerender render clay.png "heavy snow" --batch-size 4 --seed 7 --out pictures
  python -m rerender render clay.png "blueprint" --preview --json

{EXIT_CODES}""",
)
@click.argument("control_image", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("prompt")
@click.option("--width", type=click.IntRange(*IMAGE_SIDE), help="In pixels. Without it, as the image's aspect asks.")
@click.option("--height", type=click.IntRange(*IMAGE_SIDE), help="In pixels. Without it, as the image's aspect asks.")
@click.option(
    "--fit",
    type=click.Choice(get_args(images.Fit)),
    default="crop",
    show_default=True,
    help="Where the aspect differs: crop cuts the longer sides, pad adds white, stretch distorts.",
)
@click.option(
    "--batch-size", type=click.IntRange(*BATCH_SIZE), default=1, show_default=True, help="Pictures of this one run."
)
@click.option("--seed", type=click.IntRange(*SEED), help="Where chance starts from. Random when not given.")
@click.option("--preview", is_flag=True, help="Spend nothing: use the preview engine, also when there is a key.")
@click.option("--again", is_flag=True, help="Also if the very same paid request may still bring its pictures.")
@shared
def render(
    control_image: Path,
    prompt: str,
    width: int | None,
    height: int | None,
    fit: images.Fit,
    batch_size: int,
    seed: int | None,
    preview: bool,
    again: bool,
    out: Path,
    timeout: float,
    as_json: bool,
    quiet: bool,
) -> None:
    """Render PROMPT over the shapes of CONTROL_IMAGE, and write the pictures into a folder.

    With the environment variable GENLY_API_KEY the run is sent to the ReRender API (GENLY_BASE_URL, GENLY_WORKFLOW_ID)
    and costs credits; without it the preview engine of this machine renders, free and without an AI model. Where, and
    for how much, is said before anything is sent. The run is in the app's History too, and outlives this command.

    Beside the pictures comes a JSON with the request, and the control image as it was sent. No file is overwritten.
    """
    # SQLAlchemy takes a while to load: not for --help.
    from rerender.cli.following import SOURCES, usable
    from rerender.studio.backends import PREVIEW, configured

    terminal = Terminal(quiet=quiet, as_json=as_json)
    try:
        backend = PREVIEW if preview else configured(SOURCES, "local")
        data = _read(control_image)
        image_width, image_height = _size(data, width, height)
        prepared = images.prepare(data, image_width, image_height, fit, keep_alpha=backend.keeps_alpha)
        seed = secrets.randbelow(SEED.high + 1) if seed is None else seed
        request = RenderRequest(prompt, prepared, batch_size, image_width, image_height, seed)
        _submit(request, backend, terminal, usable(out, _NOTHING_SENT), timeout, again=again)
    except (ConfigurationError, ImageError, InvalidRequest) as error:
        terminal.fail(Problem(Exit.WRONG, f"{error} {_NOTHING_SENT}"))
    except Problem as problem:
        terminal.fail(problem)


def _submit(
    request: RenderRequest, backend: Backend, terminal: Terminal, folder: Path, timeout: float, *, again: bool
) -> NoReturn:
    from rerender.cli.ending import ending, finish
    from rerender.cli.following import Stop, follow, opened
    from rerender.studio.workspaces import LOCAL

    with Stop() as stop, opened(_NOTHING_SENT) as runtime:
        history = runtime.history(LOCAL)
        twin = None if backend.is_preview or again else history.open_like(backend.name, request)
        if twin:
            again_costs = f"With --again it is rendered once more, and costs again. {_NOTHING_SENT}"
            raise Problem(Exit.WRONG, f"{_said_of(twin)} {again_costs}")
        try:
            ready = runtime.ready(backend, LOCAL)
        except OSError as error:
            raise Problem(Exit.WRONG, f"The preview engine cannot be started: {error.strerror}.") from None
        if stop.asked:
            raise Problem(Exit.INTERRUPTED, f"Stopped. {_NOTHING_SENT}")
        terminal.note(_announced(request, backend))
        run_id = runtime.runner.submit(LOCAL, ready, request)
        terminal.note(f"Run {run_id}")
        run = follow(runtime, run_id, terminal, stop, timeout, is_ours=True)
        code, sentence = ending(run, is_stopped=stop.asked, ends_here=runtime.previews_end_here)
        finish(history, run, terminal, folder, code, sentence)


def _said_of(twin: Run) -> str:
    """What became of a run of the very same request, and how to have its pictures."""
    if twin.is_unfinished:
        return f"The very same request is still being made. Wait for it with: {go_on(twin.run_id)}"
    if twin.can_be_watched_again:
        return f"The very same request was taken by the API already. Fetch its pictures with: {go_on(twin.run_id)}"
    return "The very same request may have been charged. Say what became of it first, in the app."


def _announced(request: RenderRequest, backend: Backend) -> str:
    """What is about to be sent, where, and for how much."""
    pictures = "1 picture" if request.batch_size == 1 else f"{request.batch_size} pictures"
    what = f"{pictures}, {request.image_width} × {request.image_height}, seed {request.seed}"
    if backend.is_preview:
        return f"Rendering {what}, in the preview engine of this machine (by rules, no AI model): free."
    return f"Rendering {what}, at {backend.name}: {backend.price()}."


def _read(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(CONTROL_IMAGE_MAX_BYTES + 1)
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}.") from None


def _size(data: bytes, width: int | None, height: int | None) -> tuple[int, int]:
    """The size to ask for; what is not given follows the image's aspect."""
    image = images.load(data)
    if width and height:
        return width, height
    if width:
        return width, images.legal_side(width * image.height / image.width)
    if height:
        return images.legal_side(height * image.width / image.height), height
    sizes = images.sizes_for(*image.size)
    return sizes[min(_STANDARD, len(sizes) - 1)]
