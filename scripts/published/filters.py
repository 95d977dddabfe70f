"""Filters: what looks at neighbours."""
import math

import cv2
import numpy as np
import skimage.filters
from scipy import ndimage

from .values import (CLEAR, COLOURLESS_BORDERS, FEW_PIXELS, FORMULA, OPERATIONS, OTHER_BORDERS, ROUNDING, bordered,
                     compare, correlated, extended, join, levels_of, planes, split)

SCIPY_BORDERS = {"reflect101": "mirror", "reflect": "reflect", "clamp": "nearest", "wrap": "wrap",
                 "constant": "constant"}


@compare("`cv2.blur` on float64", alpha="mix", recipes=[
    {}, *OTHER_BORDERS, dict(radius=0), dict(radius=4), dict(radius=15, border="wrap")])
def box_blur(a, radius=1, border="reflect101", value=CLEAR):
    return bordered(lambda wide: cv2.blur(wide, (2 * radius + 1,) * 2), a, radius, border, value)


@compare("`scipy.ndimage.gaussian_filter`", alpha="mix", recipes=[
    {}, *(dict(sigma=2.5) | b for b in OTHER_BORDERS), dict(sigma=0.3), dict(sigma=8)])
def gaussian_blur(a, sigma=1, border="reflect101", value=CLEAR):
    mode = SCIPY_BORDERS[border]
    return np.stack([ndimage.gaussian_filter(a[..., c], sigma, truncate=4, mode=mode, cval=value[c])
                     for c in range(a.shape[2])], axis=2)


def blurred_colour(a, sigma, border):
    """The colour of gaussian_blur, for what uses it and leaves alpha alone."""
    return split(OPERATIONS["gaussian_blur"](a, dict(sigma=sigma, border=border)))[0]


@compare(FORMULA, alpha="mix", recipes=[
    {}, *(dict(length=7, angle=30) | b for b in OTHER_BORDERS), dict(length=24.6, angle=-100),
    dict(length=4, angle=90)])
def motion_blur(a, length=9, angle=0, border="reflect101", value=CLEAR):
    count = math.floor(length + 0.5)
    kernel = np.zeros((2 * count + 3, 2 * count + 3))
    for t in np.arange(count) - (count - 1) / 2:
        x, y = t * math.cos(math.radians(angle)), -t * math.sin(math.radians(angle))
        for i, j in ((i, j) for i in (math.floor(x), math.floor(x) + 1) for j in (math.floor(y), math.floor(y) + 1)):
            kernel[count + 1 + j, count + 1 + i] += (1 - abs(x - i)) * (1 - abs(y - j)) / count
    return bordered(lambda wide: planes(lambda p: ndimage.correlate(p, kernel), wide), a, count + 1, border, value)


@compare("`cv2.medianBlur`", tolerance=0, recipes=[
    {}, dict(border="reflect101"), *(dict(radius=2) | b for b in OTHER_BORDERS), dict(radius=5), dict(radius=10)])
def median(a, radius=1, border="clamp", value=CLEAR):
    return bordered(lambda wide: cv2.medianBlur(levels_of(wide), 2 * radius + 1), a, radius, border, value)


def weighted_mean(a, weights_and_neighbours):
    """Of the neighbours' colour, weighted by their alpha too; alpha stays."""
    total, weight = 0, 0
    for w, neighbour in weights_and_neighbours:
        colour, alpha = split(neighbour)
        w = w[..., None] * (1 if alpha is None else alpha)
        total, weight = total + w * colour, weight + w
    mean, alpha = np.where(weight > 0, total / np.where(weight > 0, weight, 1), 0), split(a)[1]
    return mean if alpha is None else join(np.where(alpha > 0, mean, 0), alpha)


def seen_from(wide, dx, dy, reach, shape):
    return wide[reach + dy:reach + dy + shape[0], reach + dx:reach + dx + shape[1]]


@compare("`cv2.bilateralFilter` in f32; with alpha: " + FORMULA, alpha="own", recipes=[
    {}, *(dict(radius=2, sigma_color=80) | b for b in COLOURLESS_BORDERS),
    dict(radius=3, sigma_color=15, sigma_space=1.5), dict(radius=6, sigma_color=120, sigma_space=8)],
    why=ROUNDING + " OpenCV reads its colour weights from a table, between whose entries it interpolates.")
