"""Control images drawn for the tests, and how well a picture keeps their lines."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from rerender.models import RenderRequest

SAMPLES = Path(__file__).parents[2] / "rerender" / "samples"
SAMPLE_NAMES = ("clay-house", "living-room", "armchair", "street")


def png(pixels: np.ndarray) -> bytes:
    """An (H, W), (H, W, 3) RGB or (H, W, 4) RGBA uint8 array as PNG bytes."""
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", pixels)[1].tobytes()


def clay_house(side: int = 512) -> np.ndarray:
    """A grey house front with a pitched roof and four windows, under a white sky, on white ground."""
    picture = np.full((512, 512), 242, np.uint8)
    cv2.rectangle(picture, (0, 400), (511, 511), 214, -1)
    cv2.rectangle(picture, (110, 230), (400, 420), 178, -1)
    cv2.fillConvexPoly(picture, np.array([(80, 232), (150, 120), (360, 120), (430, 232)], np.int32), 255)
    cv2.rectangle(picture, (110, 232), (400, 246), 120, -1)
    for x in (140, 205, 270, 335):
        cv2.rectangle(picture, (x, 280), (x + 36, 340), 96, -1)
    return cv2.resize(cv2.GaussianBlur(picture, (0, 0), 0.7), (side, side), interpolation=cv2.INTER_AREA)


def drawn_room() -> np.ndarray:
    """A line drawing of a room seen straight on, with a window and a sofa."""
    paper = np.full((1024, 1024), 255, np.uint8)
    for edge, wall in ((0, 300), (1023, 724)):
        cv2.line(paper, (edge, 31), (wall, 300), 30, 3, cv2.LINE_AA)
        cv2.line(paper, (edge, 949), (wall, 680), 30, 3, cv2.LINE_AA)
    cv2.rectangle(paper, (300, 300), (724, 680), 30, 3)
    cv2.rectangle(paper, (400, 370), (600, 520), 30, 3)
    cv2.rectangle(paper, (350, 600), (680, 760), 30, 3)
    cv2.line(paper, (350, 680), (680, 680), 30, 3)
    for x in (-400, 0, 400, 800, 1200):
        cv2.line(paper, (512 + x, 1023), (512 + round(0.525 * x), 770), 60, 2, cv2.LINE_AA)
    return paper


def cut_out_chair() -> np.ndarray:
    """RGBA: a grey seat on two thin legs, everything else transparent."""
    pixels = np.zeros((512, 512, 4), np.uint8)
    cv2.rectangle(pixels, (150, 150), (360, 320), (200, 200, 200, 255), -1)
    for x in (165, 330):
        cv2.rectangle(pixels, (x, 320), (x + 14, 430), (150, 150, 150, 255), -1)
    return pixels


def garden_photo() -> np.ndarray:
    """RGB: a coloured picture of a red house between a blue sky and a green lawn, with some noise."""
    picture = np.zeros((512, 512, 3), np.float32)
    fade = np.linspace(0, 1, 300)[:, None]
    picture[:300] = (110 + 90 * fade)[..., None] * (0.6, 0.85, 1.1)
    picture[300:] = (60, 120, 45)
    house = clay_house()[..., None] / 255
    inside = np.zeros((512, 512), bool)
    inside[232:420, 110:400] = True
    picture[inside] = (house * (190, 90, 70))[inside]
    picture += np.random.RandomState(0).normal(0, 3, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def sample(name: str) -> tuple[bytes, np.ndarray, tuple[int, int]]:
    """A sample's bytes, its grey pixels at the size to render it in, 1024 px wide, and that (width, height)."""
    data = (SAMPLES / f"{name}.png").read_bytes()
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        alpha = pixels[..., 3:] / 255
        pixels = (pixels[..., :3] * alpha + 232 * (1 - alpha)).astype(np.uint8)
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    size = (1024, round(1024 * height / width / 8) * 8)
    return data, cv2.resize(grey, size, interpolation=cv2.INTER_AREA if width > 1024 else cv2.INTER_CUBIC), size


def request(
    prompt: str, pixels: np.ndarray | bytes, *, size: tuple[int, int] = (512, 512), seed: int = 7, batch: int = 1
) -> RenderRequest:
    """A render request of `size` (width, height) for a drawn control image or the bytes of one."""
    data = pixels if isinstance(pixels, bytes) else png(pixels)
    return RenderRequest(prompt, data, batch, size[0], size[1], seed)


def edge_map(grey: np.ndarray) -> np.ndarray:
    """Canny edges with thresholds from the picture's own gradients, so that dark pictures count too."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.2)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    high = float(np.clip(np.percentile(slope, 90), 30, 200))
    return cv2.Canny(smooth, 0.4 * high, high) > 0


def edge_recall(control: np.ndarray, picture: np.ndarray) -> float:
    """Which share of the control's edges the picture has within two pixels. Both uint8, the control grey."""
    nearby = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    wanted = edge_map(control)
    kept = cv2.dilate(edge_map(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)).astype(np.uint8), nearby) > 0
    return float((wanted & kept).sum() / max(1, wanted.sum()))
