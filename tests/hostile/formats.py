"""Files of every format that Pillow knows: those we take, whole and damaged, and those that nobody may open here."""

from __future__ import annotations

import io
import random
import struct
import warnings
from collections.abc import Iterator
from functools import cache

from PIL import Image, ImageCms

from rerender.opening import FORMATS
from tests.hostile.building import PNG_START, SEED, File, chunk, encoded, gif, grey_tiff, noise, png, riff, tiff, vp8x

MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "BMP": ("1", "L", "P", "RGB"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "YCbCr", "I;16", "I", "F"),
    "GIF": ("L", "P"),
}


@cache
def whole() -> dict[str, bytes]:
    """Good pictures of all formats that are taken, in all modes that these have."""
    files = {}
    for format, modes in MODES.items():
        for mode in modes:
            files[f"{format} {mode}"] = encoded(_image(mode), format)
    files["JPEG progressive"] = encoded(noise("RGB"), "JPEG", progressive=True)
    files["WEBP lossless"] = encoded(noise("RGBA"), "WEBP", lossless=True)
    for packing in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        files[f"TIFF {packing}"] = encoded(noise("RGB"), "TIFF", compression=packing)
    files["TIFF group4"] = encoded(noise("1"), "TIFF", compression="group4")
    return files


def _image(mode: str) -> Image.Image:
    if mode == "LAB":
        return Image.merge("LAB", noise("RGB").split())
    if mode == "I;16":
        return Image.frombytes("I;16", (40, 30), random.Random(SEED).randbytes(2400))
    return noise(mode)


