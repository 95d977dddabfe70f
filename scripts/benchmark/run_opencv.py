"""OpenCV: JOB INPUT_FOLDER OUTPUT_FOLDER. A file a thread; cv2 gives the interpreter's lock away while it works."""
from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from headers import header

QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 85]
REDUCED_COLOUR = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4,
                  8: cv2.IMREAD_REDUCED_COLOR_8}
REDUCED_GRAY = {1: cv2.IMREAD_GRAYSCALE, 2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
                8: cv2.IMREAD_REDUCED_GRAYSCALE_8}
LUMA = np.array([0.114, 0.587, 0.299])  # of B, G, R


def reduction(source: str, box: int) -> int:
    """How many times smaller a file may be decoded so that twice the box is left for INTER_AREA."""
    size = header(source)
    return max(by for by in REDUCED_COLOUR if by == 1 or max(size.width, size.height) / by >= 2 * box)


def fitted(image: np.ndarray, box: int) -> np.ndarray:
    height, width = image.shape[:2]
    scale = box / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def thumbnail(source: str) -> np.ndarray:
    return fitted(cv2.imread(source, REDUCED_COLOUR[reduction(source, 512)]), 512)


def half(source: str) -> np.ndarray:
    image = cv2.imread(source)
    return cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)


def edges(source: str) -> np.ndarray:
    smooth = cv2.GaussianBlur(cv2.imread(source, cv2.IMREAD_GRAYSCALE), (0, 0), 2)
    slopes = [cv2.Sobel(smooth, cv2.CV_32F, x, 1 - x) for x in (1, 0)]
    return cv2.convertScaleAbs(cv2.magnitude(*slopes))


def tone_table() -> np.ndarray:
    """Contrast 1.2, then brightness + 10."""
    return np.rint(np.clip((np.arange(256) - 127.5) * 1.2 + 137.5, 0, 255)).astype(np.uint8)


def saturation_matrix(factor: float) -> np.ndarray:
    return (factor * np.eye(3) + (1 - factor) * np.tile(LUMA, (3, 1))).astype(np.float32)


TONE, SATURATION = tone_table(), saturation_matrix(1.3)


def enhance(source: str) -> np.ndarray:
    image = cv2.imread(source)
    sharp = cv2.addWeighted(image, 2, cv2.GaussianBlur(image, (0, 0), 3), -1, 0)
    return cv2.transform(cv2.LUT(sharp, TONE), SATURATION)


def heavy(source: str) -> np.ndarray:
    return cv2.bilateralFilter(cv2.medianBlur(cv2.imread(source), 5), 9, 50, 5)


def small_gray(source: str) -> np.ndarray:
    return fitted(cv2.imread(source, REDUCED_GRAY[reduction(source, 128)]), 128)


def canny(source: str) -> np.ndarray:
    return cv2.Canny(cv2.imread(source, cv2.IMREAD_GRAYSCALE), 100, 200)


JOBS = {"J1": thumbnail, "J2": half, "J3": edges, "J4": enhance, "J5": heavy, "J6": small_gray, "J7": canny}
PNG_JOBS = ("J6", "J7")


def main(job: str, source: str, target: str) -> None:
    cv2.setNumThreads(1)
    suffix, options = (".png", []) if job in PNG_JOBS else (".jpg", QUALITY)

    def take(name: str) -> None:
        cv2.imwrite(os.path.join(target, Path(name).stem + suffix), JOBS[job](os.path.join(source, name)), options)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(take, sorted(os.listdir(source))))


main(*sys.argv[1:4])
