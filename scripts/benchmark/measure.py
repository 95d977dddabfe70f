"""One run of a program, and rounds of several. Only the standard library, so that this process stays smaller than most of what it
measures."""
from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import peers
from headers import images

KIB = 1 if sys.platform == "linux" else 1 / 1024  # of a unit of ru_maxrss


@dataclass(frozen=True)
class Run:
    seconds: float
    cpu_seconds: float
    peak_mib: float  # of the largest process: of Pillow's several, one
    files: int
    bytes: int


class Failed(Exception):
    pass


def own_peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB / 1024


class Watch(threading.Thread):
    """Looks at a process's peak memory while it runs. What the system tells at its end is exact, but never less than what this
    process held when it was started."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.status, self.peak_mib, self.ended = Path(f"/proc/{process}/status"), 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.01):
            try:
                found = re.search(r"VmHWM:\s+(\d+) kB", self.status.read_text())
            except OSError:
                return
            self.peak_mib = int(found[1]) / 1024 if found else self.peak_mib


def run(command: list[str], target: Path) -> Run:
    """Starts the command with an empty folder `target`, which it fills."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    begun = time.perf_counter()
    try:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=peers.environment())
    except OSError as error:
        raise Failed(str(error)) from error
    watch = Watch(process.pid)
    watch.start()
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    watch.ended.set()
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if status:
        raise Failed(" ".join(errors.decode(errors="replace").split())[-300:] or f"exit status {process.returncode}")
    told = usage.ru_maxrss * KIB / 1024
    peak = told if told > own_peak() else watch.peak_mib or told
    sizes = [path.stat().st_size for path in images(target)]
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak, len(sizes), sum(sizes))


def rounds(commands: dict[str, list[str]], count: int, results: Path) -> tuple[dict[str, list[Run]], dict[str, str]]:
    """Every program in turn, round after round; each fills the folder of its name in `results`, which keeps what the last round
    wrote. The first round fills caches and is thrown away. Each round begins with the next program, so that none has the same
    one before it always. Gives the runs, and why a program that failed did."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    broken: dict[str, str] = {}
    names = list(commands)
    for turn in range(count + 1):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            if name in broken:
                continue
            try:
                result = run(commands[name], results / name)
            except Failed as failure:
                broken[name] = str(failure)
                continue
            if turn:
                runs[name].append(result)
    return {name: done for name, done in runs.items() if name not in broken}, broken


def as_json(runs: dict[str, list[Run]]) -> dict:
    return {name: [asdict(run) for run in done] for name, done in runs.items()}
