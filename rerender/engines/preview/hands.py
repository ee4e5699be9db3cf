"""Independent work of one render on two threads: OpenCV and numpy let go of the interpreter while they work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

HANDS = 2

Item = TypeVar("Item")
Result = TypeVar("Result")


def both(first: Callable[[], Item], second: Callable[[], Result]) -> tuple[Item, Result]:
    """What two calls give that do not depend on each other."""
    with ThreadPoolExecutor(1, thread_name_prefix="rerender-hand") as pool:
        other = pool.submit(second)
        return first(), other.result()


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """`work` done on each item, the results in the items' order: what it gives must not depend on the others."""
    # No thread outlives the call: one that waits in OpenCV when the process ends would abort it.
    with ThreadPoolExecutor(HANDS, thread_name_prefix="rerender-hand") as pool:
        return list(pool.map(work, items))
