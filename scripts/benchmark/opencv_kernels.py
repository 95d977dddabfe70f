"""OpenCV's way of doing each operation, one call at a time, on one thread. kernels.py starts it and asks.

A line of stdin is answered by one:

    load CHANNELS FILE    -> ok                 the image of that many channels, a PNM file
    list                  -> ok JSON            the operations; the numbers below are places in this list
    run NUMBER            -> ok SECONDS         one call
    compare FILE          -> ok SHARE MEAN      of the last result and the file's: samples over a level apart, mean difference

Colours stand in the order R, G, B throughout. Tables, kernels and matrices that hang on no pixel are made before, once.
"""
from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import dataclass
from typing import Callable

import cv2
import numpy as np

Image = np.ndarray
LUMA = np.array([0.299, 0.587, 0.114])


@dataclass
class Entry:
    recipe: str
    channels: int
    way: str     # what is called
    near: str    # what OpenCV does otherwise; empty: nothing
    call: Callable[[Image], Image]


def entries(width: int, height: int) -> list[Entry]:
    """For images of that size."""
    table: list[Entry] = []

    def add(recipe: str, way: str, call: Callable[[Image], Image], near: str = "", channels: tuple[int, ...] = (3, 1)) -> None:
        table.extend(Entry(recipe, count, way, near, call) for count in channels)

    geometry(add, width, height)
    tone(add)
    filters(add)
    edges(add)
    morphology(add)
    return table


# ---------------------------------------------------------------- geometry

