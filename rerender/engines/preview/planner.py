"""Makes the plan of a prompt: what each part of the picture is made of, and how it is lit and drawn."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from typing import cast

from rerender.engines.preview.defaults import BUNDLES, MOOD_OF_STYLE
from rerender.engines.preview.finishes import bind
from rerender.engines.preview.palette import palette_of
from rerender.engines.preview.plan import Medium, Plan, Season, Setting, Time
from rerender.engines.preview.prompt import Phrase, parse
from rerender.engines.preview.surfaces import furnish
from rerender.engines.preview.vocabulary import STOP_WORDS, Kind

__all__ = ["plan"]

WINTER_SNOW = 0.6
# When a prompt names two settings equally clearly: a room in a house is a room, a chair in a garden is a garden.
SETTING_ORDER: tuple[Setting, ...] = ("interior", "exterior", "product")


def plan(prompt: str, setting: Setting | None = None) -> Plan:
    """What the prompt asks for. With `setting`, planned for that setting whatever the prompt says. Never raises."""
    clauses = parse(prompt)
    phrases = [phrase for clause in clauses for phrase in clause if not phrase.says("link")]
    named_setting = _named_setting(phrases)
    place = setting or named_setting or "exterior"
    bindings = bind(clauses)
    dark = [finish for binding in bindings for finish in binding.tones_of_all() if finish.tone == "dark"]
    moods = _moods(phrases, max((finish.weight for finish in dark), default=0.0))
    season = _winner(phrases, "season")
    weather = _weather(phrases, place, season)
    medium = _winner(phrases, "medium")
    time = _winner(phrases, "time", least=0.5 if place == "exterior" else 1.0) or (
        "night" if medium == "neon" else None
    )
    hour = cast(Time, time) if time else _default_time(phrases, place, weather, moods)
    themes = _themes(phrases, moods)
    surfaces, furnishing = furnish(place, bindings, themes, season, _negated(phrases, "material"))
    winners: dict[Kind, str | None] = {"setting": place, "time": time, "season": season, "medium": medium}
    effective = {p.text for p in furnishing} | {p.text for finish in dark for p in finish.phrases}
    effective |= {p.text for p in phrases if _took_effect(p, winners)}
    palette, palette_named = palette_of(surfaces, hour)
    return Plan(
        setting=place,
        setting_named=named_setting is not None,
        time=hour,
        time_named=time is not None,
        season=cast(Season, season) if season else None,
        medium=cast(Medium, medium) if medium else "photo",
        medium_weight=max((p.weight for p in phrases if medium in p.values("medium")), default=1.0),
        weather=weather,
        moods=moods,
        surfaces=surfaces,
        palette=palette,
        palette_named=palette_named,
        tint=_tint(phrase.text for phrase in phrases if not phrase.meanings),
        understood=tuple(dict.fromkeys(p.text for p in phrases if p.text in effective)),
        not_understood=tuple(dict.fromkeys(p.text for p in phrases if p.text not in effective | STOP_WORDS)),
    )


def _strengths(phrases: Iterable[Phrase], kind: Kind, least: float = 0.0) -> dict[str, float]:
    """Value → weight × strength of its clearest mention, in prompt order; negated mentions do not count."""
    strengths: dict[str, float] = {}
    for phrase in phrases:
        for meaning in phrase.meanings:
            if meaning.kind == kind and phrase.weight > 0 and meaning.strength >= least:
                strengths[meaning.value] = max(strengths.get(meaning.value, 0.0), phrase.weight * meaning.strength)
    return strengths


def _winner(phrases: Iterable[Phrase], kind: Kind, least: float = 0.0) -> str | None:
    strengths = _strengths(phrases, kind, least)
    return max(strengths, key=lambda value: strengths[value], default=None)


def _negated(phrases: Iterable[Phrase], kind: Kind) -> frozenset[str]:
    return frozenset(value for phrase in phrases if phrase.weight == 0 for value in phrase.values(kind))


def _named_setting(phrases: Sequence[Phrase]) -> Setting | None:
    ranks: dict[Setting, float] = {}
    for phrase in phrases:
        for meaning in phrase.meanings:
            if meaning.kind == "setting" and phrase.weight > 0:
                named = cast(Setting, meaning.value)
                ranks[named] = max(ranks.get(named, 0.0), meaning.strength)
    return max((named for named in SETTING_ORDER if named in ranks), key=lambda named: ranks[named], default=None)


def _moods(phrases: Sequence[Phrase], darkness: float) -> dict[str, float]:
    moods = _strengths(phrases, "mood")
    for style, weight in _strengths(phrases, "style").items():
        for mood, share in MOOD_OF_STYLE.get(style, {}).items():
            moods[mood] = max(moods.get(mood, 0.0), weight * share)
    if darkness:
        moods["moody"] = max(moods.get("moody", 0.0), darkness)
    denied = _negated(phrases, "mood")
    return {mood: min(weight, 2.0) for mood, weight in moods.items() if mood not in denied}


def _weather(phrases: Sequence[Phrase], setting: Setting, season: str | None) -> dict[str, float]:
    """Denial beats every mention and every implication: "winter, no snow"."""
    weather = _strengths(phrases, "weather")
    if season == "winter" and setting == "exterior":
        weather.setdefault("snow", WINTER_SNOW)
    return weather | dict.fromkeys(_negated(phrases, "weather"), 0.0)


def _default_time(
    phrases: Sequence[Phrase], setting: Setting, weather: dict[str, float], moods: dict[str, float]
) -> Time:
    if setting == "interior":
        return "indoor"
    if setting == "product":
        return "studio"
    if moods.get("moody", 0.0) >= 0.5:
        return "dusk"
    return "overcast" if any(weather.values()) or "day" in _negated(phrases, "time") else "day"


def _themes(phrases: Sequence[Phrase], moods: dict[str, float]) -> dict[str, float]:
    """Styles and moods that bring their own surfaces, styles last because they say more."""
    denied = _negated(phrases, "style")
    styles = {style: weight for style, weight in _strengths(phrases, "style").items() if style not in denied}
    named_moods = {mood: weight for mood, weight in moods.items() if mood in _strengths(phrases, "mood")}
    return {theme: weight for theme, weight in (named_moods | styles).items() if theme in BUNDLES}


def _took_effect(phrase: Phrase, winners: dict[Kind, str | None]) -> bool:
    """Whether anything but a surface came of the phrase; a denial of anything but a noun is obeyed."""
    if phrase.weight == 0:
        return any(meaning.kind not in ("noun", "ground", "setting") for meaning in phrase.meanings)
    if phrase.says("mood") or phrase.says("style") or phrase.says("weather"):
        return True
    return any(value is not None and value in phrase.values(kind) for kind, value in winners.items())


def _tint(unknown: Iterable[str]) -> tuple[float, float]:
    """A direction on the colour plane that depends on the set of words only, the same on every machine."""
    words = " ".join(sorted(set(unknown)))
    if not words:
        return (0.0, 0.0)
    angle = zlib.crc32(words.encode()) / 2**32 * math.tau
    return math.cos(angle), math.sin(angle)
