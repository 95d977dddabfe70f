"""Colour and tone: what changes levels."""
import math

import cv2
import matplotlib
import numpy as np
import skimage.color

from .values import (FEW_PIXELS, FORMULA, Refused, compare, decoded, encoded, levels_of, luma, luma_levels, planes,
                     three_channels)


@compare("`cv2.cvtColor` (bt601); " + FORMULA, recipes=[{}, *(dict(weights=w) for w in ("bt709", "average", "linear"))],
         why="`cv2.cvtColor` rounds its weights to whole multiples of 2^-15.")
def grayscale(a, weights="bt601"):
    if a.shape[2] == 1:
        return a
    if weights == "bt601":
        return cv2.cvtColor(levels_of(a), cv2.COLOR_RGB2GRAY)
    if weights == "average":
        return a.mean(axis=2)
    luminance = [0.2126, 0.7152, 0.0722]
    return encoded(decoded(a) @ luminance) if weights == "linear" else a @ luminance


@compare(FORMULA, tolerance=0, recipes=[{}, dict(amount=40), dict(amount=-63.5)])
def brightness(a, amount=0):
    return a + amount


@compare(FORMULA, recipes=[{}, dict(factor=1.7), dict(factor=0.3, pivot=64)])
def contrast(a, factor=1, pivot=127.5):
    return (a - pivot) * factor + pivot


@compare(FORMULA, recipes=[{}, dict(stops=1), dict(stops=-1.5), dict(stops=4.2)])
def exposure(a, stops=0):
    return encoded(2 ** stops * decoded(a))


@compare(FORMULA, recipes=[{}, dict(gamma=2.2), dict(gamma=0.4), dict(gamma=9)])
def gamma(a, gamma=1):
    return 255 * (np.maximum(a, 0) / 255) ** (1 / gamma)


@compare(FORMULA, recipes=[
    {}, dict(black=30, white=200), dict(gamma=1.8, out_black=20, out_white=230),
    dict(black=100, out_black=255, out_white=0)])
def levels(a, black=0, white=255, gamma=1, out_black=0, out_white=255):
    return out_black + np.clip((a - black) / (white - black), 0, 1) ** (1 / gamma) * (out_white - out_black)


@compare(FORMULA, recipes=[{}, dict(factor=0), dict(factor=1.6), dict(factor=0.35)])
def saturation(a, factor=1):
    y = luma(a)[..., None]
    return y + factor * (a - y)


@compare("`skimage.color.rgb2hsv`, `hsv2rgb` in float64", recipes=[
    {}, dict(degrees=30), dict(degrees=-100.5), dict(degrees=180)],
    why="Chroma times a simple part of a sixth gives many exact halves, which neither side computes exactly.")
def hue(a, degrees=0):
    if a.shape[2] == 1:
        return a
    turned = skimage.color.rgb2hsv(a / 255) + [degrees / 360, 0, 0]
    return 255 * skimage.color.hsv2rgb(turned % [1, 2, 2])


@compare(FORMULA, recipes=[dict(color=(200, 120, 30)), dict(color=(10, 60, 250), amount=0.4)])
def tint(a, color, amount=1):
    return (1 - amount) * three_channels(a) + amount * luma(a)[..., None] * np.array(color) / 255


@compare(FORMULA, recipes=[{}, dict(amount=0.5)])
def sepia(a, amount=1):
    a, rows = three_channels(a), [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]]
    return (1 - amount) * a + amount * a @ np.transpose(rows)


@compare("`cv2.bitwise_not`", tolerance=0, recipes=[{}])
def invert(a):
    return cv2.bitwise_not(levels_of(a))


