"""An engine for tests: flat pictures at once, and stages that can be held up or made to fail."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from rerender.engines.base import Description
from rerender.models import RenderRequest


class FlatEngine:
    """Item *i* is one flat grey of (seed + i) % 256. While `gate` is closed, a render waits in its second stage."""

    name = "flat"
    version = "1.0"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.working = threading.Event()
        self.error: Exception | None = None
        self.rendered: list[int] = []

    def describe(self, request: RenderRequest) -> Description:
        return {
            "engine": self.name,
            "version": self.version,
            "plan": {"grey": request.seed % 256},
            "understood": [],
            "not_understood": request.prompt.split(),
        }

    def render(self, request: RenderRequest, *, on_stage: Callable[[str], None] | None = None) -> list[np.ndarray]:
        stage = on_stage or (lambda name: None)
        stage("first")
        self.working.set()
        while not self.gate.wait(0.005):
            stage("second")
        if self.error is not None:
            raise self.error
        self.rendered.append(request.seed)
        shape = (request.image_height, request.image_width, 3)
        return [np.full(shape, (request.seed + item) % 256, np.uint8) for item in range(request.batch_size)]
