"""All hostile files: the same ones each time."""

from __future__ import annotations

from functools import cache

from tests.hostile import formats, polyglots
from tests.hostile.building import File


@cache
def light() -> tuple[File, ...]:
    """Those that are small and quick, each of another content."""
    families = (
        formats.damaged(),
        formats.of_other_formats(),
        formats.odd(),
        polyglots.pictures_with_a_payload(),
        polyglots.named_as_pictures(),
    )
    good = (File(name, data, True) for name, data in formats.whole().items())
    every = [*good, *(file for family in families for file in family)]
    return tuple({file.data: file for file in every}.values())


def named(name: str) -> File:
    """The file of that name."""
    return _by_name()[name]


@cache
def _by_name() -> dict[str, File]:
    return {file.name: file for file in light()}
