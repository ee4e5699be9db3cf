"""The preview engine: re-renders a control image by rules, on the CPU."""

from rerender.engines.preview.engine import PreviewEngine

__all__ = ["PreviewEngine"]
