"""Control images to start with, and prompts that suit them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

__all__ = ["SAMPLES", "Sample", "get", "load", "thumbnail"]


@dataclass(frozen=True, slots=True)
class Sample:
    """A control image of ours: what it is called, where it is, its size in pixels, and what to ask of it."""

    name: str
    title: str
    file_name: str
    width: int
    height: int
    prompts: tuple[str, ...]


SAMPLES: tuple[Sample, ...] = (
    Sample(
        "clay-house",
        "Gabled house, clay render",
        "clay-house.png",
        1536,
        1024,
        (
            "golden hour, red brick walls, slate roof, green lawn",
            "winter night, timber cabin, snow-covered, warm",
            "watercolor, spring, cream walls, terracotta roof",
        ),
    ),
    Sample(
        "living-room",
        "Living room, line drawing",
        "living-room.png",
        1536,
        1024,
        (
            "scandinavian living room, white walls, oak floor, beige linen sofa",
            "living room at night, sage green walls, walnut floor, mustard velvet sofa, warm",
            "blueprint of an interior",
        ),
    ),
    Sample(
        "armchair",
        "Lounge chair, clay with transparent backdrop",
        "armchair.png",
        1024,
        1024,
        (
            "product photo, walnut armchair, cognac leather seat, white background",
            "studio lighting, oak armchair, emerald velvet cushions, blush background",
            "pencil sketch of an armchair",
        ),
    ),
    Sample(
        "street",
        "Street corner, massing model",
        "street.png",
        1536,
        1024,
        (
            "dusk, rain, sandstone facades, wet asphalt street",
            "sunny day, white plaster facades, asphalt street, green trees",
            "pen and ink, city street",
        ),
    ),
)


def get(name: str) -> Sample:
    """The sample of that name; raises `KeyError` when there is none."""
    for sample in SAMPLES:
        if sample.name == name:
            return sample
    raise KeyError(name)


def load(name: str) -> bytes:
    """The PNG of the sample of that name; raises `KeyError` when there is none."""
    return files(__name__).joinpath(get(name).file_name).read_bytes()


def thumbnail(name: str) -> bytes:
    """A small WEBP of the sample of that name, ready-made; raises `KeyError` when there is none."""
    return files(__name__).joinpath(f"{get(name).name}.small.webp").read_bytes()
