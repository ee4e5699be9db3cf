"""What things are called and what they may be made of: the second half of the vocabulary, spelled as the first is."""

from __future__ import annotations

__all__ = ["COLOURS", "KINDS", "MATERIALS", "NOUNS", "THINGS", "TONES", "kind_of"]

NOUNS = {
    "wall": "wall, facade, cladding, siding, exterior, house, building, villa, cabin, cottage, tower, skyscraper, "
    "barn, church, temple, bungalow, pavilion, townhouse, mansion, farmhouse, country house, chalet, log cabin, "
    "office tower, office building, apartment building, apartment block, hotel, museum, school, city, village, town, "
    "chimney, interior, room, living room, bedroom, kitchen, office, lobby, cafe, bathroom, dining room, hallway, "
    "lounge, apartment, studio apartment, loft, restaurant, hotel room, library, beach house, lake house, tree house, "
    "tiny house, row house, terraced house, guest house, high rise, tower block, office block, block of flats, "
    "residence, home, hut, lodge, shed, garage, boathouse, tea house, lighthouse, castle, palace, mosque, cathedral, "
    "chapel, pagoda, shrine, station, hospital, stadium, theatre, duplex, penthouse, home office, "
    "meeting room, conference room, waiting room, reception, foyer, entrance hall, corridor, stairwell, attic, "
    "basement, conservatory, classroom, gallery, showroom, shop, boutique, bar, bakery, salon, spa, gym, pantry, "
    "drawing room, sitting room, guest room, nursery, panelling, wallpaper, partition, accent wall, feature wall, "
    "shopfront, storefront, water tower, watch tower, gable, bay window, wainscoting, backsplash, splashback",
    "roof": "roof, roofing, rooftop, gable roof, pitched roof, hip roof, flat roof, canopy, awning",
    "ground": "ground, floor, flooring, terrace, yard, courtyard, foreground, path, pathway, walkway, driveway, "
    "plaza, patio, backyard, front yard, garden path, porch",
    "sky": "sky, background, backdrop, ceiling, cloudscape",
    "glass": "window, glazing, skylight, window pane, french window, clerestory",
    "object": "sofa, couch, chair, armchair, lounge chair, easy chair, seat, bed, cushion, furniture, vase, cup, mug, "
    "bottle, shoe, watch, teapot, bowl, toy, door, front door, garage door, body, product, car, curtain, upholstery, "
    "seat cushion, rocking chair, office chair, desk chair, dining chair, wing chair, daybed, day bed, chaise longue, "
    "recliner, ottoman, pouf, bench, sectional, loveseat, mattress, bedding, headboard, pillow, blind, drape, "
    "kitchen cabinet, cabinet, cabinetry, cupboard, wardrobe, sideboard, dresser, kitchen island, bathtub, seating, "
    "sneaker, boot, handbag, bag, backpack, headphones, speaker, phone, smartphone, laptop, camera, kettle, toaster, "
    "coffee machine, espresso machine, jug, pitcher, plate, candle, clock, ring, perfume bottle, jar, "
    "wine glass, drinking glass, glass of water, packaging, bicycle, bike, helmet, shutter, louvre",
    "object2": "leg, frame, base, table, coffee table, side table, dining table, bedside table, night table, "
    "night stand, nightstand, desk, shelf, bookshelf, bookcase, handle, trim, rug, carpet, armrest, stool, bar stool, "
    "window frame, door frame, railing, handrail, balustrade, skirting, skirting board, worktop, countertop, "
    "counter, stair, staircase, column, pillar, beam, fence, gate, balcony, gutter, strap, lid, knob, "
    "moulding, mullion, fireplace, picture frame, wheel, hardware, fitting, tap, faucet",
    "vegetation": "tree, bush, plant, hedge, shrub, flower, vegetation, planting, forest, woodland, woods, "
    "palm, palm tree, pine tree, cactus, wildflower, shrubbery, houseplant, potted plant, planter, wooded, topiary, "
    "ornamental grass, tall grass, pampas grass",
    "lamp": "lamp, lantern, floor lamp, table lamp, desk lamp, pendant, pendant lamp, pendant light, ceiling lamp, "
    "ceiling light, lampshade, chandelier, sconce, wall lamp, street lamp, luminaire, light fixture",
}

