import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rerender.engines.preview import vocabulary
from rerender.engines.preview.colours import BASE_COLOURS
from rerender.engines.preview.materials import MATERIALS
from rerender.engines.preview.palette import lightness
from rerender.engines.preview.plan import SLOTS, Colour, Slot, from_hex
from rerender.engines.preview.planner import plan

SETTINGS = ("exterior", "interior", "product")


def colour(name: str) -> Colour:
    return from_hex(vocabulary.COLOURS[name])


def materials(prompt: str) -> dict[Slot, str]:
    return {slot: surface.material for slot, surface in plan(prompt).surfaces.items()}


def named(prompt: str) -> dict[Slot, str]:
    return {slot: surface.material for slot, surface in plan(prompt).surfaces.items() if surface.weight >= 1}


@pytest.mark.parametrize(
    ("prompt", "setting"),
    [
        ("modern house", "exterior"),
        ("scandinavian living room", "interior"),
        ("product photo of a kettle", "product"),
        ("red armchair", "product"),
        ("living room with a red armchair", "interior"),
        ("cabin interior", "interior"),
        ("armchair in a garden", "exterior"),
        ("office tower", "exterior"),
        ("lamp", None),
        ("golden hour", None),
    ],
)
def test_the_setting_is_the_one_the_prompt_names_most_clearly(prompt: str, setting: str | None) -> None:
    made = plan(prompt)
    assert made.setting_named == (setting is not None)
    assert made.setting == (setting or "exterior")


def test_a_decided_setting_replaces_the_named_one() -> None:
    assert plan("brick", setting="interior").setting == "interior"
    assert plan("house", setting="product").setting == "product"
    assert not plan("brick", setting="interior").setting_named


@pytest.mark.parametrize(
    ("prompt", "time", "is_named"),
    [
        ("golden hour", "golden_hour", True),
        ("house", "day", False),
        ("living room", "indoor", False),
        ("product photo", "studio", False),
        ("house, fog", "overcast", False),
        ("house, moody", "dusk", False),
        ("sunny day, snow", "day", True),
        ("night, (dusk:1.4)", "dusk", True),
        ("house with lit windows", "dusk", True),
        ("lit windows at night", "night", True),
        ("not night", "day", False),
    ],
)
def test_the_time_is_named_or_follows_from_the_rest(prompt: str, time: str, is_named: bool) -> None:
    made = plan(prompt)
    assert (made.time, made.time_named) == (time, is_named)


@pytest.mark.parametrize(
    ("prompt", "medium"),
    [
        ("gouache house", "gouache"),
        ("watercolor", "watercolor"),
        ("graphite sketch", "pencil"),
        ("pen and ink", "ink"),
        ("line art", "ink"),
        ("etching", "ink"),
        ("cyanotype", "blueprint"),
        ("technical drawing", "blueprint"),
        ("photo", "photo"),
        ("oil painting", "oil"),
        ("photo of a house, watercolor", "watercolor"),
        ("night photo, neon sign", "neon"),
        ("wall painting", "photo"),
        ("a painting of a house", "oil"),
        ("oil pastel", "pastel"),
        ("colored pencils", "coloured_pencil"),
        ("charcoal drawing", "charcoal"),
        ("felt tip", "marker"),
        ("graphic novel", "comic"),
        ("clay model", "clay"),
        ("architectural model", "clay"),
        ("neon lights", "neon"),
        ("pixel art", "photo"),
        ("(ink:0.5), watercolour", "watercolor"),
    ],
)
def test_the_medium_is_one_that_the_engine_can_draw(prompt: str, medium: str) -> None:
    assert plan(prompt).medium == medium


@pytest.mark.parametrize(
    "prompt",
    [
        *("charcoal walls", "clay tile roof", "clay walls", "pastel colours", "felt sofa", "acrylic chair"),
        *("neon green chair", "no neon", "house without oil painting"),
    ],
)
def test_what_only_sounds_like_a_medium_is_none(prompt: str) -> None:
    assert plan(prompt).medium == "photo"


def test_neon_makes_it_night_unless_another_hour_is_named() -> None:
    assert plan("house, neon").time == "night"
    assert plan("living room, neon").time == "night"
    assert plan("house, neon, dusk").time == "dusk"
    assert plan("house, no neon").time == "day"


