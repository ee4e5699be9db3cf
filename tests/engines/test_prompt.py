import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rerender.engines.preview import vocabulary
from rerender.engines.preview.prompt import Phrase, parse


def phrases(prompt: str) -> list[Phrase]:
    return [phrase for clause in parse(prompt) for phrase in clause]


def weights(prompt: str) -> dict[str, float]:
    return {phrase.text: round(phrase.weight, 3) for phrase in phrases(prompt)}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("snow", {"snow": 1}),
        ("(snow)", {"snow": 1.1}),
        ("((snow))", {"snow": 1.21}),
        ("[snow]", {"snow": 0.909}),
        ("(snow:1.3)", {"snow": 1.3}),
        ("(snow:.5)", {"snow": 0.5}),
        ("(snow : 1.3 )", {"snow": 1.3}),
        ("((snow:1.5), fog:0.8)", {"snow": 1.2, "fog": 0.8}),
        ("[(snow:1.1)]", {"snow": 1}),
        ("(snow:9)", {"snow": 2}),
        ("(snow:-3)", {"no snow": 0}),
        ("((snow:3):0.5)", {"snow": 1.5}),
        ("(golden hour:1.4), day", {"golden hour": 1.4, "day": 1}),
    ],
)
def test_brackets_set_weights_from_0_to_2(prompt: str, expected: dict[str, float]) -> None:
    assert weights(prompt) == expected


@pytest.mark.parametrize("prompt", ["(snow", "snow)", "(snow]", "[snow)", ")snow(", "snow:1.5", "snow:::", "((("])
def test_a_bracket_without_its_partner_changes_nothing(prompt: str) -> None:
    assert set(weights(prompt).values()) <= {1}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("no fog and rain, snow", {"no fog": 0, "no rain": 0, "snow": 1}),
        ("without snow but fog", {"without snow": 0, "fog": 1}),
        ("no snow with fog", {"no snow": 0, "fog": 1}),
        ("fog, not (snow:1.8); rain", {"fog": 1, "not snow": 0, "rain": 1}),
        ("no fog\nrain", {"no fog": 0, "rain": 1}),
        ("snow-free roof, fog", {"snow-free": 0, "roof": 1, "fog": 1}),
        ("house, don't add snow | fog", {"house": 1, "don't snow": 0, "fog": 1}),
        ("[no snow], (fog)", {"no snow": 0, "fog": 1.1}),
    ],
)
def test_a_negation_holds_until_its_clause_ends(prompt: str, expected: dict[str, float]) -> None:
    found = {text: weight for text, weight in weights(prompt).items() if text.split()[-1] != "and"}
    assert found == expected


@pytest.mark.parametrize(
    ("prompt", "kind", "value", "part"),
    [
        ("golden hour", "time", "golden_hour", "golden"),
        ("midnight blue", "colour", "#1b2545", "midnight"),
        ("snow white", "colour", "#f7f8f8", "snow"),
        ("warm white", "colour", "#f6eedd", "warm"),
        ("charcoal drawing", "medium", "charcoal", "charcoal"),
        ("frosted glass", "material", "glass", "glass"),
        ("gold leaf", "material", "gold", "leaf"),
        ("roof tile", "material", "terracotta", "tile"),
        ("water tower", "noun", "wall", "water"),
        ("winter garden", "setting", "interior", "winter"),
        ("drawing room", "setting", "interior", "drawing"),
        ("night table", "noun", "object2", "night"),
        ("rocking chair", "noun", "object", "rocking"),
        ("olive tree", "thing", "vegetation foliage #8a9270", "olive"),
        ("soft light", "time", "overcast", "soft"),
    ],
)
def test_the_longest_phrase_wins(prompt: str, kind: vocabulary.Says, value: str, part: str) -> None:
    (phrase,) = phrases(prompt)
    assert value in phrase.values(kind)
    assert phrases(part)[0].meanings != phrase.meanings


