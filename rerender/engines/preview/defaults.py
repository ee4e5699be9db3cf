"""What a picture is made of when the prompt does not say: by setting, style, mood, season and time.

A surface is written `material` or `material #hex`.
"""

from __future__ import annotations

from collections.abc import Mapping

from rerender.engines.preview.plan import Setting, Slot, Surface, Time, from_hex

__all__ = [
    "BUNDLES",
    "DEFAULTS",
    "HARD",
    "HOMES",
    "MOOD_OF_SEASON",
    "MOOD_OF_STYLE",
    "ORDERS",
    "SEASON_SURFACES",
    "SLOT_CHANGES",
    "SOFT",
    "TIME_PALETTES",
    "UNFIT",
    "surface_of",
]

Surfaces = Mapping[Slot, str]

DEFAULTS: Mapping[Setting, Surfaces] = {
    "exterior": {
        "sky": "paint", "ground": "grass", "wall": "plaster", "roof": "slate", "glass": "glass", "object": "wood",
        "object2": "steel", "vegetation": "foliage", "lamp": "steel",
    },
    "interior": {
        "sky": "paint #f6f3ec", "ground": "wood", "wall": "paint", "roof": "plaster", "glass": "glass",
        "object": "fabric", "object2": "walnut", "vegetation": "foliage", "lamp": "fabric #f1e6cf",
    },
    "product": {
        "sky": "paint #e4e2de", "ground": "paint #e9e7e3", "wall": "paint #e4e2de", "roof": "plaster", "glass": "glass",
        "object": "fabric", "object2": "walnut", "vegetation": "foliage", "lamp": "fabric #f1e6cf",
    },
}  # fmt: skip

# Where finishes go that the prompt gives to no noun: first the slot that such a material is at home in, then in order.
ORDERS: Mapping[Setting, tuple[Slot, ...]] = {
    "exterior": ("wall", "roof", "ground", "object"),
    "interior": ("object", "wall", "ground", "object2"),
    "product": ("object", "object2", "sky", "ground"),
}
HOMES: Mapping[Setting, Mapping[str, Slot]] = {
    "exterior": {
        "grass": "ground", "water": "ground", "sand": "ground", "asphalt": "ground", "glass": "glass",
        "terracotta": "roof", "slate": "roof", "foliage": "vegetation", "fabric": "object", "leather": "object",
    },
    "interior": {
        "wood": "ground", "walnut": "ground", "tiles": "ground", "marble": "ground", "stone": "ground",
        "slate": "ground", "grass": "ground", "sand": "ground", "asphalt": "ground", "terracotta": "ground",
        "brick": "wall", "concrete": "wall", "plaster": "wall", "paint": "wall", "fabric": "object",
        "leather": "object", "steel": "object2", "copper": "object2", "gold": "object2", "glass": "glass",
        "foliage": "vegetation", "ceramic": "object2", "plastic": "object",
    },
    "product": {"foliage": "vegetation"},
}  # fmt: skip

# Where a finish does not go by itself; a colour counts as paint.
UNFIT: Mapping[Slot, str] = {
    "wall": "grass sand asphalt",
    "roof": "brick wood walnut marble plaster fabric leather ceramic plastic glass grass sand asphalt",
    "object": "grass sand asphalt",
    "ground": "paint plaster fabric leather brick glass steel copper gold ceramic plastic",
    "sky": "wood walnut steel copper gold glass fabric leather ceramic",
}

HARD = frozenset({"wood", "walnut", "steel", "gold", "copper", "plastic", "marble", "stone", "concrete", "glass"})
SOFT = frozenset({"fabric", "leather"})

# In these settings a noun's slot is another one: a product's "wall" is its backdrop.
SLOT_CHANGES: Mapping[Setting, Mapping[Slot, Slot]] = {
    "exterior": {},
    "interior": {"roof": "sky"},
    "product": {"wall": "sky", "roof": "object"},
}

MOOD_OF_STYLE: Mapping[str, Mapping[str, float]] = {
    "minimal": {"muted": 0.6},
    "scandinavian": {"muted": 0.7},
    "brutalist": {"muted": 0.5},
    "rustic": {"warm": 0.6},
    "mediterranean": {"vibrant": 0.4},
    "tropical": {"vibrant": 0.4},
    "desert": {"warm": 0.6},
    "futuristic": {"cool": 0.5},
    "midcentury": {"vintage": 0.4},
    "japanese": {"muted": 0.5},
    "gothic": {"moody": 0.45},
    "coastal": {"cool": 0.3},
    "bohemian": {"warm": 0.5},
    "organic": {"muted": 0.3},
    "postmodern": {"vibrant": 0.6},
}

# The light of a season, outdoors and in.
MOOD_OF_SEASON: Mapping[str, Mapping[str, float]] = {
    "spring": {"pastel": 0.25},
    "summer": {"vibrant": 0.25},
    "autumn": {"warm": 0.5},
    "winter": {"cool": 0.5},
}

