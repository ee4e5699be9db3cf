"""The stages' own promises, without a whole render."""

from __future__ import annotations

import io
import itertools

import cv2
import numpy as np
import pytest
from PIL import Image

from rerender.engines.preview.analysis import analyse
from rerender.engines.preview.colours import BASE_COLOURS
from rerender.engines.preview.control import decode, fit
from rerender.engines.preview.engine import make_scene
from rerender.engines.preview.fields import (
    blur,
    fbm,
    guided_filter,
    luminance,
    magnitude,
    mix_into,
    percentiles,
    shifted,
    smoothstep,
    stage_rng,
    to_bytes,
    to_linear,
)
from rerender.engines.preview.light import LIGHTS
from rerender.engines.preview.lines import line_map
from rerender.engines.preview.materials import MATERIALS, Material
from rerender.engines.preview.media.strokes import kuwahara
from rerender.engines.preview.patterns import Pattern
from rerender.engines.preview.structure_lock import enlarge, fine_detail, guide, lock_structure
from rerender.errors import ImageError
from tests.engines.controls import clay_house, cut_out_chair, edge_recall, png

AGREED_MATERIALS = {
    *("plaster", "paint", "concrete", "wood", "walnut", "brick", "stone", "slate", "marble", "terracotta", "glass"),
    *("steel", "copper", "gold", "ceramic", "plastic", "leather", "fabric", "grass", "foliage", "water", "sand"),
    *("asphalt", "tiles", "oak", "corten", "linen", "velvet", "gravel"),
}


# ---- fields


def test_noise_is_the_same_for_the_same_seed_and_stage_only() -> None:
    one, same = (fbm((40, 60), 5, 3, stage_rng(7, "sky")) for _ in range(2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, fbm((40, 60), 5, 3, stage_rng(8, "sky")))
    assert not np.array_equal(one, fbm((40, 60), 5, 3, stage_rng(7, "fog")))


def test_noise_looks_the_same_at_every_size() -> None:
    small, large = (fbm((side, side), 4, 3, stage_rng(1, "x")) for side in (128, 512))
    assert np.abs(cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA) - small).mean() < 0.02


@pytest.mark.parametrize(("down", "right"), [(3, -2), (-1, 4), (0, 0), (200, 200)])
def test_what_is_shifted_lets_its_own_edge_in_and_not_the_far_side(down: int, right: int) -> None:
    plane = np.arange(60, dtype=np.float32).reshape(6, 10)
    moved = shifted(plane, down, right)
    for row, column in ((0, 0), (0, 9), (5, 0), (5, 9), (3, 4)):
        source = (min(max(row - down, 0), 5), min(max(column - right, 0), 9))
        assert moved[row, column] == plane[source]


@pytest.mark.parametrize("sigma", [0.5, 2.0, 9.0, 80.0])
def test_blurring_keeps_the_mean_and_the_size(sigma: float) -> None:
    plane = stage_rng(1, "x").random_sample((70, 90)).astype(np.float32)
    blurred = blur(plane, sigma)
    assert blurred.shape == plane.shape
    assert abs(float(blurred.mean() - plane.mean())) < 0.02


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_percentiles_are_numpys(count: int) -> None:
    values = stage_rng(1, "x").random_sample(count).astype(np.float32)
    assert percentiles(values, 0, 3, 50, 97.5, 100) == pytest.approx(np.percentile(values, (0, 3, 50, 97.5, 100)))


def test_smoothstep_rises_and_falls() -> None:
    ramp = np.linspace(0, 1, 5, dtype=np.float32)
    assert smoothstep(0.25, 0.75, ramp).tolist() == [0, 0, 0.5, 1, 1]
    assert smoothstep(0.75, 0.25, ramp).tolist() == [1, 1, 0.5, 0, 0]


def test_the_guided_filter_moves_a_mask_to_the_guides_edge() -> None:
    guide = np.zeros((128, 128), np.float32)
    guide[:, 64:] = 1
    mask = np.zeros((128, 128), np.float32)
    mask[:, 60:] = 1
    assert guided_filter(guide, mask, 8, 1e-4, reduce=1)[64, 61] < 0.5


def test_colour_survives_the_way_to_planes_and_back() -> None:
    rgb = np.random.RandomState(0).randint(0, 256, (16, 24, 3), np.uint8)
    assert np.abs(to_bytes(np.sqrt(to_linear(rgb))).astype(int) - rgb).max() <= 1


def test_a_gradient_has_one_length_wherever_in_memory_it_is_written() -> None:
    """Else the same request gives now and then another picture."""
    across, down = np.random.RandomState(1).random_sample((2, 20, 50)).astype(np.float32)
    kept = [(magnitude(across, down), np.empty(size, np.uint8)) for size in range(0, 4_000, 8)]
    assert len({length.tobytes() for length, _ in kept}) == 1