def test_denied_weather_beats_what_the_season_implies() -> None:
    assert plan("winter").weather["snow"] == pytest.approx(0.6)
    assert plan("winter, (snow:1.5)").weather["snow"] == pytest.approx(1.5)
    assert plan("winter, no snow").weather == {"snow": 0}
    assert plan("no snow, snow").weather == {}
    assert plan("rain, no fog").weather == {"rain": 1, "fog": 0}
    assert plan("winter, living room").weather == {}


@pytest.mark.parametrize(
    ("prompt", "moody"),
    [("dark roof", False), ("dark", True), ("dark living room", True), ("dark oak floor", False), ("dark red", False)],
)
def test_dark_is_a_mood_only_when_no_thing_is_dark(prompt: str, moody: bool) -> None:
    assert ("moody" in plan(prompt).moods) == moody


@pytest.mark.parametrize(
    ("prompt", "dark"),
    [
        ("moody interior, navy walls", True),
        ("dark living room", True),
        ("living room, navy walls", False),
        ("moody interior, white ceiling", False),
    ],
)
def test_the_ceiling_is_dark_in_a_moody_or_dark_room_unless_it_is_named(prompt: str, dark: bool) -> None:
    ceiling = plan(prompt).surfaces["sky"].colour
    assert ceiling is not None
    assert (lightness(ceiling) < 0.5) == dark


def test_a_dark_thing_is_darker_than_it_would_be() -> None:
    roof = plan("dark roof").surfaces["roof"]
    assert roof.colour is not None
    assert lightness(roof.colour) < 0.6 * lightness(BASE_COLOURS["slate"])


@pytest.mark.parametrize("mood", ["warm", "cosy", "moody", "luxury", "vintage", "pastel", "scandinavian", "industrial"])
def test_a_warm_cabin_keeps_its_lawn(mood: str) -> None:
    grounds = {"luxury": "marble", "industrial": "concrete"}
    assert materials(f"timber cabin, {mood}")["ground"] == grounds.get(mood, "grass")


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("red brick walls, slate roof, green lawn", {"wall": "brick", "roof": "slate", "ground": "grass"}),
        ("walls of red brick and oak floor, living room", {"wall": "brick", "ground": "oak"}),
        ("roof in copper", {"roof": "copper"}),
        ("living room, sofa concrete", {"wall": "concrete"}),
        ("sofa in green velvet and oak floor", {"object": "velvet", "ground": "oak"}),
        ("house, brick, slate", {"wall": "brick", "roof": "slate"}),
        ("house, concrete, terracotta, copper", {"wall": "concrete", "roof": "terracotta", "object": "copper"}),
        ("oak and glass house", {"wall": "oak", "glass": "glass"}),
        ("brick, white walls", {"wall": "plaster", "object": "brick"}),
        ("red house, white walls", {"wall": "plaster"}),
        ("house by the lake", {"ground": "water"}),
        ("asphalt street", {"ground": "asphalt"}),
        ("stone roof", {"roof": "slate"}),
        ("wooden windows, house", {"object2": "wood"}),
        ("living room, garden", {}),
        ("industrial loft, leather sofa", {"object": "leather"}),
        ("oak armchair, product", {"object": "oak", "object2": "oak"}),
        ("red velvet chair", {"object": "velvet"}),
        ("product, oak chair, red velvet seat", {"object": "velvet", "object2": "oak"}),
        ("black leather armchair, brass", {"object": "leather", "object2": "gold"}),
        ("product, navy background", {"sky": "paint"}),
        ("brass lamp, product photo", {"object": "gold", "object2": "gold"}),
        ("interior, red ceiling", {"sky": "paint"}),
        ("dark trees", {"vegetation": "foliage"}),
    ],
)
def test_finishes_go_to_the_things_they_are_said_of(prompt: str, expected: dict[Slot, str]) -> None:
    assert named(prompt) == expected


def test_colours_override_the_material_and_shades_come_with_kinds_of_it() -> None:
    surfaces = plan("red brick walls, green lawn, white concrete roof").surfaces
    assert surfaces["wall"].colour is None
    assert surfaces["ground"].colour == colour("green")
    assert surfaces["roof"].colour == colour("white")
    assert plan("birch floor, room").surfaces["ground"].colour != plan("oak floor, room").surfaces["ground"].colour
    assert plan("sage green walls").surfaces["wall"].colour == colour("sage")


@pytest.mark.parametrize("pair", [("grey", "gray")])
def test_both_spellings_give_the_same_surface(pair: tuple[str, str]) -> None:
    british, american = (plan(f"{word} walls").surfaces for word in pair)
    assert british == american


