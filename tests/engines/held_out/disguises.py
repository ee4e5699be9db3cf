"""What people do to a clean picture before they send it: paper, noise, gizmos, colours, bad exposure."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from rerender.engines.preview.plan import SLOTS, Slot

MATERIAL_COLOURS: dict[Slot, tuple[int, int, int]] = {
    "sky": (90, 170, 240),
    "ground": (70, 160, 60),
    "wall": (220, 190, 150),
    "roof": (170, 60, 50),
    "glass": (40, 60, 200),
    "object": (230, 120, 30),
    "object2": (120, 70, 30),
    "vegetation": (20, 90, 30),
    "lamp": (250, 230, 60),
}
OTHER_COLOURS: dict[Slot, tuple[int, int, int]] = {
    "sky": (205, 225, 235),
    "ground": (150, 150, 140),
    "wall": (240, 235, 215),
    "roof": (90, 95, 110),
    "glass": (120, 210, 220),
    "object": (190, 90, 160),
    "object2": (235, 190, 70),
    "vegetation": (140, 200, 90),
    "lamp": (255, 120, 90),
}
PHOTO_COLOURS: dict[Slot, tuple[float, float, float]] = {
    "sky": (0.62, 0.80, 1.0),
    "ground": (0.45, 0.55, 0.28),
    "wall": (0.95, 0.82, 0.68),
    "roof": (0.72, 0.38, 0.30),
    "glass": (0.45, 0.55, 0.65),
    "object": (0.8, 0.5, 0.4),
    "object2": (0.6, 0.4, 0.3),
    "vegetation": (0.30, 0.50, 0.22),
    "lamp": (1.0, 0.95, 0.8),
}


EVENING_COLOURS: dict[Slot, tuple[float, float, float]] = {
    "sky": (0.96, 0.86, 0.74),
    "ground": (0.62, 0.52, 0.42),
    "wall": (0.88, 0.78, 0.64),
    "roof": (0.45, 0.40, 0.42),
    "glass": (0.40, 0.42, 0.46),
    "object": (0.35, 0.52, 0.55),
    "object2": (0.62, 0.44, 0.28),
    "vegetation": (0.42, 0.46, 0.24),
    "lamp": (1.0, 0.88, 0.62),
}


def white_on_dark(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Chalk on a slate that is not quite even."""
    slate = 28 + 8 * _blotches(pixels.shape, 3, 1)
    return _clipped(slate + (255 - pixels) * 0.85)


