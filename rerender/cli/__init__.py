"""The command line: `python -m rerender`."""

from __future__ import annotations

from typing import Any

import click

from rerender.cli.get import get
from rerender.cli.render import render
from rerender.cli.serve import serve
from rerender.cli.terminal import Exit, say

_EXAMPLES = """\b
Examples:
  python -m rerender render clay.png "oak and glass, golden hour"
  python -m rerender get      # the latest runs
  python -m rerender serve

Options, exit codes and more examples: --help after a command.
"""


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(Exit.INTERRUPTED)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EXAMPLES,
    invoke_without_command=True,
)
@click.pass_context
def main(context: click.Context) -> None:
    """ReRender Studio on the command line."""
    if context.invoked_subcommand is None:
        say(context.get_help())


for command in (serve, render, get):
    main.add_command(command)
