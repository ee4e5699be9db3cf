"""How a followed run ended: its files, one sentence, and the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from sqlalchemy.exc import SQLAlchemyError

from rerender.cli import files
from rerender.cli.following import DELETED, NO_DATABASE
from rerender.cli.terminal import Exit, Problem, Terminal, go_on
from rerender.models import Phase
from rerender.studio.history import History
from rerender.studio.runs import Run, State, Submission

__all__ = ["ending", "finish", "finish_saved", "not_pictures"]

_FOUND = (
    """If you find its render in your account, `{} --render RENDER_ID` fetches it; the app asks too, on "Needs you"."""
)


def ending(run: Run, *, is_stopped: bool = False, ends_here: bool = False) -> tuple[Exit, str]:
    """The exit code of a run as it stands, and what to say of it.

    `is_stopped` says that Ctrl+C ended the waiting, `ends_here` that an unfinished preview ends with this process.
    """
    if run.state == State.COMPLETED:
        return Exit.DONE, ""
    if run.submission == Submission.REFUSED:
        return (Exit.INTERRUPTED if is_stopped else Exit.REFUSED), run.error or ""
    if run.state == State.UNCERTAIN:
        return Exit.UNCERTAIN, f"{run.error} {_FOUND.format(go_on(run.run_id))}"
    has_nothing_to_come = not run.is_unfinished and (run.is_preview or run.render_id is None)
    if run.phase in (Phase.FAILED, Phase.DEAD) or has_nothing_to_come:
        return Exit.ENDED, run.error or f"The render ended as {run.phase}."
    code, sentence = Exit.UNFINISHED, f"Not finished yet ({run.phase or run.submission})."
    if run.phase == Phase.COMPLETED:
        code, sentence = Exit.NO_PICTURES, "The render is completed, but not all of its pictures are here yet."
    if run.is_preview and ends_here:
        what_now = "The app has the previews' folder, so this preview ends here. It cost nothing; render it again."
    elif run.is_unfinished and run.is_unconfirmed:
        again = go_on(run.run_id)
        what_now = f"Once more: {again} If the id {run.render_id} is wrong: {again} --render RENDER_ID"
    elif run.is_preview:
        what_now = f"It goes on with: {go_on(run.run_id)}"
    else:
        what_now = f"Nothing is lost: it goes on at {run.backend}. Take it up with: {go_on(run.run_id)}"
    return (Exit.INTERRUPTED if is_stopped else code), " ".join(filter(None, (sentence, run.error, what_now)))


def finish(history: History, run: Run, terminal: Terminal, folder: Path, code: Exit, sentence: str) -> NoReturn:
    """Write what came of the run, say the sentence, and end the command with the code. Raises `Problem`."""
    try:
        pictures = history.outputs(run.run_id)
        saved = files.save(history, run, folder) if pictures else None
    except SQLAlchemyError:
        if code == Exit.DONE:
            code, sentence = Exit.NO_PICTURES, f"{NO_DATABASE} The pictures are kept; again: {go_on(run.run_id)}"
        terminal.finish(code, sentence, files.described(run))
    except KeyError:
        raise Problem(Exit.NO_PICTURES, DELETED) from None
    except OSError as error:
        why = f"The pictures are kept, but {folder} cannot be written: {error.strerror}."
        terminal.finish(Exit.NO_PICTURES, f"{why} Elsewhere: {go_on(run.run_id)} --out FOLDER", files.described(run))
    if saved is None:
        terminal.finish(code, sentence, files.described(run))
    if code == Exit.DONE:
        code, sentence = not_pictures(sum(not picture.is_readable for picture in pictures))
    finish_saved(terminal, saved, code, sentence)


def finish_saved(terminal: Terminal, saved: files.Saved, code: Exit, sentence: str) -> NoReturn:
    """End a command whose files are written."""
    terminal.note(f"The request and its settings: {saved.json}")
    places = {"folder": str(saved.json.parent), "json": saved.json.name}
    terminal.finish(code, sentence, {**saved.document, **places}, saved.pictures)


def not_pictures(count: int) -> tuple[Exit, str]:
    """The end of a run of whose files that many are no pictures."""
    if count == 0:
        return Exit.DONE, ""
    return Exit.NO_PICTURES, f"{count} of the files are no pictures. They are kept as they came, with the ending .bin."
