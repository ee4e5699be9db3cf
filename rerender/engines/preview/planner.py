"""Makes the plan of a prompt: what each part of the picture is made of, and how it is lit and drawn."""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import cast

from rerender.engines.preview.defaults import BUNDLES, MOOD_OF_SEASON, MOOD_OF_STYLE
from rerender.engines.preview.finishes import Binding, bind
from rerender.engines.preview.palette import palette_of
from rerender.engines.preview.plan import Medium, Plan, Season, Setting, Time, from_hex
from rerender.engines.preview.prompt import MAX_WEIGHT, Phrase, parse
from rerender.engines.preview.surfaces import Refused, furnish
from rerender.engines.preview.understanding import understanding
from rerender.engines.preview.vocabulary import Says

__all__ = ["plan"]

WINTER_SNOW = 0.6
# Words not understood move red and blue by so much, along axes on which CIELAB finds all directions equally far.
TINT = 0.4
EVEN_AXES = ((0.730, -0.212), (-0.212, 0.540))
# When a prompt names two settings equally clearly: a room in a house is a room, a chair in a garden is a garden.
SETTING_ORDER: tuple[Setting, ...] = ("interior", "exterior", "product")


def plan(prompt: str, setting: Setting | None = None) -> Plan:
    """What the prompt asks for. With `setting`, planned for that setting whatever the prompt says. Never raises."""
    clauses = parse(prompt)
    bindings = bind(clauses)
    phrases = [phrase for clause in clauses for phrase in clause if not phrase.says("link")]
    # "Dark grey walls" say nothing of the rest of the picture.
    bound = {id(phrase) for binding in bindings for finish in binding.own_finishes() for phrase in finish.phrases}
    at_large = [phrase for phrase in phrases if id(phrase) not in bound]
    named_setting = _named_setting(phrases)
    place = setting or named_setting or "exterior"
    season = _winner(phrases, "season")
    darkness = _darkness(bindings)
    moods = _moods(at_large, season, darkness)
    weather = _weather(phrases, place, season)
    medium = _winner(phrases, "medium")
    time = _winner(phrases, "time", least=0.5 if place == "exterior" else 1.0)
    if medium == "neon" and "night" not in _negated(phrases, "time"):
        time = time or "night"
    hour = cast(Time, time) if time else _default_time(phrases, place, weather, moods)
    refused = Refused(_negated(phrases, "material"), tuple(map(from_hex, sorted(_negated(phrases, "colour")))))
    surfaces, furnishing = furnish(place, bindings, _themes(at_large, moods, darkness), season, refused)
    palette = palette_of(surfaces, hour)
    planned = Plan(
        setting=place,
        setting_named=named_setting is not None,
        time=hour,
        time_named=time is not None,
        season=cast(Season, season) if season else None,
        medium=cast(Medium, medium) if medium else "photo",
        medium_weight=max((p.weight for p in phrases if medium in p.values("medium")), default=1.0),
        weather=weather | dict.fromkeys(_beaten(phrases, place, season, weather, hour), 0.0),
        moods=moods,
        surfaces=surfaces,
        palette=palette,
        tint=_tint({phrase.text for phrase in phrases if not phrase.meanings and phrase.weight > 0}),
    )
    return understanding(planned, phrases, at_large, furnishing)


def _darkness(bindings: Iterable[Binding]) -> float:
    """How strongly the prompt calls the whole picture dark."""
    tones = (finish for binding in bindings for finish in binding.tones_of_all())
    return max((finish.weight for finish in tones if finish.tone == "dark"), default=0.0)


def _strengths(phrases: Iterable[Phrase], kind: Says, least: float = 0.0) -> dict[str, float]:
    """Value → weight × strength of its clearest mention, in prompt order; what is denied once does not count."""
    strengths: dict[str, float] = {}
    denied = set()
    for phrase in phrases:
        for meaning in phrase.meanings:
            if meaning.kind != kind or meaning.strength < least:
                continue
            if phrase.weight == 0:
                denied.add(meaning.value)
            strengths[meaning.value] = max(strengths.get(meaning.value, 0.0), phrase.weight * meaning.strength)
    return {value: min(strength, MAX_WEIGHT) for value, strength in strengths.items() if value not in denied}


