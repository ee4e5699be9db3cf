"""The preview engine: re-renders a control image by rules, on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rerender.engines.preview.engine import PreviewEngine

__all__ = ["PreviewEngine"]


def __getattr__(name: str) -> type[PreviewEngine]:
    """Load the engine when it is asked for: prompts are read in this package too, without the libraries that draw."""
    if name in __all__:
        from rerender.engines.preview.engine import PreviewEngine

        return PreviewEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
