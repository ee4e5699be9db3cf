"""What a prompt's words do and do not do: one table a pitfall."""

import statistics
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rerender.engines.preview import PreviewEngine, vocabulary
from rerender.engines.preview.materials import MATERIALS
from rerender.engines.preview.palette import lightness
from rerender.engines.preview.plan import Plan, from_hex
from rerender.engines.preview.planner import plan
from rerender.engines.preview.surfaces import Refused
from rerender.engines.preview.things import KINDS, THINGS, kind_of
from tests.engines.controls import clay_house, request

BASES = (
    "house",
    "industrial house in autumn, fog",
    "living room, velvet sofa",
    "oak armchair, watercolor",
    "winter night, rain",
    "golden hour, snow, brick walls",
)


@pytest.fixture(scope="module")
def engine() -> PreviewEngine:
    return PreviewEngine(256)


@pytest.fixture(scope="module")
def white_house(engine: PreviewEngine) -> np.ndarray:
    return engine.render(request("white house", clay_house()))[0]


def without_words(made: Plan) -> Plan:
    """The plan without its lists of words."""
    return replace(made, understood=(), not_understood=(), taken_for={})


def holds(made: Plan, phrase: str) -> bool:
    """Whether a plan has anything that a phrase means, named or implied."""
    meanings = vocabulary.PHRASES[phrase]
    values = {meaning.value for meaning in meanings}
    hazy = {"rain", "snow"} & set(made.weather) or made.time in ("golden_hour", "dawn")
    implied = {"fog"} if made.setting == "exterior" and hazy else set()
    own = {made.time, made.season, made.medium, *made.weather, *made.moods} | implied
    own |= {kind for surface in made.surfaces.values() for kind in (surface.material, kind_of(surface.material))}
    colours = tuple(from_hex(meaning.value) for meaning in meanings if meaning.kind == "colour")
    seen = any(Refused(colours=colours).covers(surface) for surface in made.surfaces.values())
    return bool(values & own) or seen


# ---- negation


@pytest.mark.parametrize("base", BASES)
def test_a_denied_phrase_equals_its_absence_whatever_kind_it_is_of(base: str) -> None:
    """Over the whole vocabulary, unless the plan had it: what is implied or usual is what a denial is there to beat."""
    plain = plan(base)
    styles = {"industrial"} if "industrial" in base else set()
    tried = 0
    for phrase, meanings in vocabulary.PHRASES.items():
        if holds(plain, phrase) or styles & {meaning.value for meaning in meanings}:
            continue
        tried += 1
        assert without_words(plan(f"{base}, no {phrase}")) == without_words(plain), phrase
    assert tried > 1000


@pytest.mark.parametrize(
    ("denied", "gone"),
    [
        ("winter, house, no snow", lambda made: made.weather == {"snow": 0}),
        ("house, without sunshine", lambda made: made.time == "overcast"),
        ("house, fog, no clouds", lambda made: made.time == "day"),
        ("neon house, not at night", lambda made: made.time == "day"),
        ("mediterranean house, not vibrant", lambda made: "vibrant" not in made.moods),
        ("living room in autumn, no warm light", lambda made: "warm" not in made.moods),
        ("industrial loft, no brick", lambda made: made.surfaces["wall"].material != "brick"),
        ("cabin without grass", lambda made: made.surfaces["ground"].material != "grass"),
        ("living room, no wood", lambda made: made.surfaces["object2"].material != "walnut"),
        ("living room, no walnut", lambda made: made.surfaces["object2"].material != "walnut"),
        ("house, no green", lambda made: made.surfaces["ground"].material != "grass"),
        ("house, no white", lambda made: made.surfaces["wall"].material != "plaster"),
        ("rain, golden hour, no fog", lambda made: made.weather["fog"] == 0),
        ("modern house, not modern", lambda made: made.surfaces == plan("house").surfaces),
        ("fog-free winter night", lambda made: made.weather["fog"] == 0),
        ("(snow:0), winter", lambda made: made.weather["snow"] == 0),
    ],
)
def test_denial_beats_what_the_rest_implies(denied: str, gone: object) -> None:
    made = plan(denied)
    assert callable(gone)
    assert gone(made)
    assert made.not_understood == ()


