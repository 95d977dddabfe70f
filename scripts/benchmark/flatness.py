"""Whether memory stays flat: peak resident size over few files and over ten times as many."""
from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import tempfile
from pathlib import Path

import peers
import report
from jobs import Target
from measure import run as run_once
from tasks import JOBS, Job, imgproc_command

COUNTS = (100, 1000)
LIMIT = 1.1
RUNS = 3  # the greatest peak counts


def fill(folder: Path, source: Path, count: int) -> None:
    """So many links to the source's files, or copies where they can't be linked."""
    folder.mkdir()
    files = sorted(path for path in source.iterdir() if path.is_file())
    for number, path in enumerate(itertools.islice(itertools.cycle(files), count)):
        target = folder / f"{number:05}{path.suffix}"
        try:
            os.link(path, target)
        except OSError:
            shutil.copyfile(path, target)


def peak(program: str, job: Job, source: Path, scratch: Path) -> float:
    target = scratch / "out"
    return max(run_once(imgproc_command(program, job, source, target), target).peak_mib for _ in range(RUNS))


def run(asked: argparse.Namespace) -> bool:
    job = JOBS["J6"]
    peaks = {}
    with tempfile.TemporaryDirectory() as scratch:
        for count in COUNTS:
            source = Path(scratch) / f"{count}"
            fill(source, asked.small, count)
            peaks[count] = peak(asked.imgproc, job, source, Path(scratch))
    ratio = peaks[COUNTS[1]] / peaks[COUNTS[0]]
    target = Target(f"{COUNTS[1]} files over {COUNTS[0]}", ratio, LIMIT, False)
    told = ", ".join(f"{peak:.1f} MiB for {count} files" for count, peak in peaks.items())
    text = f"Peak memory of `{job.recipe}`: {told}; {target.text()}."
    print(text)
    if asked.json:
        asked.json.write_text(json.dumps({"peaks_mib": peaks, "ratio": ratio, "met": target.is_met()}))
    if asked.markdown:
        report.write_section("memory", f"{report.setting({'imgproc': peers.own_version(asked.imgproc)})}.\n\n{text}")
    return True