def bilateral(a, radius=4, sigma_color=50, sigma_space=3, border="reflect101", value=CLEAR):
    if a.shape[2] % 2:
        def opencv(wide):
            return cv2.bilateralFilter(wide.astype(np.float32), 2 * radius + 1, sigma_color, sigma_space)
        return bordered(opencv, a, radius, border, value)
    wide, own = extended(a, *[radius] * 4, border, value), split(a)[0]
    def pairs():
        for dy, dx in np.ndindex(2 * radius + 1, 2 * radius + 1):
            squared = (dx - radius) ** 2 + (dy - radius) ** 2
            if squared <= radius * radius:
                there = seen_from(wide, dx - radius, dy - radius, radius, a.shape)
                d = np.abs(split(there)[0] - own).sum(axis=2)
                yield np.exp(-d * d / (2 * sigma_color ** 2) - squared / (2 * sigma_space ** 2)), there
    return weighted_mean(a, pairs())


@compare(FORMULA, alpha="own", recipes=[
    {}, dict(h=25, patch=1, search=3, noise=8), *(dict(h=30, patch=2, search=2) | b for b in OTHER_BORDERS),
    dict(h=15, patch=0, search=5)])
def non_local_means(a, h=10, patch=3, search=10, noise=0, border="reflect101", value=CLEAR):
    reach = patch + search
    wide = extended(a, *[reach] * 4, border, value)
    patches = (a.shape[0] + 2 * patch, a.shape[1] + 2 * patch)
    own = seen_from(split(wide)[0], 0, 0, search, patches)
    def pairs():
        for dy, dx in np.ndindex(2 * search + 1, 2 * search + 1):
            squared = ((own - seen_from(split(wide)[0], dx - search, dy - search, search, patches)) ** 2).mean(axis=2)
            distance = cv2.blur(squared, (2 * patch + 1,) * 2)[patch:patch + a.shape[0], patch:patch + a.shape[1]]
            weight = np.exp(-np.maximum(distance - 2 * noise ** 2, 0) / h ** 2)
            yield weight, seen_from(wide, dx - search, dy - search, reach, a.shape)
    return weighted_mean(a, pairs())


@compare("`skimage.filters.unsharp_mask` (border `reflect`, no threshold, no alpha); " + FORMULA, alpha="own", recipes=[
    {}, *(dict(border=b, amount=1.5, sigma=2) for b in ("reflect", "clamp", "wrap")), dict(border="reflect"),
    dict(threshold=7.3), dict(sigma=0)],
    share=lambda p: FEW_PIXELS if p.get("threshold") else 0,
    why=ROUNDING + " A difference near `threshold` may fall on its other side.")
def unsharp_mask(a, amount=1, sigma=1, threshold=0, border="reflect101"):
    colour, alpha = split(a)
    if alpha is None and border == "reflect" and threshold == 0:
        return planes(lambda p: skimage.filters.unsharp_mask(p, sigma, amount, preserve_range=True), a)
    detail = colour - blurred_colour(a, sigma, border)
    return join(colour + amount * np.where((np.abs(detail) > threshold) | (threshold == 0), detail, 0), alpha)


KERNEL = ((1, 2, -1), (0, 3, 0.5), (-2, 1, 1))


@compare("`cv2.filter2D` on float64", recipes=[
    dict(kernel=KERNEL), *(dict(kernel=KERNEL, scale=2, offset=3) | b for b in OTHER_BORDERS),
    dict(kernel=((-1, 0, 1),), offset=128),
    dict(kernel=((1, 4, 6, 4, 1),) * 5), dict(kernel=((0, -1, 0), (-1, 4, -1), (0, -1, 0)))])
def convolve(a, kernel, scale=None, offset=0, border="reflect101", value=CLEAR):
    return correlated(a, kernel, border, value) / (scale or np.sum(kernel) or 1) + offset


@compare(FORMULA, recipes=[{}, *(dict(strength=2, angle=20) | b for b in OTHER_BORDERS), dict(angle=-90)])
def emboss(a, strength=1, angle=135, border="reflect101", value=CLEAR):
    dy, dx = np.mgrid[-1:2, -1:2]
    kernel = strength * (dy * math.sin(math.radians(angle)) - dx * math.cos(math.radians(angle)))
    return correlated(a, kernel, border, value) + 128


@compare(FORMULA, alpha="mix", recipes=[{}, dict(size=5), dict(size=64)])
def pixelate(a, size=8):
    out = np.empty_like(a)
    for y, x in ((y, x) for y in range(0, a.shape[0], size) for x in range(0, a.shape[1], size)):
        out[y:y + size, x:x + size] = a[y:y + size, x:x + size].mean(axis=(0, 1))
    return out