def test_emphasis_on_a_finish_is_its_weight() -> None:
    assert plan("(brick:1.6) walls").surfaces["wall"].weight == pytest.approx(1.6)
    assert plan("house").surfaces["wall"].weight == 0
    assert 0 < plan("industrial house").surfaces["wall"].weight < 1


def test_a_denied_material_appears_nowhere() -> None:
    loft = materials("industrial loft, no brick")
    assert (loft["wall"], loft["object"]) == ("paint", "leather")
    assert "grass" not in materials("house without grass").values()
    assert "brick" not in materials("house, no brick, industrial").values()


def test_refusing_every_material_still_makes_a_plan() -> None:
    assert set(materials("no " + " ".join(vocabulary.MATERIALS))) == set(SLOTS)


@pytest.mark.parametrize("prompt", ["", "🏠🏠", ":::", "((((", "xyzzy", "brick", "no no no", "a" * 10_000])
@pytest.mark.parametrize("setting", [None, *SETTINGS])
def test_every_slot_has_a_surface_of_a_known_material(prompt: str, setting: str) -> None:
    surfaces = plan(prompt, setting).surfaces
    assert set(surfaces) == set(SLOTS)
    assert {surface.material for surface in surfaces.values()} <= set(MATERIALS)


def test_what_had_an_effect_is_told_from_what_had_none() -> None:
    made = plan("Golden hour photo of a Rattan villa, xyzzy, no fog, 8k masterpiece, highly detailed, with unicorns")
    assert made.understood == ("golden hour", "photo", "rattan", "villa", "no fog")
    assert made.not_understood == ("xyzzy", "unicorns")


@pytest.mark.parametrize(
    ("prompt", "not_understood"),
    [
        ("pixel art of a house", ("pixel art",)),
        ("photo, house, comic", ("photo",)),
        ("living room, snow", ()),
        ("living room, daytime, snow", ("snow",)),
        ("armchair, rain", ("rain",)),
        ("house, no white, no red", ()),
        ("brick house, no brick", ("no brick",)),
        ("house, neon sign, comic", ("comic",)),
        ("living room of a villa", ("villa",)),
        ("house, no people", ("no people",)),
        ("golden hour, night", ("night",)),
        ("house with a tree", ("tree",)),
        ("living room, green garden", ("green", "garden")),
        ("fog, fog, fog", ()),
        ("soft morning light, house", ()),
    ],
)
def test_it_does_not_claim_what_it_did_not_do(prompt: str, not_understood: tuple[str, ...]) -> None:
    assert plan(prompt).not_understood == not_understood


def test_unknown_words_tint_the_picture_the_same_way_every_time() -> None:
    assert plan("house").tint == (0, 0)
    tint = plan("xyzzy plugh house").tint
    assert 0.1 < math.hypot(*tint) < 0.35
    assert plan("house, plugh, xyzzy").tint == tint
    assert plan("house, frobozz").tint != tint


@pytest.mark.parametrize("time", [*vocabulary.TIMES, "house", "room"])
@pytest.mark.parametrize("finish", ["", "navy walls", "red sofa", "black, white", "brick, slate, green lawn", "luxury"])
def test_palettes_run_from_dark_to_light(time: str, finish: str) -> None:
    made = plan(f"{time}, {finish}")
    steps = [lightness(entry) for entry in made.palette]
    assert 2 <= len(steps) <= 5
    assert steps == sorted(steps)
    assert steps[0] < 0.3
    assert steps[-1] > 0.75


def test_named_colours_are_in_the_palette() -> None:
    assert colour("teal") in plan("teal walls").palette


@settings(max_examples=200)
@given(
    st.lists(st.one_of(st.sampled_from(sorted(vocabulary.PHRASES)), st.sampled_from(["no", ",", "(", ":1.4)", "and"])))
)
def test_any_mixture_of_known_phrases_makes_a_whole_plan(words: list[str]) -> None:
    made = plan(" ".join(words))
    assert set(made.surfaces) == set(SLOTS)
    assert {surface.material for surface in made.surfaces.values()} <= set(MATERIALS)
    assert all(0 <= weight <= 2 for weight in [*made.weather.values(), *made.moods.values(), made.medium_weight])
    assert not set(made.understood) & set(made.not_understood)


@settings(max_examples=200)
@given(st.text(max_size=300), st.sampled_from([None, *SETTINGS]))
def test_no_text_makes_it_raise(text: str, setting: str | None) -> None:
    assert len(plan(text, setting).palette) >= 2