# Keyed by style or mood. Outdoors no mood touches the ground: a warm cabin keeps its green lawn.
BUNDLES: Mapping[str, Mapping[Setting, Surfaces]] = {
    "warm": {
        "interior": {"wall": "paint #ead6ba", "ground": "wood", "object": "fabric #b5654a", "object2": "walnut"},
        "product": {"object": "fabric #c07a56", "object2": "walnut", "sky": "paint #ead9c3", "ground": "paint #efe2d0"},
    },
    "moody": {
        "interior": {
            "sky": "paint #5b5f62",
            "wall": "paint #39424a",
            "ground": "walnut",
            "object": "leather #5a3827",
            "object2": "steel",
        },
        "product": {"sky": "paint #2f343a", "ground": "paint #3a3f45"},
    },
    "pastel": {
        "exterior": {"wall": "plaster #f0cfc9", "roof": "slate #a8b9c9"},
        "interior": {"wall": "paint #f1d9d3", "object": "fabric #b9d3cf", "ground": "wood #e0c9a8"},
        "product": {"object": "fabric #f0c6c2", "object2": "wood #e0c9a8", "sky": "paint #d9e7e3"},
    },
    "vintage": {
        "interior": {"wall": "paint #cdb88a", "object": "fabric #a3562f", "object2": "walnut"},
        "product": {"object": "leather #8f5230", "object2": "walnut"},
    },
    "minimal": {
        "exterior": {"wall": "plaster #f1efea", "roof": "concrete #d5d4d0"},
        "interior": {"wall": "paint #f4f2ed", "ground": "concrete #d3d0ca", "object": "fabric #dcd7ce"},
        "product": {"object": "plastic #eeece8", "object2": "steel"},
    },
    "modern": {
        "exterior": {"wall": "plaster #f4f2ee", "roof": "steel #4b5056", "object": "wood", "object2": "steel #34363a"},
        "interior": {"wall": "paint #f1efea", "ground": "wood", "object": "fabric #8d9096", "object2": "steel #34363a"},
        "product": {"object": "fabric #6d7278", "object2": "steel #34363a"},
    },
    "scandinavian": {
        "exterior": {"wall": "wood #d4b287", "roof": "steel #4b5056"},
        "interior": {"wall": "paint #f3f0ea", "ground": "wood #d9bb8f", "object": "fabric #cfc9bf", "object2": "wood"},
        "product": {"object": "fabric #d8d2c7", "object2": "wood #d4b287", "sky": "paint #ebe8e2"},
    },
    "luxury": {
        "exterior": {"wall": "stone #d9c9ad", "roof": "slate", "ground": "marble", "object2": "gold"},
        "interior": {"wall": "paint #e9e1d4", "ground": "marble", "object": "fabric #2f4f46", "object2": "gold"},
        "product": {"object": "fabric #2f4f46", "object2": "gold"},
    },
    "industrial": {
        "exterior": {"wall": "brick", "roof": "steel", "ground": "concrete", "object": "steel"},
        "interior": {"wall": "brick", "ground": "concrete", "object": "leather #6b3f28", "object2": "steel"},
        "product": {"object": "leather #6b3f28", "object2": "steel"},
    },
    "brutalist": {
        "exterior": {"wall": "concrete", "roof": "concrete", "object": "concrete"},
        "interior": {"wall": "concrete", "ground": "concrete #8f8e8a", "object": "leather #3a3632", "object2": "steel"},
        "product": {"object": "concrete", "object2": "steel"},
    },
    "rustic": {
        "exterior": {"wall": "wood #8f6239", "roof": "slate", "object": "stone"},
        "interior": {"wall": "plaster #eadfc9", "ground": "wood #a5733f", "object": "leather", "object2": "wood"},
        "product": {"object": "leather", "object2": "wood #8f6239"},
    },
    "tropical": {
        "exterior": {"wall": "wood", "roof": "wood #8d6a44", "ground": "grass", "vegetation": "foliage #3f8f4a"},
        "interior": {"wall": "paint #f2ecdc", "ground": "wood", "object": "fabric #2f8f6f", "object2": "wood #cdb06f"},
        "product": {"object": "wood #cdb06f", "object2": "wood"},
    },
    "mediterranean": {
        "exterior": {
            "wall": "plaster #f7f3ea",
            "roof": "terracotta",
            "ground": "stone #d9c9ad",
            "object": "wood #2f6db5",
        },
        "interior": {"wall": "plaster #f5efe3", "ground": "terracotta", "object": "fabric #2f6db5", "object2": "wood"},
        "product": {"object": "ceramic #2f6db5", "object2": "wood"},
    },
    "desert": {
        "exterior": {
            "wall": "plaster #cf9a6c",
            "roof": "sand #c08a62",
            "ground": "sand",
            "vegetation": "grass #8f9a62",
        },
        "interior": {"wall": "plaster #e3bd94", "ground": "terracotta", "object": "fabric #c9562f", "object2": "wood"},
        "product": {"object": "fabric #c9562f", "object2": "wood"},
    },
    "futuristic": {
        "exterior": {"wall": "ceramic #eaf0f4", "roof": "steel", "ground": "concrete", "object": "plastic"},
        "interior": {"wall": "ceramic #e6edf2", "ground": "concrete", "object": "plastic #f0f2f4", "object2": "steel"},
        "product": {"object": "plastic #f0f2f4", "object2": "steel"},
    },
    "japanese": {
        "exterior": {"wall": "walnut #3a302a", "roof": "slate #4a4d50", "ground": "sand #9d978a", "object": "wood"},
        "interior": {"wall": "plaster #ece4d2", "ground": "fabric #c9bd8a", "object": "fabric #a99f87"},
        "product": {"object": "fabric #cbbfa5", "object2": "wood #8a6240", "sky": "paint #e6dfcf"},
    },
    "classical": {
        "exterior": {"wall": "stone #d8ccb4", "roof": "slate", "ground": "sand #cbbf9f", "object": "paint #2f4437"},
        "interior": {
            "wall": "paint #cbd0bb",
            "ground": "wood #8a5a34",
            "object": "fabric #7a2f33",
            "object2": "walnut",
        },
        "product": {"object": "fabric #7a2f33", "object2": "walnut"},
    },
    "gothic": {
        "exterior": {"wall": "stone #67635f", "roof": "slate #33373c", "object": "walnut", "object2": "steel #303236"},
        "interior": {"wall": "stone #55505a", "ground": "stone #47444a", "object": "fabric #5a1f2e"},
        "product": {"object": "fabric #5a1f2e", "object2": "walnut #2c2421"},
    },
    "coastal": {
        "exterior": {"wall": "wood #e9edee", "roof": "slate #7d8c96", "ground": "sand", "object": "paint #4f7fa3"},
        "interior": {"wall": "paint #e9f0f2", "ground": "wood #d9c3a0", "object": "fabric #6f9bb8"},
        "product": {"object": "fabric #7ea6c0", "object2": "wood #e4dccb", "sky": "paint #e6eef0"},
    },
    "bohemian": {
        "exterior": {"wall": "plaster #d98f63", "roof": "terracotta", "object": "paint #2f7f86"},
        "interior": {
            "wall": "plaster #ead3b8",
            "ground": "wood",
            "object": "fabric #b4552f",
            "object2": "wood #c39a63",
        },
        "product": {"object": "fabric #b4552f", "object2": "wood #c39a63"},
    },
    "organic": {
        "exterior": {"wall": "wood #c39a6a", "roof": "grass", "object": "stone", "object2": "wood"},
        "interior": {"wall": "plaster #e2d6c0", "ground": "wood #c9a676", "object": "fabric #8a9470"},
        "product": {"object": "fabric #8a9470", "object2": "wood #c9a676"},
    },
    "postmodern": {
        "exterior": {"wall": "plaster #f0a7a0", "roof": "steel #3fa8a4", "object": "paint #e8c13c"},
        "interior": {"wall": "paint #f3b7c0", "ground": "tiles #ece6da", "object": "fabric #3fa8a4"},
        "product": {"object": "plastic #e8c13c", "object2": "plastic #d8536a", "sky": "paint #bfe0de"},
    },
    "midcentury": {
        "exterior": {"wall": "wood #a9683f", "roof": "plaster #e8e2d4", "object": "paint #c99a2e"},
        "interior": {"wall": "paint #e6dcc4", "ground": "walnut", "object": "fabric #c99a2e", "object2": "walnut"},
        "product": {"object": "fabric #c99a2e", "object2": "walnut"},
    },
}

