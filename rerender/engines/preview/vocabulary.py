"""The words that the preview engine understands, as tables of comma-separated phrases.

British spelling, singular, lower case; `normalise` brings other spellings to it. A phrase may stand in several tables.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["COLOURS", "LONGEST", "NEGATIONS", "PHRASES", "STOP_WORDS", "Kind", "Meaning", "normalise"]

Kind = Literal[
    "setting", "time", "weather", "season", "medium", "mood", "style", "noun", "ground", "material", "shade", "colour",
    "tone", "link",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a phrase says: of which kind, which one, and how strongly when it is not emphasised."""

    kind: Kind
    value: str
    strength: float = 1.0


SPELLINGS = {
    "aluminum": "aluminium",
    "color": "colour",
    "colored": "coloured",
    "colorful": "colourful",
    "colors": "colours",
    "cozy": "cosy",
    "gray": "grey",
    "grays": "grey",
    "grayscale": "greyscale",
    "watercolor": "watercolour",
    "watercolors": "watercolour",
    "woolen": "woollen",
}

TIMES = {
    "dawn": "dawn, sunrise, early morning, daybreak, first light, morning mist",
    "day": "day, daylight, daytime, noon, midday, sunny, sunshine, sunlight, sunlit, blue sky, clear sky, morning, "
    "afternoon, summer day, sunny day, bright day, day light, natural light, morning light, afternoon light",
    "golden_hour": "golden hour, sunset, sundown, evening sun, low sun, golden light, late afternoon, evening light",
    "dusk": "dusk, blue hour, twilight, evening, nightfall, gloaming",
    "night": "night, nighttime, night time, midnight, moonlight, moonlit, starry, stars, starlight, night sky",
    "overcast": "overcast, cloudy, grey sky, diffuse light, diffused light, soft light, cloud, grey day",
    "studio": "studio, studio light, studio lighting, softbox, catalogue",
}

# Lit windows make an evening, when the prompt names no other time, and suit a night.
LIT_WINDOWS = "lit window, glowing window, illuminated window, warm lit window, lights on"

WEATHERS = {
    "fog": "fog, foggy, mist, misty, haze, hazy, smoke, smoky, morning mist",
    "rain": "rain, rainy, raining, drizzle, storm, stormy, thunderstorm, downpour, puddle",
    "snow": "snow, snowy, snowing, snowfall, blizzard, snow covered, snowbound, fresh snow, deep snow, heavy snow",
}
HALF_WEATHERS = {"rain": "wet, damp", "snow": "frost, frosty, frozen", "fog": "light fog, light mist, slight haze"}

SEASONS = {
    "spring": "spring, springtime, blossom, cherry blossom, in bloom",
    "summer": "summer, summertime, summer day",
    "autumn": "autumn, autumnal, fall, october, autumn leaves, fall colours, autumn colours",
    "winter": "winter, wintry, wintertime, christmas",
}