@pytest.mark.parametrize(
    "denial",
    ["fog", "night", "watercolor", "moody", "copper", "purple", "autumn", "gothic style", "unicorns", "neon", "trees"],
)
def test_the_picture_of_a_denied_word_is_the_picture_without_it(
    engine: PreviewEngine, white_house: np.ndarray, denial: str
) -> None:
    denied = engine.render(request(f"white house, no {denial}", clay_house()))[0]
    assert np.array_equal(denied, white_house)


# ---- adjectives that belong to one thing


@pytest.mark.parametrize(
    ("bound", "at_large"),
    [
        ("dark roof", "house, dark"),
        ("warm grey walls", "warm, grey walls"),
        ("cool white walls", "cool, white walls"),
        ("vibrant blue door", "vibrant, blue door"),
        ("pastel pink facade", "pastel, pink facade"),
        ("muted green walls", "muted, green walls"),
        ("house with a cold marble terrace", "cold house, marble terrace"),
        ("living room, faded red sofa", "faded living room, red sofa"),
        ("roof of dusty slate", "dusty, roof of slate"),
    ],
)
def test_an_adjective_of_one_thing_does_not_act_on_the_picture(bound: str, at_large: str) -> None:
    assert plan(bound).moods == {}
    assert plan(at_large).moods != {}


@pytest.mark.parametrize("prompt", ["warm living room", "moody house", "pastel townhouse", "vibrant interior"])
def test_an_adjective_of_the_whole_place_is_a_mood(prompt: str) -> None:
    assert len(plan(prompt).moods) == 1


def test_a_bound_tone_changes_its_own_colour() -> None:
    def wall(prompt: str) -> tuple[float, float, float]:
        colour = plan(prompt).surfaces["wall"].colour
        assert colour
        return colour

    plain = wall("pink walls")
    assert lightness(wall("pastel pink walls")) > lightness(plain) > lightness(wall("dark pink walls"))
    assert np.ptp(wall("vivid pink walls")) > np.ptp(plain) > np.ptp(wall("muted pink walls"))
    assert wall("cool pink walls")[0] < plain[0]
    assert wall("warm pink walls")[2] < plain[2]


@pytest.mark.parametrize(
    ("prompt", "same"),
    [
        ("street painted white", "white street"),
        ("lawn in olive", "olive lawn"),
        ("walls of brick, roof in slate", "brick walls, slate roof"),
        ("a house at night in the rain", "rain, night, house"),
    ],
)
def test_word_order_changes_nothing_when_the_same_is_said(prompt: str, same: str) -> None:
    assert replace(without_words(plan(prompt)), tint=(0, 0)) == without_words(plan(same))


# ---- words of quality, and words that nobody knows


@pytest.mark.parametrize(
    "quality",
    [
        "8k, masterpiece",
        "highly detailed, best quality, award-winning",
        "trending on artstation, octane render, unreal engine 5, v-ray",
        "ultra realistic, hyperrealistic, UHD, 24mm, f/1.8, ISO 100",
        "beautiful, stunning, crystal clear, global illumination, ray-traced",
    ],
)
def test_words_of_quality_give_the_very_same_plan(quality: str) -> None:
    for base in BASES:
        assert plan(f"{base}, {quality}") == plan(base)
        assert plan(f"{quality}, {base}") == plan(base)


def test_every_unknown_word_tints_as_little_as_every_other() -> None:
    shifts = np.array([plan(f"house, zq{index}").tint for index in range(400)])
    # What a shift (red, blue) with green at minus half of both is to CIELAB at middle grey.
    felt = np.sqrt(np.einsum("ni,ij,nj->n", shifts, np.array([[2.76, 2.21], [2.21, 4.74]]), shifts))
    assert felt.min() > 0.35
    assert felt.max() < 1.15 * felt.min()
    assert np.abs(shifts.mean(0)).max() < 0.05
    assert len({tuple(shift) for shift in shifts}) == 400