# Things that name their own material, outdoors or behind a product: slot and material → what they are called.
THINGS = {
    "ground grass": "lawn, meadow, field, garden, park, turf, pasture, golf course, roof garden, front garden",
    "ground asphalt": "street, road, parking lot, parking, car park, alley, avenue, boulevard, highway",
    "ground sand": "beach, dune, desert sand, seashore",
    "ground water": "pool, lake, sea, ocean, river, pond, swimming pool, infinity pool, water, canal, harbour, "
    "lagoon, reflecting pool, water feature",
    "ground stone": "pavement, sidewalk, cobblestone street, stone pavement, paving, paving stone, cobbled street, "
    "flagstone, kerb, promenade, quay, pier",
    "ground gravel": "gravel path, gravel driveway, gravel garden, zen garden",
    "ground wood": "deck, decking, wooden deck, boardwalk, jetty",
    "sky paint #f4f2ee": "white background, white backdrop",
    "roof grass": "green roof, living roof, planted roof, sod roof",
    "wall foliage": "living wall, planted wall, vertical garden",
    "wall glass": "curtain wall, glass facade, glazed facade, greenhouse, glasshouse, glass pavilion",
    "vegetation foliage #8a9270": "olive tree",
    "vegetation foliage #d890a8": "cherry tree",
    "vegetation foliage #8f86c0": "lavender field",
}

# `name=#hex` gives a kind its own shade of the material.
MATERIALS = {
    "plaster": "plaster, stucco, plastered, whitewash=#f6f3ec, whitewashed=#f6f3ec, white plaster=#f4f1ea, "
    "lime plaster=#e9e1d0, limewash=#e6dccb, clay plaster=#cfb193, rendered facade, white render=#f4f1ea, "
    "gypsum, roughcast, venetian plaster=#ddd0bb, tadelakt=#cbb9a0",
    "paint": "paint, lacquer, lacquered, enamel, enamelled, white paint=#f4f2ee, drywall",
    "concrete": "concrete, cement, beton, screed, microcement, exposed concrete, board formed concrete, "
    "polished concrete=#b5b3ae, precast concrete, raw concrete, concrete block, breeze block, fibre cement=#9c9d9b",
    "wood": "wood, wooden, timber, plywood=#d1b080, parquet=#b07c48, herringbone=#b07c48, plank, planking, floorboard, "
    "pine=#cfa465, cedar=#a9683f, larch=#b8814e, birch=#dcc49a, beech=#cfa67c, ash wood=#d2b78f, teak=#9c6b3e, "
    "bamboo=#cdb06f, weatherboard, light wood=#d4b287, pale wood=#dcc4a0, maple=#d3ac78, cherry wood=#8f4d32, "
    "rattan=#c39a63, "
    "wicker=#c39a63, cane=#c9a873, spruce=#d6bd8f, fir=#c99f68, douglas fir=#c08a5c, acacia=#96643c, "
    "driftwood=#a39888, weathered wood=#9a9186, reclaimed wood=#8a6a4a, cork=#b98f62, clapboard=#d9d2c4, "
    "shiplap=#e4ddd0, timbered, hardwood, softwood=#cfa66d, veneer, mdf=#b99b76, osb=#cba565, clt=#d8b98a",
    "oak": "oak, oak parquet, oak plank, natural oak, white oak=#c9a878, light oak=#cfae7e, bleached oak=#d9c3a0",
    "walnut": "walnut, dark wood, mahogany=#5a2a1d, rosewood=#5a2f25, wenge=#3a2a22, ebony=#2c2421, "
    "charred wood=#2e2b2a, charred timber=#2e2b2a, burnt wood=#2e2b2a, shou sugi ban=#2e2b2a, dark oak=#5a4029, "
    "smoked oak=#574431, black walnut=#4a2f20, stained wood=#5f4229, ipe=#5c4130",
    "brick": "brick, brickwork, red brick, masonry, bricked, clinker=#6e3a30, white brick=#e6e1d8, "
    "whitewashed brick=#e0d8cd, yellow brick=#c9a865, exposed brick, london stock brick=#b3986b",
    "stone": "stone, limestone=#d3c8b2, sandstone=#cfae7d, granite=#85878b, travertine=#d9c9ad, fieldstone, rock, "
    "rubble, basalt=#4b4d52, cobblestone=#88847e, natural stone, bluestone=#66727a, quartzite=#b9b4aa, stonework, "
    "quartz=#dcd8d0, dry stone, ashlar, flint=#6d6c6a, portland stone=#ded8c9, soapstone=#5e6664, bath stone=#d9bf8c",
    "slate": "slate, shingle, slate tile, shingled, roof shingle, bitumen=#3f4246",
    "marble": "marble, carrara, calacatta=#efeae2, white marble, onyx=#d9c39a, terrazzo=#d8d2c8, "
    "green marble=#3f5f50, black marble=#2a2b2e, alabaster=#efe6d8, marbled",
    "terracotta": "terracotta, terra cotta, clay tile, roof tile, tiled roof, pantile, adobe=#c08a62, earthenware, "
    "clay=#b98a6a, rammed earth=#b58a60, mud brick=#b08258, saltillo",
    "glass": "glass, crystal, transparent, translucent, frosted glass=#d3dfe0, smoked glass=#5b5f63, perspex, "
    "tinted glass=#6f8894, mirrored=#c6d0d4, acrylic glass, plexiglass, polycarbonate=#cfdadd, etfe",
    "steel": "steel, metallic, metal, aluminium=#b4babf, chrome=#c3c9ce, titanium=#9a9fa6, zinc=#8b959d, "
    "iron=#4c4f54, silver=#c0c5c9, stainless steel, brushed steel, black steel=#34363a, wrought iron=#303236, "
    "sheet metal, cast iron=#3a3c40, tin=#aab0b3, pewter=#8a8d8f, nickel=#b3b0a8, black metal=#303236, "
    "gunmetal=#53565a, corrugated metal=#a3a9ac, galvanised steel=#aeb5b8, standing seam=#6a7178, carbon fibre=#2c2e31",
    "copper": "copper, bronze=#7f5c38, patina=#6ea08c, verdigris=#6ea08c, oxidised copper=#6ea08c",
    "corten": "corten, corten steel, rust, rusty, rusted, weathering steel, cor ten, rusted steel",
    "gold": "gold, golden, gilded, brass=#b8934b, gold leaf, rose gold=#c08a78, champagne gold=#cfb88c",
    "ceramic": "ceramic, porcelain, stoneware=#c9bda9, glazed, bone china=#f3ece0, faience",
    "plastic": "plastic, acrylic, resin, epoxy, polymer, vinyl, silicone, rubber=#3a3b3d, nylon, fibreglass=#dfe3e0, "
    "melamine, corian, linoleum=#a8957a",
    "leather": "leather, suede=#a4774f, cognac leather=#9a5a2c, tan leather=#b07a4a, black leather=#26221f, "
    "leatherette, brown leather=#6a4129, nubuck=#a08262",
    "fabric": "fabric, cotton, wool, woollen, textile, upholstered, tweed, felt, cloth, knit, knitted, "
    "jute=#b59a6c, hessian=#b59a6c, sisal=#c4ac7e, denim=#4a6583, silk, sheepskin=#efe7da, fur=#cfc2ae, "
    "tatami=#c9bd8a",
    "boucle": "boucle, teddy fabric",
    "linen": "linen, linen canvas, burlap=#b89f75",
    "velvet": "velvet, velour, corduroy=#8a6a45, chenille=#a3907a",
    "grass": "grass, moss=#66763a, thatch=#a8905c, thatched=#a8905c, straw=#c9b06e, reed=#b09b66, hay=#c9b06e",
    "foliage": "foliage, ivy, leaf, greenery, greenery wall",
    "sand": "sand, sandy, bare earth=#8a6a4a, soil=#6f553c, mud=#77603f",
    "gravel": "gravel, pebble=#a9a49a, crushed stone, pea gravel, shale=#6b6a6a, ballast",
    "asphalt": "asphalt, tarmac, bitumen road, blacktop",
    "tiles": "tile, tiled, mosaic, zellige=#9fb8a8, subway tile=#eef0ee, chequered tile, metro tile, "
    "porcelain tile, ceramic tile, encaustic tile=#a8a9a0, azulejo=#6f93bd, penny tile, hexagonal tile",
}  # fmt: skip

