"""The words that the preview engine understands, as tables of comma-separated phrases.

British spelling, singular, lower case; `normalise` brings other spellings to it. A phrase may stand in several tables.
Things, materials and colours are in `things`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal

from rerender.engines.preview.things import COLOURS, MATERIALS, NOUNS, THINGS, TONES

__all__ = ["CLAUSE_WORDS", "NEGATIONS", "PHRASES", "REACH", "STOP_WORDS", "Meaning", "Says", "is_idle", "normalise"]

Says = Literal[
    "setting", "time", "weather", "season", "medium", "mood", "style", "noun", "thing", "material", "shade", "colour",
    "tone", "link", "idle",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a phrase says: of which kind, which one, and how strongly when it is not emphasised."""

    kind: Says
    value: str
    strength: float = 1.0


# Beside these, "color" is "colour" and "gray" is "grey" inside any word.
SPELLINGS = {
    "aluminum": "aluminium", "catalog": "catalogue", "center": "centre", "checkered": "chequered", "cozy": "cosy",
    "curb": "kerb", "fiber": "fibre", "fiberglass": "fibreglass", "galvanized": "galvanised", "louver": "louvre",
    "louvers": "louvres", "harbor": "harbour", "jewelry": "jewellery", "molding": "moulding", "moldings": "mouldings",
    "oxidized": "oxidised", "paneled": "panelled", "paneling": "panelling", "plexiglas": "plexiglass",
    "theater": "theatre", "theaters": "theatres", "tire": "tyre", "tires": "tyres", "vapor": "vapour",
    "woolen": "woollen",
}  # fmt: skip

TIMES = {
    "dawn": "dawn, sunrise, early morning, daybreak, first light, morning mist, break of day, crack of dawn",
    "day": "day, daylight, daytime, day time, noon, high noon, midday, mid day, sun, sunny, sunshine, sunlight, "
    "sunlit, blue sky, clear sky, clear skies, cloudless, cloudless sky, morning, afternoon, summer day, sunny day, "
    "bright day, day light, natural light, morning light, afternoon light, full sun, sun drenched, light filled, "
    "midday sun, morning sun, bright light, bright sunlight, direct sunlight",
    "golden_hour": "golden hour, magic hour, sunset, sundown, setting sun, evening sun, low sun, golden light, "
    "late afternoon, evening light, warm sunlight, alpenglow, golden glow, golden sunset",
    "dusk": "dusk, blue hour, twilight, evening, nightfall, gloaming, afterglow, evening sky, after sunset",
    "night": "night, nighttime, night time, midnight, moonlight, moonlit, moon, full moon, starry, stars, starlight, "
    "starry sky, starry night, night sky, late night, after dark, nocturne, nocturnal",
    "overcast": "overcast, cloudy, grey sky, grey skies, diffuse light, diffused light, soft light, cloud, grey day, "
    "overcast sky, cloudy sky, cloud cover, flat light, north light, cloudy day, overcast day",
    "studio": "studio, studio light, studio lighting, softbox, catalogue, studio shot, studio backdrop, seamless "
    "backdrop",
}

# Lit windows make an evening, when the prompt names no other time, and suit a night.
LIT_WINDOWS = "lit window, glowing window, illuminated window, warm lit window, lights on, interior lights on"

WEATHERS = {
    "fog": "fog, foggy, mist, misty, haze, hazy, smoke, smoky, morning mist, morning fog, low cloud",
    "rain": "rain, rainy, raining, rainfall, rain fall, storm, stormy, rainstorm, puddle, monsoon, rainy day, falling "
    "rain, rain shower, sleet, hail",
    "snow": "snow, snowy, snowing, snowfall, snow fall, snow covered, snowbound, fresh snow, falling snow, snow storm, "
    "snowflake, snow cover, snow capped",
}
HALF_WEATHERS = {
    "rain": "wet, damp, drizzle, drizzling, light rain, wet ground, wet weather, after rain, after the rain",
    "snow": "frost, frosty, frozen, light snow, dusting of snow, snow dusting, hoar frost, icy weather",
    "fog": "light fog, light mist, light haze, slight haze, thin fog, atmospheric haze",
}
STRONG_WEATHERS = {
    "fog": "thick fog, dense fog, heavy fog, pea soup",
    "rain": "heavy rain, pouring rain, pouring, downpour, torrential rain, thunderstorm, cloudburst, rainstorm",
    "snow": "heavy snow, heavy snowfall, deep snow, thick snow, blizzard, snowstorm, snowed in",
}

