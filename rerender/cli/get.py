"""`python -m rerender get`."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from rerender.cli.options import shared
from rerender.cli.terminal import EXIT_CODES, LOOKED, Exit, Problem, Terminal, go_on, is_terminal, plain
from rerender.errors import ConfigurationError

if TYPE_CHECKING:
    from rerender.studio.runs import Run
    from rerender.studio.runtime import Runtime

_LISTED = 20
_STATES = {"unfinished": "in progress", "refused": "not accepted", "uncertain": "may be charged"}


@click.command(
    short_help="Take up a run, or list the latest ones.",
    epilog=f"""\b
Examples:
  python -m rerender get                            # the latest runs
  python -m rerender get 3f0c2b7e9d81456aa0c9e4d7b1f26835 --out pictures
  python -m rerender get RENDER_ID --timeout 0      # look once, and fetch what is there
  python -m rerender get RUN_ID --render RENDER_ID  # this is the run that may have been charged

{EXIT_CODES}""",
)
@click.argument("some_id", metavar="[ID]", required=False)
@click.option(
    "--render",
    "render_id",
    metavar="RENDER_ID",
    help="Of a run that may have been charged: its render, which you found in your account.",
)
@shared
def get(some_id: str | None, render_id: str | None, out: Path, timeout: float, as_json: bool, quiet: bool) -> None:
    """Wait for a run and write its pictures, as `render` does; without ID, list the latest runs.

    ID is a run's or a render's. It never sends or costs anything. A run that is not finished is waited for, whoever
    made it: an earlier command that was stopped or killed, or the app. A render that is not in the history here is
    asked of the API, with the key in GENLY_API_KEY.
    """
    # SQLAlchemy takes a while to load: not for --help.
    from rerender.cli.following import opened
    from rerender.studio.workspaces import LOCAL

    if some_id is None and render_id is not None:
        raise click.UsageError("--render goes with the ID of a run.")
    terminal = Terminal(quiet=quiet, as_json=as_json)
    try:
        if some_id is None:
            with opened(LOOKED) as runtime:
                _list(runtime.history(LOCAL).recent(_LISTED), terminal)
        _get(some_id, render_id, terminal, out, timeout)
    except ConfigurationError as error:
        terminal.fail(Problem(Exit.WRONG, str(error)))
    except Problem as problem:
        terminal.fail(problem)


def _get(some_id: str, render_id: str | None, terminal: Terminal, out: Path, timeout: float) -> NoReturn:
    from rerender.cli.ending import ending, finish
    from rerender.cli.fetching import fetch
    from rerender.cli.following import Stop, follow, nothing_lost, opened, usable
    from rerender.client import is_id
    from rerender.studio.workspaces import LOCAL

    if not is_id(some_id):
        raise Problem(Exit.WRONG, f"This is no run or render id. {LOOKED}")
    if render_id is not None and not is_id(render_id):
        raise Problem(Exit.WRONG, f"This is no render id. {LOOKED}")
    folder = usable(out, LOOKED)
    with Stop() as stop, opened(LOOKED) as runtime, nothing_lost(some_id):
        history = runtime.history(LOCAL)
        if render_id is not None:
            _attach(runtime, some_id, render_id)
        run = history.run(some_id) or history.of_render(some_id)
        if run is not None:
            # Given up, or no longer watched: whoever asks for it wants it looked for again.
            if not run.is_unfinished and run.stored_at is None:
                runtime.runner.look_again(LOCAL, run.run_id)
            runtime.runner.resume()
            run = follow(runtime, run.run_id, terminal, stop, timeout, is_ours=False)
            code, sentence = ending(run, is_stopped=stop.asked, ends_here=runtime.previews_end_here)
            finish(history, run, terminal, folder, code, sentence)
    if stop.asked:
        raise Problem(Exit.INTERRUPTED, f"Stopped. {LOOKED} Again: {go_on(some_id)}")
    fetch(some_id, terminal, folder, timeout)


def _attach(runtime: Runtime, run_id: str, render_id: str) -> None:
    """The run of unknown fate is this render. Raises `Problem`."""
    from rerender.studio.workspaces import LOCAL

    run = runtime.history(LOCAL).run(run_id)
    if run is not None and run.render_id == render_id:
        return
    is_doubtful = run is not None and run.is_unfinished and run.is_unconfirmed
    if is_doubtful:
        runtime.runner.stop_watching(LOCAL, run_id)
    # Also a run that was deleted, which it brings back.
    if runtime.runner.attach(LOCAL, run_id, render_id):
        return
    if run is None:
        why = f"No run {run_id} is known here."
    elif run.can_be_settled or is_doubtful:
        why = "This is the render of another run."
    else:
        why = f"This run needs no render id: it is {_said(run)}."
    raise Problem(Exit.WRONG, f"{why} {LOOKED}")


def _list(runs: list[Run], terminal: Terminal) -> NoReturn:
    from rerender.cli.files import described

    if not runs:
        terminal.note("No runs yet.")
    terminal.finish(Exit.DONE, "", {"runs": [described(run) for run in runs]}, map(_line, runs))


def _line(run: Run) -> str:
    """A run on one line, which on a terminal is no longer than the terminal is wide."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created_at))
    line = f"{run.run_id}  {when}  {_said(run):<14}  {plain(run.prompt)}"
    return line[: shutil.get_terminal_size().columns] if is_terminal(sys.stdout) else line


def _said(run: Run) -> str:
    return _STATES.get(str(run.state), str(run.state))
