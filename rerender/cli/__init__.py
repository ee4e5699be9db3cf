"""The command line: `python -m rerender`."""

from __future__ import annotations

import click

from rerender.cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """ReRender Studio on the command line."""


main.add_command(serve)
