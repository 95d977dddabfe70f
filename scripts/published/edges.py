"""Edges and features."""
import cv2
import numpy as np
from scipy import ndimage

from .filters import blurred_colour
from .values import CLEAR, FEW_PIXELS, OTHER_BORDERS, bordered, compare, join, levels_of, luma_levels, planes, split


def slope(gx, gy, output, scale):
    return scale * {"x": np.abs(gx), "y": np.abs(gy), "magnitude": np.hypot(gx, gy)}[output]


def opencv_slope(function, a, output, scale, border, value):
    def along(dx, dy):
        return bordered(lambda wide: function(wide.astype(np.float32), cv2.CV_32F, dx, dy), a, 1, border, value)
    return slope(along(1, 0), along(0, 1), output, scale)


EDGES = [{}, dict(output="x"), dict(output="y"), dict(scale=0.3), *OTHER_BORDERS]


@compare("`cv2.Sobel` in f32", recipes=EDGES)
def sobel(a, output="magnitude", scale=1, border="reflect101", value=CLEAR):
    return opencv_slope(cv2.Sobel, a, output, scale, border, value)


@compare("`cv2.Scharr` in f32", recipes=EDGES)
def scharr(a, output="magnitude", scale=1, border="reflect101", value=CLEAR):
    return opencv_slope(cv2.Scharr, a, output, scale, border, value)


@compare("`scipy.ndimage.prewitt`", recipes=EDGES)
def prewitt(a, output="magnitude", scale=1, border="reflect101", value=CLEAR):
    def along(axis):
        return bordered(lambda wide: planes(lambda p: ndimage.prewitt(p, axis), wide), a, 1, border, value)
    return slope(along(1), along(0), output, scale)


@compare("`cv2.Laplacian(ksize=1)`", tolerance=0, recipes=[{}, dict(scale=0.5), *OTHER_BORDERS])
def laplacian(a, scale=1, border="reflect101", value=CLEAR):
    return scale * np.abs(bordered(lambda wide: cv2.Laplacian(wide, cv2.CV_64F, ksize=1), a, 1, border, value))


@compare("`scipy.ndimage.gaussian_filter`, twice", alpha="own", recipes=[
    {}, dict(sigma=2.5, k=3), *(dict(sigma=0.7, border=b) for b in ("reflect", "clamp", "wrap"))])
def difference_of_gaussians(a, sigma=1, k=1.6, border="reflect101"):
    return join(np.abs(blurred_colour(a, sigma, border) - blurred_colour(a, k * sigma, border)), split(a)[1])


@compare("`cv2.Canny`", tolerance=0, recipes=[
    {}, dict(norm="l2"), dict(low=10.5, high=30.7), dict(low=200, high=90, norm="l2"), dict(low=0, high=0),
    dict(low=30, high=80, sigma=1.4)],
    why="With `sigma`, a blurred level near a half rounds to the other side, and edges hang on it.")
def canny(a, low=50, high=150, norm="l1", sigma=0):
    blurred = levels_of(ndimage.gaussian_filter(luma_levels(a).astype(float), sigma, truncate=4, mode="nearest"))
    return cv2.Canny(blurred, low, high, L2gradient=norm == "l2")


@compare("`cv2.cornerHarris`", tolerance=0, share=FEW_PIXELS, recipes=[
    {}, dict(block=3), dict(k=0.15, block=5, threshold=0.1), dict(block=1)],
         why="OpenCV computes the response in f32, so that one near the threshold may fall on its other side.")
def harris(a, k=0.04, block=2, threshold=0.01):
    response = cv2.cornerHarris(luma_levels(a), block, 3, k)
    return np.where(response > threshold * response.max(), 255, 0)
