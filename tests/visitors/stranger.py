"""One of many visitors at once, who does at random whatever the app offers, and tries to get at what is others'."""

from __future__ import annotations

import contextlib
import io
import json
import random
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from rerender import samples
from rerender.studio.workspaces import workspace_of
from tests.visitors import messages
from tests.visitors.loot import Loot
from tests.visitors.traffic import Traffic, needles_of
from tests.visitors.tree import Widget
from tests.visitors.visitor import Visitor

CONFIGURED_KEY = "An API, with a key I type here"
PREVIEW = "The preview engine"
WORDS = ("night", "heavy snow", "red brick", "watercolor", "golden hour", "autumn", "timber walls", "pencil sketch")


def canary_picture(number: int, size: tuple[int, int] = (512, 384)) -> bytes:
    """A house, and over it noise that only this number gives: no two files share a piece of their bytes."""
    image = Image.new("RGB", size, (236, 240, 244))
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.polygon(
        [(width * 0.2, height * 0.5), (width * 0.5, height * 0.2), (width * 0.8, height * 0.5)], (150, 140, 140)
    )
    draw.rectangle((width * 0.25, height * 0.5, width * 0.75, height * 0.9), (205, 200, 190))
    draw.rectangle((width * 0.45, height * 0.65, width * 0.55, height * 0.9), (90, 80, 80))
    noise = np.random.default_rng(number).integers(-20, 21, (height, width, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(np.asarray(image, int) + noise, 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Stranger:
    """Number `number` of the crowd. `did` counts what came to pass, `key` is typed and never used."""

    url: str
    number: int
    folder: Path
    loot: Loot
    did: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.number)
        self.canary = f"canary{self.rng.getrandbits(96):024x}"
        self.key = f"typedkey{self.rng.getrandbits(160):040x}"
        self.traffic = Traffic(self.folder / f"visitor-{self.number}.bin")
        self.visitor = Visitor(self.url, f"{self.rng.getrandbits(128):032x}", self.traffic)
        self.needles: set[bytes] = set()
        self._fetched: set[str] = set()
        self._exported = b""
        # Of each other order, so that all of it is done also where there is time for a few actions each.
        turn = 2 * self.number % len(self._actions)
        self._deck = [*self._actions[turn:], *self._actions[:turn]]

    @cached_property
    def workspace(self) -> str:
        return workspace_of(self.visitor.secret)

    async def settle_in(self) -> None:
        """Come, choose the own picture, and render it once."""
        await self.visitor.open()
        await self.upload()
        await self.render()

    async def act(self) -> None:
        """Do the next thing of the deck, then fetch the pictures that the page shows, as a browser does."""
        if not self._deck:
            self._deck = self.rng.sample(self._actions, len(self._actions))
        action = self._deck.pop()
        if await action():
            self.did[action.__name__] += 1
        await self.fetch_images()

    @cached_property
    def _actions(self) -> list[Callable[[], Awaitable[bool]]]:
        often = [self.render, self.render, self.search, self.open_run, self.steal_by_link, self.steal_by_forgery]
        seldom = [self.star, self.note, self.delete, self.restore, self.settings, self.come_back, self.upload]
        heavy = [self.export, self.import_own, self.type_key, self.show_code, self.download, self.use_as_control]
        return often + seldom + heavy

    @cached_property
    def can_do(self) -> set[str]:
        """The names of all that a stranger does."""
        return {action.__name__ for action in self._actions}

    async def fetch_images(self) -> None:
        """What it is sent here counts as its own: it must not come to others either."""
        for images in self.visitor.tree.of_kind("imgs"):
            for image in images.imgs:
                if image.url.startswith("/media/") and image.url not in self._fetched:
                    self._fetched.add(image.url)
                    answer = await self.visitor.get(image.url)
                    if answer.ok:
                        self.needles |= needles_of(answer.content)

    # On the render page.

    async def render(self) -> bool:
        visitor = self.visitor
        await self._be_at("")
        if any(sample.title in visitor.tree.text() for sample in samples.SAMPLES):
            # Who has deleted all begins anew, and a sample is everybody's.
            await self.upload()
        prompt = f"{self.rng.choice(WORDS)}, {self.rng.choice(WORDS)}, {self.canary}"
        await visitor.set(prompt, key="form.prompt")
        if self.rng.random() < 0.2:
            await visitor.set([str(self.rng.randint(1, 2))], key="form.batch_size")
        await visitor.click("New seed")
        await visitor.click("Render")
        if again := visitor.find("Render it again"):
            await visitor.click(again.label)
        if self.rng.random() < 0.7:
            await visitor.until(lambda: self.visitor.is_quiet)
        return True

    async def upload(self) -> bool:
        await self._be_at("")
        if not self.visitor.find(key="form.uploaded"):
            await self.visitor.set(["Upload"], key="form.source")
            await self.visitor.until(lambda: self.visitor.find(key="form.uploaded") is not None)
        picture = canary_picture(1000 * self.number + self.rng.randrange(3))
        await self.visitor.upload(f"{self.canary}<b>.png", picture, key="form.uploaded")
        # A rerun of the page's own may have been heard before.
        await self.visitor.until(lambda: self.canary in self.visitor.tree.text())
        return True

    async def use_as_control(self) -> bool:
        await self._be_at("")
        if not self.visitor.find("Use as control image"):
            return False
        await self.visitor.click("Use as control image")
        return True

    async def show_code(self) -> bool:
        await self._be_at("")
        await self.visitor.click(key=self.rng.choice(["code.form", "code.run"]) if self._has_code() else "code.form")
        return await self._fetch("code.")

    def _has_code(self) -> bool:
        return self.visitor.find(key="code.run") is not None

    async def download(self) -> bool:
        await self._be_at("")
        return await self._fetch("")

    # In the history.

    async def search(self) -> bool:
        await self._be_at("history")
        theirs = [
            *self._theirs(self.loot.render_ids),
            *self._theirs(self.loot.run_ids),
            *self._theirs(self.loot.digests),
        ]
        if not self.visitor.find(key="history.text"):
            return False  # All own runs are deleted: there is nothing to search.
        await self.visitor.set(self.rng.choice([*WORDS, "", *theirs]), key="history.text")
        return True

    async def open_run(self) -> bool:
        await self._be_at("history")
        cards = self._cards()
        if not cards:
            return False
        await self.visitor.trigger("chosen", self.rng.choice(cards), key="history.gallery")
        # A card that the page has drawn anew meanwhile without opens nothing.
        return self.canary in self.visitor.tree.text()

    async def star(self) -> bool:
        await self._be_at("history")
        cards = self._cards()
        if not cards:
            return False
        wanted = [self.rng.choice([*cards, *self._theirs(self.loot.run_ids)]), self.rng.random() < 0.5]
        await self.visitor.trigger("starred", wanted, key="history.gallery")
        return True

    async def note(self) -> bool:
        if not await self.open_run() or not (field := self.visitor.find(key="history.note.")):
            return False
        await self.visitor.send(messages.state(field, f"mine: {self.canary} {self.rng.random()}"))
        return True

    async def delete(self) -> bool:
        if not await self.open_run() or not self.visitor.find("Delete this run"):
            return False
        await self.visitor.click("Delete this run")
        return True

    async def restore(self) -> bool:
        await self._be_at("history")
        if not self.visitor.find("Undo"):
            await self.delete()
        if not self.visitor.find("Undo"):
            return False
        await self.visitor.click("Undo")
        return True

    # In the settings.

    async def settings(self) -> bool:
        await self._be_at("settings")
        await self.visitor.set([self.rng.choice(["1", "2"])], key="settings.batch_size")
        await self.visitor.set([self.rng.choice(["Crop", "Pad", "Stretch"])], key="settings.fit")
        return True

    async def type_key(self) -> bool:
        """Type a key, and choose the preview again before anything could be sent with it."""
        await self._be_at("settings")
        await self.visitor.set(CONFIGURED_KEY, key="settings.backend")
        if self.visitor.find("API key"):
            await self.visitor.set(self.key, "API key")
            assert "The key is set" in self.visitor.toasts
        await self.visitor.set(PREVIEW, key="settings.backend")
        return True

    async def export(self) -> bool:
        await self._be_at("settings")
        with contextlib.suppress(FileNotFoundError):
            self._exported = await self.visitor.download("Export everything")
        return bool(self._exported)

    async def import_own(self) -> bool:
        await self._be_at("settings")
        if not self._exported and not await self.export():
            return False
        await self.visitor.upload(f"{self.canary}.zip", self._exported, key="workspace.archive")
        return True

    # Coming back, and trying others' doors.

    async def come_back(self) -> bool:
        await self.visitor.open(self.rng.choice(["", "history", "needs_you", "settings"]))
        return True

    async def steal_by_link(self) -> bool:
        theirs = [
            *self._theirs(self.loot.run_ids),
            *self._theirs(self.loot.render_ids),
            *self._theirs(self.loot.digests),
        ]
        if not theirs:
            return False
        await self.visitor.open(self.rng.choice(["", "history", "needs_you"]), f"run={self.rng.choice(theirs)}")
        return True

    async def steal_by_forgery(self) -> bool:
        """Say that a card was opened, starred or noted that only another's page has."""
        theirs = self._theirs(self.loot.run_ids)
        if not theirs:
            return False
        await self._be_at("history")
        run_id = self.rng.choice(theirs)
        if self.visitor.find(key="history.gallery"):
            await self.visitor.trigger("chosen", run_id, key="history.gallery")
            await self.visitor.trigger("starred", [run_id, True], key="history.gallery")
        if mine := self.visitor.find(key="history.note."):
            forged = Widget(mine.kind, type(mine.proto)(id=f"{mine.id.rsplit('.', 1)[0]}.{run_id}"))
            await self.visitor.send(messages.state(forged, self.canary))
        await self._be_at("")
        if self.visitor.find(key="result.compare_with"):
            await self.visitor.set(f"{run_id}/0", key="result.compare_with")
        return True

    # Helpers.

    async def _be_at(self, page: str) -> None:
        if self.visitor.page != page or not self.visitor.pages:
            await self.visitor.go(page)

    async def _fetch(self, key: str) -> bool:
        """Download one of the files on offer; one whose run another tab has deleted is not there any more."""
        labels = [button.label for button in self.visitor.tree.of_kind("download_button") if key in button.id]
        if not labels:
            return False
        with contextlib.suppress(FileNotFoundError):
            await self.visitor.download(self.rng.choice(labels), key=key)
        return True

    def _theirs(self, what: dict[str, set[str]]) -> list[str]:
        theirs = self.loot.of_others(self.workspace, what)
        return self.rng.sample(theirs, min(3, len(theirs)))

    def _cards(self) -> list[str]:
        return cards_of(self.visitor.find(key="history.gallery"))


def cards_of(gallery: Widget | None) -> list[str]:
    """The run ids in a gallery as the page was sent it."""
    if gallery is None:
        return []
    data = gallery.proto.bytes
    (length,) = struct.unpack(">I", data[:4])
    return [card["run_id"] for card in json.loads(data[4 : 4 + length])["cards"]]
