"""Binds the adjectives of a prompt to its nouns: "red brick walls, oak" → walls of red brick, and oak for elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rerender.engines.preview.colours import BASE_COLOURS
from rerender.engines.preview.plan import Colour, from_hex
from rerender.engines.preview.prompt import Clause, Phrase
from rerender.engines.preview.things import KINDS, kind_of
from rerender.engines.preview.vocabulary import Says

__all__ = ["Binding", "Finish", "bind", "is_place", "look", "toned"]


@dataclass(frozen=True, slots=True)
class Finish:
    """What a prompt wants a thing made of: a material, a colour or only a tone ("dark"), and the phrases saying so."""

    phrases: tuple[Phrase, ...]
    material: str | None = None
    colour: Colour | None = None
    tone: str | None = None

    @property
    def only_tone(self) -> bool:
        """Whether it says no more than that the thing is dark or light."""
        return not self.material and not self.colour

    @property
    def weight(self) -> float:
        """The strongest emphasis on any of its words."""
        return max(phrase.weight for phrase in self.phrases)


@dataclass(frozen=True, slots=True)
class Binding:
    """A noun and its finishes; `noun` is None for finishes that were given to nothing."""

    noun: Phrase | None
    finishes: tuple[Finish, ...]

    def tones_of_all(self) -> tuple[Finish, ...]:
        """Tones that speak of the whole picture: "dark" alone or "dark room", but not "dark roof"."""
        return tuple(finish for finish in self.finishes if finish.only_tone) if self._is_of_all() else ()

    def own_finishes(self) -> tuple[Finish, ...]:
        """The finishes that are not tones of the whole picture."""
        return tuple(finish for finish in self.finishes if not (finish.only_tone and self._is_of_all()))

    def _is_of_all(self) -> bool:
        return self.noun is None or "interior" in self.noun.values("setting")


def bind(clauses: Iterable[Clause]) -> tuple[Binding, ...]:
    """Every noun that has finishes or is made of something by itself, and the loose finishes, in prompt order.

    Adjectives belong to the next noun of their clause; after "of", "in" or "painted" to the one before.
    """
    return tuple(binding for clause in clauses for binding in _bind_clause(clause))


def _bind_clause(clause: Clause) -> Iterator[Binding]:
    found: list[Binding] = []
    groups: list[list[Phrase]] = [[]]
    noun: Phrase | None = None
    linked = False
    for phrase in clause:
        if phrase.weight == 0:
            continue
        if phrase.says("noun") or phrase.says("thing"):
            _give(found, phrase, _finishes(groups, phrase))
            groups, noun, linked = [[]], phrase, False
        elif "and" in phrase.values("link"):
            if linked and groups[-1]:
                _give(found, noun, _finishes(groups, noun))
                groups, linked = [], False
            groups.append([])
        elif phrase.says("link"):
            linked = noun is not None and not any(groups)
        elif phrase.says("material") or phrase.says("colour") or phrase.says("tone"):
            groups[-1].append(phrase)
    owner = noun if linked else None
    _give(found, owner, _finishes(groups, owner))
    return (binding for binding in found if binding.finishes or (binding.noun and binding.noun.says("thing")))


def _give(found: list[Binding], noun: Phrase | None, finishes: tuple[Finish, ...]) -> None:
    """Note what a noun has; more of the noun before is added to it."""
    if found and noun is not None and found[-1].noun is noun:
        found[-1] = Binding(noun, found[-1].finishes + finishes)
    else:
        found.append(Binding(noun, finishes))


def _finishes(groups: Sequence[Sequence[Phrase]], noun: Phrase | None) -> tuple[Finish, ...]:
    finishes = (_finish(words, noun) for group in groups for words in _parted(group))
    return tuple(finish for finish in finishes if finish)


def _parted(group: Sequence[Phrase]) -> Iterator[list[Phrase]]:
    """Words in a row make one finish until another material begins the next: "oak parquet" is one, "oak, glass" two.

    "Sage green" is one colour, sage.
    """
    current: list[Phrase] = []
    dressed, coloured = "", False
    for phrase in group:
        material, colour = kind_of("".join(phrase.values("material")[:1])), phrase.says("colour")
        if dressed and (material not in ("", dressed) or (coloured and colour)):
            yield current
            current, dressed, coloured = [], "", False
        current.append(phrase)
        dressed, coloured = dressed or material, coloured or colour
    if current:
        yield current


def _finish(phrases: Sequence[Phrase], noun: Phrase | None) -> Finish | None:
    """One finish of these words. Mood words are part of it only where they speak of its colour or of one thing."""
    if not (any(phrase.says("colour") for phrase in phrases) or (noun is not None and not is_place(noun))):
        phrases = [phrase for phrase in phrases if not phrase.says("mood")]
    if not phrases:
        return None

    def first(kind: Says) -> str | None:
        return next((value for phrase in phrases for value in phrase.values(kind)), None)

    material, kind_shade = look(first("material"))
    tone = first("tone")
    code = first("colour") or first("shade") or kind_shade
    colour = from_hex(code) if code else None
    if tone and material and not colour:
        colour = BASE_COLOURS[material]
    if colour:
        colour = toned(colour, tone)
    return Finish(tuple(phrases), material, colour, tone)


def is_place(noun: Phrase) -> bool:
    """Whether the noun is a building or a room: who calls it warm means the picture."""
    return any(meaning.kind == "setting" and meaning.strength >= 2 for meaning in noun.meanings)


def look(named: str | None) -> tuple[str | None, str | None]:
    """The material itself when it can be drawn, else what it is a kind of, with its own shade."""
    if named is None or named in BASE_COLOURS:
        return named, None
    kind, _, shade = KINDS[named].partition(" ")
    return kind, shade or None


def toned(colour: Colour, tone: str | None) -> Colour:
    """The colour made darker, lighter, more or less vivid, warmer or cooler."""
    red, green, blue = colour
    if tone == "dark":
        return red * 0.5, green * 0.5, blue * 0.5
    if tone == "light":
        return 0.5 + red * 0.5, 0.5 + green * 0.5, 0.5 + blue * 0.5
    if tone == "bright":
        grey = (red + green + blue) / 3
        vivid = [min(1.0, max(0.0, (grey + (channel - grey) * 1.35) * 1.08)) for channel in colour]
        return vivid[0], vivid[1], vivid[2]
    if tone == "pastel":
        return 0.4 + red * 0.58, 0.4 + green * 0.58, 0.4 + blue * 0.58
    if tone == "muted":
        grey = (red + green + blue) / 3
        return (red + grey) / 2, (green + grey) / 2, (blue + grey) / 2
    if tone == "warm":
        return min(1.0, red * 1.07), green, blue * 0.86
    if tone == "cool":
        return red * 0.87, green, min(1.0, blue * 1.08)
    return colour
