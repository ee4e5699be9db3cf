"""A grid of cards, one a run: its picture, what was asked for, how it stands; each opens its run, or stars it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from rerender.ui import components

_mount = components.declare("gallery")


@dataclass(frozen=True, slots=True)
class Card:
    """What one card shows: a picture's bytes and MIME type with its text alternative, and texts.

    `state` is a `State`, which colours `badge`; an empty `badge` or `mark` is not shown. `created_at` is in seconds
    since the epoch: the browser says how long ago that is, so that a card stays the same from one rerun to the next.
    """

    run_id: str
    data: bytes = field(repr=False)
    mime: str
    alt: str
    prompt: str
    facts: str
    cost: str
    created_at: float
    state: str
    badge: str
    mark: str
    starred: bool


def gallery(
    cards: Sequence[Card],
    *,
    label: str,
    on_choose: Callable[[str], None],
    on_star: Callable[[str, bool], None],
    key: str,
) -> None:
    """Show the cards; `on_choose` gets the run id of one that was opened, `on_star` also whether it is to be starred.

    `label` names the list for assistive technology.
    """
    run_ids = {card.run_id for card in cards}

    def chose() -> None:
        run_id = components.said(key, "chosen")
        if isinstance(run_id, str) and run_id in run_ids:
            on_choose(run_id)

    def starred() -> None:
        match components.said(key, "starred"):
            case [str(run_id), bool(wanted)] if run_id in run_ids:
                on_star(run_id, wanted)

    shown = [{name: value for name, value in asdict(card).items() if name not in ("data", "mime")} for card in cards]
    _mount(
        data=components.pack({"label": label, "cards": shown}, [(card.data, card.mime) for card in cards]),
        key=key,
        on_chosen_change=chose,
        on_starred_change=starred,
    )
