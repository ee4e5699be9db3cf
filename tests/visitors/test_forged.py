"""What no browser would send: every value that a page can be sent is checked again where it is used.

One app for all of them, and one visitor for each forgery, who must find the page whole afterwards: no exception, no
traceback in the log, nothing that hangs, and no run that was not asked for in order.
"""

from __future__ import annotations

import base64
import math
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from rerender.models import BATCH_SIZE, IMAGE_SIDE, PROMPT_MAX_CHARS, SEED
from rerender.studio.workspaces import new_secret
from tests.e2e.app import App
from tests.visitors import messages
from tests.visitors.forging import named, rows, visit
from tests.visitors.tree import VALUE_FIELDS
from tests.visitors.visitor import Visitor

pytestmark = pytest.mark.proof

A_MEGABYTE = "x" * 1_000_000


def assert_in_order(run: Any) -> None:
    assert BATCH_SIZE.low <= run.batch_size <= BATCH_SIZE.high
    assert SEED.low <= run.seed <= SEED.high
    for side in (run.image_width, run.image_height):
        assert IMAGE_SIDE.low <= side <= IMAGE_SIDE.high
    assert 0 < len(run.prompt) <= PROMPT_MAX_CHARS


NUMBERS = (-1, 0, 0.5, 2.0**31, 1e308, -1e308, math.nan, math.inf, -math.inf)
TEXTS = ("", "\0", "a\0b", "\u202eright to left", "![](http://a.test/a.png)<script>", A_MEGABYTE)
CHOICES: tuple[list[str], ...] = ([], ["nothing of the kind"], ["1", "2"], ["0"], ["5"], [""], ["\0"], [A_MEGABYTE])


ON_THE_FORM = {
    "form.seed": NUMBERS,
    "form.width": NUMBERS,
    "form.height": NUMBERS,
    "form.prompt": TEXTS,
    "form.batch_size": CHOICES,
    "form.fit": CHOICES,
    "form.source": CHOICES,
    "form.idea": TEXTS,
}


@pytest.mark.parametrize("key", ON_THE_FORM)
def test_a_forged_field_is_refused_in_one_sentence_or_not_heeded(app: App, key: str) -> None:
    secret = new_secret()

    async def act(visitor: Visitor) -> None:
        for value in ON_THE_FORM[key]:
            before = len(rows(app, secret))
            await visitor.click("New seed")
            forged = messages.state(visitor.widget(key=key), value)
            await visitor.send(forged)
            assert len(rows(app, secret)) == before, value
            await visitor.send(forged, messages.state(visitor.widget("Render", kind="button"), True))
            made = len(rows(app, secret)) - before
            assert made + len(visitor.errors) == 1, (value, visitor.errors)
            await visitor.until(lambda: visitor.is_quiet)

    visit(app, secret, act)
    for run in rows(app, secret):
        assert_in_order(run)


IN_THE_HISTORY: dict[str, tuple[Any, ...]] = {
    "history.text": TEXTS,
    "history.state": TEXTS,
    "history.starred": CHOICES,
    "history.page": (-1, 0, 3, 2**31, 2**62, -(2**62)),
    "history.dates": (
        *([day] for day in ("", "\0", "2026", "0001/01/01", "9999/12/31", "2026/13/45", A_MEGABYTE)),
        ["2026/01/02", "2026/01/01"],
        ["2026/01/01"] * 1000,
    ),
}


@pytest.mark.parametrize("key", IN_THE_HISTORY)
def test_a_forged_filter_is_not_heeded(app: App, secret: str, key: str) -> None:
    async def act(visitor: Visitor) -> None:
        for value in IN_THE_HISTORY[key]:
            await visitor.open("history")
            await visitor.send(messages.state(visitor.widget(key=key), value))
            assert visitor.exceptions == [], value
            assert visitor.find(key="history.text")

    visit(app, secret, act)


