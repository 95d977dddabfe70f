"""FOLDER FOLDER: structural similarity (Wang 2004, Gaussian window of sigma 1.5) of the luma of files of one name."""
from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from headers import images

C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def window(values: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(values, (11, 11), 1.5)[5:-5, 5:-5]


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = window(a), window(b)
    variances = window(a * a) - mean_a ** 2 + window(b * b) - mean_b ** 2
    covariance = window(a * b) - mean_a * mean_b
    map_ = (2 * mean_a * mean_b + C1) * (2 * covariance + C2) / ((mean_a ** 2 + mean_b ** 2 + C1) * (variances + C2))
    return float(map_.mean())


def main(first: str, second: str) -> None:
    for path in images(Path(first)):
        pair = [cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) for p in (path, Path(second) / path.name)]
        print(similarity(*pair))


main(*sys.argv[1:3])