def test_mixing_reaches_the_target_where_the_mask_is_one() -> None:
    planes = np.zeros((3, 4, 4), np.float32)
    mask = np.zeros((4, 4), np.float32)
    mask[0] = 1
    mix_into(planes, (0.2, 0.4, 0.6), mask)
    assert planes[:, 0, 0] == pytest.approx([0.2, 0.4, 0.6])
    assert not planes[:, 1:].any()


# ---- control image


def png_file(image: Image.Image) -> bytes:
    """The image as PNG bytes, in its own mode."""
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def test_a_turned_jpeg_is_turned_back() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(stream, "JPEG", exif=exif)
    assert decode(stream.getvalue()).rgb.shape == (40, 20, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    stream = io.BytesIO()
    Image.new(mode, (20, 20)).save(stream, "TIFF" if mode in ("CMYK",) else "PNG")
    control = fit(decode(stream.getvalue()), 32, 16)
    assert control.rgb.shape == (16, 32, 3)
    assert control.luma.dtype == np.float32


def test_sixteen_bits_are_scaled_and_not_cut() -> None:
    stream = io.BytesIO()
    Image.fromarray(np.full((20, 20), 32768, np.uint16)).save(stream, "PNG")
    assert float(fit(decode(stream.getvalue()), 16, 16).luma.mean()) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_very_large_picture_is_read_reduced_and_looks_the_same(mode: str) -> None:
    """Two outputs' worth of pixels would be kept for nothing."""
    house = Image.fromarray(clay_house())
    small = house.convert(mode) if mode != "I;16" else Image.fromarray(np.asarray(house, np.uint16) * 257)
    if mode in ("LA", "RGBA"):
        small.putalpha(Image.fromarray(cut_out_chair()[..., 3]))
    first, second = (
        fit(decode(png_file(small.resize((side, side), Image.Resampling.NEAREST))), 512, 512) for side in (2048, 4099)
    )
    assert np.abs(first.luma - second.luma).mean() < (0.2 if mode == "1" else 0.01)
    assert (first.alpha is None) == (second.alpha is None) == (mode not in ("LA", "RGBA"))


def test_a_large_file_is_reduced_to_what_an_output_needs() -> None:
    wide = np.zeros((4099, 6150), np.uint8)
    assert decode(png(wide)).rgb.shape == (2050, 3075, 3)
    assert decode(png(wide[:4000])).rgb.shape == (4000, 6150, 3)


def test_fitting_crops_around_the_centre() -> None:
    pixels = np.zeros((100, 300), np.uint8)
    pixels[:, 100:200] = 255
    assert fit(decode(png(pixels)), 64, 64).luma.min() > 0.99


def test_what_is_behind_a_cut_out_does_not_matter() -> None:
    """Programs leave black, white or anything else under a transparent pixel."""
    chair, other = cut_out_chair(), cut_out_chair()
    other[other[..., 3] == 0] = (255, 0, 90, 0)
    first, second = (fit(decode(png(pixels)), 128, 128) for pixels in (chair, other))
    assert np.array_equal(first.rgb, second.rgb)
    assert first.alpha is not None


def test_an_opaque_alpha_channel_is_no_mask() -> None:
    opaque = np.full((32, 32, 4), 255, np.uint8)
    assert fit(decode(png(opaque)), 32, 32).alpha is None


@pytest.mark.parametrize(("ink", "light"), [(20, True), (235, False)])
def test_a_drawing_on_see_through_paper_is_read_as_a_drawing(ink: int, light: bool) -> None:
    """Dark strokes lie on white paper, light ones on black; at 512 px no pixel of them is half opaque."""
    paper = np.zeros((2048, 2048, 4), np.uint8)
    paper[..., :3] = ink
    for at in range(300, 1800, 150):
        paper[300:1800, at, 3] = paper[at, 300:1800, 3] = 255
    picture = decode(png(paper))
    assert (analyse(fit(picture, 512, 512)).kind, fit(picture, 512, 512).alpha) == ("line", None)
    assert (float(fit(picture, 1024, 1024).luma.mean()) > 0.5) == light


def test_a_veil_over_all_is_no_mask() -> None:
    house = cv2.cvtColor(clay_house(), cv2.COLOR_GRAY2RGBA)
    veiled = house.copy()
    veiled[..., 3] = 102
    first, second = (fit(decode(png(pixels)), 512, 512) for pixels in (house, veiled))
    assert second.alpha is None
    assert np.array_equal(first.rgb, second.rgb)


def test_a_crop_that_shows_nothing_solid_of_the_subject_is_read() -> None:
    """The seat lies beyond the left edge, and of it one wire reaches into the picture."""
    pixels = np.zeros((256, 2048, 4), np.uint8)
    pixels[50:200, 50:500] = (180, 180, 180, 255)
    pixels[100:104, 500:1700] = (60, 60, 60, 110)
    picture = decode(png(pixels))
    assert picture.alpha is not None
    control = fit(picture, 512, 512)
    assert control.alpha is not None
    assert not (control.alpha > 0.5).any()
    scene = make_scene(control, "oak", analyse(control))
    assert scene.subject_luma().size == control.luma.size


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    stream = io.BytesIO()
    Image.new("1", (9000, 9000)).save(stream, "PNG")
    with pytest.raises(ImageError, match="million pixels"):
        decode(stream.getvalue())


# ---- tables


def patterns_of(material: Material) -> list[Pattern]:
    return [material.pattern, *material.elsewhere.values()]


def test_every_agreed_material_has_a_colour_and_finite_textures() -> None:
    assert set(MATERIALS) == set(BASE_COLOURS) == AGREED_MATERIALS
    for name, material in MATERIALS.items():
        for pattern in patterns_of(material):
            tone, accent = pattern(96, stage_rng(3, name))
            assert tone.shape == (96, 96)
            assert np.isfinite(tone).all()
            assert tone.dtype == np.float32
            assert accent is None or (accent.dtype == np.float32 and 0 <= accent.min() <= accent.max() <= 1)


def test_textures_repeat_without_a_seam() -> None:
    """Across the tile's edge neighbours differ no more than inside it."""
    for name in ("plaster", "wood", "brick", "stone", "marble", "grass", "velvet", "corten"):
        for pattern in patterns_of(MATERIALS[name]):
            tone = pattern(128, stage_rng(3, name)).tone
            for turned in (tone, tone.T):
                steps = np.abs(np.diff(turned, axis=0)).mean(axis=1)
                assert np.abs(turned[-1] - turned[0]).mean() < 1.5 * steps.max(), name


def test_textures_look_the_same_at_every_size() -> None:
    for name in ("plaster", "oak", "brick", "stone", "marble", "corten", "leather", "gravel"):
        small, large = (MATERIALS[name].pattern(side, stage_rng(3, name)).tone for side in (256, 512))
        one, other = (cv2.resize(tone, (32, 32), interpolation=cv2.INTER_AREA).ravel() for tone in (small, large))
        assert np.corrcoef(one, other)[0, 1] > 0.8, name


def test_materials_differ_from_each_other_by_more_than_colour() -> None:
    """Oak from walnut, linen from velvet: no two kinds of wood or cloth share a texture."""
    tones = {
        name: MATERIALS[name].pattern(128, stage_rng(3, "x")).tone
        for name in ("wood", "oak", "walnut", "leather", "linen", "velvet", "fabric", "gravel", "sand", "asphalt")
    }
    for one, other in itertools.combinations(tones, 2):
        assert not np.allclose(tones[one], tones[other], atol=0.1)


def test_every_time_of_the_plan_is_known() -> None:
    assert set(LIGHTS) == {"day", "golden_hour", "dawn", "dusk", "night", "overcast", "studio", "indoor"}


# ---- pictures


def test_flattening_keeps_borders_and_takes_noise_away() -> None:
    planes = np.zeros((3, 64, 64), np.float32)
    planes[:, :, 32:] = 0.8
    noisy = planes + stage_rng(1, "x").normal(0, 0.03, planes.shape).astype(np.float32)
    flat = kuwahara(noisy, 5)
    assert np.abs(flat - planes)[:, 8:-8, 8:28].mean() < 0.5 * np.abs(noisy - planes)[:, 8:-8, 8:28].mean()
    assert float(np.abs(flat - planes)[:, 8:-8, 28:36].max()) < 0.2


def test_lines_are_where_the_edges_are() -> None:
    lines = line_map(clay_house().astype(np.float32) / 255, "clay", 0.5)
    assert lines[180, 250] < 0.1
    assert lines[225:240, 250].max() > 0.5


def test_the_lock_draws_missing_edges_back_in() -> None:
    control = clay_house()
    washed_out = np.full((512, 512, 3), 180, np.uint8)
    before = edge_recall(control, washed_out)
    assert edge_recall(control, lock_structure(washed_out, guide(control), 1.0)) > before + 0.6
    assert np.array_equal(lock_structure(washed_out, guide(control), 0.0), washed_out)


def test_enlarging_brings_back_the_detail_of_the_large_control() -> None:
    large = clay_house(1024)
    small = cv2.cvtColor(clay_house(256), cv2.COLOR_GRAY2RGB)
    enlarged = enlarge(small, fine_detail(large, small[..., 0], 0.85))
    plain = cv2.resize(small, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    error = [float(np.abs(picture[..., 0].astype(int) - large).mean()) for picture in (enlarged, plain)]
    assert enlarged.shape == (1024, 1024, 3)
    assert error[0] < 0.6 * error[1]


def test_luminance_weighs_green_most() -> None:
    planes = np.eye(3, dtype=np.float32)[:, :, None]
    assert luminance(planes).ravel() == pytest.approx([0.299, 0.587, 0.114])
