"""Pillow-SIMD: JOB INPUT_FOLDER OUTPUT_FOLDER. A process a core."""
from __future__ import annotations

import os
import sys
from multiprocessing import Pool
from pathlib import Path

from PIL import Image, ImageEnhance, ImageFilter


def thumbnail(image: Image.Image) -> Image.Image:
    image.thumbnail((512, 512), Image.LANCZOS, reducing_gap=2.0)  # decodes at a smaller scale by itself
    return image


def half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.LANCZOS)


def enhance(image: Image.Image) -> Image.Image:
    tone = [min(255, max(0, round((level - 127.5) * 1.2 + 137.5))) for level in range(256)]
    sharp = image.filter(ImageFilter.UnsharpMask(radius=3, percent=100, threshold=0))
    return ImageEnhance.Color(sharp.point(3 * tone)).enhance(1.3)


def small_gray(image: Image.Image) -> Image.Image:
    image.draft("L", (256, 256))
    gray = image.convert("L")
    gray.thumbnail((128, 128), Image.LANCZOS, reducing_gap=2.0)
    return gray


JOBS = {"J1": thumbnail, "J2": half, "J4": enhance, "J6": small_gray}
PNG_JOBS = ("J6",)


def take(task: tuple[str, str, str]) -> None:
    job, source, result = task
    image = JOBS[job](Image.open(source))
    image.save(result + ".png") if job in PNG_JOBS else image.save(result + ".jpg", quality=85)


def main(job: str, source: str, target: str) -> None:
    names = sorted(os.listdir(source))
    tasks = [(job, os.path.join(source, name), os.path.join(target, Path(name).stem)) for name in names]
    with Pool() as pool:
        for _ in pool.imap_unordered(take, tasks, chunksize=2):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:4])
