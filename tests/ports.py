"""Ports for servers that are told theirs before they take it."""

from __future__ import annotations

import random
import socket

# Below those that the system gives to whoever asks for any, as the other worker's servers do meanwhile, and above the
# last one that browsers refuse.
_LOWEST, _HIGHEST = 10_081, 32_000


def unused_port() -> int:
    """A port of 127.0.0.1 on which nobody listens, nor begins to by chance."""
    while True:
        port = random.SystemRandom().randint(_LOWEST, _HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