def damaged() -> Iterator[File]:
    """Each good picture cut off, with wrong bits, with a hole, and with another one's end."""
    rng, names = random.Random(SEED), list(whole())
    for name, data in whole().items():
        for share in (0.3, 0.9):
            yield File(f"{name}, {share:.0%} of it", data[: int(len(data) * share)])
        for number in range(4):
            yield File(f"{name}, wrong bits {number}", _with_wrong_bits(data, rng))
        at = rng.randrange(len(data) // 2)
        yield File(f"{name}, with a hole", data[:at] + bytes(len(data) // 4) + data[at + len(data) // 4 :])
        other = rng.choice([other for other in names if other != name])
        yield File(f"{name}, ending as {other}", data[: len(data) // 2] + whole()[other][len(data) // 2 :])


def _with_wrong_bits(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 9)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def of_other_formats() -> Iterator[File]:
    """Files that Pillow would open and we do not: whole, cut off, and with wrong bits; none of them is taken."""
    rng = random.Random(SEED)
    for name, data in {**_written(), **_only_read()}.items():
        yield File(f"{name}", data, False)
        yield File(f"{name}, half of it", data[: len(data) // 2 + 1] + name.encode(), False)
        # Behind the sign by which a format is known.
        yield File(f"{name}, wrong bits", data[:12] + _with_wrong_bits(data[12:] + b"\0", rng), False)


def _written() -> dict[str, bytes]:
    """One file of each format that Pillow writes and we do not take."""
    Image.init()
    files = {}
    for format in sorted(set(Image.SAVE) - {*FORMATS, "MPO", "DIB"}):
        for mode in ("RGB", "L", "P", "1", "RGBA"):
            try:
                with warnings.catch_warnings(action="ignore"):
                    files[format] = encoded(noise(mode, 64, 64), format)
                break
            except (OSError, ValueError, KeyError, AttributeError, TypeError):
                continue  # of a mode that this format has not, or for another program to write
    return files


def _only_read() -> dict[str, bytes]:
    """The beginnings by which Pillow, or anybody, knows the formats that nothing here writes."""
    pcd = bytearray(4096)
    pcd[2048:2052] = b"PCD_"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    fli = struct.pack("<IHHHHHH", 200, 0xAF11, 1, 40, 30, 8, 0) + bytes(184)
    cards = (b"SIMPLE  =                    T", b"BITPIX  =  8", b"NAXIS   =  0", b"END")
    fits = b"".join(card.ljust(80) for card in cards)
    sun = struct.pack(">8I", 0x59A66A95, 40, 30, 8, 1200, 1, 0, 0) + bytes(1200)
    psd = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 30, 40, 8, 3) + bytes(4000)
    return {
        "BUFR": b"BUFR" + bytes(40),
        "CUR": b"\0\0\2\0\1\0" + struct.pack("<BBBBHHII", 40, 30, 0, 0, 1, 1, 1400, 22) + bytes(1400),
        "DCX": struct.pack("<3I", 0x3ADE68B1, 12, 0) + bytes(128),
        "DDS of BC7": b"DDS " + struct.pack("<7I", 124, 0x1007, 64, 64, 0, 0, 0) + bytes(4096),
        "DOS EPS": b"\xc5\xd0\xd3\xc6" + struct.pack("<7I", 32, 40, 0, 0, 0, 0, 0) + b"%!PS-Adobe-3.0 EPSF-3.0\n",
        "EMF": struct.pack("<II", 1, 88) + bytes(32) + b" EMF" + bytes(44),
        "EPS that runs": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 30\n(/tmp/owned) (w) file pop\nshowpage\n",
        "EXR": b"\x76\x2f\x31\x01\2\0\0\0channels\0chlist\0" + bytes(80),
        "FITS": fits.ljust(2880) + bytes(2880),
        "FLI": fli,
        "FPX": ole + b"FPX",
        "FTEX": b"FTEX" + struct.pack("<5I", 1, 40, 30, 1, 1) + bytes(400),
        "GBR": struct.pack(">7I", 32, 2, 40, 30, 1, 0x47494D50, 10) + b"one\0" + bytes(1200),
        "GRIB": b"GRIB\0\0\0\1" + bytes(40),
        "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(80),
        "HDR": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 30 +X 40\n" + bytes(400),
        "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(80),
        "ICO of a PNG": b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 40, 30, 0, 0, 1, 32, 200, 22) + png(),
        "IMT": b"width 40\nheight 30\n\x0c" + bytes(1200),
        "IPTC": b"\x1c\x03\x3c\0\2\0\0" + b"\x1c\x08\x0a\0\4data",
        "JXL": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40),
        "McIdas": b"\0\0\0\0\0\0\0\4" + bytes(248),
        "MIC": ole + b"MIC",
        "MPEG": b"\0\0\1\xb3" + bytes([2, 128, 30, 0x33]) + bytes(60),
        "MP4": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(80),
        "PCD": bytes(pcd),
        "PDF": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n",
        "PIXAR": b"\x80\xe8\0\0" + bytes(1020),
        "PSD": psd,
        "SUN": sun,
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30'><script>alert(1)</script></svg>",
        "SVGZ": b"\x1f\x8b\x08" + bytes(60),
        "WAL": struct.pack("<32s7I", b"wall", 40, 30, 100, 0, 0, 0, 0) + bytes(1300),
        "WMF": b"\xd7\xcd\xc6\x9a\0\0" + struct.pack("<4hH", 0, 0, 40, 30, 72) + bytes(12) + b"\1\0\t\0" + bytes(20),
        "XPM": b'/* XPM */\nstatic char *a[] = {\n"40 1 1 1",\n"a c #fff",\n"' + b"a" * 40 + b'"};',
        "XVThumb": b"P7 332\n#IMGINFO:40x30 RGB\n#END_OF_COMMENTS\n40 30 255\n" + bytes(1200),
    }


def odd() -> Iterator[File]:
    """Pictures that are strange and yet pictures, and some that are none: sizes, turns, profiles, numbers."""
    for orientation in (0, 9, 65_535, -1):
        exif = Image.Exif()
        exif[0x0112] = orientation % 65_536
        yield File(f"EXIF turned by {orientation}", encoded(noise("RGB"), "JPEG", exif=exif), True)
    loop = b"Exif\0\0" + tiff([(34_665, 4, 1, 8), (34_853, 4, 1, 8)], following=8)
    yield File("EXIF in a circle, JPEG", encoded(noise("RGB"), "JPEG", exif=loop), True)
    yield File("EXIF in a circle, PNG", png(chunk(b"eXIf", loop[6:])), True)
    yield File("EXIF of noise", png(chunk(b"eXIf", random.Random(SEED).randbytes(500))), True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, icc in (("of noise", b"x" * 300), ("cut off", profile[:100]), ("with wrong bits", profile[::-1])):
        yield File(f"profile {name}", encoded(noise("RGB"), "PNG", icc_profile=icc), True)
        yield File(f"profile {name}, CMYK", encoded(noise("CMYK"), "JPEG", icc_profile=icc), True)
    for number in ("nan", "inf", "-inf", "1e38", "-5"):
        image = Image.new("F", (40, 30), float(number))
        yield File(f"floats of {number}", encoded(image, "TIFF"), None)
        image.putpixel((3, 3), 1.0)
        yield File(f"floats of {number} and one", encoded(image, "TIFF"), None)
    for size in ((1, 1), (1, 16_000), (16_000, 1), (15, 40), (16, 16_000), (16_000, 16)):
        taken = min(size) >= 16
        for format in ("PNG", "JPEG", "GIF"):
            yield File(f"{format} of {size[0]} × {size[1]}", encoded(Image.new("L", size), format), taken)
    for size in ((0, 30), (40, 0), (0, 0)):
        yield File(f"PNG of {size}", png(size=size), False)
        yield File(f"GIF of {size}", gif(size, (0, 0, 0, 0)), False)
        yield File(f"TIFF of {size}", grey_tiff(width=size[0], height=size[1]), False)
    for format in ("PNG", "GIF", "WEBP", "TIFF"):
        frames = [Image.new("RGB", (40, 30), (shade, 0, 0)) for shade in range(30)]
        moving = encoded(frames[0], format, save_all=True, append_images=frames[1:])
        yield File(f"{format} of 30 frames", moving, False)
        # Without its end, and so perhaps without its frames.
        yield File(f"{format} of 30 frames, half of them", moving[: len(moving) // 2], False)
    yield File("APNG that says one frame", png(chunk(b"acTL", struct.pack(">II", 1, 0))), None)
    yield File("APNG of four billion frames", png(chunk(b"acTL", struct.pack(">II", 2**32 - 1, 0))), None)
    yield File("PNG whose sums are wrong", png(chunk(b"tEXt", b"a\0b", crc=7)), None)
    yield File("PNG in another order", png()[:8] + png()[33:] + png()[8:33], False)
    yield File("WEBP of a canvas alone", riff(vp8x(40, 30)), False)
    yield File("nothing", b"", False)
    for size in (1, 7, 100, 5000):
        yield File(f"{size} zeros", bytes(size), False)
        yield File(f"{size} bytes of noise", random.Random(size).randbytes(size), False)
    for sign in (PNG_START, b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"RIFF\4\0\0\0WEBP"):
        yield File(f"only a sign: {sign!r}", sign, False)
        yield File(f"a sign and noise: {sign!r}", sign + random.Random(SEED).randbytes(300), False)


def two_pictures() -> bytes:
    """A photo as phones write it, with another one behind it."""
    buffer = io.BytesIO()
    noise("RGB").save(buffer, "MPO", save_all=True, append_images=[noise("RGB")])
    return buffer.getvalue()
