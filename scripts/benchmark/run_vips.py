"""libvips: JOB INPUT_FOLDER OUTPUT_FOLDER. A file a thread, one libvips thread each, files read from top to bottom."""
from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ["VIPS_CONCURRENCY"] = "1"  # read when the library is loaded

import pyvips  # noqa: E402

LUMA = (0.299, 0.587, 0.114)


def opened(source: str) -> pyvips.Image:
    return pyvips.Image.new_from_file(source, access="sequential")


def gray(source: str) -> pyvips.Image:
    return opened(source).colourspace("b-w")


def fitted(source: str, box: int) -> pyvips.Image:
    """Decodes JPEG at a smaller scale by itself."""
    return pyvips.Image.thumbnail(source, box, height=box, size="down")


def saturation_matrix(factor: float) -> list[list[float]]:
    return [[(1 - factor) * LUMA[j] + (factor if i == j else 0) for j in range(3)] for i in range(3)]


def enhance(source: str) -> pyvips.Image:
    image = opened(source)
    sharp = (image * 2 - image.gaussblur(3)).cast("uchar")
    toned = sharp.linear(1.2, 137.5 - 1.2 * 127.5, uchar=True)
    return toned.recomb(saturation_matrix(1.3)).cast("uchar")


def canny(source: str) -> pyvips.Image:
    """Without hysteresis, which libvips has not."""
    return (gray(source).canny(sigma=1.4, precision="integer") * 64).cast("uchar")


JOBS = {
    "J1": lambda source: fitted(source, 512),
    "J2": lambda source: opened(source).resize(0.5, kernel="lanczos3"),
    "J3": lambda source: gray(source).gaussblur(2).sobel().cast("uchar"),
    "J4": enhance,
    "J6": lambda source: fitted(source, 128).colourspace("b-w"),
    "J7": canny,
}
PNG_JOBS = ("J6", "J7")


def main(job: str, source: str, target: str) -> None:
    pyvips.cache_set_max(0)

    def take(name: str) -> None:
        image, result = JOBS[job](os.path.join(source, name)), os.path.join(target, Path(name).stem)
        image.pngsave(result + ".png") if job in PNG_JOBS else image.jpegsave(result + ".jpg", Q=85)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(take, sorted(os.listdir(source))))


main(*sys.argv[1:4])