def geometry(add, width: int, height: int) -> None:
    def resized(percent: int, method: int):
        size = math.floor(width * percent / 100 + 0.5), math.floor(height * percent / 100 + 0.5)
        return lambda image: cv2.resize(image, size, interpolation=method)

    fewer = "reads fewer pixels, without antialiasing"
    add("resize:50%:filter=box", "INTER_AREA", resized(50, cv2.INTER_AREA))
    add("resize:50%:filter=bilinear", "INTER_LINEAR", resized(50, cv2.INTER_LINEAR), fewer)
    add("resize:50%:filter=bicubic", "INTER_CUBIC", resized(50, cv2.INTER_CUBIC), fewer)
    add("resize:50%", "INTER_LANCZOS4", resized(50, cv2.INTER_LANCZOS4), fewer)
    add("resize:150%:filter=bilinear", "INTER_LINEAR", resized(150, cv2.INTER_LINEAR))
    x, y, w, h = width // 8, height // 8, width // 2, height // 2
    add(f"crop:{w}x{h}:x={x}:y={y}", "slice, copy", lambda image: image[y:y + h, x:x + w].copy())
    add("pad:64/64/64/64", "copyMakeBorder", lambda image: cv2.copyMakeBorder(image, 64, 64, 64, 64, cv2.BORDER_CONSTANT))
    add("flip:horizontal", "flip", lambda image: cv2.flip(image, 1))
    add("flip:vertical", "flip", lambda image: cv2.flip(image, 0))
    add("rotate:90", "rotate", lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE))
    add("rotate:180", "rotate", lambda image: cv2.rotate(image, cv2.ROTATE_180))
    add("transpose", "transpose", cv2.transpose)
    matrix, size = rotation(width, height, 30)
    add("rotate:30", "warpAffine", lambda image: cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR))
    quad = [width // 10, height // 20, width - width // 12, height // 8, width - width // 9, height - height // 7,
            width // 20, height - height // 11]
    view = homography(width, height, quad)
    add("perspective:" + "/".join(map(str, quad)), "warpPerspective",
        lambda image: cv2.warpPerspective(image, view, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))


def rotation(width: int, height: int, degrees: float) -> tuple[np.ndarray, tuple[int, int]]:
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    size = math.floor(width * cosine + height * sine + 0.5), math.floor(width * sine + height * cosine + 0.5)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return matrix, size


def homography(width: int, height: int, quad: list[int]) -> np.ndarray:
    """From places in the result to places in the source."""
    corners = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
    return cv2.getPerspectiveTransform(np.float32(corners), np.float32(quad).reshape(4, 2))


# ---------------------------------------------------------------- colour and tone

def table_of(formula: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What a formula on levels does to each of them."""
    return np.floor(np.clip(formula(np.arange(256.0)), 0, 255) + 0.5).astype(np.uint8)


def looked_up(formula: Callable[[np.ndarray], np.ndarray]) -> Callable[[Image], Image]:
    table = table_of(formula)
    return lambda image: cv2.LUT(image, table)


def mixed(matrix) -> Callable[[Image], Image]:
    matrix = np.float32(matrix)
    return lambda image: cv2.transform(image, matrix)


def gray(image: Image) -> Image:
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def on_luma(call: Callable[[Image], Image]) -> Callable[[Image], Image]:
    """Of gray as it is; of colour on Y alone."""
    def applied(image: Image) -> Image:
        if image.ndim == 2:
            return call(image)
        parts = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
        cv2.insertChannel(call(cv2.extractChannel(parts, 0)), parts, 0)
        return cv2.cvtColor(parts, cv2.COLOR_YCrCb2RGB)
    return applied


def decoded(v: np.ndarray) -> np.ndarray:
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def encoded(v: np.ndarray) -> np.ndarray:
    return np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)


def stretched(image: Image) -> Image:
    counts = np.cumsum(cv2.calcHist([gray(image)], [0], None, [256], [0, 256]).ravel())
    low, high = (int(np.searchsorted(counts, max(1, p * counts[-1]))) for p in (0.05, 0.95))
    return cv2.LUT(image, table_of(lambda v: (v - low) * 255 / (high - low)) if high > low else np.arange(256, dtype=np.uint8))


def hue_turned(image: Image) -> Image:
    parts = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    return cv2.cvtColor(cv2.LUT(parts, HUE_TURN), cv2.COLOR_HSV2RGB_FULL)


# A quarter of the 256 hues further; saturation and value stay.
HUE_TURN = np.stack([(np.arange(256) + 64) % 256, np.arange(256), np.arange(256)], axis=1).astype(np.uint8)[None]


def colour_mapped() -> Callable[[Image], Image]:
    levels = np.arange(256, dtype=np.uint8).reshape(256, 1)
    table = np.ascontiguousarray(cv2.applyColorMap(levels, cv2.COLORMAP_MAGMA)[..., ::-1])
    return lambda image: cv2.applyColorMap(image, table)


def adaptive(method: int) -> Callable[[Image], Image]:
    return lambda image: cv2.adaptiveThreshold(image, 255, method, cv2.THRESH_BINARY, 9, 5)


def clahe(clip: float, tiles: int) -> Callable[[Image], Image]:
    made = cv2.createCLAHE(clip, (tiles, tiles))
    return on_luma(made.apply)


def tone(add) -> None:
    add("grayscale", "cvtColor", gray, channels=(3,))
    add("brightness:40", "add", lambda image: cv2.add(image, (40, 40, 40, 0)))
    add("contrast:1.5", "LUT", looked_up(lambda v: (v - 127.5) * 1.5 + 127.5))
    add("exposure:1", "LUT", looked_up(lambda v: 255 * encoded(2 * decoded(v / 255))))
    add("gamma:2.2", "LUT", looked_up(lambda v: 255 * (v / 255) ** (1 / 2.2)))
    add("levels:black=40:white=200:gamma=1.2", "LUT",
        looked_up(lambda v: 255 * np.clip((v - 40) / 160, 0, 1) ** (1 / 1.2)))
    add("posterize:4", "LUT", looked_up(lambda v: 255 * np.clip(np.floor(v * 4 / 255), 0, 3) / 3))
    add("invert", "bitwise_not", cv2.bitwise_not)
    add("saturation:1.8", "transform", mixed(1.8 * np.eye(3) - 0.8 * np.tile(LUMA, (3, 1))), channels=(3,))
    add("tint:#ffb060", "transform", mixed(np.outer([255 / 255, 176 / 255, 96 / 255], LUMA)), channels=(3,))
    sepia = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]]
    add("sepia", "transform", mixed(sepia), channels=(3,))
    add("hue:90", "cvtColor to HSV, LUT, back", hue_turned, "rounds hue to a 256th of a turn on the way", (3,))
    add("threshold:100", "threshold", lambda image: cv2.threshold(image, 100, 255, cv2.THRESH_BINARY)[1])
    add("otsu", "threshold", lambda image: cv2.threshold(image, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1], channels=(1,))
    add("adaptive_threshold:9:c=5", "adaptiveThreshold", adaptive(cv2.ADAPTIVE_THRESH_MEAN_C), channels=(1,))
    add("adaptive_threshold:9:c=5:method=gaussian", "adaptiveThreshold", adaptive(cv2.ADAPTIVE_THRESH_GAUSSIAN_C), channels=(1,))
    add("normalize:low=5:high=95", "calcHist, LUT", stretched)
    through_luma = "works in YCrCb, rounded, instead of adding the change of luma"
    for channels, near in ((1, ""), (3, through_luma)):
        add("equalize", "equalizeHist", on_luma(cv2.equalizeHist), near, (channels,))
        add("clahe:2:tiles=8", "CLAHE", clahe(2, 8), near, (channels,))
    add("colormap:magma", "applyColorMap", colour_mapped(), channels=(1,))


# ---------------------------------------------------------------- filters

def blurred(image: Image, sigma: float) -> Image:
    return cv2.GaussianBlur(image, (0, 0), sigma)


def correlated(kernel, offset: float = 0) -> Callable[[Image], Image]:
    kernel = np.float32(kernel)
    return lambda image: cv2.filter2D(image, -1, kernel, delta=offset)


def motion_kernel(length: int, degrees: float) -> np.ndarray:
    """A mean of samples a pixel apart along the line, bilinear."""
    side = length // 2 + 1
    kernel = np.zeros((2 * side + 1, 2 * side + 1))
    for t in np.arange(length) - (length - 1) / 2:
        x, y = side + t * math.cos(math.radians(degrees)), side - t * math.sin(math.radians(degrees))
        for i in (math.floor(x), math.floor(x) + 1):
            for j in (math.floor(y), math.floor(y) + 1):
                share = max(0.0, 1 - abs(x - i)) * max(0.0, 1 - abs(y - j))
                if share > 1e-9:
                    kernel[j, i] += share / length
    return kernel


def pixelated(image: Image) -> Image:
    height, width = image.shape[:2]
    cells = cv2.resize(image, (math.ceil(width / 8), math.ceil(height / 8)), interpolation=cv2.INTER_AREA)
    return cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST)


def filters(add) -> None:
    for radius in (2, 10):
        add(f"box_blur:{radius}", "blur", lambda image, side=2 * radius + 1: cv2.blur(image, (side, side)))
    for sigma in (2, 8):
        add(f"gaussian_blur:{sigma}", "GaussianBlur", lambda image, sigma=sigma: blurred(image, sigma),
            "cuts at 3 sigma instead of 4, rounds weights and the rows' sums")
    add("motion_blur:9:angle=30", "filter2D", correlated(motion_kernel(9, 30)))
    for radius in (1, 2, 4, 10):
        add(f"median:{radius}", "medianBlur", lambda image, side=2 * radius + 1: cv2.medianBlur(image, side))
    add("bilateral:4", "bilateralFilter", lambda image: cv2.bilateralFilter(image, 9, 50, 3))
    add("non_local_means:10", "fastNlMeansDenoising", lambda image: cv2.fastNlMeansDenoising(image, None, 10, 7, 21),
        "takes patch distances in coarse steps", (1,))
    add("unsharp_mask:1:sigma=3", "GaussianBlur, addWeighted",
        lambda image: cv2.addWeighted(image, 2, blurred(image, 3), -1, 0), "rounds the blur, cuts it at 3 sigma")
    add("convolve:0/-1/0;-1/5/-1;0/-1/0", "filter2D", correlated([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]))
    five = np.arange(1, 26).reshape(5, 5)
    text = ";".join("/".join(map(str, row)) for row in five)
    add(f"convolve:{text}", "filter2D", correlated(five / five.sum()))
    slope = math.sqrt(0.5)  # sin and -cos of 135 degrees
    add("emboss", "filter2D", correlated([[slope * (dy + dx) for dx in (-1, 0, 1)] for dy in (-1, 0, 1)], 128))
    add("pixelate:8", "INTER_AREA, INTER_NEAREST", pixelated, "has other cells where the size is no multiple of 8")


# ---------------------------------------------------------------- edges

def magnitude(x: Image, y: Image, scale: float = 1) -> Image:
    return cv2.convertScaleAbs(cv2.magnitude(x, y), alpha=scale)


def sobel(image: Image) -> Image:
    """Each by the way that was the faster one: gray has a routine for both slopes at once, in 16 bits."""
    if image.ndim == 2:
        x, y = cv2.spatialGradient(image)
        return magnitude(x.astype(np.float32), y.astype(np.float32))
    return magnitude(cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1))


def scharr(image: Image) -> Image:
    return magnitude(cv2.Scharr(image, cv2.CV_32F, 1, 0), cv2.Scharr(image, cv2.CV_32F, 0, 1), 0.25)


def prewitt(image: Image) -> Image:
    slope, mean = np.float32([-1, 0, 1]), np.float32([1, 1, 1])
    return magnitude(cv2.sepFilter2D(image, cv2.CV_32F, slope, mean), cv2.sepFilter2D(image, cv2.CV_32F, mean, slope))


def corners(image: Image) -> Image:
    response = cv2.cornerHarris(image, 2, 3, 0.04)
    return cv2.compare(response, 0.01 * cv2.minMaxLoc(response)[1], cv2.CMP_GT)


def edges(add) -> None:
    add("sobel", "spatialGradient or Sobel, magnitude", sobel)
    add("sobel:output=x", "Sobel", lambda image: cv2.convertScaleAbs(cv2.Sobel(image, cv2.CV_16S, 1, 0)))
    add("scharr:scale=0.25", "Scharr, magnitude", scharr)
    add("prewitt", "sepFilter2D, magnitude", prewitt)
    add("laplacian:scale=2", "Laplacian", lambda image: cv2.convertScaleAbs(cv2.Laplacian(image, cv2.CV_16S, ksize=1), alpha=2))
    add("difference_of_gaussians:2", "GaussianBlur, absdiff", lambda image: cv2.absdiff(blurred(image, 2), blurred(image, 3.2)),
        "rounds both blurs, cuts them at 3 sigma")
    add("canny:100:high=200", "Canny", lambda image: cv2.Canny(gray(image), 100, 200))
    add("harris", "cornerHarris", corners, channels=(1,))


# ---------------------------------------------------------------- morphology

def square(radius: int) -> np.ndarray:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)


def disk(radius: int) -> np.ndarray:
    y, x = np.mgrid[-radius:radius + 1, -radius:radius + 1]
    return (x * x + y * y <= radius * radius + radius).astype(np.uint8)


def morphology(add) -> None:
    def morph(recipe: str, kind: int, mask: np.ndarray) -> None:
        add(recipe, "morphologyEx", lambda image: cv2.morphologyEx(image, kind, mask))

    morph("erode:2", cv2.MORPH_ERODE, square(2))
    morph("erode:10", cv2.MORPH_ERODE, square(10))
    morph("dilate:2:shape=disk", cv2.MORPH_DILATE, disk(2))
    morph("open:2:shape=disk", cv2.MORPH_OPEN, disk(2))
    morph("close:2", cv2.MORPH_CLOSE, square(2))
    morph("morph_gradient:1", cv2.MORPH_GRADIENT, square(1))
    morph("top_hat:3", cv2.MORPH_TOPHAT, square(3))
    morph("black_hat:3", cv2.MORPH_BLACKHAT, square(3))


# ---------------------------------------------------------------- answering

def read_pnm(path: str) -> Image:
    """As `kernels.rs` writes it: three lines of header."""
    with open(path, "rb") as file:
        kind, size, _ = (file.readline() for _ in range(3))
        width, height = map(int, size.split())
        codes = np.fromfile(file, np.uint8)
    return codes.reshape((height, width) if kind == b"P5\n" else (height, width, 3))


def difference(a: Image, b: Image) -> str:
    if a.shape != b.shape:
        raise ValueError(f"results of {a.shape} and {b.shape}")
    apart = cv2.absdiff(np.ascontiguousarray(a), b)
    return f"{float(np.mean(apart > 1))} {float(np.mean(apart))}"


class Worker:
    def __init__(self) -> None:
        self.images: dict[int, Image] = {}
        self.table: list[Entry] = []
        self.last: Image | None = None

    def answer(self, verb: str, rest: list[str]) -> str:
        if verb == "load":
            image = read_pnm(rest[1])
            self.images[int(rest[0])] = image
            self.table = entries(image.shape[1], image.shape[0])
            return ""
        if verb == "list":
            return json.dumps([{k: v for k, v in vars(entry).items() if k != "call"} for entry in self.table])
        if verb == "run":
            return f"{self.run(self.table[int(rest[0])])}"
        if verb == "compare":
            return difference(self.last, read_pnm(rest[0]))
        raise ValueError(f"no verb {verb}")

    def run(self, entry: Entry) -> float:
        self.last = None
        image = self.images[entry.channels].copy()  # ours gets a copy too, and so as much of it in cache
        begun = time.perf_counter()
        self.last = entry.call(image)
        return time.perf_counter() - begun


def main() -> None:
    cv2.setNumThreads(1)
    worker = Worker()
    for line in sys.stdin:
        verb, *rest = line.rstrip("\n").split(" ", 2)
        try:
            print("ok", worker.answer(verb, rest), flush=True)
        except Exception as error:  # one operation's trouble is that line's answer
            print("error", " ".join(str(error).split()), flush=True)


main()
