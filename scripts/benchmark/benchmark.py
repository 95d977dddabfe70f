#!/usr/bin/env python3
"""Measures imgproc beside OpenCV, libvips, Pillow-SIMD, sharp and the codecs alone.

    scripts/benchmark/benchmark.py install
    scripts/benchmark/benchmark.py jobs J1 J2 J3 J4 J5 J6 J7 --photos12 DIR --photos2 DIR --small DIR
    scripts/benchmark/benchmark.py memory --small DIR
    scripts/benchmark/benchmark.py kernels
    scripts/benchmark/benchmark.py schedules --small DIR --photos2 DIR

The other programs are put into the folder IMGPROC_PEERS (by default imgproc-peers in the user's cache). docs/performance.md says
how to read what is printed. The exit status is 1 where a comparison is not a fair one, 0 even if a target is not met.
Linux and macOS; Python 3.9 or later.
"""
from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import flatness
import jobs
import kernels
import peers
import report
import schedules
from measure import as_json
from tasks import JOBS


def folder(text: str) -> Path:
    path = Path(text).resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="put the other programs into IMGPROC_PEERS")

    job = commands.add_parser("jobs", help="whole runs, from file to file, beside the others")
    job.add_argument("names", nargs="+", choices=sorted(JOBS), metavar="JOB", help=", ".join(JOBS))
    job.add_argument("--photos12", type=folder, help="JPEGs of about 12 MP, for J1 and J2")
    job.add_argument("--photos2", type=folder, help="JPEGs of about 2 MP, for J3, J4, J5 and J7")
    job.add_argument("--small", type=folder, help="many small JPEGs, for J6")
    job.add_argument("--runs", type=int, default=5, help="rounds that count; one before them does not")
    job.add_argument("--peers", help="some of " + ",".join(peers.PEERS))

    memory = commands.add_parser("memory", help="peak memory of ours by the number of files")
    memory.add_argument("--small", type=folder, required=True, help="JPEGs to take again and again")

    kernel = commands.add_parser("kernels", help="operations in memory, one thread, beside OpenCV's")
    kernel.add_argument("only", nargs="*", metavar="OPERATION", help="some of them; by default all")
    kernel.add_argument("--image", type=Path, help="an 8-bit RGB image; by default a drawn one of 12 MP")
    kernel.add_argument("--rounds", type=int, default=7, help="calls of each side that count; fewer where they take long")
    kernel.add_argument("--fresh", action="store_true", help="let every call get its memory anew from the system")

    schedule = commands.add_parser("schedules", help="the four schedules against what each should reach")
    schedule.add_argument("--small", type=folder, required=True, help="small images, to be waited for")
    schedule.add_argument("--photos2", type=folder, required=True, help="JPEGs of about 2 MP, to be worked on")

    for command in (job, memory, schedule):
        command.add_argument("--imgproc", default=str(peers.program()), help="our program")
    for command in (job, memory, kernel, schedule):
        command.add_argument("--json", type=Path, help="write all figures into this file")
        command.add_argument("--markdown", action="store_true", help="write the tables into docs/performance.md")
    return parser.parse_args()


def run_jobs(asked: argparse.Namespace) -> bool:
    chosen = [JOBS[name] for name in dict.fromkeys(asked.names)]
    for job in chosen:
        if getattr(asked, job.folder) is None:
            raise SystemExit(f"{job.name} needs --{job.folder}")
    allowed = asked.peers.split(",") if asked.peers is not None else list(peers.PEERS)
    unknown = [name for name in allowed if name and name not in peers.PEERS]
    if unknown:
        raise SystemExit(f"no peer {', '.join(unknown)}; there are {', '.join(peers.PEERS)}")
    results = []
    for job in chosen:
        names = [name for name in job.peers if name in allowed]
        with tempfile.TemporaryDirectory() as scratch:
            results.append(jobs.measure(asked.imgproc, job, getattr(asked, job.folder), names, asked.runs, Path(scratch)))
        print(as_text(results[-1]), flush=True)
    taken = [name for name in peers.PEERS if any(name in result.runs for result in results)]
    versions = {"imgproc": peers.own_version(asked.imgproc)} | peers.versions([*taken, "floor"])
    print("\n" + report.setting(versions))
    if asked.json:
        asked.json.write_text(json.dumps({"setting": report.setting(versions), "jobs": [document(r) for r in results]}, indent=1))
    if asked.markdown:
        report.write_section("jobs", page(results, versions, asked.runs))
    return all(check.ok for result in results for check in result.checks)


def as_text(result: jobs.Result) -> str:
    lines = ["", jobs.title(result), report.plain(jobs.HEADER, jobs.rows(result))]
    lines += [f"  target: {target.text()}" for target in result.targets]
    lines += [f"  {'ok' if check.ok else 'FAILS'}: {check.text}" for check in result.checks]
    return "\n".join(lines)


def document(result: jobs.Result) -> dict:
    return {"job": result.job.name, "recipe": result.job.recipe, "images": result.images, "megapixels": result.megapixels,
            "runs": as_json(result.runs),
            "targets": [vars(target) | {"met": target.is_met()} for target in result.targets],
            "checks": [vars(check) for check in result.checks]}


def page(results: list[jobs.Result], versions: dict[str, str], runs: int) -> str:
    """What of the jobs belongs on the page: a line of ratios for each, then its table."""
    summary = [[result.job.name, f"`{result.job.recipe}`", "<br>".join(target.text() for target in result.targets),
                "fair" if all(check.ok for check in result.checks) else "NOT FAIR"] for result in results]
    parts = [f"{report.setting(versions)}. Medians of {runs} rounds.",
             report.markdown(["job", "recipe", "imgproc", "checks"], summary)]
    for result in results:
        checks = "; ".join(check.text for check in result.checks)
        parts += [f"**{jobs.title(result)}**", report.markdown(jobs.HEADER, jobs.rows(result)), f"Checked: {checks}."]
    return "\n\n".join(parts)


def main() -> int:
    asked = arguments()
    if asked.command == "install":
        return peers.install()
    if asked.command in ("jobs", "memory", "schedules") and not Path(asked.imgproc).is_file():
        raise SystemExit(f"there is no {asked.imgproc}: cargo build --release, or say --imgproc")
    run = {"jobs": run_jobs, "memory": flatness.run, "kernels": kernels.run, "schedules": schedules.run}[asked.command]
    return 0 if run(asked) else 1


if __name__ == "__main__":
    sys.exit(main())
