"""`python -m rerender`."""

from rerender.cli import main

main(prog_name="python -m rerender")
