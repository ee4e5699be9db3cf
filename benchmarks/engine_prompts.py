"""How the preview engine follows words: one-word changes, paraphrases and unknown words, as mean CIELAB differences."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import cv2
import numpy as np

from benchmarks.table import Row
from rerender import images, samples
from rerender.engines.preview import PreviewEngine
from rerender.models import RenderRequest

SIDE = 512
SUBJECTS = {"clay-house": "house", "living-room": "living room", "armchair": "armchair", "street": "townhouse"}

# Each change replaces one word of the base prompt, or adds one to its end.
BASE = "photo of a white SUBJECT, daytime, summer"
CHANGES = {
    "photo": "watercolor gouache sketch ink comic blueprint marker neon",
    "white": "red black blue green yellow brick concrete oak terracotta walnut",
    "daytime": "dawn sunset dusk night overcast",
    "summer": "spring autumn winter",
    "": "fog rain snow warm cool moody pastel vintage vibrant monochrome scandinavian industrial luxury brutalist",
}
PARAPHRASES = (
    "a photograph of a white SUBJECT in daytime in summer",
    "daytime photo, summertime, white SUBJECT",
    "SUBJECT painted white, photo, summer, daylight",
    "Photograph: the white SUBJECT on a summer day",
    "summer, day, a SUBJECT in white, photography",
    "white SUBJECT. Summer. Daylight. Photo.",
    "PHOTO OF A WHITE SUBJECT BY DAY, SUMMER TIME",
    "8k masterpiece, photo of a white SUBJECT, daytime, summer, highly detailed",
    "a summer photo by daylight, where one white SUBJECT stands alone",
    "picture of a white SUBJECT, midday, summer, photorealistic",
)
_UNKNOWN_WORDS = """
    xyzzy plugh frobozz quux wibble garply waldo thud zephyr quorum gambit lexicon parsec nimbus sonnet cipher fjord
    goblin harp igloo jigsaw kelp lyric mango nectar opera pixie quill radar saga talon umbra vortex wombat yodel
    zebra anvil bravo cobra delta
"""
UNKNOWN_WORDS = tuple(_UNKNOWN_WORDS.split())


def one_word_changes() -> dict[str, str]:
    """The word that is new → the base prompt with it."""
    changed = {}
    for old, words in CHANGES.items():
        for word in words.split():
            changed[word] = BASE.replace(old, word, 1) if old else f"{BASE}, {word}"
    return changed


def measure() -> list[Row]:
    """What one word changes at least, what rewording changes at most, and how even unknown words are."""
    changes = dict(zip(one_word_changes(), map(_mean, differences(tuple(one_word_changes().values()))), strict=True))
    reworded = [_mean(distances) for distances in differences(PARAPHRASES)]
    unknown = [_mean(distances) for distances in differences([f"{BASE}, {word}" for word in UNKNOWN_WORDS])]
    weakest = min(changes, key=lambda word: changes[word])
    middle = statistics.median(changes.values())
    return [
        Row(f"one word of {len(changes)}: median ΔE", f"{middle:.1f}"),
        Row(f'the word that changes least, "{weakest}"', f"{changes[weakest]:.1f}", "> 3"),
        Row(f"{len(reworded)} paraphrases: largest ΔE", f"{max(reworded):.1f}", f"< {changes[weakest]:.1f}"),
        Row(
            f"{len(unknown)} unknown words: mean ΔE (least to most)",
            f"{statistics.mean(unknown):.1f} ({min(unknown):.1f} to {max(unknown):.1f})",
            "small, even, above 0",
        ),
        Row("what is understood of 1,000 characters", f"{_describing() * 1000:.1f} ms", "< 2 ms"),
    ]


def differences(prompts: Sequence[str], base: str = BASE, side: int = SIDE) -> list[dict[str, float]]:
    """For each prompt the mean CIELAB distance (1976) from the base prompt's picture, by sample."""
    engine = PreviewEngine()
    found: list[dict[str, float]] = [{} for _ in prompts]
    for name, subject in SUBJECTS.items():
        control_image = images.prepare(samples.load(name), side, side, keep_alpha=True)
        pictures = _pictures(engine, control_image, [base, *prompts], subject, side)
        plain = next(pictures)
        for distances, picture in zip(found, pictures, strict=True):
            distances[name] = float(np.linalg.norm(picture - plain, axis=2).mean())
    return found


def _pictures(
    engine: PreviewEngine, control_image: bytes, prompts: Iterable[str], subject: str, side: int
) -> Iterator[np.ndarray]:
    for prompt in prompts:
        text = prompt.replace("SUBJECT", subject)
        request = RenderRequest(text, control_image, image_width=side, image_height=side, seed=7)
        yield cv2.cvtColor(engine.render(request)[0].astype(np.float32) / 255, cv2.COLOR_RGB2Lab)


def _describing() -> float:
    """Seconds of processor time for one description, the least of ten."""
    words = ", ".join((*one_word_changes().values(), *PARAPHRASES))[:1000]
    request = RenderRequest(words, samples.load("armchair"))
    engine = PreviewEngine()

    def once() -> float:
        begun = time.process_time()
        engine.describe(request)
        return time.process_time() - begun

    return min(once() for _ in range(10))


def _mean(distances: Mapping[str, float]) -> float:
    return statistics.mean(distances.values())
