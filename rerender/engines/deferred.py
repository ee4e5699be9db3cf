"""An engine that is made when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from rerender.engines.base import Description, Engine
    from rerender.models import RenderRequest

__all__ = ["Deferred"]


class Deferred:
    """The engine that `make` returns, made by the first call. Any thread may make that call."""

    def __init__(self, make: Callable[[], Engine]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Engine | None = None

    @property
    def name(self) -> str:
        """The engine's own."""
        return self._engine().name

    @property
    def version(self) -> str:
        """The engine's own."""
        return self._engine().version

    def describe(self, request: RenderRequest) -> Description:
        """What the engine says of the request."""
        return self._engine().describe(request)

    def render(self, request: RenderRequest, *, on_stage: Callable[[str], None] | None = None) -> list[np.ndarray]:
        """What the engine makes of the request."""
        return self._engine().render(request, on_stage=on_stage)

    def _engine(self) -> Engine:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made
