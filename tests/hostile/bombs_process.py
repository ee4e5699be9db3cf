"""Bombs in a process that may have little memory: `python -m tests.hostile.bombs_process [quick]`.

Prints one line of JSON for each bomb and door: what came of it, processor seconds, and megabytes above the file's own.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path

from tests.hostile.bombs import MEGABYTE, bombs
from tests.hostile.doors import DOORS, is_fit_for_people, through

ROOM = 1_200 * MEGABYTE
"""How much more than it has at its start the process may ask for: more is refused to it as by a small host."""
QUICK = ("the form", "described")


def main(is_quick: bool) -> None:
    warnings.simplefilter("ignore")
    if sys.platform == "linux":
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    doors = {name: door for name, door in DOORS.items() if not is_quick or name in QUICK}
    for bomb in bombs(MEGABYTE if is_quick else 14 * MEGABYTE):
        for name, door in doors.items():
            before, begun = _peak(), time.process_time()
            outcome = through(door, bomb.data)
            seconds, grown = time.process_time() - begun, _peak(since_reset=True) - before
            line = {"bomb": bomb.name, "door": name, "seconds": round(seconds, 3), "megabytes": round(grown)}
            line |= {"bytes": len(bomb.data), "is_picture": bomb.is_picture, "sentence": outcome.sentence}
            line["is_fit"] = is_fit_for_people(outcome.sentence) if outcome.sentence else True
            print(json.dumps(line), flush=True)


def _peak(*, since_reset: bool = False) -> float:
    """The most megabytes in use since the last call without `since_reset`."""
    if sys.platform != "linux":
        return 0.0
    if not since_reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


if __name__ == "__main__":
    main(sys.argv[1:] == ["quick"])