SEASON_SURFACES: Mapping[str, Surfaces] = {
    "spring": {"vegetation": "foliage #d890a8", "ground": "grass #7da24a"},
    "summer": {"vegetation": "foliage #4f8535", "ground": "grass #6f9a3c"},
    "autumn": {"vegetation": "foliage #c9762b", "ground": "grass #9a7a3c"},
    "winter": {"vegetation": "foliage #7a705f", "ground": "grass #8b8a6a"},
}

# Shadow, two middles, highlight: a gradient map through them alone must already look chosen.
TIME_PALETTES: Mapping[Time, tuple[str, str, str, str]] = {
    "day": ("#1e2f40", "#547c94", "#b8bd9f", "#f7f2e6"),
    "golden_hour": ("#2b1b33", "#8a4238", "#e39a52", "#fdebc8"),
    "dawn": ("#2a2745", "#7b6796", "#e6a79b", "#fdecdf"),
    "dusk": ("#121935", "#45457f", "#ad759c", "#f6cdb2"),
    "night": ("#060a1c", "#1b2b57", "#4c69a6", "#cbd9f2"),
    "overcast": ("#283038", "#63717b", "#a9b3b7", "#f0f2f1"),
    "studio": ("#232327", "#6f7073", "#bab8b4", "#f8f7f4"),
    "indoor": ("#2b201b", "#84684f", "#cfb898", "#f9f2e6"),
}


def surface_of(text: str, weight: float = 0.0) -> Surface:
    """`material` or `material #hex` as a surface."""
    material, _, code = text.partition(" ")
    return Surface(material, from_hex(code) if code else None, weight)