@pytest.mark.parametrize(
    "word", ["sanded", "parking lot", "wooded", "painting", "stairs", "falling leaves", "frosted glass", "rocking"]
)
def test_participles_are_not_taken_for_the_word_inside(word: str) -> None:
    """ "Sanded oak" is no beach, "parking" no lawn, and light that falls no autumn."""
    wrong = {"sand", "ground grass", "wood", "paint", "snow", "autumn", "stone"}
    assert not {meaning.value for phrase in phrases(word) for meaning in phrase.meanings} & wrong


@pytest.mark.parametrize(
    ("written", "listed"),
    [
        ("gray", "grey"),
        ("watercolor", "watercolour"),
        ("colorful", "colourful"),
        ("cozy", "cosy"),
        ("aluminum", "aluminium"),
        ("façade", "facade"),
        ("béton", "beton"),
        ("WINTER", "winter"),
        ("snow-covered", "snow covered"),
        ("bricks", "brick"),
        ("leaves", "leaf"),
        ("benches of larch", "benches of larch"),
        ("windows", "window"),
        ("multicolored", "multicoloured"),
        ("grayish", "greyish"),
        ("fiber cement", "fibre cement"),
        ("paneling", "panelling"),
        ("checkered tiles", "chequered tile"),
        ("terra-cotta", "terra cotta"),
        ("roofs", "roof"),
        ("shelves", "shelf"),
        ("balconies", "balcony"),
        ("benches", "bench"),
        ("mid-century", "mid century"),
        ("living rooms", "living room"),
    ],
)
def test_spellings_plurals_and_hyphens_mean_the_same(written: str, listed: str) -> None:
    assert [p.meanings for p in phrases(written)] == [p.meanings for p in phrases(listed)]


def test_phrases_keep_what_the_user_wrote() -> None:
    written = "Hand-drawn FAÇADES, Grey Skies, no Colored Pencil"
    assert [p.text for p in phrases(written)] == ["hand-drawn", "façades", "grey skies", "no colored pencil"]


def test_words_of_quality_are_left_out() -> None:
    assert phrases("8k, masterpiece, highly detailed, best quality, v-ray, the 16:9 of 2024") == phrases("of")


@pytest.mark.parametrize(
    "medium", ["pixel art", "stained glass", "depth of field", "paintings", "screen print", "golden ratio"]
)
def test_what_is_beyond_this_engine_means_nothing_and_is_kept_whole(medium: str) -> None:
    (phrase,) = phrases(medium)
    assert phrase == Phrase(medium, 1.0, ())


def test_every_phrase_of_the_tables_is_spelled_as_prompts_are_read() -> None:
    for phrase, meanings in vocabulary.PHRASES.items():
        read = [] if any(meaning.kind == "idle" for meaning in meanings) else [meanings]
        assert [p.meanings for p in phrases(phrase)] == read, phrase


def test_only_tones_and_links_are_both_stop_words_and_understood() -> None:
    assert {word for word in vocabulary.STOP_WORDS if vocabulary.PHRASES.get(word)} == {"light", "soft", "made"}


@settings(max_examples=300)
@given(st.text(alphabet=st.one_of(st.sampled_from("()[]:.,;-' 1x"), st.characters()), max_size=400))
def test_no_text_makes_it_raise(text: str) -> None:
    assert all(0 <= phrase.weight <= 2 for phrase in phrases(text))


@pytest.mark.parametrize("mark", ["\uff9e", "\uff9f"])
def test_a_voicing_mark_by_itself_is_a_word_not_understood(mark: str) -> None:
    """Its normal form is a combining accent, of which nothing is left."""
    assert phrases(mark) == [Phrase(mark, 1.0, ())]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 50_000,
        "x" * 50_000,
        "a " * 25_000,
        "((snow" * 9_000 + ")" * 50_000,
        ":" + "1" * 50_000,
        "é" * 50_000,
        "('" * 25_000,
        "(x:0)" * 10_000,
        "(" * 20_000 + "fog" + ":9)" * 20_000,
        "🏠" * 50_000,
        "no " * 20_000,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_prompts_are_read_in_linear_time(text: str) -> None:
    started = time.process_time()
    parse(text)
    assert time.process_time() - started < 5  # takes about 0.1 s; anything quadratic would take minutes