# ---- vocabulary


@pytest.mark.parametrize(
    "material",
    [
        *("brick", "concrete", "plaster", "stone", "marble", "terracotta", "oak", "walnut", "slate", "metal", "corten"),
        *("glass", "grass", "gravel", "leather", "linen", "velvet", "tiles", "copper", "steel", "wood", "asphalt"),
        *("sand", "ceramic", "plastic", "gold", "boucle", "thatch", "zinc", "travertine", "rattan", "terrazzo"),
    ],
)
@pytest.mark.parametrize("setting", ["exterior", "interior", "product"])
def test_every_material_is_understood_in_every_setting(material: str, setting: str) -> None:
    made = plan(f"{material}, {setting}")
    assert made.understood == (material, setting)
    assert made.not_understood == ()


def test_what_a_material_is_a_kind_of_can_be_drawn() -> None:
    assert {kind_of(material) for material in KINDS} <= set(MATERIALS)
    assert set(vocabulary.MATERIALS) <= set(MATERIALS) | set(KINDS)
    assert {kind_of(thing.split()[1]) for thing in THINGS} <= set(MATERIALS)


def test_kinds_of_a_material_have_a_look_of_their_own() -> None:
    sofas = [plan(f"{material} sofa, room").surfaces["object"] for material in ("fabric", "linen", "velvet", "boucle")]
    assert len({(sofa.material, sofa.colour) for sofa in sofas}) == 4


@pytest.mark.parametrize(
    ("prompt", "slot", "material"),
    [
        ("house, green roof", "roof", "grass"),
        ("pavilion, curtain wall", "wall", "glass"),
        ("villa with a wooden deck", "ground", "wood"),
        ("house with a gravel driveway", "ground", "gravel"),
        ("thatched cottage", "wall", "grass"),
        ("cottage, thatched roof", "roof", "grass"),
        ("parking lot, office building", "ground", "asphalt"),
        ("house in the woods, plaster walls", "wall", "plaster"),
        ("house, depth of field", "ground", "grass"),
        ("house, floor to ceiling windows, stone floor", "ground", "stone"),
        ("product, orange vase, white background", "sky", "paint"),
        ("bathroom, zellige tiles", "wall", "paint"),
        ("kitchen, marble countertop, brass handles", "object2", "marble"),
        ("corten house, gravel path, grass", "roof", "slate"),
    ],
)
def test_things_bring_their_own_material(prompt: str, slot: str, material: str) -> None:
    assert plan(prompt).surfaces[slot].material in (material, kind_of(material))  # type: ignore[index]


@pytest.mark.parametrize(
    ("prompt", "setting", "medium"),
    [
        ("cosy living room, rainy evening outside", "interior", "photo"),
        ("hand-drawn street, pen and ink", "exterior", "ink"),
        ("a painting of a house, watercolour", "exterior", "watercolor"),
        ("photo of a villa, sketch", "exterior", "pencil"),
        ("glass of water, product shot", "product", "photo"),
    ],
)
def test_what_is_said_more_closely_beats_what_is_said_of_many(prompt: str, setting: str, medium: str) -> None:
    made = plan(prompt)
    assert (made.setting, made.medium) == (setting, medium)


def test_smoke_from_a_chimney_is_no_fog() -> None:
    assert plan("winter cabin, smoke from the chimney").weather == {"snow": 0.6}


# ---- what is told of it


@pytest.mark.parametrize(
    ("prompt", "taken_for"),
    [
        ("red brick walls", {"red brick": "walls: brick", "walls": "walls"}),
        ("golden hour", {"golden hour": "light: golden hour"}),
        ("living room, oak floor", {"living room": "setting: interior", "oak": "floor: oak", "floor": "floor"}),
        ("emerald velvet sofa", {"emerald": "furniture", "velvet": "furniture: velvet"}),
        ("winter, no snow", {"winter": "season: winter", "no snow": "left out"}),
        ("house by the water", {"house": "setting: exterior", "water": "ground: water"}),
        ("house by a lake", {"house": "setting: exterior", "lake": "setting: exterior, ground: water"}),
        ("Stormy night", {"stormy": "weather: rain, mood: moody", "night": "light: night"}),
        ("dark", {"dark": "mood: moody"}),
        ("cedar plank floor, room", {"cedar": "floor: wood", "plank": "floor: wood"}),
        ("product photo", {"product photo": "medium: photo, setting: product"}),
    ],
)
def test_each_understood_phrase_tells_what_it_was_taken_for(prompt: str, taken_for: dict[str, str]) -> None:
    told = plan(prompt).taken_for
    assert {phrase: told[phrase] for phrase in taken_for if phrase in told} == taken_for