MEDIA = {
    "photo": "photo, photograph, photography, photo render, photorealistic, photoreal, film still, architectural "
    "photography, product photo, product photography, product shot, packshot",
    "watercolor": "watercolour, watercolour painting, watercolour sketch, watercolour illustration, aquarelle, "
    "wash painting, watercolour wash",
    "oil": "oil painting, oil paint, oil on canvas, oil sketch, painting of, impasto, painterly, impressionist, "
    "impressionist painting, acrylic painting, acrylic on canvas",
    "gouache": "gouache, gouache painting, gouache illustration, gouache sketch, poster paint, tempera",
    "pencil": "pencil, graphite, pencil sketch, pencil drawing, graphite drawing, sketch, hand drawn, hand drawing, "
    "drawing",
    "coloured_pencil": "coloured pencil, coloured pencil drawing, coloured pencil sketch, colour pencil, "
    "colour pencil drawing, crayon, crayon drawing",
    "ink": "ink, pen, pen and ink, ink drawing, ink sketch, pen drawing, pen sketch, line art, lineart, line drawing, "
    "etching, engraving, cross hatching",
    "charcoal": "charcoal drawing, charcoal sketch, charcoal illustration, charcoal on paper, drawn in charcoal",
    "marker": "marker, marker rendering, marker sketch, marker drawing, marker illustration, alcohol marker, copic, "
    "copic marker, felt tip, felt tip pen, felt tip drawing",
    "pastel": "pastel drawing, pastel painting, pastel sketch, pastel on paper, soft pastel, soft pastel drawing, "
    "soft pastel painting, oil pastel, oil pastel drawing, chalk pastel, chalk pastel drawing, chalk drawing",
    "comic": "comic, comic book, comic art, comic strip, cartoon, graphic novel, pop art, cel shading, cel shaded, "
    "manga, anime, bande dessinee, halftone",
    "blueprint": "blueprint, cyanotype, technical drawing, schematic, blueprint drawing",
    "clay": "clay render, clay rendering, clay model, white model, massing model, architectural model, scale model, "
    "plaster model, paper model, maquette",
    "neon": "neon, neon light, neon lighting, neon sign, neon glow, neon lit, neon noir, cyberpunk, synthwave, "
    "vaporwave, black light",
}
# Taken whole, so that no part of them passes for something that the engine can do.
OTHER_MEDIA = (
    "pixel art, stained glass, cardboard model, paper cut, paper collage, wood engraving, screen print, sand art, "
    "chalk board, glass painting"
)

MOODS = {
    "warm": "warm, cosy, hygge, inviting, homely, warm light, warm lighting, warm colours, candlelight, "
    "lamplight, lamp light",
    "cool": "cool, cold, icy, arctic, chilly, cool light, cold light, cool colours",
    "moody": "moody, dramatic, noir, gloomy, chiaroscuro, mysterious, cinematic, cinematic lighting, dramatic light, "
    "dramatic lighting, low key, storm, stormy",
    "pastel": "pastel, pastel colours, pastel tones, dreamy, soft colours, ethereal",
    "vintage": "vintage, retro, 70s, 1970s, nostalgic, sepia, old photo, faded",
    "vibrant": "vibrant, vivid, colourful, saturated, vivid colours, vibrant colours, bold colours",
    "muted": "muted, desaturated, subdued, understated, muted colours, earthy, natural tones",
    "monochrome": "monochrome, monochromatic, black and white, b&w, greyscale",
}

STYLES = {
    "minimal": "minimal, minimalist, minimalism, clean",
    "modern": "modern, contemporary, modernist, bauhaus, international style",
    "scandinavian": "scandinavian, nordic, scandi, japandi, wabi sabi",
    "luxury": "luxury, luxurious, elegant, opulent, art deco, glamorous",
    "industrial": "industrial, loft, warehouse, factory",
    "brutalist": "brutalist, brutalism",
    "rustic": "rustic, farmhouse, country house, chalet, log cabin, alpine",
    "tropical": "tropical, bali, jungle, lush",
    "mediterranean": "mediterranean, greek, santorini, tuscan, provencal",
    "desert": "desert, moroccan, pueblo, southwestern",
    "futuristic": "futuristic, sci fi, scifi, space age, high tech",
    "midcentury": "mid century, midcentury, mid century modern, midcentury modern",
}

# Strength 3 and 4 name the setting, 2 a building or a room, 1 a thing that is usually seen there.
SETTINGS = (
    ("exterior", 3, "exterior, outdoor, outside, architecture, streetscape, street view, cityscape, landscape"),
    ("exterior", 3, "office tower, office building, apartment building, apartment block, hotel, museum, school"),
    ("exterior", 2, "house, villa, building, cabin, log cabin, cottage, tower, skyscraper, barn, bungalow, church"),
    ("exterior", 2, "temple, pavilion, townhouse, farmhouse, country house, chalet, mansion, city, town, village"),
    ("exterior", 1, "facade, street, road, garden, courtyard, lawn, meadow, beach, lake, sea, river, pool, plaza"),
    ("exterior", 1, "roof, terrace, driveway, patio"),
    ("interior", 3, "interior, indoor, inside, interior design"),
    ("interior", 2, "room, living room, bedroom, kitchen, office, lobby, cafe, bathroom, dining room, hallway, lounge"),
    ("interior", 2, "loft, apartment, studio apartment, restaurant, hotel room, library"),
    ("interior", 1, "sofa, couch, bed, rug, carpet, ceiling, coffee table, curtain"),
    ("product", 4, "product, product photo, product photography, product shot, packshot, furniture design"),
    ("product", 1, "chair, armchair, stool, vase, cup, mug, bottle, shoe, watch, teapot, bowl, toy, white background"),
    ("product", 1, "studio light, studio lighting, softbox, lounge chair, easy chair"),
)

