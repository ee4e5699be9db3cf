"""The control images drawn while the engine was tuned, by name."""

from __future__ import annotations

from tests.engines.held_out.houses import HOUSES
from tests.engines.held_out.makers import HeldOut, clay_of, cut_out, disguised, line_of, product_of, seen_through
from tests.engines.held_out.rooms import ROOMS


def _catalogue() -> list[HeldOut]:
    houses = [HeldOut(f"{name} clay", "clay", "exterior", clay_of(name, 4 / 3)) for name in HOUSES]
    rooms = [HeldOut(f"{name} clay", "clay", "interior", clay_of(name, 4 / 3)) for name in ROOMS]
    lines = [HeldOut(f"{name} line", "line", "interior", line_of(name, 4 / 3)) for name in ROOMS]
    backdrops = {
        "vase": (0.62, 0.62),
        "mug": (0.97, 0.97),
        "stool": (0.55, 0.85),
        "lamp": (0.72, 0.80),
        "bottle": (0.85, 0.75),
        "armchair": (0.9, 0.7),
        "table_and_chair": (0.8, 0.8),
    }
    products = [HeldOut(f"{name} clay", "clay", "product", product_of(name, *grey)) for name, grey in backdrops.items()]
    return [
        *houses,
        *rooms,
        *lines,
        *products,
        HeldOut("villa line", "line", "exterior", line_of("villa", 4 / 3)),
        HeldOut("tower white on dark", "line", "exterior", disguised("white on dark", line_of("tower", 3 / 4))),
        HeldOut("barn on grey paper", "line", "exterior", disguised("grey paper", line_of("barn", 4 / 3))),
        HeldOut("bedroom on grey paper", "line", "interior", disguised("grey paper", line_of("bedroom", 4 / 3))),
        HeldOut("villa with alpha", "clay", "exterior", seen_through(cut_out, clay_of("villa", 4 / 3))),
        HeldOut(
            "l_house material colours", "flat", "exterior", disguised("material colours", clay_of("l_house", 4 / 3))
        ),
        HeldOut(
            "kitchen material colours", "flat", "interior", disguised("material colours", clay_of("kitchen", 4 / 3))
        ),
        HeldOut("barn in a viewport", "clay", "exterior", disguised("viewport", clay_of("barn", 16 / 9))),
        HeldOut("townhouses photo", "photo", "exterior", disguised("noisy photo", clay_of("townhouses", 4 / 3))),
        HeldOut("villa photo", "photo", "exterior", disguised("noisy photo", clay_of("villa", 4 / 3))),
        HeldOut("l_house very dark", "clay", "exterior", disguised("very dark", clay_of("l_house", 4 / 3))),
        HeldOut("villa low contrast", "clay", "exterior", disguised("low contrast", clay_of("villa", 4 / 3))),
        HeldOut("vase low contrast", "clay", "product", disguised("low contrast", product_of("vase", 0.62, 0.62))),
        HeldOut("stool noisy", "clay", "product", disguised("noisy", product_of("stool", 0.8, 0.9))),
    ]


CONTROLS: dict[str, HeldOut] = {control.name: control for control in _catalogue()}
