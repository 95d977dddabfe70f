"""The four schedules held against what each should reach: where files are waited for, and where there is work."""
from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

import peers
import report
from jobs import Target

DELAY = 0.05  # seconds, of each file
FILES = 1000  # where files are waited for
FEWER_FILES = 100  # where they are waited for one after another
QUARTER = 250  # of the files, whose memory is compared with that of all
WORK = "grayscale,gaussian_blur:2,sobel"
WORK_FILES = 50
RUNS = 5
IN_FLIGHT = (8, 512)  # between which threads must not grow
COUNTED_FILES = 600


def compare(program: str, source: Path, arguments: list[str]) -> dict[str, dict]:
    """Figures of each schedule on the CPU; one load at a time."""
    command = [program, "compare", "--input", str(source), "--backends", "cpu", "--json", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=peers.environment())
    if done.returncode:
        raise SystemExit(done.stderr)
    load = json.loads(done.stdout)["loads"][0]
    return {run["schedule"]: run["figures"] | {"images": load["images"]} for run in load["runs"]}


def rate(figures: dict) -> float:
    return figures["images_per_second"]


def peak_mib(figures: dict) -> float:
    return (figures["peak_memory_bytes"] or 0) / 2 ** 20


def waiting(program: str, source: Path, cores: int) -> tuple[dict[str, dict], list[Target]]:
    """Small files, each of them 50 ms late."""
    shared = ["--loads", "waiting", "--source-delay", f"{int(1000 * DELAY)}ms", "--ops", "invert", "--runs", "3"]
    many = compare(program, source, [*shared, "--images", str(FILES), "--schedules", "concurrent,overlapped"])
    quarter = compare(program, source, [*shared, "--images", str(QUARTER), "--schedules", "concurrent,overlapped"])
    few = compare(program, source, [*shared, "--images", str(FEWER_FILES), "--schedules", "sequential,parallel"])
    figures = few | many
    in_flight = max(2 * cores, 16)
    possible = in_flight / DELAY
    best = max(rate(row) for name, row in figures.items() if name != "overlapped")
    return figures, [
        Target(f"concurrent over what {in_flight} files in flight allow", rate(many["concurrent"]) / possible, 0.9, True),
        Target(f"overlapped over what {in_flight} files in flight allow", rate(many["overlapped"]) / possible, 0.9, True),
        Target(f"parallel over sequential, {cores} workers", rate(figures["parallel"]) / rate(figures["sequential"]), 0.95 * cores, True),
        Target("overlapped over the best other", rate(figures["overlapped"]) / best, 0.97, True),
        *(Target(f"peak memory of {name}, {FILES} files over {QUARTER}", peak_mib(many[name]) / peak_mib(quarter[name]), 1.1, False)
          for name in many),
    ]


def independent(program: str, source: Path, cores: int) -> float:
    """How many times the images of one sequential process as many of them as there are cores do, side by side."""
    with tempfile.TemporaryDirectory() as scratch:
        def start(name: str) -> subprocess.Popen:
            command = [program, "--input", str(source), "--ops", WORK, "--output", f"{scratch}/{name}", "--backend", "cpu",
                       "--schedule", "sequential", "--json"]
            return subprocess.Popen(command, stdout=subprocess.PIPE, env=peers.environment())

        def seconds(processes: list[subprocess.Popen]) -> float:
            return max(json.loads(process.communicate()[0])["seconds"] for process in processes)

        ratios = []
        for turn in range(RUNS):
            alone = seconds([start(f"{turn}-alone")])
            together = seconds([start(f"{turn}-{number}") for number in range(cores)])
            ratios.append(cores * alone / together)
        return statistics.median(ratios)


def work(program: str, source: Path, cores: int) -> tuple[dict[str, dict], list[Target]]:
    """Files in memory."""
    figures = compare(program, source, ["--loads", "work", "--ops", WORK, "--images", str(WORK_FILES), "--runs", str(RUNS)])
    over = {name: rate(row) / rate(figures["sequential"]) for name, row in figures.items()}
    side_by_side = independent(program, source, cores)
    best = max(ratio for name, ratio in over.items() if name != "overlapped")
    return figures, [
        Target("concurrent over sequential", over["concurrent"], 0.97, True),
        Target(f"parallel over sequential, {cores} cores", over["parallel"], 0.95 * cores, True),
        Target(f"overlapped over sequential, {cores} cores", over["overlapped"], 0.95 * cores, True),
        Target(f"{cores} processes of their own over one", side_by_side, None, True),
        Target(f"overlapped over {cores} processes of their own", over["overlapped"] / side_by_side, 0.95, True),
        Target("overlapped over the best other", over["overlapped"] / best, 0.97, True),
    ]


def threads(program: str, source: Path) -> tuple[dict[int, dict], list[Target]]:
    """Threads by files in flight."""
    counted = {}
    for in_flight in IN_FLIGHT:
        arguments = ["--loads", "waiting", "--source-delay", "20ms", "--ops", "invert", "--runs", "1",
                     "--images", str(COUNTED_FILES), "--schedules", "concurrent,overlapped", "--in-flight", str(in_flight)]
        counted[in_flight] = compare(program, source, arguments)
    least, most = (counted[in_flight] for in_flight in IN_FLIGHT)
    return counted, [Target(f"threads of {name}, {IN_FLIGHT[1]} files in flight over {IN_FLIGHT[0]}",
                            most[name]["threads"] / least[name]["threads"], 1.0, False) for name in least]


HEADER = ["schedule", "images", "images/s", "over sequential", "waiting", "cores busy", "threads", "peak MiB"]


def rows(figures: dict[str, dict]) -> report.Rows:
    sequential = rate(figures["sequential"])
    return [[name, str(row["images"]), f"{rate(row):.1f}", f"{rate(row) / sequential:.2f}", f"{100 * row['waiting']:.0f} %",
             f"{row['cores_busy']:.2f}", str(row["threads"]), f"{peak_mib(row):.0f}"] for name, row in figures.items()]


def run(asked: argparse.Namespace) -> bool:
    cores = os.cpu_count() or 1
    loads = {"waiting-bound": waiting(asked.imgproc, asked.small, cores), "work-bound": work(asked.imgproc, asked.photos2, cores)}
    counted, thread_targets = threads(asked.imgproc, asked.small)
    about = {"waiting-bound": f"small files, each {int(1000 * DELAY)} ms late, `invert`", "work-bound": f"files in memory, `{WORK}`"}
    parts = [f"{report.setting({'imgproc': peers.own_version(asked.imgproc)})}. Medians."]
    for name, (figures, targets) in loads.items():
        print(f"\n{name}: {about[name]}\n{report.plain(HEADER, rows(figures))}")
        print("\n".join(f"  target: {target.text()}" for target in targets))
        parts += [f"**{name}: {about[name]}**", report.markdown(HEADER, rows(figures)), "; ".join(t.text() for t in targets) + "."]
    text = "; ".join(target.text() for target in thread_targets)
    print("  target: " + text)
    parts.append(text + ".")
    if asked.json:
        targets = {name: [vars(t) | {"met": t.is_met()} for t in found] for name, (_, found) in loads.items()}
        asked.json.write_text(json.dumps({"loads": {name: found for name, (found, _) in loads.items()}, "targets": targets,
                                          "threads": {str(n): {s: row["threads"] for s, row in found.items()}
                                                      for n, found in counted.items()}}, indent=1))
    if asked.markdown:
        report.write_section("schedules", "\n\n".join(parts))
    return True