NOUNS = {
    "wall": "wall, facade, cladding, siding, exterior, house, building, villa, cabin, cottage, tower, skyscraper, "
    "barn, church, temple, bungalow, pavilion, townhouse, mansion, farmhouse, country house, chalet, log cabin, "
    "office tower, office building, apartment building, apartment block, hotel, museum, school, city, village, town, "
    "chimney, interior, room, living room, bedroom, kitchen, office, lobby, cafe, bathroom, dining room, hallway, "
    "lounge, apartment, studio apartment, loft, restaurant, hotel room, library",
    "roof": "roof, roofing, rooftop",
    "ground": "ground, floor, flooring, terrace, yard, courtyard, foreground, path, driveway, plaza, patio",
    "sky": "sky, background, backdrop, ceiling",
    "glass": "window, glazing, skylight, window pane",
    "object": "sofa, couch, chair, armchair, lounge chair, easy chair, seat, bed, cushion, furniture, vase, cup, mug, "
    "bottle, shoe, watch, teapot, bowl, toy, door, front door, body, product, car, curtain, upholstery, seat cushion",
    "object2": "leg, frame, base, table, coffee table, side table, shelf, handle, trim, rug, carpet, armrest, stool, "
    "window frame, railing, skirting",
    "vegetation": "tree, bush, plant, hedge, shrub, flower, vegetation, planting",
    "lamp": "lamp, lantern, floor lamp, pendant, pendant lamp, ceiling lamp, lampshade",
}
# Nouns that are a ground and its material at once.
GROUNDS = {
    "grass": "lawn, meadow, field, garden, park",
    "asphalt": "street, road, parking lot",
    "sand": "beach, dune",
    "water": "pool, lake, sea, ocean, river, pond, swimming pool, water",
    "stone": "pavement, sidewalk, cobblestone street, stone pavement",
}