# What a material is a kind of. Until `materials` draws it itself it looks like that, in the shade given here.
KINDS = {
    "oak": "wood",
    "walnut": "wood",
    "corten": "copper #8f4d2c",
    "gravel": "sand #b9b1a3",
    "linen": "fabric #d3c7b1",
    "velvet": "fabric #7d4a55",
    "boucle": "fabric #ece5d8",
}


def kind_of(material: str) -> str:
    """What a material is a kind of, or itself."""
    return KINDS.get(material, material).partition(" ")[0]


COLOURS = {
    "white": "#f4f2ee", "off white": "#efe9dd", "warm white": "#f6eedd", "cool white": "#eef2f5",
    "snow white": "#f7f8f8", "bone": "#e6dcc6", "pearl": "#ece8df", "ivory": "#f3ead6", "cream": "#f1e6cf",
    "eggshell": "#f0ead8", "chalk white": "#f2f0ea",
    "black": "#25252b", "jet black": "#191a1d", "matte black": "#2a2b2e", "ink black": "#1f2126",
    "grey": "#8d9096", "warm grey": "#a0978c", "cool grey": "#87919b", "anthracite": "#3a3d42", "charcoal": "#3c3d42",
    "charcoal grey": "#3a3d42", "graphite grey": "#45484e", "slate grey": "#66707a", "stone grey": "#a09a90",
    "concrete grey": "#9b9b98", "ash grey": "#b3b1ab", "smoke grey": "#8a8d8f", "dove grey": "#b3b0ab",
    "greyish": "#9a9c9f",
    "red": "#b8322c", "reddish": "#a8564a", "crimson": "#9d1b2f", "scarlet": "#c8281f", "oxblood": "#5d1a1e",
    "burgundy": "#6b1f32", "maroon": "#641f26", "wine red": "#642033", "bordeaux": "#5f1e30", "ruby": "#961c3a",
    "rust red": "#97402a", "brick red": "#99452f", "cherry red": "#a51f2b", "vermilion": "#d43d22",
    "orange": "#e0802f", "burnt orange": "#bf5a24", "rust orange": "#b3592a", "tangerine": "#ea8a2c",
    "sunset orange": "#e5703a", "apricot": "#f0b07c", "amber": "#d99a2b", "ochre": "#c08a37", "yellow": "#e8c13c",
    "yellowish": "#d8c37a", "lemon yellow": "#f0dc50", "mustard": "#c99a2e", "saffron": "#e3a02a",
    "green": "#4f8a4c", "greenish": "#7d9a78", "emerald": "#1f7a5c", "emerald green": "#1f7a5c", "jade": "#3f8f70",
    "forest green": "#2c5238", "bottle green": "#1f4632", "racing green": "#1d4230", "hunter green": "#2f5139",
    "dark green": "#28482f", "grass green": "#6b8f3f", "olive": "#76773b", "sage": "#9caf88", "mint": "#a8dcc4",
    "lime": "#a4c639", "lime green": "#a4c639", "moss green": "#6a7b3f", "sea green": "#3f8f7c",
    "spring green": "#8cc063", "pistachio": "#b5c98a", "eucalyptus": "#8fa898",
    "teal": "#1f7f86", "turquoise": "#3fb8b4", "aqua": "#7fd0cf", "cyan": "#36b6d6",
    "blue": "#2f62b0", "bluish": "#7590b3", "navy": "#22325c", "navy blue": "#22325c", "midnight blue": "#1b2545",
    "ink blue": "#22304f", "royal blue": "#2b4ea8", "electric blue": "#2a6cf0", "cobalt": "#1f47a0",
    "cobalt blue": "#1f47a0", "ultramarine": "#28389c", "azure": "#3c8fd6", "cerulean": "#3a84b8",
    "sky blue": "#86bfe6", "baby blue": "#a9cfea", "ice blue": "#cfe3ec", "powder blue": "#a9c4d9",
    "duck egg blue": "#b3cfca", "steel blue": "#4f7899", "slate blue": "#5b6b8a", "denim blue": "#4a6583",
    "prussian blue": "#1f3553", "indigo": "#34367c", "grey blue": "#748a9e", "blue grey": "#748a9e",
    "petrol": "#1d4f5c", "petrol blue": "#1d4f5c", "dusty blue": "#8199b0",
    "purple": "#6d3f97", "plum": "#5e2f56", "aubergine": "#43263f", "violet": "#7a4fb0", "mauve": "#a68aa8",
    "lilac": "#b9a0d4", "lavender": "#b7a6dc", "magenta": "#c2348a", "fuchsia": "#d03a94",
    "pink": "#e59ab4", "hot pink": "#f0509c", "blush": "#e6b8ae", "blush pink": "#e6b8ae", "rose": "#d98a95",
    "dusty rose": "#c99594", "dusty pink": "#d3a5a3", "salmon": "#ea8f78", "coral": "#ee7b62", "peach": "#f2b896",
    "brown": "#7a5233", "brownish": "#927560", "chestnut": "#6f3b26", "chocolate": "#4c2f20", "espresso": "#3a2820",
    "coffee brown": "#553a28", "caramel": "#b57a45", "cognac": "#9a5a2c", "umber": "#614430", "sienna": "#a0522d",
    "burnt sienna": "#9a4a2c", "tan": "#c29b6c", "taupe": "#9b8b7c", "mushroom": "#b3a698",
    "beige": "#d9c7a7", "sand coloured": "#d8c092", "sand beige": "#d8c6a0", "oatmeal": "#ddd0ba",
    "greige": "#bfb5a6", "khaki": "#a79a6b", "earth tones": "#a0774f", "earthy tones": "#a0774f",
    "neon green": "#4dff5a", "neon pink": "#ff4fc4", "neon yellow": "#eaff3a", "neon orange": "#ff7a2e",
    "neon blue": "#2f7bff",
}  # fmt: skip

# Those that are also a mood speak of the whole picture, unless they stand before the thing or the colour they mean.
TONES = {
    "dark": "dark, deep, darker",
    "light": "light, pale, soft, lighter",
    "bright": "bright, vibrant, vivid, saturated",
    "pastel": "pastel",
    "muted": "muted, desaturated, subdued, faded, dusty, dull",
    "warm": "warm",
    "cool": "cool, cold, icy",
}