def grey_paper(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """A pencil drawing photographed on grey paper, darker towards one corner, with grain."""
    height, width = pixels.shape
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    paper = 196 - 60 * x - 28 * y + 10 * _blotches(pixels.shape, 5, 2)
    grain = np.random.RandomState(5).normal(0, 3.0, pixels.shape)
    return _clipped(paper * (0.42 + 0.58 * pixels / 255) + grain)


def material_colours(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """One flat colour a material."""
    return np.array([MATERIAL_COLOURS[slot] for slot in SLOTS], np.uint8)[truth]


def other_colours(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Another modeller's flat colours, with the soft edges of an enlarged picture."""
    flat = np.array([OTHER_COLOURS[slot] for slot in SLOTS], np.uint8)[truth]
    return cv2.GaussianBlur(flat, (0, 0), max(truth.shape) / 1024)


def blueprint(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Pale lines on dark blue."""
    ink = (255 - pixels[..., None].astype(float)) / 255
    return _clipped(np.array([24.0, 52.0, 110.0]) * (1 - ink) + np.array([225.0, 235.0, 245.0]) * ink)


def tracing_paper(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Ink on yellowish paper, lit from the right, with soft creases."""
    x = np.linspace(0, 1, pixels.shape[1])[None, :]
    light = 0.86 + 0.12 * x + 0.012 * _blotches(pixels.shape, 6, 11)
    paper = np.array([238.0, 229.0, 208.0]) * light[..., None]
    return _clipped(paper * (0.25 + 0.75 * pixels[..., None] / 255))


def viewport(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """A modeller's window: a ground grid, red and green axes, a gizmo in the corner, an orange selection."""
    picture = np.dstack([pixels] * 3)
    height, width = pixels.shape
    unit = max(height, width) / 512
    ground = truth == SLOTS.index("ground")
    lines = np.zeros((height, width), np.uint8)
    horizon, middle = round(0.62 * height), width // 2
    for x in range(-20, 21):
        cv2.line(lines, (middle, horizon), (round(middle + x * 90 * unit), height), 255, 1, cv2.LINE_AA)
    for step in np.geomspace(4, height - horizon, 14):
        cv2.line(lines, (0, round(horizon + step)), (width, round(horizon + step)), 255, 1, cv2.LINE_AA)
    grid = (lines / 255 * 0.25 * ground)[..., None]
    picture = (picture * (1 - grid) + 90 * grid).astype(np.uint8)
    thick = max(1, round(1.6 * unit))
    cv2.line(picture, (0, round(0.93 * height)), (width, round(0.78 * height)), (200, 60, 70), thick, cv2.LINE_AA)
    cv2.line(picture, (round(0.2 * width), height), (round(0.58 * width), horizon), (110, 160, 40), thick, cv2.LINE_AA)
    centre = np.array([width - 44 * unit, 44 * unit])
    for tip, colour in (((24, 8), (235, 60, 80)), ((-10, -22), (120, 190, 40)), ((-18, 14), (60, 110, 230))):
        end = tuple(np.round(centre + np.array(tip) * unit).astype(int).tolist())
        cv2.line(picture, tuple(np.round(centre).astype(int).tolist()), end, colour, round(2 * unit), cv2.LINE_AA)
        cv2.circle(picture, end, round(6 * unit), colour, -1, cv2.LINE_AA)
    outline, _ = cv2.findContours(
        (truth == SLOTS.index("roof")).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(picture, outline, -1, (255, 150, 30), thick)
    return picture


def noisy_photo(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Coloured, with texture and sensor noise, saved as a poor JPEG."""
    rng = np.random.RandomState(8)
    colours = np.array([PHOTO_COLOURS[slot] for slot in SLOTS])[truth]
    rough = np.isin(truth, [SLOTS.index(slot) for slot in ("ground", "vegetation", "wall", "roof")])
    grain = rng.normal(0, 0.06, pixels.shape) * rough + 0.05 * _blotches(pixels.shape, 40, 3) * rough
    picture = colours * (pixels / 255 * (1 + grain))[..., None] * 255 + rng.normal(0, 6, colours.shape)
    return _jpeg(_clipped(picture), 32)


def evening_photo(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """In warm light, a little soft, with fine grain and darker corners."""
    height, width = pixels.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    rng = np.random.RandomState(21)
    rough = np.isin(truth, [SLOTS.index(slot) for slot in ("ground", "vegetation", "wall", "roof")])
    grain = 1 + 0.03 * _blotches(pixels.shape, 90, 22) * rough
    tones = np.array([EVENING_COLOURS[slot] for slot in SLOTS])[truth] * grain[..., None]
    picture = tones * (pixels / 255 * (1 - 0.16 * (x**2 + y**2)))[..., None] * 255
    soft = cv2.GaussianBlur(picture, (0, 0), 0.8 * max(pixels.shape) / 1024)
    return _jpeg(_clipped(soft + rng.normal(0, 3, picture.shape)), 70)


def very_dark(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Exposed far too short."""
    return _clipped((pixels / 255) ** 1.2 * 44)


def low_contrast(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Everything between two greys that are close."""
    return _clipped(150 + pixels * 0.22)


def noisy(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """A render with few samples, saved as a JPEG."""
    noise = np.random.RandomState(4).normal(0, 7, pixels.shape)
    return _jpeg(_clipped(pixels + noise), 40)


DISGUISES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    disguise.__name__.replace("_", " "): disguise
    for disguise in (
        white_on_dark,
        grey_paper,
        material_colours,
        other_colours,
        blueprint,
        tracing_paper,
        viewport,
        noisy_photo,
        evening_photo,
        very_dark,
        low_contrast,
        noisy,
    )
}


def _blotches(shape: tuple[int, ...], cells: int, seed: int) -> np.ndarray:
    small = np.random.RandomState(seed).normal(0, 1, (cells, cells)).astype(np.float32)
    return cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def _jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_UNCHANGED)


def _clipped(picture: np.ndarray) -> np.ndarray:
    return np.round(np.clip(picture, 0, 255)).astype(np.uint8)
