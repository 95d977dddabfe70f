"""Geometry: what moves pixels."""
import math
from fractions import Fraction

import cv2
import numpy as np
from PIL import Image

from .values import (CLEAR, FEW_PIXELS, FORMULA, OTHER_BORDERS, ROUNDING, Refused, compare, decoded, encoded, extended,
                     join, planes, premultiplied, split, unpremultiplied)

PLACES = "Places between pixels are computed in f32, so that a steep slope moves a value by some thousandths. "
PILLOW = Image.Resampling
PILLOW_FILTERS = {"nearest": PILLOW.NEAREST, "box": PILLOW.BOX, "bilinear": PILLOW.BILINEAR, "bicubic": PILLOW.BICUBIC,
                  "lanczos3": PILLOW.LANCZOS}


def resized_sizes(width, height, size, fit, enlarge):
    """Of the scaled image, and of the box that it is then cut or filled up to."""
    box = None
    if size.endswith("%"):
        across = down = Fraction(size[:-1]) / 100
    else:
        w, h = (int(side) if side else None for side in size.split("x"))
        across, down = Fraction(w, width) if w else None, Fraction(h, height) if h else None
        across, down = across or down, down or across
        if w and h and fit != "fill":
            across = down = max(across, down) if fit in ("cover", "outside") else min(across, down)
        box = (w, h) if w and h else None
    if not enlarge:
        across, down = min(across, 1), min(down, 1)
    scaled = tuple(max(1, math.floor(side + Fraction(1, 2))) for side in (width * across, height * down))
    if box and fit == "cover":
        return scaled, (min(scaled[0], box[0]), min(scaled[1], box[1]))
    return scaled, box if box and fit == "contain" else scaled


def corner(outer, inner, gravity):
    """Where the inner box stands in the outer one."""
    x = 0 if "west" in gravity else outer[0] - inner[0] if "east" in gravity else (outer[0] - inner[0]) // 2
    y = 0 if "north" in gravity else outer[1] - inner[1] if "south" in gravity else (outer[1] - inner[1]) // 2
    return x, y


def pillow_resized(a, size, filter):
    def resized(plane):
        image = Image.fromarray(plane.astype(np.float32))
        return np.asarray(image.resize(size, PILLOW_FILTERS[filter], reducing_gap=None))
    return planes(resized, a)


def nearest_resized(a, size):
    """Pillow's; at exact ties, where it may fall either way, the definition's pixel."""
    def source(n_in, n_out):
        twice = (2 * np.arange(n_out) + 1) * n_in
        return twice // (2 * n_out), twice % (2 * n_out) == 0
    (x, tie_x), (y, tie_y) = source(a.shape[1], size[0]), source(a.shape[0], size[1])
    return np.where((tie_x[None, :] | tie_y[:, None])[..., None], a[y][:, x], pillow_resized(a, size, "nearest"))


@compare("Pillow `Image.resize` on mode F", alpha="own", recipes=[
    dict(size="50%"), dict(size="170%"), dict(size="x20"), dict(size="33x"), dict(size="31x47"),
    *(dict(size=s, fit="fill", filter=f) for f in PILLOW_FILTERS for s in ("29x41", "90x7")),
    dict(size="40x30", enlarge=False), dict(size="50%", linear=True), dict(size="48x40", fit="contain"),
    dict(size="48x40", fit="contain", background=(20, 200, 90, 128), gravity="southeast"),
    dict(size="30x30", fit="cover"), dict(size="30x30", fit="cover", gravity="north"),
    dict(size="30x30", fit="outside", filter="bilinear")],
    why=ROUNDING + " Pillow keeps f32 between its passes.")
def resize(a, size, fit="inside", filter="lanczos3", enlarge=True, background=CLEAR, gravity="center", linear=False):
    scaled, box = resized_sizes(a.shape[1], a.shape[0], size, fit, enlarge)
    out = a
    if scaled != (a.shape[1], a.shape[0]):
        colour, alpha = split(a)
        out = premultiplied(join(255 * decoded(colour) if linear else colour, alpha))
        out = nearest_resized(out, scaled) if filter == "nearest" else pillow_resized(out, scaled, filter)
        out = unpremultiplied(out)
        colour, alpha = split(out)
        out = join(encoded(colour / 255) if linear else colour, alpha)
    if fit == "contain":
        x, y = corner(box, scaled, gravity)
        return extended(out, x, y, box[0] - scaled[0] - x, box[1] - scaled[1] - y, "constant", background)
    x, y = corner(scaled, box, gravity)
    return out[y:y + box[1], x:x + box[0]]


@compare("array slice", tolerance=0, alpha="own", recipes=[
    dict(size="5x3"), dict(size="1x1"), dict(size="3x2", x=4, y=0),
    *(dict(size="4x5", gravity=g) for g in ("northwest", "east", "south"))])
def crop(a, size, x=None, y=None, gravity="center"):
    w, h = (int(side) for side in size.split("x"))
    if x is None:
        x, y = corner((a.shape[1], a.shape[0]), (w, h), gravity)
    if x < 0 or y < 0 or x + w > a.shape[1] or y + h > a.shape[0]:
        raise Refused
    return a[y:y + h, x:x + w]


