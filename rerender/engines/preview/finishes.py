"""Binds the adjectives of a prompt to its nouns: "red brick walls, oak" → walls of red brick, and oak for elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rerender.engines.preview.defaults import colour_of
from rerender.engines.preview.materials import MATERIALS
from rerender.engines.preview.plan import Colour
from rerender.engines.preview.prompt import Clause, Phrase

__all__ = ["Binding", "Finish", "bind", "toned"]


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
        if self.noun is None or "interior" in self.noun.values("setting"):
            return tuple(finish for finish in self.finishes if finish.only_tone)
        return ()


def bind(clauses: Iterable[Clause]) -> tuple[Binding, ...]:
    """Every noun that has finishes or is itself a ground, and the loose finishes, in prompt order.

    Adjectives belong to the next noun of their clause; after "of", "in" or "painted" to the one before.
    """
    return tuple(binding for clause in clauses for binding in _bind_clause(clause))


def _bind_clause(clause: Clause) -> Iterator[Binding]:
    groups: list[list[Phrase]] = [[]]
    noun: Phrase | None = None
    linked = False
    for phrase in clause:
        if phrase.weight == 0:
            continue
        if phrase.says("noun") or phrase.says("ground"):
            finishes = _finishes(groups)
            if finishes or phrase.says("ground"):
                yield Binding(phrase, finishes)
            groups, noun, linked = [[]], phrase, False
        elif phrase.says("link"):
            if "and" in phrase.values("link"):
                if linked and groups[-1]:
                    yield Binding(noun, _finishes(groups))
                    groups, linked = [], False
                groups.append([])
            else:
                linked = noun is not None and not any(groups)
        elif phrase.says("material") or phrase.says("colour") or phrase.says("tone"):
            groups[-1].append(phrase)
    if finishes := _finishes(groups):
        yield Binding(noun if linked else None, finishes)


def _finishes(groups: Sequence[Sequence[Phrase]]) -> tuple[Finish, ...]:
    return tuple(finish for group in groups for finish in _group_finishes(group))


def _group_finishes(group: Sequence[Phrase]) -> Iterator[Finish]:
    """Words in a row make one finish until a second material begins the next. "Sage green" is one colour, sage."""
    current: list[Phrase] = []
    for phrase in group:
        dressed = any(word.says("material") for word in current)
        coloured = any(word.says("colour") for word in current)
        if dressed and (phrase.says("material") or (coloured and phrase.says("colour"))):
            yield _finish(current)
            current = []
        current.append(phrase)
    if current:
        yield _finish(current)


def _finish(phrases: Sequence[Phrase]) -> Finish:
    def first(kind: str) -> str | None:
        return next((meaning.value for p in phrases for meaning in p.meanings if meaning.kind == kind), None)

    material, tone = first("material"), first("tone")
    code = first("colour") or first("shade")
    colour = colour_of(code) if code else None
    if tone and material and not colour:
        colour = MATERIALS[material].colour
    if colour:
        colour = toned(colour, tone)
    return Finish(tuple(phrases), material, colour, tone)


def toned(colour: Colour, tone: str | None) -> Colour:
    """The colour made darker, lighter or more vivid."""
    red, green, blue = colour
    if tone == "dark":
        return red * 0.5, green * 0.5, blue * 0.5
    if tone == "light":
        return 0.5 + red * 0.5, 0.5 + green * 0.5, 0.5 + blue * 0.5
    if tone == "bright":
        grey = (red + green + blue) / 3
        vivid = [min(1.0, max(0.0, (grey + (channel - grey) * 1.35) * 1.08)) for channel in colour]
        return vivid[0], vivid[1], vivid[2]
    return colour