# `name=#hex` gives a kind its own shade of the material.
MATERIALS = {
    "plaster": "plaster, stucco, whitewash=#f6f3ec, whitewashed=#f6f3ec, white plaster=#f4f1ea, lime plaster=#e9e1d0",
    "paint": "paint, lacquer, lacquered, enamel, white paint=#f4f2ee",
    "concrete": "concrete, cement, beton, screed, microcement, exposed concrete, board formed concrete",
    "wood": "wood, wooden, oak, timber, plywood, parquet, plank, floorboard, pine=#cfa465, cedar=#a9683f, "
    "larch=#b8814e, birch=#dcc49a, beech=#cfa67c, ash wood=#d2b78f, teak=#9c6b3e, bamboo=#cdb06f, weatherboard, "
    "light wood=#d4b287, pale wood=#dcc4a0, maple=#d3ac78, cherry wood=#8f4d32, rattan=#c39a63, wicker=#c39a63",
    "walnut": "walnut, dark wood, mahogany=#5a2a1d, rosewood=#5a2f25, wenge=#3a2a22, ebony=#2c2421, "
    "charred wood=#2e2b2a, charred timber=#2e2b2a, shou sugi ban=#2e2b2a, dark oak=#5a4029, smoked oak=#574431",
    "brick": "brick, brickwork, red brick, masonry, clinker=#6e3a30, white brick=#e6e1d8",
    "stone": "stone, limestone=#d3c8b2, sandstone=#cfae7d, granite=#85878b, travertine=#d9c9ad, fieldstone, rock, "
    "rubble, basalt=#4b4d52, cobblestone=#88847e, natural stone",
    "slate": "slate, shingle",
    "marble": "marble, carrara, white marble, onyx=#d9c39a, terrazzo=#d8d2c8, green marble=#3f5f50, "
    "black marble=#2a2b2e",
    "terracotta": "terracotta, terra cotta, clay tile, roof tile, adobe=#c08a62, earthenware",
    "glass": "glass, glazed facade, crystal, transparent, glass facade",
    "steel": "steel, metal, metallic, aluminium=#b4babf, chrome=#c3c9ce, titanium=#9a9fa6, zinc=#8b959d, iron=#4c4f54, "
    "silver=#c0c5c9, stainless steel, black steel=#34363a, wrought iron=#303236, sheet metal",
    "copper": "copper, bronze=#7f5c38, corten=#8f4d2c, corten steel=#8f4d2c, rust=#8f4d2c, rusty=#8f4d2c, "
    "weathering steel=#8f4d2c, rusted=#8f4d2c, patina=#6ea08c, verdigris=#6ea08c",
    "gold": "gold, golden, gilded, brass=#b8934b",
    "ceramic": "ceramic, porcelain, stoneware=#c9bda9, glazed",
    "plastic": "plastic, glossy, acrylic, resin",
    "leather": "leather, suede=#a4774f, cognac leather=#9a5a2c, tan leather=#b07a4a, black leather=#26221f",
    "fabric": "fabric, linen, cotton, wool, woollen, velvet, boucle=#ece5d8, textile, upholstered, tweed, felt, cloth",
    "grass": "grass, moss, turf",
    "foliage": "foliage, ivy, leaf, greenery",
    "sand": "sand, sandy, gravel=#b9b1a3",
    "asphalt": "asphalt, tarmac",
    "tiles": "tile, tiled, mosaic, zellige, subway tile, checkered tile",
}

COLOURS = {
    "white": "#f4f2ee", "off white": "#efe9dd", "black": "#25252b", "grey": "#8d9096", "anthracite": "#3a3d42",
    "charcoal": "#3c3d42", "charcoal grey": "#3a3d42", "graphite grey": "#45484e", "red": "#b8322c",
    "crimson": "#9d1b2f", "scarlet": "#c8281f", "oxblood": "#5d1a1e", "burgundy": "#6b1f32", "rust red": "#97402a",
    "orange": "#e0802f", "burnt orange": "#bf5a24", "amber": "#d99a2b", "ochre": "#c08a37", "yellow": "#e8c13c",
    "mustard": "#c99a2e", "green": "#4f8a4c", "emerald": "#1f7a5c", "forest green": "#2c5238", "olive": "#76773b",
    "sage": "#9caf88", "mint": "#a8dcc4", "lime": "#a4c639", "moss green": "#6a7b3f", "teal": "#1f7f86",
    "turquoise": "#3fb8b4", "aqua": "#7fd0cf", "cyan": "#36b6d6", "blue": "#2f62b0", "navy": "#22325c",
    "navy blue": "#22325c", "sky blue": "#86bfe6", "powder blue": "#a9c4d9", "cobalt": "#1f47a0", "indigo": "#34367c",
    "grey blue": "#748a9e", "blue grey": "#748a9e", "petrol": "#1d4f5c", "purple": "#6d3f97", "plum": "#5e2f56",
    "violet": "#7a4fb0", "lilac": "#b9a0d4", "lavender": "#b7a6dc", "magenta": "#c2348a", "pink": "#e59ab4",
    "blush": "#e6b8ae", "rose": "#d98a95", "salmon": "#ea8f78", "coral": "#ee7b62", "peach": "#f2b896",
    "brown": "#7a5233", "chocolate": "#4c2f20", "caramel": "#b57a45", "cognac": "#9a5a2c", "tan": "#c29b6c",
    "taupe": "#9b8b7c", "beige": "#d9c7a7", "sand coloured": "#d8c092", "cream": "#f1e6cf", "ivory": "#f3ead6",
    "greige": "#bfb5a6", "khaki": "#a79a6b", "neon green": "#4dff5a", "neon pink": "#ff4fc4",
    "neon yellow": "#eaff3a", "neon orange": "#ff7a2e", "neon blue": "#2f7bff",
}  # fmt: skip

