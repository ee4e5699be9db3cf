"""Independent work of one render on two threads: OpenCV and numpy let go of the interpreter while they work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

HANDS = 2

Item = TypeVar("Item")
Result = TypeVar("Result")


def both(first: Callable[[], Item], second: Callable[[], Result]) -> tuple[Item, Result]:
    """What two calls give that do not depend on each other."""
    with ThreadPoolExecutor(1, thread_name_prefix="rerender-hand") as pool:
        other = _begin(pool, second)
        return first(), other()


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """`work` done on each item, the results in the items' order: what it gives must not depend on the others."""
    # No thread outlives the call: one that waits in OpenCV when the process ends would abort it.
    with ThreadPoolExecutor(HANDS, thread_name_prefix="rerender-hand") as pool:
        begun = [_begin(pool, partial(work, item)) for item in items]
        return [result() for result in begun]


def _begin(pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Callable[[], Result]:
    """What gives the result: a process that is ending takes no new threads, and then it is the call itself."""
    try:
        return pool.submit(work).result
    except RuntimeError:
        return work
