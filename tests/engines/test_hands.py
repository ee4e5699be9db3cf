"""Work on two threads gives what it gives on one, also while the process ends."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from rerender.engines.preview.hands import both, side_by_side


def test_results_come_in_the_order_of_the_items_and_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    assert both(lambda: 1, lambda: "two") == (1, "two")
    assert side_by_side(lambda item: item * 2, range(9)) == [item * 2 for item in range(9)]
    assert set(threading.enumerate()) <= before


def test_what_goes_wrong_in_either_hand_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        both(lambda: 1, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        both(lambda: 1 / 0, lambda: 1)
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda item: 1 / item, (1, 0))


def test_a_render_that_is_under_way_when_the_process_ends_is_not_failed_by_it() -> None:
    script = """
import threading
from rerender.engines.preview.hands import both, side_by_side

def late():
    threading.main_thread().join()
    assert both(lambda: 1, lambda: 2) == (1, 2)
    print(side_by_side(str, (1, 2)))

threading.Thread(target=late).start()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("['1', '2']\n", "")