def test_chips_stand_in_prompt_order_as_written_each_once_and_denials_with_their_no() -> None:
    made = plan("Façades of Terra-Cotta, xyzzy, NO fog and rain, gray sky, xyzzy, terra-cotta, without people, 8k")
    assert made.understood == ("façades", "terra-cotta", "no fog", "no rain", "gray sky")
    assert made.not_understood == ("xyzzy", "without people")


words = st.one_of(st.sampled_from(sorted(vocabulary.PHRASES)), st.sampled_from(["no", "(", ":1.3)", "[", "]", "and"]))


@settings(max_examples=60)
@given(st.one_of(st.text(max_size=10_000), st.lists(words, max_size=300).map(" ".join)))
def test_every_phrase_is_told_once_and_is_in_the_prompt(text: str) -> None:
    made = plan(text[:10_000])
    assert tuple(made.taken_for) == made.understood
    told = [*made.understood, *made.not_understood]
    assert len(told) == len(set(told))
    assert all(phrase.split()[-1] in text.lower() for phrase in told)


@pytest.mark.parametrize(
    "sentence",
    ["golden hour, (red brick walls:1.2), no fog and snow, unicorns of xyzzy, ", "brick ", "dark ", "no fog "],
)
def test_the_time_for_a_description_grows_linearly_with_the_prompt(engine: PreviewEngine, sentence: str) -> None:
    """Compared with itself, so that a busy machine does not fail it: linear is 10 times as long, quadratic 100."""

    def seconds(length: int) -> float:
        asked = request((sentence * (length // len(sentence) + 1))[:length], b"x")
        return min(_clocked(lambda: engine.describe(asked)) for _ in range(5))

    assert seconds(10_000) < 25 * seconds(1_000)


def _clocked(call: object) -> float:
    assert callable(call)
    begun = time.process_time()
    call()
    return time.process_time() - begun


# ---- batches


def test_a_batch_from_the_highest_seed_is_what_each_seed_alone_gives(engine: PreviewEngine) -> None:
    batch = engine.render(request("night, brick house", clay_house(), seed=10_000_000, batch=4))
    assert len(batch) == 4
    assert len({picture.tobytes() for picture in batch}) == 4
    alone = engine.render(request("night, brick house", clay_house(), seed=10_000_000))
    assert np.array_equal(batch[0], alone[0])
    shifted = engine.render(request("night, brick house", clay_house(), seed=9_999_999, batch=2))
    assert np.array_equal(batch[0], shifted[1])


# ---- pictures follow words


@pytest.mark.proof
def test_each_word_changes_the_picture_more_than_any_rewording() -> None:
    from benchmarks.engine_prompts import BASE, PARAPHRASES, UNKNOWN_WORDS, differences, one_word_changes

    changes = one_word_changes()
    assert len(changes) >= 40
    felt = dict(zip(changes, map(mean, differences(tuple(changes.values()))), strict=True))
    assert {word: distance for word, distance in felt.items() if distance <= 3} == {}
    assert max(map(mean, differences(PARAPHRASES))) < min(felt.values())
    unknown = [mean(distances) for distances in differences([f"{BASE}, {word}" for word in UNKNOWN_WORDS])]
    assert min(unknown) > 0.5
    assert max(unknown) < min(felt.values())
    assert max(unknown) < 1.6 * min(unknown)


def mean(distances: dict[str, float]) -> float:
    return statistics.mean(distances.values())