@compare("`cv2.copyMakeBorder`", tolerance=0, alpha="own", recipes=[
    dict(size=(3, 9, 5, 2)), dict(size=(3, 9, 5, 2), border="reflect101"),
    *(dict(size=(3, 9, 5, 2)) | b for b in OTHER_BORDERS), dict(size=(0, 1, 0, 0), border="wrap")])
def pad(a, size, border="constant", value=CLEAR):
    return extended(a, *size, border, value)


@compare("`cv2.flip`", tolerance=0, alpha="own", recipes=[{}, dict(axis="vertical")])
def flip(a, axis="horizontal"):
    return cv2.flip(a, 1 if axis == "horizontal" else 0)


@compare("`cv2.transpose`", tolerance=0, alpha="own", recipes=[{}])
def transpose(a):
    return cv2.transpose(a)


@compare(FORMULA, alpha="own", recipes=[{}, dict(background=(20, 200, 90, 128)), dict(background=(0, 0, 0, 255))])
def flatten(a, background=(255, 255, 255, 255)):
    colour, alpha = split(a)
    behind = background[:colour.shape[2]]
    return a if alpha is None else (colour * alpha + behind * (255 - alpha)) / 255


def cubic(x):
    x = np.abs(x)
    return np.where(x < 1, (1.5 * x - 2.5) * x * x + 1, np.where(x < 2, ((2.5 - 0.5 * x) * x - 4) * x + 2, 0))


def sampled(a, x, y, filter, background):
    """The image at places between pixels; taps outside are the background."""
    wide = extended(a, 1, 1, 1, 1, "constant", background)
    def tap(i, j):
        return wide[np.clip(j + 1, 0, a.shape[0] + 1), np.clip(i + 1, 0, a.shape[1] + 1)]
    if filter == "nearest":
        return tap(np.floor(x + 0.5).astype(int), np.floor(y + 0.5).astype(int))
    weight, reach = (cubic, 2) if filter == "bicubic" else (lambda d: np.maximum(1 - np.abs(d), 0), 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    taps = [(left + i, top + j) for j in range(1 - reach, reach + 1) for i in range(1 - reach, reach + 1)]
    return sum((weight(x - i) * weight(y - j))[..., None] * tap(i, j) for i, j in taps)


def turns_exactly(parameters):
    """Whether any image is only permuted."""
    return parameters["angle"] % 180 == 0 or parameters["angle"] % 90 == 0 and parameters.get("expand", True)


@compare("`numpy.rot90`; " + FORMULA, alpha="mix", recipes=[
    dict(angle=90), dict(angle=180), dict(angle=270), dict(angle=-90, expand=False), dict(angle=30),
    dict(angle=-12.5, expand=False), dict(angle=45, filter="bicubic"), dict(angle=200, filter="nearest"),
    dict(angle=33, background=(20, 200, 90, 128))],
    tolerance=lambda p: 0 if turns_exactly(p) else 1, share=lambda p: FEW_PIXELS if p.get("filter") == "nearest" else 0,
    why=PLACES + ROUNDING + " Under `nearest` a place may round to the pixel beside it.")
def rotate(a, angle, expand=True, filter="bilinear", background=CLEAR):
    height, width = a.shape[:2]
    if angle % 90 == 0 and (expand or angle % 180 == 0 or width == height):
        return np.rot90(a, angle // 90)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    w, h = width, height
    if expand:
        w = max(1, math.floor(width * abs(cos) + height * abs(sin) + 0.5))
        h = max(1, math.floor(width * abs(sin) + height * abs(cos) + 0.5))
    y, x = np.mgrid[:h, :w] - np.array([(h - 1) / 2, (w - 1) / 2])[:, None, None]
    return sampled(a, (width - 1) / 2 + cos * x - sin * y, (height - 1) / 2 + sin * x + cos * y, filter, background)


@compare("`cv2.warpPerspective` in f32", alpha="mix", why=PLACES + ROUNDING, recipes=[
    dict(quad=(1.5, 0.25, 12, 2, 11, 9.5, -1, 8)), dict(quad=(4, 3, 30, 1, 38, 29, 0, 24), size="50x40"),
    dict(quad=(20.5, 10, 400, 30, 420, 280, 5, 250), background=(20, 200, 90, 128))])
def perspective(a, quad, size=None, background=CLEAR):
    w, h = (int(side) for side in size.split("x")) if size else (a.shape[1], a.shape[0])
    right, bottom = max(w - 1, 1), max(h - 1, 1)
    corners = np.float32([[0, 0], [right, 0], [right, bottom], [0, bottom]])
    matrix = cv2.getPerspectiveTransform(corners, np.float32(quad).reshape(4, 2))
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    def warped(plane, behind):
        return cv2.warpPerspective(plane.astype(np.float32), matrix, (w, h), flags=how, borderMode=cv2.BORDER_CONSTANT,
                                   borderValue=float(behind))
    return np.stack([warped(a[..., c], background[c]) for c in range(a.shape[2])], axis=2)