SEASONS = {
    "spring": "spring, springtime, spring time, blossom, cherry blossom, in bloom, in blossom, april, early spring",
    "summer": "summer, summertime, summer time, summer day, july, high summer, midsummer, late summer",
    "autumn": "autumn, autumnal, fall, october, november, autumn leaves, fallen leaves, fall colours, autumn colours, "
    "fall foliage, autumn foliage, indian summer, late autumn",
    "winter": "winter, wintry, wintertime, winter time, christmas, january, december, midwinter, winter day",
}

# Words that are said of many media: the medium that is named more closely beats them.
DRAWN = {"pencil": "sketch, hand drawn, hand drawing, drawing", "oil": "painting, painting of"}
PHOTO = {
    "photo": "photo, photograph, photography, photo render, photorealistic, photoreal, film still, architectural "
    "photography, product photo, product photography, product shot, packshot",
}
MEDIA = {
    "watercolor": "watercolour, watercolour painting, watercolour sketch, watercolour illustration, aquarelle, "
    "wash painting, watercolour wash",
    "oil": "oil painting, oil paint, oil on canvas, oil sketch, impasto, painterly, "
    "impressionist, impressionist painting, acrylic painting, acrylic on canvas",
    "gouache": "gouache, gouache painting, gouache illustration, gouache sketch, poster paint, tempera",
    "pencil": "pencil, graphite, pencil sketch, pencil drawing, graphite drawing",
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
BEYOND = (
    "pixel art, stained glass, cardboard model, paper cut, paper collage, wood engraving, screen print, sand art, "
    "chalk board, glass painting, depth of field, field of view, bird's eye view, birds eye view, golden ratio, "
    "street photography, night club, hot spring, hot tub, wall painting, oil lamp, wall art, "
    "string lights, fairy lights, street art, double exposure, long exposure, tree of life, ice cream, "
    "sun lounger, pool table, studio ghibli, light box, fire pit, "
    "northern lights, light trails, lens flare, light leak, light rays, god rays, paintings, "
    "smoke from the chimney, smoke from chimney, chimney smoke, smoking chimney"
)
# Said of pictures in general: taken whole, they do nothing.
IDLE_PHRASES = (
    "crystal clear, state of the art, work of art, full frame, light and shadow, global illumination, ray tracing, "
    "ray traced, path tracing, path traced, award winning, floor to ceiling, full height, double height, two storey"
)

MOODS = {
    "warm": "warm, cosy, hygge, inviting, homely, warm light, warm lighting, warm colours, warm tones, warm palette, "
    "candlelight, candlelit, lamplight, lamp light, warm atmosphere, warm glow, firelight",
    "cool": "cool, cold, icy, arctic, chilly, cool light, cold light, cool colours, cool tones, cool palette, frigid",
    "moody": "moody, dramatic, noir, film noir, gloomy, chiaroscuro, mysterious, cinematic, cinematic lighting, "
    "dramatic light, dramatic lighting, low key, storm, stormy, thunderstorm, eerie, ominous, spooky, somber, sombre, "
    "brooding, melancholic, dark and moody, moody lighting, dramatic sky",
    "pastel": "pastel, pastel colours, pastel tones, pastel palette, dreamy, soft colours, ethereal, high key, "
    "delicate colours, candy colours",
    "vintage": "vintage, retro, 60s, 70s, 80s, 1950s, 1960s, 1970s, 1980s, nostalgic, sepia, old photo, faded, "
    "polaroid, analogue film, analog film, kodak portra, old fashioned",
    "vibrant": "vibrant, vivid, colourful, saturated, vivid colours, vibrant colours, bold colours, bright colours, "
    "multicoloured, saturated colours",
    "muted": "muted, desaturated, subdued, understated, muted colours, earthy, natural tones, muted tones, dusty, "
    "neutral palette, neutral colours, neutral tones, subtle colours, muted palette, bleak, dull, drab",
    "monochrome": "monochrome, monochromatic, black and white, b&w, greyscale",
}
HALF_MOODS = {
    "warm": "romantic, intimate, welcoming, autumnal",
    "cool": "clinical, sterile",
    "pastel": "airy, bright and airy, light and airy, gentle, feminine",
    "vibrant": "playful, cheerful, joyful, energetic, lively, quirky",
    "muted": "calm, serene, peaceful, tranquil, quiet, restrained",
    "moody": "atmospheric, masculine, gritty",
}

STYLES = {
    "minimal": "minimal, minimalist, minimalism, minimalistic, clean, clean lines, spartan",
    "modern": "modern, contemporary, modernist, modernism, bauhaus, international style, sleek",
    "scandinavian": "scandinavian, nordic, scandi, danish, swedish, scandinavian style",
    "japanese": "japanese, japandi, wabi sabi, zen, ryokan, muji",
    "luxury": "luxury, luxurious, elegant, opulent, art deco, glamorous, high end, lavish, upscale, deluxe",
    "classical": "classical, neoclassical, victorian, georgian, edwardian, colonial, haussmann, beaux arts, baroque, "
    "renaissance, rococo, traditional, classic, palladian, art nouveau",
    "gothic": "gothic, neo gothic, gothic revival, medieval, dark academia, tudor",
    "industrial": "industrial, loft, warehouse, factory, steampunk, urban loft",
    "brutalist": "brutalist, brutalism",
    "rustic": "rustic, farmhouse, country house, chalet, log cabin, alpine, cottagecore, shabby chic, country style",
    "coastal": "coastal, nautical, hamptons, beach house, seaside, maritime, cape cod",
    "bohemian": "bohemian, boho, boho chic, eclectic, hippie",
    "organic": "organic, biophilic, sustainable, ecological, eco, eco friendly, biomorphic, nature inspired",
    "tropical": "tropical, bali, balinese, jungle, lush, rainforest, hawaiian, caribbean",
    "mediterranean": "mediterranean, greek, santorini, tuscan, provencal, italian, spanish, andalusian, ibiza",
    "desert": "desert, moroccan, pueblo, southwestern, arabian, sahara, arid",
    "futuristic": "futuristic, sci fi, scifi, space age, high tech, science fiction, spaceship, parametric",
    "midcentury": "mid century, midcentury, mid century modern, midcentury modern, eames",
    "postmodern": "postmodern, postmodernist, memphis, memphis style, wes anderson",
}

# Strength 3 and 4 name the setting, 2 a building or a room, 1 a thing that is usually seen there.
SETTINGS = (
    ("exterior", 3, "exterior, outdoor, outdoors, architecture, streetscape, street view, cityscape, skyline"),
    ("exterior", 3, "office tower, office building, apartment building, apartment block, hotel, museum, school"),
    ("exterior", 3, "landscape, high rise, tower block, office block, block of flats, countryside, stadium, castle"),
    ("exterior", 2, "house, villa, building, cabin, log cabin, cottage, tower, skyscraper, barn, bungalow, church"),
    ("exterior", 2, "temple, pavilion, townhouse, farmhouse, country house, chalet, mansion, city, town, village"),
    ("exterior", 2, "beach house, lake house, tree house, tiny house, row house, terraced house, guest house, hut"),
    ("exterior", 2, "residence, lodge, shed, garage, boathouse, lighthouse, palace, mosque, cathedral, chapel, pagoda"),
    ("exterior", 2, "shrine, station, hospital, tea house, theatre, duplex, water tower, watch tower, greenhouse"),
    ("exterior", 2, "glasshouse, glass pavilion, shopfront, storefront"),
    ("exterior", 1, "facade, street, road, garden, courtyard, lawn, meadow, beach, lake, sea, river, pool, plaza"),
    ("exterior", 1, "roof, terrace, driveway, patio, home, balcony, forest, woods, woodland, mountain, park, alley"),
    ("exterior", 1, "avenue, boulevard, backyard, front yard, swimming pool, deck, promenade, ocean, harbour"),
    ("exterior", 1, "outside, curtain wall, glass facade, green roof, porch, suburb, suburban, rural, canal, hillside"),
    ("interior", 3, "interior, indoor, indoors, inside, interior design"),
    ("interior", 2, "room, living room, bedroom, kitchen, office, lobby, cafe, bathroom, dining room, hallway, lounge"),
    ("interior", 2, "loft, apartment, studio apartment, restaurant, hotel room, library, penthouse"),
    ("interior", 2, "home office, meeting room, conference room, waiting room, reception, foyer, entrance hall, bar"),
    ("interior", 2, "corridor, stairwell, attic, basement, conservatory, winter garden, classroom, gallery, showroom"),
    ("interior", 2, "shop, boutique, bakery, salon, spa, gym, pantry, drawing room, sitting room, guest room, nursery"),
    ("interior", 1, "sofa, couch, bed, rug, carpet, ceiling, coffee table, curtain, fireplace, wallpaper, bathtub"),
    ("interior", 1, "kitchen island, wardrobe, headboard, bedside table, worktop, countertop, backsplash, chandelier"),
    ("product", 4, "product, product photo, product photography, product shot, packshot, furniture design"),
    ("product", 4, "product design, industrial design, product render, product rendering"),
    ("product", 1, "chair, armchair, stool, vase, cup, mug, bottle, shoe, watch, teapot, bowl, toy, white background"),
    ("product", 1, "studio light, studio lighting, softbox, lounge chair, easy chair, rocking chair, office chair"),
    ("product", 1, "desk chair, dining chair, wing chair, bar stool, ottoman, pouf, recliner, sneaker, boot, handbag"),
    ("product", 1, "backpack, headphones, speaker, phone, smartphone, laptop, camera, kettle, toaster, perfume bottle"),
    ("product", 1, "coffee machine, espresso machine, jug, pitcher, jar, wine glass, packaging, helmet, bicycle"),
    ("product", 1, "white backdrop, drinking glass, glass of water"),
)

# "walls of red brick", "walls painted white": what follows belongs to the noun before.
LINKS = {
    "and": "and",
    "of": "of, in, made, made of, made from, clad, clad in, covered, covered in, covered with, painted, is, are, "
    "finished in, upholstered in, built of, built from, constructed of",
}

_NEGATIONS = """
    no without not never minus non nor neither sans zero avoid exclude excluding except lacking don't isn't aren't
    doesn't
"""
NEGATIONS = frozenset(_NEGATIONS.split())
CLAUSE_WORDS = frozenset({"but", "with", "featuring", "instead"})

_STOP_WORDS = """
    a an the on at or by to from for into over under very some its it this that as while during around near one two
    behind beside before through out up down off both all each my our your his her their there here be being has have
    having so too really quite rather just more most much many lots full set against between among above below any
    where which who when was were will can should would also like made make using use used only well still next
    highly detailed detail details beautiful gorgeous stunning amazing awesome nice lovely pretty perfect style styled
    image picture view scene look looks looking feel feels feeling light lighting lights lit shot quality best high
    highest ultra super hyper resolution res realistic realism realist rendering rendered renders 3d cgi
    visualization visualisation visual archviz masterpiece masterwork award winning professional render sharp focus hd
    uhd 4k 8k 16k hdr dslr 35mm 50mm raw octane vray v ray unreal engine lumion corona enscape d5 twinmotion blender
    sketchup revit rhino trending artstation behance pinterest dezeen archdaily midjourney hyperrealistic hyperrealism
    ultrarealistic photorealism hyperdetailed ultradetailed storey storeys extremely incredibly intricate crisp clear
    fine soft architectural design designed project concept please create show generate add coloured colour colours tone
    tones time hour atmosphere mood ambience ambiance accent accents surface surfaces texture textured textures
    material materials finish finished weather season large big small little tall wide long short old new huge tiny
    falls falling stands standing sits placed located beautifully effect effects vibe vibes
    iso nikon canon leica hasselblad fujifilm polished brushed sanded oiled waxed matte smooth oil
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

TABLES: tuple[tuple[Says, Mapping[str, str], float], ...] = (
    ("time", TIMES, 1.0),
    ("time", {"dusk": LIT_WINDOWS}, 0.5),
    ("time", {"night": LIT_WINDOWS}, 0.4),
    ("weather", WEATHERS, 1.0),
    ("weather", HALF_WEATHERS, 0.5),
    ("weather", STRONG_WEATHERS, 1.4),
    ("season", SEASONS, 1.0),
    ("medium", MEDIA, 1.0),
    ("medium", DRAWN, 0.9),
    ("medium", PHOTO, 0.8),
    ("mood", MOODS, 1.0),
    ("mood", HALF_MOODS, 0.6),
    ("style", STYLES, 1.0),
    ("noun", NOUNS, 1.0),
    ("thing", THINGS, 1.0),
    ("material", MATERIALS, 1.0),
    ("tone", TONES, 1.0),
    ("link", LINKS, 1.0),
)


def normalise(word: str) -> str:
    """A word as the tables spell it: lower case, no accents, straight apostrophes, British."""
    plain = word.lower()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace("’", "'")
    plain = SPELLINGS.get(plain, plain)
    return plain.replace("color", "colour").replace("gray", "grey")


def is_idle(word: str) -> bool:
    """Whether a normalised word that is in no table says nothing: a stop word, a number or a measure, one letter.

    A word of voicing marks alone is normalised to nothing, and is no idle word: it is named as not understood.
    """
    return word in STOP_WORDS or word[:1].isdigit() or (len(word) == 1 and word.isascii())


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
    index: dict[str, tuple[Meaning, ...]] = dict.fromkeys(BEYOND.split(", "), ())
    index |= dict.fromkeys(IDLE_PHRASES.split(", "), (Meaning("idle", ""),))
    for phrase, meaning in _entries():
        index[phrase] = (*index.get(phrase, ()), meaning)
    return index


PHRASES: Mapping[str, tuple[Meaning, ...]] = _index()
"""Phrase → everything it means. Phrases without a meaning are known, but beyond this engine."""

REACH: Mapping[str, int] = {
    first: max(map(len, group))
    for first, group in groupby(sorted(phrase.split() for phrase in PHRASES), key=itemgetter(0))
}
"""First word of a phrase → words in the longest phrase that begins so."""
