from __future__ import annotations

import logging
import threading
from functools import partial

import pytest

from rerender.studio.concurrency import News, Pool
from tests.waiting import wait_until


def test_closing_a_pool_drops_what_has_not_begun_and_waits_for_what_has() -> None:
    pool, begun, go_on, done = Pool(1, "test"), threading.Event(), threading.Event(), []

    def first() -> None:
        begun.set()
        go_on.wait(60)
        done.append("first")

    pool.start(first, "a")
    pool.start(lambda: done.append("second"), "a")
    begun.wait(60)
    pool.close(0)
    pool.start(lambda: done.append("third"), "a")
    go_on.set()
    pool.close(10)
    assert done == ["first"]


def test_who_asks_for_much_lets_others_have_their_turn() -> None:
    pool, go_on, done = Pool(1, "test"), threading.Event(), list[str]()
    pool.start(lambda: go_on.wait(60), "who was first")
    for asker, count in (("a", 4), ("b", 2), ("c", 1)):
        for number in range(count):
            pool.start(partial(done.append, f"{asker}{number}"), asker)
    go_on.set()
    wait_until(lambda: len(done) == 7)
    assert done == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]
    pool.close(10)


def test_a_call_that_fails_does_not_cost_the_pool_a_thread(caplog: pytest.LogCaptureFixture) -> None:
    pool, done = Pool(1, "test"), threading.Event()
    with caplog.at_level(logging.CRITICAL):
        pool.start(lambda: 1 / 0, "a")
        pool.start(done.set, "a")
        assert done.wait(60)
    pool.close(10)


def test_news_wakes_at_the_first_change_after_what_was_seen() -> None:
    news = News()
    seen = news.count
    waiting = threading.Thread(target=lambda: news.wait(seen, 600), daemon=True)
    waiting.start()
    news.announce()
    waiting.join(60)
    assert not waiting.is_alive()
    assert news.wait(seen, 10) == seen + 1, "a change before the wait counts too"
    assert news.wait(seen + 1, 0.01) == seen + 1, "without news it ends in time"
