"""What a plan made of each phrase of its prompt, in words that a person reads beside the prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rerender.engines.preview.plan import Plan, Setting, Slot, from_hex
from rerender.engines.preview.prompt import Phrase
from rerender.engines.preview.surfaces import Furnishing, Refused
from rerender.engines.preview.vocabulary import STOP_WORDS, Meaning, Says

__all__ = ["understanding"]

COMMON: Mapping[Slot, str] = {
    "sky": "sky", "ground": "ground", "wall": "walls", "roof": "roof", "glass": "windows", "object": "details",
    "object2": "trim", "vegetation": "plants", "lamp": "lamps",
}  # fmt: skip
SLOT_NAMES: Mapping[Setting, Mapping[Slot, str]] = {
    "exterior": COMMON,
    "interior": {**COMMON, "sky": "ceiling", "ground": "floor", "object": "furniture", "object2": "smaller furniture"},
    "product": {**COMMON, "sky": "backdrop", "object": "main part", "object2": "smaller parts"},
}
KIND_NAMES: Mapping[Says, str] = {
    "setting": "setting", "time": "light", "weather": "weather", "season": "season", "medium": "medium",
    "mood": "mood", "style": "style",
}  # fmt: skip
DENIED = "left out"


def understanding(planned: Plan, phrases: Sequence[Phrase], at_large: Iterable[Phrase], furnishing: Furnishing) -> Plan:
    """The plan with its lists of phrases understood and not, in prompt order, each phrase once.

    `at_large` are the phrases that are not bound to one thing.
    """
    taken: dict[str, dict[str, None]] = {phrase.text: {} for phrase in phrases}
    for phrase in at_large:
        taken[phrase.text] |= dict.fromkeys(_effects(phrase, planned))
    for phrase, slot in furnishing:
        taken[phrase.text][_furnished(phrase, slot, planned)] = None
    return replace(
        planned,
        understood=tuple(text for text, effects in taken.items() if effects),
        not_understood=tuple(text for text, effects in taken.items() if not effects and text not in STOP_WORDS),
        taken_for={text: ", ".join(effects) for text, effects in taken.items() if effects},
    )


def _furnished(phrase: Phrase, slot: Slot, planned: Plan) -> str:
    name = SLOT_NAMES[planned.setting][slot]
    return f"{name}: {planned.surfaces[slot].material}" if phrase.says("material") or phrase.says("thing") else name


def _effects(phrase: Phrase, planned: Plan) -> Iterator[str]:
    """What came of a phrase beside surfaces; a denial is obeyed where nothing of the kind is in the plan."""
    if phrase.weight == 0:
        if _is_obeyed(phrase, planned):
            yield DENIED
        return
    for meaning in phrase.meanings:
        if meaning.kind == "tone" and meaning.value == "dark":
            yield f"{KIND_NAMES['mood']}: moody"
        elif _is_followed(meaning, planned):
            yield f"{KIND_NAMES[meaning.kind]}: {meaning.value.replace('_', ' ')}"


def _is_followed(meaning: Meaning, planned: Plan) -> bool:
    match meaning.kind:
        case "weather":
            seen = planned.setting == "exterior" or meaning.value == "fog"
            lit = planned.setting == "interior" and planned.time == "overcast" and not planned.time_named
            return meaning.value in planned.weather and planned.weather[meaning.value] > 0 and (seen or lit)
        case "mood":
            return meaning.value in planned.moods
        case "style":
            return True
        case "setting" | "time" | "season" | "medium":
            return meaning.value in (planned.setting, planned.time, planned.season, planned.medium)
        case _:
            return False


def _is_obeyed(phrase: Phrase, planned: Plan) -> bool:
    refused = Refused(frozenset(phrase.values("material")), tuple(map(from_hex, phrase.values("colour"))))
    deniable = [meaning for meaning in phrase.meanings if meaning.kind in KIND_NAMES and meaning.kind != "setting"]
    if not (deniable or refused.materials or refused.colours):
        return False
    present = {planned.time, planned.season, planned.medium, *planned.moods}
    return not present & {meaning.value for meaning in deniable} and not any(
        refused.covers(surface) for surface in planned.surfaces.values()
    )
