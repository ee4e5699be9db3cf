"""Control images drawn after the engine, by name: they are not for tuning, and none was left out."""

from __future__ import annotations

from functools import partial

from tests.engines.held_out.makers import HeldOut, clay_of, cut_out, disguised, line_of, product_of, seen_through

_line = partial(line_of, between_faces=True)


def _outside() -> list[HeldOut]:
    clay = {
        "a_frame": 3 / 2,
        "church": 3 / 4,
        "office_slab": 2.0,
        "hillside": 16 / 9,
        "pavilion": 16 / 9,
        "factory": 4 / 3,
    }
    return [
        *(HeldOut(f"{name} clay", "clay", "exterior", clay_of(name, aspect)) for name, aspect in clay.items()),
        HeldOut("church line", "line", "exterior", _line("church", 9 / 16, 1.8)),
        HeldOut("office_slab line", "line", "exterior", _line("office_slab", 16 / 9, 1.6)),
        HeldOut("a_frame white on dark", "line", "exterior", disguised("white on dark", _line("a_frame", 1.0, 3.2))),
        HeldOut("pavilion on grey paper", "line", "exterior", disguised("grey paper", _line("pavilion", 2.0))),
        HeldOut("hillside on tracing paper", "line", "exterior", disguised("tracing paper", _line("hillside", 3 / 2))),
        HeldOut("factory with alpha", "clay", "exterior", seen_through(cut_out, clay_of("factory", 3 / 2))),
        HeldOut(
            "hillside in other colours", "flat", "exterior", disguised("other colours", clay_of("hillside", 16 / 9))
        ),
        HeldOut("pavilion photo", "photo", "exterior", disguised("evening photo", clay_of("pavilion", 16 / 9))),
        HeldOut("a_frame photo", "photo", "exterior", disguised("noisy photo", clay_of("a_frame", 4 / 5))),
        HeldOut("church very dark", "clay", "exterior", disguised("very dark", clay_of("church", 3 / 4))),
        HeldOut("office_slab in a viewport", "clay", "exterior", disguised("viewport", clay_of("office_slab", 16 / 9))),
    ]


def _inside() -> list[HeldOut]:
    clay = {"study": 3 / 2, "bathroom": 1.0, "attic": 4 / 3, "dining_room": 16 / 9}
    return [
        *(HeldOut(f"{name} clay", "clay", "interior", clay_of(name, aspect)) for name, aspect in clay.items()),
        HeldOut("attic line", "line", "interior", _line("attic", 4 / 3, 3.0)),
        HeldOut("dining_room line", "line", "interior", _line("dining_room", 3 / 2, 1.8)),
        HeldOut("bathroom blueprint", "line", "interior", disguised("blueprint", _line("bathroom", 4 / 5))),
        HeldOut("study on grey paper", "line", "interior", disguised("grey paper", _line("study", 4 / 3))),
        HeldOut("study in other colours", "flat", "interior", disguised("other colours", clay_of("study", 16 / 9))),
        HeldOut("attic low contrast", "clay", "interior", disguised("low contrast", clay_of("attic", 1.0))),
        HeldOut("dining_room photo", "photo", "interior", disguised("evening photo", clay_of("dining_room", 3 / 2))),
    ]


def _things() -> list[HeldOut]:
    backdrops = {
        "teapot": (0.48, 0.58, 4 / 3),
        "bench": (0.30, 0.38, 16 / 9),
        "shelf": (0.92, 0.84, 2 / 3),
        "mushroom_lamp": (0.20, 0.30, 4 / 5),
        "sofa": (0.70, 0.88, 2.0),
    }
    return [
        *(HeldOut(f"{name} clay", "clay", "product", product_of(name, *look)) for name, look in backdrops.items()),
        HeldOut("teapot line", "line", "product", _line("teapot", 1.0)),
        HeldOut("bench noisy", "clay", "product", disguised("noisy", product_of("bench", 0.95, 0.85, 3 / 2))),
        HeldOut("sofa with alpha", "clay", "product", seen_through(cut_out, product_of("sofa", 0.8, 0.8, 16 / 9))),
        HeldOut("shelf very dark", "clay", "product", disguised("very dark", product_of("shelf", 0.8, 0.9, 9 / 16))),
        HeldOut(
            "mushroom_lamp photo", "photo", "product", disguised("evening photo", product_of("mushroom_lamp", 0.9, 0.7))
        ),
    ]


UNSEEN: dict[str, HeldOut] = {control.name: control for control in (*_outside(), *_inside(), *_things())}
