"""Control images: prepared correctly, or refused with one plain sentence."""

from __future__ import annotations

import contextlib
import io
import random
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rerender import images
from rerender.errors import ImageError
from rerender.models import IMAGE_SIDE
from tests.fake_api import picture, png_header


def encode(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def quadrants(width: int = 64, height: int = 48) -> Image.Image:
    """Red and green above, blue and white below: shows turns, cuts and squeezes."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 2, height // 2))
    image.paste((0, 255, 0), (width // 2, 0, width, height // 2))
    image.paste("blue", (0, height // 2, width // 2, height))
    return image


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    size = width * height * len(mode)
    return Image.frombytes(mode, (width, height), random.Random(1).randbytes(size))


FRAMES = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not an image"),
        (b"hello", "not an image"),
        (b"%PDF-1.7 ...", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (picture()[:-40], "broken"),
        (picture(format="JPEG")[:-200], "broken"),
        (encode(Image.new("RGB", (32, 32)), "PPM"), "not an image"),
        (b"x" * 20_000_001, "over 20 MB"),
        (png_header(30_000, 100), "too many pixels"),
        (png_header(30_000, 30_000), "too many pixels"),
        (png_header(9_900, 9_900), "too many pixels"),
        (png_header(8_000, 7_000), "too many pixels"),
        (picture(1, 1), "only 1 × 1 px"),
        (picture(400, 15), "each side needs 16 px"),
        (encode(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:]), "several frames"),
        (encode(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:]), "several frames"),
        (encode(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:]), "several frames"),
        (encode(FRAMES[0], "TIFF", save_all=True, append_images=FRAMES[1:]), "several frames"),
        (encode(Image.new("F", (32, 32), float("inf")), "TIFF"), "no finite brightness"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_used_is_refused_with_one_plain_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence) as caught:
        images.prepare(data, 512, 512)
    assert str(caught.value)[0].isupper()
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_gif_which_is_in_very_small_pieces_may_be_as_large_as_any_file() -> None:
    gif = encode(noise(3700, 3700, "L"), "GIF")
    assert 18_000_000 < len(gif) < 20_000_000
    assert images.load(gif).size == (3700, 3700)


@pytest.mark.parametrize("format", images.FORMATS)
def test_every_accepted_format_is_read(format: str) -> None:
    image = images.load(encode(Image.new("RGB", (40, 30), (200, 100, 50)), format))
    assert (image.mode, image.size) == ("RGB", (40, 30))
    red, green, blue = image.getpixel((20, 15))  # type: ignore[misc]
    assert max(abs(red - 200), abs(green - 100), abs(blue - 50)) <= 8


@settings(max_examples=60)
@given(st.sampled_from(images.FORMATS), st.randoms(use_true_random=False), st.integers(1, 20))
def test_damage_of_any_kind_is_an_image_error_or_an_image(format: str, rng: random.Random, hits: int) -> None:
    data = bytearray(encode(quadrants(24, 20), format))
    for _ in range(hits):
        data[rng.randrange(len(data))] = rng.randrange(256)
    with contextlib.suppress(ImageError):
        assert images.load(bytes(data)).mode in ("RGB", "RGBA")


def test_a_photo_taken_sideways_stands_upright_and_forgets_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Some Camera"
    data = encode(quadrants(), "JPEG", exif=exif, icc_profile=b"profile" * 20, quality=95)
    image = images.load(data)
    assert image.size == (48, 64)
    prepared = images.prepare(data, 768, 1024)
    assert b"Some Camera" not in prepared
    assert not {"exif", "icc_profile", "dpi", "comment"} & set(opened(prepared).info)
    red, green, blue = opened(prepared).getpixel((600, 200))  # type: ignore[misc]
    assert red > 200 > 60 > max(green, blue), "turned clockwise, red comes to the upper right"


def test_an_exif_block_that_is_broken_does_not_matter() -> None:
    assert images.load(encode(quadrants(), "JPEG", exif=b"Exif\0\0garbage")).size == (64, 48)


def test_a_photo_with_a_hidden_second_picture_is_a_photo() -> None:
    data = encode(quadrants(), "MPO", save_all=True, append_images=[quadrants()])
    assert images.load(data).size == (64, 48)


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_print_colours_become_screen_colours(format: str) -> None:
    image = images.load(encode(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), format))
    red, green, blue = image.getpixel((16, 16))  # type: ignore[misc]
    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize(("mode", "format"), [("I;16", "PNG"), ("I;16", "TIFF"), ("I", "TIFF"), ("F", "TIFF")])
def test_deep_greys_are_scaled_not_cut_off(mode: str, format: str) -> None:
    top = 1.0 if mode == "F" else 65535
    code = {"I;16": "<H", "I": "<i", "F": "<f"}[mode]
    ramp = b"".join(struct.pack(code, top * x / 255 if mode == "F" else top * x // 255) for x in range(256))
    image = images.load(encode(Image.frombytes(mode, (256, 16), ramp * 16), format))
    assert [image.getpixel((x, 5)) for x in range(256)] == [(x, x, x) for x in range(256)]


def see_through_pictures() -> dict[str, bytes]:
    alpha = Image.new("L", (64, 64), 0)
    alpha.paste(255, (0, 0, 64, 32))
    rgba = Image.new("RGB", (64, 64), (200, 0, 0))
    rgba.putalpha(alpha)
    palette = Image.new("P", (64, 64), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    palette.paste(0, (0, 32, 64, 64))
    rgb = Image.new("RGB", (64, 64), (200, 0, 0))
    rgb.paste((1, 2, 3), (0, 32, 64, 64))
    return {
        "RGBA": encode(rgba),
        "WEBP": encode(rgba, "WEBP", lossless=True),
        "palette with a see-through entry": encode(palette, transparency=0),
        "palette with an alpha table": encode(palette, transparency=b"\x00\xff"),
        "GIF": encode(palette, "GIF", transparency=0),
        "RGB with a see-through colour": encode(rgb, transparency=(1, 2, 3)),
    }


@pytest.mark.parametrize("kind", see_through_pictures())
def test_transparency_is_flattened_on_white_or_kept(kind: str) -> None:
    data = see_through_pictures()[kind]
    flat = opened(images.prepare(data, 512, 512))
    assert (flat.mode, flat.getpixel((256, 100)), flat.getpixel((256, 400))) == ("RGB", (200, 0, 0), (255, 255, 255))
    kept = opened(images.prepare(data, 512, 512, keep_alpha=True))
    assert (kept.mode, kept.getpixel((256, 100))) == ("RGBA", (200, 0, 0, 255))
    assert kept.getpixel((256, 400))[3] == 0  # type: ignore[index]


def test_the_hidden_colour_of_see_through_pixels_does_not_bleed() -> None:
    image = Image.new("RGBA", (64, 64), (0, 255, 0, 0))
    image.paste((200, 0, 0, 255), (0, 0, 32, 64))
    kept = opened(images.prepare(encode(image), 512, 512, keep_alpha=True))
    edge = [kept.getpixel((x, 256)) for x in range(512)]
    assert all(green < 20 for red, green, blue, alpha in edge if alpha > 20)  # type: ignore[misc]


def test_an_opaque_alpha_channel_is_dropped() -> None:
    data = encode(Image.new("RGBA", (64, 64), (9, 8, 7, 255)))
    assert opened(images.prepare(data, 512, 512, keep_alpha=True)).mode == "RGB"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_what_is_prepared_has_exactly_the_size_and_is_rgb(mode: str, fit: images.Fit) -> None:
    prepared = opened(images.prepare(encode(quadrants().convert(mode)), 520, 776, fit))
    assert (prepared.size, prepared.mode, prepared.format) == ((520, 776), "RGB", "PNG")


@pytest.mark.parametrize("size", [(16, 16_000), (16_000, 16)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_strip_of_an_image_can_be_prepared(size: tuple[int, int], fit: images.Fit) -> None:
    assert opened(images.prepare(encode(Image.new("L", size)), 512, 2048, fit)).size == (512, 2048)


def test_crop_fills_the_frame_pad_shows_all_and_stretch_squeezes() -> None:
    data = encode(quadrants(200, 100))
    crop, pad, stretch = (opened(images.prepare(data, 512, 512, fit)) for fit in ("crop", "pad", "stretch"))
    assert (crop.getpixel((3, 3)), crop.getpixel((508, 3))) == ((255, 0, 0), (0, 255, 0))
    assert (pad.getpixel((3, 3)), pad.getpixel((3, 140))) == ((255, 255, 255), (255, 0, 0))
    assert (stretch.getpixel((3, 3)), stretch.getpixel((3, 508))) == ((255, 0, 0), (0, 0, 255))


def test_padding_is_see_through_where_alpha_is_kept() -> None:
    image = Image.new("RGBA", (64, 32), (255, 0, 0, 128))
    pad = opened(images.prepare(encode(image), 512, 512, "pad", keep_alpha=True))
    assert (pad.getpixel((3, 3)), pad.getpixel((256, 256))) == ((255, 255, 255, 0), (255, 0, 0, 128))


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_an_image_of_the_right_size_keeps_every_pixel(fit: images.Fit) -> None:
    image = noise(512, 520)
    assert opened(images.prepare(encode(image), 512, 520, fit)).tobytes() == image.tobytes()


def test_the_same_input_gives_the_same_bytes() -> None:
    data = encode(noise(100, 80))
    assert images.prepare(data, 512, 512) == images.prepare(data, 512, 512)


def test_a_picture_that_is_heavy_as_png_is_sent_as_fine_jpeg() -> None:
    heavy = opened(images.prepare(encode(noise(1440, 1440), compress_level=0), 1440, 1440))
    assert (heavy.format, heavy.size) == ("JPEG", (1440, 1440))
    assert [layer[1:3] for layer in heavy.layer] == [(1, 1)] * 3, "4:4:4"  # type: ignore[attr-defined]


def test_a_see_through_picture_that_is_heavy_as_png_becomes_half_as_heavy_and_keeps_its_outline() -> None:
    image = noise(1440, 1440, "RGBA")
    data = encode(image, compress_level=0)
    prepared = images.prepare(data, 1440, 1440, keep_alpha=True)
    heavy = opened(prepared)
    assert (heavy.format, heavy.size, heavy.mode) == ("WEBP", (1440, 1440), "RGBA")
    assert heavy.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    assert len(prepared) < len(data) / 2
    assert prepared == images.prepare(data, 1440, 1440, keep_alpha=True)


def test_proposed_sizes_keep_the_aspect() -> None:
    assert images.sizes_for(4000, 3000) == [(768, 576), (1024, 768), (2048, 1536)]
    assert images.sizes_for(3000, 4000) == [(576, 768), (768, 1024), (1536, 2048)]
    assert images.sizes_for(1920, 1080) == [(912, 512), (1024, 576), (2048, 1152)]
    assert images.sizes_for(100, 100) == [(768, 768), (1024, 1024), (2048, 2048)]
    assert images.sizes_for(16_000, 16) == [(2048, 512)]


@given(st.integers(16, 16_000), st.integers(16, 16_000))
def test_every_proposed_size_is_legal_and_near_the_aspect(width: int, height: int) -> None:
    for proposed in images.sizes_for(width, height):
        assert all(side in IMAGE_SIDE and side % 8 == 0 for side in proposed)
        if 0.25 <= width / height <= 4:
            assert proposed[0] / proposed[1] == pytest.approx(width / height, rel=0.02)


def test_a_legal_side_is_the_nearest_one_the_api_takes() -> None:
    assert [images.legal_side(length) for length in (0, 515, 517, 1023.9, 9999)] == [512, 512, 520, 1024, 2048]
