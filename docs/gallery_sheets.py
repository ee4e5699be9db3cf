"""What the gallery shows: which control images with which prompts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rerender import samples
from rerender.engines.preview.plan import Medium

__all__ = ["SHEETS", "STRIP", "Sheet", "Shot"]

SEED = 7


@dataclass(frozen=True)
class Shot:
    """One picture: a control image by name with a prompt and a seed, or alone; and what stands below it."""

    control: str
    prompt: str | None
    label: str
    seed: int = SEED


@dataclass(frozen=True)
class Sheet:
    """One contact sheet: its file's name, its heading, a sentence, and its pictures; `sample` is shown above it."""

    name: str
    title: str
    text: str
    shots: tuple[Shot, ...]
    columns: int = 4
    sample: str | None = None


# Beside the three prompts that each sample brings itself.
PROMPTS: dict[str, tuple[str, ...]] = {
    "clay-house": (
        "daytime, white plaster house, slate roof, green lawn",
        "night, warm lit windows, timber cabin",
        "heavy snow, winter, wooden cabin",
        "(fog:1.2), overcast, concrete brutalist house",
        "rain, dusk, wet asphalt street, brick house",
        "autumn, sunset, stone cottage, tiled roof",
        "mediterranean villa, white walls, terracotta roof, midday",
        "day, corten steel walls, gravel ground",
        "dawn, light fog, cedar cladding, zinc roof",
        "oil painting, autumn, sunset",
        "neon, rain, night",
        "comic, vibrant, blue walls, orange roof",
        "marker rendering, modern villa, wood cladding",
    ),
    "living-room": (
        "industrial loft interior, brick walls, concrete floor, leather sofa",
        "luxury interior, marble floor, emerald velvet sofa, golden hour",
        "japandi room, bamboo, (muted:1.2), soft light",
        "moody dark interior, navy walls, brass",
        "mid century living room, teal walls, walnut floor, mustard sofa",
        "mediterranean room, white plaster walls, terracotta floor, blue linen sofa",
        "watercolor interior, pastel, pink sofa",
        "coloured pencil drawing, room, sage walls",
        "oil painting, vintage room, mustard sofa",
        "comic, vibrant living room, teal walls, orange sofa",
        "neon apartment interior, night",
        "marker rendering, living room, blue sofa, walnut floor",
        "charcoal drawing, room",
    ),
    "armchair": (
        "product photo, oak chair, red velvet seat, white background",
        "black leather armchair, brass, moody, navy background",
        "white ceramic product, pastel, mint background",
        "product, concrete and steel, overcast",
        "golden hour, bamboo chair, beige linen, terracotta wall",
        "product photo, charred wood chair, boucle seat, sage background",
        "watercolor, product, sage chair",
        "oil painting, product, blue chair",
        "comic, product, yellow chair, pink background",
        "neon product",
        "coloured pencil, product, teal chair",
        "marker sketch, product, orange chair",
        "ink drawing, product",
    ),
    "street": (
        "golden hour, brick facades, cobblestone street",
        "night, warm lit windows, brick townhouses, asphalt street",
        "heavy snow, winter, plaster facades",
        "(fog:1.2), dawn",
        "autumn, overcast, concrete facades",
        "glass facades, clear sky, asphalt street",
        "night, rain, neon",
        "watercolor, spring morning, cream facades, stone pavement",
        "oil painting, sunset",
        "gouache, pastel facades, summer",
        "comic, vibrant, red brick, asphalt street",
        "blueprint",
        "black and white photo, moody, overcast",
    ),
}

MEDIA: dict[Medium, str] = {
    "photo": "photo", "watercolor": "watercolor", "oil": "oil painting", "gouache": "gouache",
    "pencil": "pencil sketch", "coloured_pencil": "coloured pencil drawing", "ink": "ink drawing",
    "charcoal": "charcoal drawing", "marker": "marker rendering", "pastel": "soft pastel drawing",
    "comic": "comic", "blueprint": "blueprint", "clay": "clay model", "neon": "neon",
}  # fmt: skip
MEDIA_PROMPT = "summer, white walls, terracotta roof"