TONES = {
    "dark": "dark, deep",
    "light": "light, pale, soft",
    "bright": "bright",
}

# "walls of red brick", "walls painted white": what follows belongs to the noun before.
LINKS = {
    "and": "and",
    "of": "of, in, made, made of, made from, clad, clad in, covered, covered in, painted, is, are, finished in",
}

NEGATIONS = frozenset({"no", "without", "not", "never", "minus", "non"})
CLAUSE_WORDS = frozenset({"but", "with", "featuring"})

_STOP_WORDS = """
    a an the on at or by to from for into over under very some its it this that as while during around near
    behind beside before through out up down off both all each my our your his her their there here be being has have
    having so too really quite rather just more most much many lots full set against between among above below
    highly detailed detail details beautiful gorgeous stunning amazing awesome nice lovely pretty perfect style styled
    image picture view scene look looking feel feeling light lighting lights lit shot quality best high highest ultra
    super hyper resolution res realistic realism realist rendering render rendered renders 3d cgi visualization
    visualisation archviz masterpiece masterwork award winning professional sharp focus hd uhd 4k 8k 16k hdr dslr 35mm
    50mm raw octane vray v ray unreal engine lumion corona enscape d5 trending artstation intricate crisp clear fine
    soft architectural design designed project concept please create make show generate add coloured colour colours tone
    tones time hour atmosphere mood ambience ambiance accent accents surface surfaces texture textured material
    materials finish finished weather season large big small little tall wide long short old new
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

TABLES: tuple[tuple[Kind, Mapping[str, str], float], ...] = (
    ("time", TIMES, 1.0),
    ("time", {"dusk": LIT_WINDOWS}, 0.5),
    ("time", {"night": LIT_WINDOWS}, 0.4),
    ("weather", WEATHERS, 1.0),
    ("weather", HALF_WEATHERS, 0.5),
    ("season", SEASONS, 1.0),
    ("medium", MEDIA, 1.0),
    ("mood", MOODS, 1.0),
    ("style", STYLES, 1.0),
    ("noun", NOUNS, 1.0),
    ("ground", GROUNDS, 1.0),
    ("material", MATERIALS, 1.0),
    ("tone", TONES, 1.0),
    ("link", LINKS, 1.0),
)


def normalise(word: str) -> str:
    """A word as the tables spell it: lower case, no accents, straight apostrophes, British."""
    decomposed = unicodedata.normalize("NFKD", word.lower())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace("’", "'")
    return SPELLINGS.get(plain, plain)


def _entries() -> Iterator[tuple[str, Meaning]]:
    for kind, table, strength in TABLES:
        for value, phrases in table.items():
            for phrase in phrases.split(", "):
                name, _, shade = phrase.partition("=")
                yield name, Meaning(kind, value, strength)
                if shade:
                    yield name, Meaning("shade", shade)
    for setting, rank, phrases in SETTINGS:
        for phrase in phrases.split(", "):
            yield phrase, Meaning("setting", setting, float(rank))
    for name, colour in COLOURS.items():
        yield name, Meaning("colour", colour)


def _index() -> dict[str, tuple[Meaning, ...]]:
    index: dict[str, tuple[Meaning, ...]] = dict.fromkeys(OTHER_MEDIA.split(", "), ())
    for phrase, meaning in _entries():
        index[phrase] = (*index.get(phrase, ()), meaning)
    return index


PHRASES: Mapping[str, tuple[Meaning, ...]] = _index()
"""Phrase → everything it means. Phrases without a meaning are known, but beyond this engine."""

LONGEST = max(len(phrase.split()) for phrase in PHRASES)
"""Words in the longest phrase."""