@compare(FORMULA, tolerance=0, recipes=[{}, *(dict(levels=n) for n in (2, 3, 17, 255, 256))])
def posterize(a, levels=4):
    return 255 * np.clip(a * levels // 255, 0, levels - 1) / (levels - 1)


MODES = ("binary", "binary_inv", "trunc", "tozero", "tozero_inv")


def opencv_threshold(a, level, mode):
    return cv2.threshold(a.astype(np.float32), level, 255, getattr(cv2, f"THRESH_{mode.upper()}"))[1]


@compare("`cv2.threshold`", tolerance=0, recipes=[{}, *(dict(level=n, mode=m) for m in MODES for n in (100, 63.5))])
def threshold(a, level=128, mode="binary"):
    return opencv_threshold(a, level, mode)


def otsu_level(plane):
    """OpenCV's; where others have the same variance (within 1e-9), which it leaves to rounding, the lowest of them."""
    counts = np.bincount(plane.ravel(), minlength=256)
    below, moment = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    classes = np.maximum(below * (plane.size - below), 1.0)
    variance = (moment * float(plane.size) - moment[-1] * below) ** 2 / classes
    best = np.flatnonzero(variance >= variance.max() * (1 - 1e-9))
    return cv2.threshold(plane, 0, 255, cv2.THRESH_OTSU)[0] if len(best) == 1 else int(best[0])


@compare("`cv2.threshold(THRESH_OTSU)`", tolerance=0, recipes=[{}, *(dict(mode=m) for m in MODES[1:])])
def otsu(a, mode="binary"):
    if a.shape[2] == 3:
        raise Refused
    return opencv_threshold(a, otsu_level(levels_of(a)[..., 0]), mode)


@compare("`cv2.adaptiveThreshold`", recipes=[
    {}, dict(block=3, c=0), dict(block=31, c=-4.5), dict(method="gaussian"), dict(block=5, c=1, method="gaussian"),
    dict(block=25, method="gaussian")],
    tolerance=0, share=lambda p: FEW_PIXELS if p.get("method") == "gaussian" else 0,
    why="`gaussian`: a local mean near a half rounds to the other level, and a pixel that is near it changes side.")
def adaptive_threshold(a, block=11, c=2, method="mean"):
    code = cv2.ADAPTIVE_THRESH_MEAN_C if method == "mean" else cv2.ADAPTIVE_THRESH_GAUSSIAN_C
    return planes(lambda p: cv2.adaptiveThreshold(p, 255, code, cv2.THRESH_BINARY, block, c), levels_of(a))


@compare(FORMULA, recipes=[{}, dict(low=0, high=100), dict(low=20, high=60.5)])
def normalize(a, low=1, high=99):
    ordered = np.sort(luma_levels(a), axis=None).astype(float)
    black, white = (ordered[math.ceil(max(1, p * ordered.size / 100)) - 1] for p in (low, high))
    return a if white == black else (a - black) * 255 / (white - black)


def by_luma(function, a, channels):
    """A function of one plane of levels on each channel, or on luma, whose change is added to every channel."""
    if channels == "each" or a.shape[2] == 1:
        return planes(function, levels_of(a))
    y = luma_levels(a)
    return a + (function(y).astype(float) - y)[..., None]


@compare("`cv2.equalizeHist`", tolerance=0, recipes=[{}, dict(channels="each")])
def equalize(a, channels="luma"):
    return by_luma(cv2.equalizeHist, a, channels)


@compare("`cv2.createCLAHE`", tolerance=0, recipes=[
    {}, dict(clip=0), dict(clip=4.5, tiles=3), dict(clip=40, tiles=2), dict(tiles=1), dict(channels="each", tiles=5)])
def clahe(a, clip=2, tiles=8, channels="luma"):
    return by_luma(cv2.createCLAHE(clip, (tiles, tiles)).apply, a, channels)


@compare("matplotlib's tables", tolerance=0, recipes=[
    {}, *(dict(name=n) for n in ("gray", "magma", "inferno", "turbo", "jet"))])
def colormap(a, name="viridis"):
    return np.floor(255 * matplotlib.colormaps[name](np.arange(256))[:, :3] + 0.5)[luma_levels(a)]


@compare(FORMULA, recipes=[{}, dict(strength=1, inner=0), dict(strength=0.8, inner=0.75)])
def vignette(a, strength=0.5, inner=0.4):
    height, width = a.shape[:2]
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    r = np.hypot(x, y) / max(np.hypot(height - 1, width - 1) / 2, 0.5)
    t = np.clip((r - inner) / (1 - inner), 0, 1)
    return a * (1 - strength * t * t * (3 - 2 * t))[..., None]