SEEDS = range(1, 9)
SEEDS_PROMPT = "golden hour, red brick walls, slate roof"

HELD_OUT = {
    "l_house clay": "golden hour, brick walls, slate roof",
    "barn on grey paper": "winter, timber barn, snow",
    "tower white on dark": "day, concrete tower, glass",
    "villa photo": "dusk, rain",
    "kitchen clay": "scandinavian kitchen, oak floor, white walls",
    "bedroom line": "night, sage walls, walnut floor, linen bedding",
    "lamp clay": "product photo, brass lamp, blush background",
    "stool clay": "watercolor, oak stool",
}

# One each of eight kinds, chosen before any of them was rendered.
UNSEEN = {
    "a_frame clay": "heavy snow, winter, timber cabin",
    "church line": "golden hour, stone walls, slate roof",
    "factory with alpha": "overcast, red brick, zinc roof",
    "hillside in other colours": "night, lit windows, brick houses",
    "pavilion photo": "autumn, sunset",
    "bathroom blueprint": "bathroom, white marble, oak floor",
    "study on grey paper": "watercolor, sage walls, walnut floor",
    "teapot clay": "product photo, blue ceramic, white background",
}


def _of_sample(sample: samples.Sample) -> Sheet:
    prompts = sample.prompts + PROMPTS[sample.name]
    shots = tuple(Shot(sample.name, prompt, prompt) for prompt in prompts)
    return Sheet(sample.name, sample.title, f"Sixteen prompts, seed {SEED}.", shots, sample=sample.name)


def _media() -> Sheet:
    shots = [Shot("clay-house", None, "the control image")]
    shots += [Shot("clay-house", f"{words}, {MEDIA_PROMPT}", words) for words in MEDIA.values()]
    return Sheet("media", "Every medium", f"Each with “{MEDIA_PROMPT}”, seed {SEED}.", tuple(shots), columns=5)


def _seeds() -> Sheet:
    shots = tuple(Shot("clay-house", SEEDS_PROMPT, f"seed {seed}", seed) for seed in SEEDS)
    text = f"“{SEEDS_PROMPT}”: seeds vary light, sky, strokes and nuances, never the composition."
    return Sheet("seeds", "One prompt, eight seeds", text, shots)


def _held_out() -> Sheet:
    text = (
        "Drawn by the tests' own code while the engine was tuned, and its analysis was corrected against some of them: "
        "each beside what was made of it."
    )
    return Sheet("held-out", "Control images drawn while tuning", text, _beside_renders(HELD_OUT))


def _unseen() -> Sheet:
    text = (
        "Drawn after the engine, one each of eight kinds, chosen before any was rendered, each beside what is made of "
        "it, good or bad. Of what they showed only two faults were mended since: pictures under tinted light were "
        "taken for maps of materials, and what lies behind a thing in a photo for a sky."
    )
    return Sheet("unseen", "Control images drawn after the engine", text, _beside_renders(UNSEEN))


def _beside_renders(prompts: Mapping[str, str]) -> tuple[Shot, ...]:
    return tuple(
        shot for name, prompt in prompts.items() for shot in (Shot(name, None, name), Shot(name, prompt, prompt))
    )


SHEETS: tuple[Sheet, ...] = (*map(_of_sample, samples.SAMPLES), _media(), _seeds(), _held_out(), _unseen())

STRIP: tuple[Shot, ...] = tuple(
    Shot(control, prompt, prompt)
    for control, prompt in (
        ("clay-house", "golden hour, red brick walls, slate roof, green lawn"),
        ("clay-house", "night, warm lit windows, timber cabin"),
        ("living-room", "scandinavian living room, white walls, oak floor, beige linen sofa"),
        ("armchair", "studio lighting, oak armchair, emerald velvet cushions, blush background"),
        ("street", "dusk, rain, sandstone facades, wet asphalt street"),
        ("street", "watercolor, spring morning, cream facades, stone pavement"),
    )
)
"""The README's row of pictures."""
