"""The command line: `python -m rerender`."""

from __future__ import annotations

from typing import Any

import click

from rerender.cli.get import get
from rerender.cli.render import render
from rerender.cli.serve import serve
from rerender.cli.terminal import EXIT_CODES, Exit


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(Exit.INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
def main() -> None:
    """ReRender Studio on the command line."""


for command in (serve, render, get):
    main.add_command(command)
