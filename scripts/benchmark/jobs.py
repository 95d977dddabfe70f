"""A job beside the others: its rounds, and how they are judged."""
from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

import honesty
import peers
from headers import header
from honesty import Check
from measure import Run, rounds
from tasks import Job, commands

MEMORY = 1.5  # of the leanest of the three fastest peers


@dataclass
class Target:
    what: str
    value: float
    limit: float | None  # none: only to be told
    at_least: bool

    def text(self) -> str:
        if self.limit is None:
            return f"{self.what} {self.value:.2f} (no target)"
        relation, verdict = "at least" if self.at_least else "at most", "met" if self.is_met() else "NOT MET"
        return f"{self.what} {self.value:.2f} ({relation} {self.limit:g}: {verdict})"

    def is_met(self) -> bool:
        return self.limit is None or (self.value >= self.limit if self.at_least else self.value <= self.limit)


@dataclass
class Result:
    job: Job
    images: int
    megapixels: float
    runs: dict[str, list[Run]]  # imgproc, floor and the peers
    targets: list[Target]
    checks: list[Check]


def median(values) -> float:
    return statistics.median(values)


def seconds(runs: dict[str, list[Run]], name: str) -> float:
    return median(run.seconds for run in runs[name])


def peak(runs: dict[str, list[Run]], name: str) -> float:
    return max(run.peak_mib for run in runs[name])


def ratio(runs: dict[str, list[Run]], over: str, under: str) -> float:
    """The median of the rounds' own ratios of time: what slows a whole round down falls out."""
    return median(a.seconds / b.seconds for a, b in zip(runs[over], runs[under]))


def measure(program: str, job: Job, source: Path, names: list[str], count: int, scratch: Path) -> Result:
    """Runs the job, judges its times, and checks what was written."""
    runs, broken = rounds(commands(program, job, source, names, scratch), count, scratch)
    sizes = [header(path) for path in sorted(source.iterdir())]
    result = Result(job, len(sizes), sum(size.width * size.height for size in sizes) / 1e6, runs, [], [])
    if "imgproc" in runs:
        result.targets = targets(job, runs)
        result.checks = honesty.checks(job, source, scratch, list(runs), fastest(runs, peer_names(runs)))
        if job.scaled_decoding:
            result.checks.append(honesty.same_look(program, job, source, scratch))
    # A peer left out might be the fastest one: whoever has not got it says so by --peers.
    result.checks += [Check(f"{name} runs, but: {why}", False) for name, why in broken.items()]
    return result


def peer_names(runs: dict[str, list[Run]]) -> list[str]:
    return [name for name in runs if name in peers.PEERS]


def fastest(runs: dict[str, list[Run]], names: list[str]) -> str | None:
    return min(names, key=lambda name: seconds(runs, name), default=None)


def targets(job: Job, runs: dict[str, list[Run]]) -> list[Target]:
    found = []
    names = peer_names(runs)
    rival = fastest(runs, [name for name in names if name not in job.apart])
    if rival:
        found.append(Target(f"over {rival}", ratio(runs, rival, "imgproc"), job.over_fastest, True))
    for name in job.apart.keys() & runs.keys():
        found.append(Target(f"over {name}", ratio(runs, name, "imgproc"), job.apart[name], True))
    if "floor" in runs:
        found.append(Target("time over the floor's", ratio(runs, "imgproc", "floor"), job.over_floor, False))
    if names:
        three = sorted(names, key=lambda name: seconds(runs, name))[:3]
        leanest = min(three, key=lambda name: peak(runs, name))
        found.append(Target(f"memory over {leanest}'s", peak(runs, "imgproc") / peak(runs, leanest), MEMORY, False))
    return found


# ---------------------------------------------------------------- tables

HEADER = ["program", "images/s", "MP/s", "CPU s", "peak MiB", "written MB", "imgproc times as fast"]


def rows(result: Result) -> list[list[str]]:
    """The programs of a job, the fastest first."""
    table = []
    for name in sorted(result.runs, key=lambda name: seconds(result.runs, name)):
        runs, time = result.runs[name], seconds(result.runs, name)
        compared = name != "imgproc" and "imgproc" in result.runs
        over = f"{ratio(result.runs, name, 'imgproc'):.2f}" if compared else ""
        table.append([name, f"{result.images / time:.1f}", f"{result.megapixels / time:.1f}",
                      f"{median(run.cpu_seconds for run in runs):.2f}", f"{peak(result.runs, name):.0f}",
                      f"{runs[-1].bytes / 1e6:.2f}", over])
    return table


def title(result: Result) -> str:
    return f"{result.job.name}, {result.job.work}: `{result.job.recipe}` ({result.images} images, {result.megapixels:.0f} MP)"