IN_THE_SETTINGS: dict[str, tuple[Any, ...]] = {
    "settings.backend": ("As configured", *TEXTS),
    "settings.credits_per_run": NUMBERS,
    "settings.credit_price": NUMBERS,
    "settings.poll_floor": NUMBERS,
    "settings.batch_size": CHOICES,
    "settings.size": CHOICES,
    "settings.fit": CHOICES,
    "settings.wipe_words": TEXTS,
}


@pytest.mark.parametrize("key", IN_THE_SETTINGS)
def test_a_forged_setting_breaks_no_page(app: App, key: str) -> None:
    async def act(visitor: Visitor) -> None:
        await visitor.go("settings")
        for value in IN_THE_SETTINGS[key]:
            await visitor.send(messages.state(visitor.widget(key=key), value))
            assert visitor.exceptions == [], value
            assert "Your data" in visitor.tree.text()

    visit(app, new_secret(), act)


PART_OF_A_KEY = "said-nowhere-else"


@pytest.mark.parametrize("key", [*TEXTS, "a\u2028b", "ключ", "k" * 10_000], ids=named)
def test_a_key_that_can_be_none_is_refused_or_kept_to_itself(app: App, key: str) -> None:
    async def act(visitor: Visitor) -> None:
        await visitor.go("settings")
        await visitor.set("An API, with a key I type here", key="settings.backend")
        await visitor.set(key and key + PART_OF_A_KEY, "API key")
        assert len(visitor.errors) <= 1

    visit(app, new_secret(), act)
    assert PART_OF_A_KEY not in app.log
    assert not [path for path in app.home.rglob("*.sqlite3*") if PART_OF_A_KEY.encode() in path.read_bytes()]


JUNK = (
    None,
    True,
    -1,
    0,
    10**9,
    10**30,
    0.5,
    "",
    "0",
    "\0",
    "\ud800",
    [],
    [[]],
    {},
    {"a": 1},
    ["x", True],
    [[], []],
    A_MEGABYTE,
)
COMPONENTS = [
    ("", "visitor", "answer"),
    ("", "form.sample", "chosen"),
    ("", "form.paste", "pasted"),
    ("", "form.typed", "text"),
    ("", "result.compare", "chosen"),
    ("history", "history.gallery", "chosen"),
    ("history", "history.gallery", "starred"),
]


@pytest.mark.parametrize(("page", "key", "event"), COMPONENTS)
def test_a_component_that_says_anything_at_all_breaks_nothing(
    app: App, secret: str, page: str, key: str, event: str
) -> None:
    async def act(visitor: Visitor) -> None:
        for value in JUNK:
            await visitor.open(page)
            await visitor.trigger(event, value, key=key)

    visit(app, secret, act)
    assert len(rows(app, secret)) == 30


@pytest.mark.parametrize(("page", "key", "event"), COMPONENTS)
def test_a_component_that_speaks_when_its_page_has_gone_breaks_nothing(
    app: App, secret: str, page: str, key: str, event: str
) -> None:
    async def act(visitor: Visitor) -> None:
        await visitor.go(page)
        component = visitor.widget(key=key, kind="bidi_component")
        await visitor.go("settings")
        await visitor.send(messages.triggered(component, event, "said too late"))
        assert visitor.exceptions == []
        assert visitor.errors == []

    visit(app, secret, act)


@pytest.mark.parametrize(("page", "key", "event"), COMPONENTS)
def test_a_component_that_speaks_no_json_breaks_nothing(app: App, secret: str, page: str, key: str, event: str) -> None:
    async def act(visitor: Visitor) -> None:
        for said in ("", "{", "null", "[]", "0", '{"chosen": 1}', "[" * 10_000, '{"a": NaN}'):
            await visitor.open(page)
            base = visitor.widget(key=key).id
            await visitor.send(WidgetState(id=base, json_value=said))
            await visitor.send(WidgetState(id=messages.TRIGGER.format(base), json_trigger_value=said))

    visit(app, secret, act)


