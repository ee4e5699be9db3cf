"""What the service asks of whoever makes the pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NotRequired, Protocol, TypedDict

if TYPE_CHECKING:
    import numpy as np

    from rerender.models import RenderRequest

__all__ = ["Cancelled", "Description", "Engine"]


class Cancelled(Exception):
    """Raised by `on_stage` to stop a render between two stages."""


class Description(TypedDict):
    """What an engine makes of a request, before any pixel is touched. JSON-ready.

    Phrases are in prompt order, each once; `taken_for` says in a few words what an understood one was taken for.
    """

    engine: str
    version: str
    plan: dict[str, Any]
    understood: list[str]
    not_understood: list[str]
    taken_for: NotRequired[dict[str, str]]


class Engine(Protocol):
    """Renders a request into pictures. Deterministic: the same request gives the same pictures."""

    @property
    def name(self) -> str:
        """What it is called, in one word."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same request no longer gives the same pictures."""
        ...

    def describe(self, request: RenderRequest) -> Description:
        """What the engine understood of the prompt and what it will do. Pure, quick."""
        ...

    def render(self, request: RenderRequest, *, on_stage: Callable[[str], None] | None = None) -> list[np.ndarray]:
        """`batch_size` pictures, each (image_height, image_width, 3) uint8 RGB; item *i* uses seed + *i*.

        `on_stage` is called with each stage's name and may raise `Cancelled`.
        Raises `ImageError` when the control image cannot be decoded.
        """
        ...
