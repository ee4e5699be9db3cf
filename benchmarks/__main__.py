"""Runs every measurement and prints one Markdown page. Machines are noisy: read ratios and medians, not digits.

`python -m benchmarks engine filters` measures only the sections with one of these words in their titles.
"""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib import metadata

from playwright.sync_api import expect

from benchmarks import (
    app,
    client,
    engine,
    engine_analysis,
    engine_peers,
    engine_prompts,
    engine_structure,
    freshness,
    history,
    series,
    service,
    sessions,
    slider,
    tracker,
)
from benchmarks.table import Row, table

HEADING = """# Benchmarks

What `make bench` printed on {date}, on {cores} shared cores ({machine}, Python {python}, Streamlit {streamlit},
OpenCV {opencv}). Every figure is the median of its repetitions in one run; shared machines drift by 30 % and more.
"""


def main() -> None:
    """Print the page, section by section as they are measured."""
    expect.set_options(timeout=60_000)
    print(
        HEADING.format(
            date=datetime.now(UTC).date(),
            cores=os.cpu_count(),
            machine=platform.machine(),
            python=platform.python_version(),
            streamlit=metadata.version("streamlit"),
            opencv=metadata.version("opencv-python-headless"),
        )
    )
    sections = {
        "The app": app.measure,
        "Many sessions at once": sessions.measure,
        "A series": series.measure,
        "The preview engine": engine.measure,
        "The preview engine and words": engine_prompts.measure,
        "OpenCV's own filters on the same images": engine_peers.measure,
        "Structure kept by the preview engine": engine_structure.measure,
        "What the preview engine takes control images for": engine_analysis.measure,
        "The slider's payload": slider.measure,
        "The history with 2,000 runs": history.measure,
        "Many renders at once": client.measure,
        "Many renders that are long in coming": tracker.measure,
        "How soon a completed render is here": freshness.measure,
        "The local API": service.measure,
    }
    words = sys.argv[1:]
    for title, measure in sections.items():
        if words and not any(word in title for word in words):
            continue
        print(f"measuring: {title}", file=sys.stderr)
        rows: list[Row] = measure()
        print(f"## {title}\n\n{table(rows)}\n", flush=True)


if __name__ == "__main__":
    main()
