"""Reads a prompt: text → clauses of phrases, each with its weight, its meanings and whether it is negated.

The grammar is the usual one of prompts: `(word:1.3)` sets a weight, `(word)` is ×1.1, `[word]` is ÷1.1, brackets
nest, `no`, `not` and `without` hold until the end of the clause, "-free" denies
what it follows. Anything else is a word. Time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rerender.engines.preview.vocabulary import (
    CLAUSE_WORDS,
    NEGATIONS,
    PHRASES,
    REACH,
    STOP_WORDS,
    Meaning,
    Says,
    is_idle,
    normalise,
)

__all__ = ["MAX_WEIGHT", "Clause", "Phrase", "parse"]

MAX_WEIGHT = 2.0
EMPHASIS = 1.1

_TOKEN = re.compile(
    r"(?P<open>[(\[])"
    r"|(?::\s{0,3}(?P<weight>-?(?:\d{1,4}(?:\.\d{0,6})?|\.\d{1,6}))\s{0,3})?(?P<close>[)\]])"
    r"|(?P<stop>[,;.!?\n|]+)"
    r"|(?P<hyphen>-)?(?P<word>b&w\b|[^\W_]+(?:['’][^\W_]+)*)"
)
_PAIRS = {")": "(", "]": "["}
IDLE = Meaning("idle", "")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One or more words that mean something together, or one word that means nothing here.

    `text` is what the user wrote, in lower case, with its negation ("no" for a weight of 0);
    `weight` runs from 0 to 2, 0 when negated.
    """

    text: str
    weight: float
    meanings: tuple[Meaning, ...]

    def values(self, kind: Says) -> tuple[str, ...]:
        """What the phrase says of one kind, usually nothing or one value."""
        return tuple([meaning.value for meaning in self.meanings if meaning.kind == kind])

    def says(self, kind: Says) -> bool:
        """Whether the phrase says anything of a kind."""
        return kind in [meaning.kind for meaning in self.meanings]


Clause = tuple[Phrase, ...]


class _Word(NamedTuple):
    text: str
    key: str
    weight: float
    hyphened: bool


def parse(text: str) -> tuple[Clause, ...]:
    """The clauses of a prompt in order, without stop words. Never raises, whatever the text."""
    return tuple(clause for words in _split(text) if (clause := tuple(_phrases(words))))


def _split(text: str) -> Iterator[list[_Word]]:
    """Words by clause, with the weights of the brackets around them."""
    tokens = list(_TOKEN.finditer(text.lower()))
    factors = _bracket_factors(tokens)
    weights = [1.0]
    words: list[_Word] = []
    for index, token in enumerate(tokens):
        if token["word"]:
            key = normalise(token["word"])
            if key in CLAUSE_WORDS:
                yield words
                words = []
            else:
                words.append(_Word(token["word"], key, min(weights[-1], MAX_WEIGHT), bool(token["hyphen"])))
        elif token["stop"]:
            yield words
            words = []
        elif index in factors:
            if token["open"]:
                # Deep nesting must not overflow to infinity: infinity × 0 is not a number.
                weights.append(min(weights[-1] * factors[index], 1e9))
            else:
                weights.pop()
    yield words


def _bracket_factors(tokens: Sequence[re.Match[str]]) -> dict[int, float]:
    """Token index → factor, for both brackets of each matched pair; unmatched brackets count for nothing."""
    factors: dict[int, float] = {}
    open_brackets: list[int] = []
    for index, token in enumerate(tokens):
        if token["open"]:
            open_brackets.append(index)
        elif token["close"] and open_brackets and tokens[open_brackets[-1]]["open"] == _PAIRS[token["close"]]:
            if token["weight"]:
                factor = max(0.0, float(token["weight"]))
            else:
                factor = EMPHASIS if token["close"] == ")" else 1 / EMPHASIS
            factors[index] = factors[open_brackets.pop()] = factor
    return factors


def _phrases(words: Sequence[_Word]) -> Iterator[Phrase]:
    """The longest known phrase at each place; words that negate, and words that say nothing, are left out."""
    negation = ""
    start = 0
    while start < len(words):
        length, meanings = _longest_match(words, start)
        first = words[start]
        if meanings is None and first.key in NEGATIONS:
            negation = first.text
        elif not (is_idle(first.key) if meanings is None else IDLE in meanings):
            free = _is_free(words, start + length)
            length += free
            run = words[start : start + length]
            weight = 0.0 if negation or free else max(word.weight for word in run)
            denial = negation or ("" if free or weight else "no")
            yield Phrase(f"{denial} {_as_written(run)}".lstrip(), weight, meanings or ())
        start += length


def _is_free(words: Sequence[_Word], index: int) -> bool:
    """Whether "-free" stands there: "snow-free" is no snow."""
    return index < len(words) and words[index].hyphened and words[index].key == "free"


def _longest_match(words: Sequence[_Word], start: int) -> tuple[int, tuple[Meaning, ...] | None]:
    """Length and meanings of the longest phrase from `start`; (1, None) when the word is in no table."""
    keys = [word.key for word in words[start : start + REACH.get(words[start].key, 1)]]
    for length in range(len(keys), 0, -1):
        before = "".join(f"{key} " for key in keys[: length - 1])
        for last in _stems(keys[length - 1]):
            meanings = PHRASES.get(before + last)
            if meanings is not None:
                return length, meanings
    return 1, None


def _stems(word: str) -> Iterator[str]:
    """The word itself, then what it may be the plural of. Participles mean other things: "sanded", "parking"."""
    yield word
    if word in STOP_WORDS:
        return
    for suffix, replacement in (("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
        if word.endswith(suffix) and len(word) > len(suffix) + 2:
            yield word.removesuffix(suffix) + replacement


def _as_written(run: Sequence[_Word]) -> str:
    return "".join(("-" if word.hyphened else " ") + word.text for word in run)[1:]
