"""Whether the results are worth comparing: no speed by lower quality, by fewer or smaller files."""
from __future__ import annotations

import math
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import peers
from headers import Header, header, images
from measure import Failed, run
from tasks import Job, imgproc_command

PNG_SIZE = 1.1     # of the fastest peer's, in all
LEAST_LOOK = 0.99  # structural similarity to what full decoding gives


@dataclass
class Check:
    text: str
    ok: bool


def headers(folder: Path) -> dict[str, Header]:
    return {path.stem: header(path) for path in images(folder)}


def checks(job: Job, source: Path, results: Path, names: list[str], fastest: str | None) -> list[Check]:
    """`results` holds a folder for each of the programs named."""
    inputs = headers(source)
    written = {name: headers(results / name) for name in names}
    ours = written.pop("imgproc")
    # The floor of a job may write nothing.
    others = {name: files for name, files in written.items() if name != "floor" or files}
    found = [same_count(inputs, ours, others), as_defined(job, inputs, ours), same_sizes(ours, others)]
    if job.format == "jpeg":
        found += [same_tables(ours, name, files) for name, files in others.items()]
    elif fastest:
        found.append(png_sizes(results, fastest, others))
    return found


def same_count(inputs: dict, ours: dict, others: dict[str, dict]) -> Check:
    counts = {"imgproc": len(ours)} | {name: len(files) for name, files in others.items()}
    odd = [f"{name} {count}" for name, count in counts.items() if count != len(inputs)]
    return Check(f"{len(inputs)} files from each" + (f", but {', '.join(odd)}" if odd else ""), not odd)


def rounded(value: float) -> int:
    return max(1, math.floor(value + 0.5))


def defined_size(job: Job, source: Header) -> tuple[int, int]:
    scale = job.percent / 100
    if job.box:
        scale = min(job.box / source.width, job.box / source.height)
    return rounded(source.width * scale), rounded(source.height * scale)


def as_defined(job: Job, inputs: dict[str, Header], ours: dict[str, Header]) -> Check:
    """EXIF may say that width and height change places."""
    wrong = [f"{name} {made.width}x{made.height}" for name, made in ours.items()
             if name in inputs and defined_size(job, inputs[name]) not in ((made.width, made.height), (made.height, made.width))]
    return Check("sizes are those that the job defines" + (f", but {', '.join(wrong[:3])}" if wrong else ""), not wrong)


def same_sizes(ours: dict[str, Header], others: dict[str, dict[str, Header]]) -> Check:
    """To a pixel: programs round the free side of a box each in their way."""
    def apart(a: Header, b: Header) -> int:
        return max(abs(a.width - b.width), abs(a.height - b.height))
    odd = [f"{name} {stem}" for name, files in others.items() for stem, made in files.items()
           if stem in ours and apart(ours[stem], made) > 1]
    return Check("sizes are everybody's, to a pixel" + (f", but {len(odd)} as {odd[0]}" if odd else ""), not odd)


def same_tables(ours: dict[str, Header], name: str, theirs: dict[str, Header]) -> Check:
    """The same quantisation tables and, in colour, subsampling in every file. The floor's are of quality 85 and 4:2:0."""
    def quality(made: Header):
        colour = len(made.sampling) > 1
        return (made.tables, made.sampling) if colour else made.tables[:1]
    odd = [stem for stem, made in ours.items() if stem in theirs and quality(made) != quality(theirs[stem])]
    text = f"quantisation tables and subsampling as {name}'s"
    return Check(text + (f", but not in {len(odd)} files as {odd[0]}" if odd else ""), not odd)


def total(folder: Path) -> int:
    return sum(path.stat().st_size for path in images(folder))


def png_sizes(results: Path, fastest: str, others: dict[str, dict]) -> Check:
    ours = total(results / "imgproc")
    told = ", ".join(f"{ours / total(results / name):.3f} of {name}'s" for name in others)
    return Check(f"PNG files in all are {told}; at most {PNG_SIZE} of {fastest}'s", ours <= PNG_SIZE * total(results / fastest))


def same_look(program: str, job: Job, source: Path, results: Path) -> Check:
    """How like our results are to those of full decoding; as PNG, since JPEG quantises the two each in their way."""
    folders = {"scaled": [], "exact": ["--exact"]}
    try:
        for name, more in folders.items():
            run(imgproc_command(program, replace(job, format="png"), source, results / name, *more), results / name)
        command = [peers.python(peers.OPENCV_PYTHON), str(peers.HERE / "similarity.py")]
        command += [str(results / name) for name in folders]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    except (Failed, subprocess.CalledProcessError, OSError) as error:
        return Check(f"likeness to full decoding: {error}", False)
    values = [float(line) for line in lines]
    mean, least = sum(values) / len(values), min(values)
    text = f"structural similarity to full decoding: mean {mean:.4f}, least {least:.4f}; at least {LEAST_LOOK}"
    return Check(text, least >= LEAST_LOOK)
