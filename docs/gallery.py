"""Makes docs/gallery.md, its contact sheets and the README's strip: `make gallery`.

Every picture comes from the preview engine with a stated seed, so the same machine always makes the same gallery.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import cv2
from PIL import Image, ImageDraw, ImageFont, ImageOps

from docs.gallery_sheets import SHEETS, STRIP, Sheet, Shot
from rerender import images, samples
from rerender.engines.preview import PreviewEngine
from rerender.models import RenderRequest
from tests.engines.controls import png
from tests.engines.held_out import CONTROLS, UNSEEN

HERE = Path(__file__).parent
PAGE = HERE / "gallery.md"
FOLDER = HERE / "images" / "gallery"
STRIP_FILE = HERE / "images" / "strip.webp"

CELL, GUTTER, QUALITY = 560, 12, 82
FONT_SIZE, LABEL_LINES = 22, 2
LINE_HEIGHT = FONT_SIZE + 5
PAPER, TEXT = "#ffffff", "#333333"
STRIP_CELL, STRIP_QUALITY = (320, 240), 76

INTRODUCTION = """# Gallery

What the preview engine makes of control images: by rules, on a laptop's CPU, without an AI model. `make gallery` makes
this page and its pictures anew; the same seed gives the same picture. Where it falls short is said in
[engine.md](engine.md).
"""


def main() -> None:
    """Make the page, its sheets and the strip."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    engine = PreviewEngine()
    for sheet in SHEETS:
        path = FOLDER / f"{sheet.name}.webp"
        contact_sheet(sheet, [_picture(engine, shot) for shot in sheet.shots]).save(path, quality=QUALITY, method=6)
    _strip([_picture(engine, shot) for shot in STRIP]).save(STRIP_FILE, quality=STRIP_QUALITY, method=6)
    PAGE.write_text(page(), "utf-8")


def page() -> str:
    """The Markdown of the gallery."""
    return "\n".join([INTRODUCTION, *(_section(sheet) for sheet in SHEETS)])


def contact_sheet(sheet: Sheet, pictures: Sequence[Image.Image]) -> Image.Image:
    """The pictures in rows, each reduced to one cell, with its label below."""
    shots = list(zip(sheet.shots, pictures, strict=True))
    rows = [_row(shots[first : first + sheet.columns], sheet.columns) for first in range(0, len(shots), sheet.columns)]
    canvas = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), PAPER)
    top = 0
    for row in rows:
        canvas.paste(row, (0, top))
        top += row.height
    return canvas


def _row(shots: Sequence[tuple[Shot, Image.Image]], columns: int) -> Image.Image:
    """As high as its highest picture, and that no higher than a cell is wide."""
    smalls = [ImageOps.contain(picture, (CELL, CELL), Image.Resampling.LANCZOS) for _, picture in shots]
    down = max(small.height for small in smalls)
    row = Image.new("RGB", (columns * (CELL + GUTTER) - GUTTER, down + LABEL_LINES * LINE_HEIGHT + GUTTER), PAPER)
    draw = ImageDraw.Draw(row)
    for index, ((shot, _), small) in enumerate(zip(shots, smalls, strict=True)):
        x = index * (CELL + GUTTER)
        row.paste(small, (x + (CELL - small.width) // 2, (down - small.height) // 2))
        for line, text in enumerate(_wrapped(shot.label)):
            draw.text((x, down + 4 + line * LINE_HEIGHT), text, TEXT, _font())
    return row


def _strip(pictures: Sequence[Image.Image]) -> Image.Image:
    across, down = STRIP_CELL
    canvas = Image.new("RGB", (len(pictures) * (across + 4) - 4, down), PAPER)
    for index, picture in enumerate(pictures):
        canvas.paste(ImageOps.fit(picture, STRIP_CELL, Image.Resampling.LANCZOS), (index * (across + 4), 0))
    return canvas


def _picture(engine: PreviewEngine, shot: Shot) -> Image.Image:
    """The shot's render, or its control image where it has no prompt."""
    control_image = _control(shot.control)
    with Image.open(io.BytesIO(control_image)) as control:
        if shot.prompt is None:
            return _on_grey(control)
        width, height = control.size
    request = RenderRequest(shot.prompt, control_image, image_width=width, image_height=height, seed=shot.seed)
    return Image.fromarray(engine.render(request)[0])


@cache
def _control(name: str) -> bytes:
    """A sample or a control image that the tests draw, in the smallest size that the API takes at its aspect."""
    data = samples.load(name) if name in {sample.name for sample in samples.SAMPLES} else _drawn(name)
    with Image.open(io.BytesIO(data)) as image:
        width, height = images.sizes_for(*image.size)[0]
    return images.prepare(data, width, height, keep_alpha=True)


def _drawn(name: str) -> bytes:
    pixels = (CONTROLS | UNSEEN)[name].draw(768).pixels
    return png(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB) if pixels.ndim == 2 else pixels)


def _on_grey(image: Image.Image) -> Image.Image:
    picture = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "#e8e8e8"), picture).convert("RGB")


def _section(sheet: Sheet) -> str:
    shown = "; ".join(shot.label for shot in sheet.shots)
    alt = f"{sheet.title}, {len(sheet.shots)} pictures in rows of {sheet.columns}: {shown}"
    lines = [f"## {sheet.title}", "", sheet.text]
    if sheet.sample:
        title = samples.get(sheet.sample).title
        lines += ["", f"![The control image: {title}](../rerender/samples/{sheet.sample}.small.webp)"]
    lines += ["", f"![{alt}](images/gallery/{sheet.name}.webp)", "", *_prompts(sheet.shots)]
    return "\n".join(lines) + "\n"


def _prompts(shots: Iterable[Shot]) -> Iterator[str]:
    """The prompts as text to copy, once each."""
    yield "<details><summary>The prompts as text</summary>\n"
    yield from (f"- `{prompt}`" for prompt in dict.fromkeys(shot.prompt for shot in shots) if prompt)
    yield "\n</details>"


def _wrapped(label: str) -> list[str]:
    """The label in at most two lines of a cell's width; what does not fit ends in an ellipsis."""
    lines = [""]
    for word in label.split():
        longer = f"{lines[-1]} {word}".strip()
        if _font().getlength(longer) <= CELL or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > LABEL_LINES:
        lines[LABEL_LINES - 1] += " …"
    return lines[:LABEL_LINES]


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(FONT_SIZE)


if __name__ == "__main__":
    main()