def of_every_type(widget_id: str) -> list[WidgetState]:
    """A value of each type that the protocol knows, under one id."""
    states = []
    for name in sorted({*VALUE_FIELDS.values(), "int_array_value", "double_array_value", "bytes_value"}):
        state = WidgetState(id=widget_id)
        field = getattr(state, name)
        if isinstance(field, bool):
            setattr(state, name, True)
        elif isinstance(field, (str, bytes)):
            setattr(state, name, "1" if isinstance(field, str) else b"\xff")
        elif isinstance(field, (int, float)):
            setattr(state, name, 1)
        elif name.endswith("array_value"):
            field.data.extend(["1"] if name.startswith("string") else [1])
        else:
            field.SetInParent()
        states.append(state)
    return states


@pytest.mark.parametrize("page", ["", "history", "needs_you", "settings"])
def test_a_value_of_another_type_is_not_heeded(app: App, secret: str, page: str) -> None:
    async def act(visitor: Visitor) -> None:
        await visitor.open(page)
        for widget in list(visitor.tree.widgets()):
            for state in of_every_type(widget.id):
                if state.WhichOneof("value") == VALUE_FIELDS[widget.kind]:
                    continue
                await visitor.send(state)
                visitor.values.pop(state.id, None)
                assert visitor.exceptions == [], (widget.key, state)

    visit(app, secret, act)
    assert len(rows(app, secret)) == 30


def test_a_widget_that_was_never_shown_calls_nothing_back(app: App, secret: str) -> None:
    buttons: set[str] = set()

    async def collect(visitor: Visitor) -> None:
        for page in visitor.pages:
            await visitor.open(page)
            if page == "history":
                run_id = max(rows(app, secret), key=lambda run: run.created_at).run_id
                await visitor.trigger("chosen", run_id, key="history.gallery")
            buttons.update(widget.id for widget in visitor.tree.widgets() if widget.kind == "button")

    async def press(visitor: Visitor) -> None:
        shown = {widget.id for widget in visitor.tree.widgets()}
        await visitor.send(*(WidgetState(id=name, trigger_value=True) for name in buttons - shown), fragment="")

    visit(app, secret, collect)
    assert len(buttons) > 5
    other = new_secret()
    visit(app, other, press)
    assert rows(app, other) == []
    assert len(rows(app, secret)) == 30
    assert all(run.deleted_at is None for run in rows(app, secret))


def test_anothers_upload_is_nobody_elses_control_image(app: App) -> None:
    async def act(visitor: Visitor) -> None:
        async with Visitor(app.url) as owner:
            await owner.open()
            await owner.set(["Upload"], key="form.source")
            urls = await owner.put("mine.png", b"a file of the owner")
            await visitor.set(["Upload"], key="form.source")
            await visitor.send(messages.uploaded(urls, "mine.png", 5, visitor.widget(key="form.uploaded")))
            assert "mine.png" not in visitor.tree.text()
            assert visitor.errors == []

    visit(app, new_secret(), act)


def test_a_prompt_a_line_without_end_is_refused_in_one_sentence(app: App) -> None:
    secret = new_secret()

    async def act(visitor: Visitor) -> None:
        await visitor.set(True, key="form.one_a_line")
        await visitor.set("\n".join(f"line {number}" for number in range(50_000)), key="form.prompt")
        await visitor.click("Render")
        assert len(visitor.errors) == 1

    visit(app, secret, act)
    assert rows(app, secret) == []


def test_a_pasted_file_of_any_bytes_is_refused_in_one_sentence(app: App) -> None:
    async def act(visitor: Visitor) -> None:
        for data in (b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + b"\0" * 100, b"<svg/>", b"\0" * 5_000_000):
            await visitor.trigger("pasted", base64.b64encode(data).decode(), key="form.paste")
            assert len(visitor.errors) == 1

    visit(app, new_secret(), act)