def _winner(phrases: Iterable[Phrase], kind: Says, least: float = 0.0) -> str | None:
    strengths = _strengths(phrases, kind, least)
    return max(strengths, key=lambda value: strengths[value], default=None)


def _negated(phrases: Iterable[Phrase], kind: Says) -> frozenset[str]:
    return frozenset(value for phrase in phrases if phrase.weight == 0 for value in phrase.values(kind))


def _named_setting(phrases: Sequence[Phrase]) -> Setting | None:
    ranks: dict[Setting, float] = {}
    for phrase in phrases:
        for meaning in phrase.meanings:
            if meaning.kind == "setting" and phrase.weight > 0:
                named = cast(Setting, meaning.value)
                ranks[named] = max(ranks.get(named, 0.0), meaning.strength)
    return max((named for named in SETTING_ORDER if named in ranks), key=lambda named: ranks[named], default=None)


def _moods(phrases: Sequence[Phrase], season: str | None, darkness: float) -> dict[str, float]:
    """Moods that are named, and what styles, the season and a dark picture bring of them, unless it is denied."""
    moods = _strengths(phrases, "mood")
    shares = [(MOOD_OF_STYLE.get(style, {}), weight) for style, weight in _strengths(phrases, "style").items()]
    shares += [(MOOD_OF_SEASON.get(season or "", {}), 1.0), ({"moody": 1.0}, darkness)]
    for brought, weight in shares:
        for mood, share in brought.items():
            moods[mood] = max(moods.get(mood, 0.0), weight * share)
    denied = _negated(phrases, "mood")
    return {mood: weight for mood, weight in moods.items() if weight > 0 and mood not in denied}


def _weather(phrases: Sequence[Phrase], setting: Setting, season: str | None) -> dict[str, float]:
    weather = _strengths(phrases, "weather")
    if season == "winter" and setting == "exterior" and "snow" not in _negated(phrases, "weather"):
        weather.setdefault("snow", WINTER_SNOW)
    return weather


def _beaten(
    phrases: Sequence[Phrase], setting: Setting, season: str | None, weather: Mapping[str, float], hour: Time
) -> Iterator[str]:
    """Denied weather that the rest of the prompt implies: snow in winter, haze in rain, snow and a low sun.

    Any other denial equals its absence and leaves no trace in the plan.
    """
    if setting == "exterior":
        denied = _negated(phrases, "weather")
        if "snow" in denied and season == "winter":
            yield "snow"
        if "fog" in denied and ("rain" in weather or "snow" in weather or hour in ("golden_hour", "dawn")):
            yield "fog"


def _default_time(
    phrases: Sequence[Phrase], setting: Setting, weather: Mapping[str, float], moods: Mapping[str, float]
) -> Time:
    """The likeliest light that the prompt does not refuse."""
    likely: list[Time] = ["day", "overcast", "dusk"]
    if setting == "product":
        likely = ["studio", "indoor"]
    elif setting == "interior":
        likely = ["overcast", "indoor"] if weather else ["indoor"]
    else:
        likely = ["overcast", *likely] if weather else likely
        likely = ["dusk", *likely] if moods.get("moody", 0.0) >= 0.5 else likely
    refused = _negated(phrases, "time")
    return next((time for time in likely if time not in refused), likely[-1])


def _themes(phrases: Sequence[Phrase], moods: Mapping[str, float], darkness: float) -> dict[str, float]:
    """Styles and moods that bring their own surfaces, styles last because they say more; a dark room is a moody one."""
    named = {*_strengths(phrases, "mood"), *(["moody"] if darkness else [])}
    named_moods = {mood: weight for mood, weight in moods.items() if mood in named}
    return {theme: weight for theme, weight in (named_moods | _strengths(phrases, "style")).items() if theme in BUNDLES}


def _tint(unknown: Collection[str]) -> tuple[float, float]:
    """A direction on the colour plane that depends on the set of words only, the same on every machine."""
    if not unknown:
        return (0.0, 0.0)
    angle = zlib.crc32(" ".join(sorted(unknown)).encode()) / 2**32 * math.tau
    red, blue = ((math.cos(angle) * x + math.sin(angle) * y) * TINT for x, y in EVEN_AXES)
    return red, blue
