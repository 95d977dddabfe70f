"""The jobs: what each does, who does it too, what ours should reach, and the commands."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import peers


@dataclass(frozen=True)
class Job:
    name: str
    work: str
    folder: str                    # photos12, photos2 or small
    recipe: str
    format: str                    # jpeg or png
    peers: tuple[str, ...]
    over_fastest: float            # images a second, at least that many times the fastest peer's
    over_floor: float | None       # time, at most that many times the floor's
    apart: dict[str, float] = field(default_factory=dict)  # peers that do less, and what ours reaches over each of those
    box: int | None = None         # the result fits in a square of that side
    percent: int = 100             # or is so large
    scaled_decoding: bool = False  # ours may decode smaller than the file, and is compared with --exact


JOBS = {job.name: job for job in [
    Job("J1", "thumbnails, 12 MP", "photos12", "resize:512x512", "jpeg", ("opencv", "libvips", "pillow-simd", "sharp"),
        1.2, 1.3, box=512, scaled_decoding=True),
    Job("J2", "half size, 12 MP", "photos12", "resize:50%", "jpeg", ("opencv", "libvips", "pillow-simd", "sharp"),
        1.2, 1.35, apart={"opencv": 1.0}, percent=50, scaled_decoding=True),
    Job("J3", "edges, 2 MP", "photos2", "grayscale,gaussian_blur:2,sobel", "jpeg", ("opencv", "libvips"), 1.5, 1.35),
    Job("J4", "enhance, 2 MP", "photos2", "unsharp_mask:1:sigma=3,contrast:1.2,brightness:10,saturation:1.3", "jpeg",
        ("opencv", "libvips", "pillow-simd"), 1.3, 1.6),
    Job("J5", "heavy, 2 MP", "photos2", "median:2,bilateral:4:sigma_color=50:sigma_space=5", "jpeg", ("opencv",), 1.5, None),
    Job("J6", "many small to PNG", "small", "grayscale,resize:128x128", "png", ("opencv", "libvips", "pillow-simd", "sharp"),
        1.1, 1.1, box=128),
    Job("J7", "canny to PNG", "photos2", "canny:100:high=200", "png", ("opencv", "libvips"), 1.3, None),
]}


def imgproc_command(program: str, job: Job, source: Path, target: Path, *more: str) -> list[str]:
    return [program, "--input", str(source), "--output", str(target), "--ops", job.recipe, "--backend", "cpu",
            "--format", job.format, "--quality", "85", "--quiet", *more]


def commands(program: str, job: Job, source: Path, names: list[str], results: Path) -> dict[str, list[str]]:
    """Of each program; it writes into the folder of its name in `results`."""
    def other(command: list[str], name: str) -> list[str]:
        return [*command, job.name, str(source), str(results / name)]
    others = {name: other(peers.PEERS[name](), name) for name in names}
    ours = imgproc_command(program, job, source, results / "imgproc")
    return others | {"floor": other([peers.floor()], "floor"), "imgproc": ours}
