"""The table of comparisons, and what they share: levels, channels, alpha, borders."""
import inspect
from dataclasses import dataclass
from typing import Callable

import cv2
import numpy as np

CLEAR = (0, 0, 0, 0)
BORDERS = {"reflect101": cv2.BORDER_REFLECT_101, "reflect": cv2.BORDER_REFLECT, "clamp": cv2.BORDER_REPLICATE,
           "wrap": cv2.BORDER_WRAP, "constant": cv2.BORDER_CONSTANT}
COLOURLESS_BORDERS = [dict(border=name) for name in ("reflect", "clamp", "wrap", "constant")]
OTHER_BORDERS = [*COLOURLESS_BORDERS, dict(border="constant", value=(200, 30, 90, 120))]
FORMULA = "formula in float64"
ROUNDING = "A value near a half is rounded to the other side: sums in f32 against sums in float64."
FEW_PIXELS = 0.001


class Refused(ValueError):
    """The operation does not apply to this image."""


@dataclass
class Operation:
    function: Callable
    compared_with: str
    recipes: list      # the parameters of each
    tolerance: object  # in levels; a number, or a function of the parameters
    share: object      # of the pixels, that may lie beyond it; a number, or a function of the parameters
    alpha: str         # keep: left alone; mix: filtered too, with colour premultiplied; own: the function sees it
    why: str           # results may differ

    def limit(self, parameters):
        """Tolerance and share."""
        return tuple(v(parameters) if callable(v) else v for v in (self.tolerance, self.share))

    def __call__(self, image, parameters):
        declared = list(inspect.signature(self.function).parameters.items())[1:]
        arguments = {name: parameter.default for name, parameter in declared} | parameters
        body, alpha = split(image) if self.alpha == "keep" else (image, None)
        for key in {"value", "background"} & arguments.keys():
            arguments[key] = channels_of(arguments[key], body.shape[2], self.alpha == "mix")
        if self.alpha == "mix":
            return unpremultiplied(three_axes(self.function(premultiplied(body), **arguments)))
        return join(three_axes(self.function(body, **arguments)), alpha)


OPERATIONS = {}


def compare(compared_with, recipes, tolerance=1, share=0, alpha="keep", why=ROUNDING):
    """Enters a function as what the operation of its name is compared with."""
    def register(function):
        OPERATIONS[function.__name__] = Operation(function, compared_with, recipes, tolerance, share, alpha, why)
        return function
    return register


def three_axes(a):
    return np.asarray(a, np.float64).reshape(*a.shape[:2], -1)


def planes(function, a):
    """A function of one plane on each."""
    return np.stack([function(np.ascontiguousarray(a[..., c])) for c in range(a.shape[2])], axis=2)


def levels_of(a):
    """Whole 8-bit levels."""
    return np.floor(np.clip(a, 0, 255) + 0.5).astype(np.uint8)


def split(image):
    return (image[..., :-1], image[..., -1:]) if image.shape[2] in (2, 4) else (image, None)


def join(colour, alpha):
    return colour if alpha is None else np.concatenate([colour, alpha], axis=2)


def premultiplied(image):
    colour, alpha = split(image)
    return image if alpha is None else join(colour * alpha / 255, alpha)


def unpremultiplied(image):
    colour, alpha = split(image)
    return image if alpha is None else join(np.where(alpha > 0, colour * 255 / np.where(alpha > 0, alpha, 1), 0), alpha)


def luma(a):
    return a @ [299, 587, 114] / 1000 if a.shape[2] == 3 else a[..., 0]


def luma_levels(a):
    whole = levels_of(a).astype(int)
    return ((whole @ [299, 587, 114] + 500) // 1000 if a.shape[2] == 3 else whole[..., 0]).astype(np.uint8)


def channels_of(colour, channels, premultiply):
    """A colour R, G, B, A as the values of an image's channels."""
    rgb = np.array(colour[:3], float)
    values = rgb if channels > 2 else np.array([rgb @ [299, 587, 114] / 1000])
    return values if channels % 2 else np.append(values * colour[3] / 255 if premultiply else values, colour[3])


def three_channels(a):
    return np.repeat(a, 3, axis=2) if a.shape[2] == 1 else a


def extended(a, left, top, right, bottom, border, value):
    return three_axes(cv2.copyMakeBorder(a, top, bottom, left, right, BORDERS[border], value=[*value, 0, 0, 0][:4]))


def bordered(function, a, reach, border, value):
    """A filter with its border made beforehand: OpenCV's filters don't take every border."""
    wide = three_axes(function(extended(a, reach, reach, reach, reach, border, value)))
    return wide[reach:reach + a.shape[0], reach:reach + a.shape[1]]


def correlated(a, kernel, border, value):
    kernel = np.array(kernel, float)
    return bordered(lambda wide: cv2.filter2D(wide, cv2.CV_64F, kernel), a, max(kernel.shape) // 2, border, value)


def decoded(a):
    v = a / 255
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0.04045) + 0.055) / 1.055) ** 2.4)


def encoded(v):
    return 255 * np.where(v <= 0.0031308, 12.92 * v, 1.055 * np.maximum(v, 0.0031308) ** (1 / 2.4) - 0.055)
