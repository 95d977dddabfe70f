"""Morphology: the least and the greatest of a shape."""
import cv2
import numpy as np

from .values import compare, levels_of


def mask(radius, shape):
    dy, dx = np.mgrid[-radius:radius + 1, -radius:radius + 1]
    inside = {"square": dx == dx, "cross": dx * dy == 0, "disk": dx * dx + dy * dy <= radius * radius + radius}[shape]
    return inside.astype(np.uint8)


def morphology(name, code):
    def function(a, radius=1, shape="square", iterations=1):
        return cv2.morphologyEx(levels_of(a), getattr(cv2, code), mask(radius, shape), iterations=iterations)
    function.__name__ = name
    recipes = [{}, dict(radius=2, shape="cross", iterations=2), dict(radius=3, shape="disk"),
               dict(radius=5, shape="disk", iterations=2), dict(radius=2, iterations=3), dict(radius=9)]
    compare(f"`cv2.morphologyEx({code})`", recipes, tolerance=0)(function)


for name, code in [("erode", "ERODE"), ("dilate", "DILATE"), ("open", "OPEN"), ("close", "CLOSE"),
                   ("morph_gradient", "GRADIENT"), ("top_hat", "TOPHAT"), ("black_hat", "BLACKHAT")]:
    morphology(name, f"MORPH_{code}")
