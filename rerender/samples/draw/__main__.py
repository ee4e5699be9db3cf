"""Draws the sample control images beside the catalogue: `python -m rerender.samples.draw [name …]`. Minutes of work."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rerender.samples import SAMPLES
from rerender.samples.draw import armchair, house, room, street, tracer

__all__ = ["main", "picture"]

THUMBNAIL_SIDE = 240
SCENES = {"clay-house": house.SCENE, "armchair": armchair.SCENE, "street": street.SCENE}


def picture(name: str, width: int, height: int) -> Image.Image:
    """One sample at any size; the sizes that are kept are the catalogue's."""
    if name == "living-room":
        return Image.fromarray(room.draw(width, height))
    grey, alpha = tracer.draw(SCENES[name], width, height)
    if SCENES[name].subject is None:
        return Image.fromarray(grey)
    layers: NDArray[np.uint8] = np.dstack([grey, grey, grey, alpha])
    return Image.fromarray(layers)


def save_thumbnail(drawn: Image.Image, path: Path) -> None:
    """Kept beside the sample: decoding all samples to make them at each start takes 0.2 s, and memory for good."""
    small = drawn.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    small.save(path, "WEBP", quality=85)


def main(names: list[str]) -> None:
    """Writes the named samples, or all of them."""
    cv2.setNumThreads(1)
    folder = Path(__file__).parents[1]
    for sample in SAMPLES:
        if not names or sample.name in names:
            drawn = picture(sample.name, sample.width, sample.height)
            drawn.save(folder / sample.file_name, optimize=True)
            save_thumbnail(drawn, folder / f"{sample.name}.small.webp")


if __name__ == "__main__":
    main(sys.argv[1:])
