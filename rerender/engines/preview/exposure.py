"""Exposure: from linear light of any strength to a picture in sRGB."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, Planes, blur, luminance
from rerender.engines.preview.light import LIGHTS, light_of
from rerender.engines.preview.scene import Scene

SHOULDER = 0.7


def expose(scene: Scene, picture: Planes) -> Planes:
    """Bring linear light to sRGB at the exposure of the time of day, with a little bloom. In place.

    What is built from materials is aimed at the time's key by its log-average luminance (Reinhard et al. 2002) and
    compressed as film is; a photo keeps its own exposure, darkened as far as the time is darker than day.
    """
    np.maximum(picture, 0, out=picture)
    if scene.is_photo:
        _expose_photo(scene, picture)
    else:
        gain = (_key(scene) / log_average(luminance(_thumbnail(picture)))) ** 0.7
        # Dark walls are to stay dark, and what is lit beside them is not to burn out.
        most = 1.4 - 0.4 * min(1.0, scene.mood("moody")) if scene.plan.setting == "interior" else 2.6
        picture *= np.float32(-1.67 * np.clip(gain, 0.45, most))
        np.expm1(picture, out=picture)
        np.negative(picture, out=picture)
    np.sqrt(picture, out=picture)
    bloom = 0.16 + 0.25 * (light_of(scene).emission > 0)
    for plane in picture:
        bright = np.maximum(plane - np.float32(0.72), 0)
        cv2.scaleAdd(blur(bright, 14 * scene.unit), (1.0 if scene.is_photo else 2.0) * bloom, plane, dst=plane)
    return np.clip(picture, 0, 1, out=picture)


def log_average(luma: Plane) -> float:
    """The log-average of linear luminance: what an eye takes for the picture's brightness."""
    return float(np.exp(np.mean(np.log(luma + np.float32(0.004)))))


def _key(scene: Scene) -> float:
    veil = (1.2 if scene.weather("snow") else 1.0) * (1 + 0.35 * min(1.0, scene.weather("fog")))
    return light_of(scene).key * veil * (1 - 0.3 * min(1.0, scene.mood("moody")))


def _expose_photo(scene: Scene, picture: Planes) -> None:
    if not scene.keeps_its_light:
        wanted = _wanted_of_photo(scene)
        picture *= np.float32(np.clip(wanted / log_average(luminance(_thumbnail(picture))), 0.2, 2.6))
    for plane in picture:
        bright = plane > SHOULDER
        plane[bright] = 1 - (1 - SHOULDER) * np.exp((SHOULDER - plane[bright]) / (1 - SHOULDER))


def _wanted_of_photo(scene: Scene) -> float:
    """The photo's own brightness, changed as the hour differs from day; the hour's key as far as sky or fog fill it."""
    own = cv2.resize(scene.luma, (128, 128), interpolation=cv2.INTER_AREA)
    key = _key(scene)
    brightness = log_average(own * own)
    changed = max(brightness * key / LIGHTS["day"].key, min(brightness, 0.5 * key))
    filled = min(1.0, 2 * float(scene.mask("sky").mean()) + scene.weather("fog") + 0.5 * scene.weather("snow"))
    return changed + (key - changed) * filled


def _thumbnail(picture: Planes) -> Planes:
    return np.stack([cv2.resize(plane, (128, 128), interpolation=cv2.INTER_AREA) for plane in picture])
