"""Operations in memory on one thread, ours and OpenCV's in turn, call by call."""
from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import peers
import report

# glibc keeps the memory that was freed, so that neither side pays for pages that the system has to clear: those cost more than
# many an operation. Our side keeps buffers besides, as it does in a run over files. Large pages as numpy asks for them.
KEEP_MEMORY = {"GLIBC_TUNABLES": ":".join(f"glibc.malloc.{tunable}" for tunable in (
    "mmap_max=0", f"trim_threshold={1 << 36}", "arena_max=1", "hugetlb=1"))}
LONGEST = 60.0  # seconds on one operation, if it has been called often enough by then
ENOUGH = 3
BEYOND = 0.001  # share of samples that may be more than a level apart where both do the same work
GOAL = 1.3      # of the geometric mean


class Refused(Exception):
    pass


class Process:
    """Answers a line with a line."""

    def __init__(self, command: list[str], fresh: bool) -> None:
        environment = peers.environment() | ({} if fresh else KEEP_MEMORY)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def ask(self, line: str) -> str:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        status, _, answer = self.process.stdout.readline().rstrip("\n").partition(" ")
        if status != "ok":
            raise Refused(answer or f"it ended at: {line}")
        return answer

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


@dataclass
class Row:
    recipe: str
    channels: int
    way: str
    near: str
    ours: list[float]    # seconds of each round
    theirs: list[float]
    bytes: int           # of source and result
    beyond: float        # share of samples more than a level apart
    mean: float          # difference, levels

    def ratio(self) -> float:
        return statistics.median(b / a for a, b in zip(self.ours, self.theirs))

    def is_as_promised(self) -> bool:
        return bool(self.near) or self.beyond <= BEYOND


def built() -> tuple[str, str]:
    """The path of our side, and its version."""
    command = ["cargo", "bench", "--quiet", "--bench", "kernels", "--no-run", "--message-format=json"]
    lines = subprocess.run(command, cwd=peers.ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    artifacts = [json.loads(line) for line in lines if line.startswith("{")]
    made = next(a for a in artifacts if a.get("executable") and a["target"]["name"] == "kernels")
    return made["executable"], re.split("[@#]", made["package_id"])[-1]


def measure(entry: dict, number: int, ours: Process, theirs: Process, rounds: int, scratch: Path) -> Row:
    """The first round warms up, and its results are compared."""
    question = f"run {entry['channels']} {entry['recipe']}"
    result = scratch / "result.pnm"
    _, size = ours.ask(question).split()
    theirs.ask(f"run {number}")
    ours.ask(f"result {result}")
    beyond, mean = map(float, theirs.ask(f"compare {result}").split())
    row = Row(**entry, ours=[], theirs=[], bytes=int(size), beyond=beyond, mean=mean)
    begun = time.monotonic()
    while len(row.ours) < rounds and (len(row.ours) < ENOUGH or time.monotonic() - begun < LONGEST):
        row.ours.append(float(ours.ask(question).split()[0]))
        row.theirs.append(float(theirs.ask(f"run {number}")))
    return row


def measure_all(program: str, asked: argparse.Namespace) -> tuple[list[Row], float, list[str]]:
    """The rows, the image's pixels, and what went wrong."""
    options = [*(["--image", str(asked.image)] if asked.image else []), *(["--fresh"] if asked.fresh else [])]
    ours = Process([program, "--serve", *options], asked.fresh)
    theirs = Process([peers.python(peers.OPENCV_PYTHON), str(peers.HERE / "opencv_kernels.py")], asked.fresh)
    rows, faults = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for channels in (1, 3):
            image = Path(scratch) / f"{channels}.pnm"
            ours.ask(f"save {channels} {image}")
            theirs.ask(f"load {channels} {image}")
        pixels = math.prod(map(int, image.read_bytes()[:40].split(b"\n")[1].split()))
        for number, entry in enumerate(json.loads(theirs.ask("list"))):
            if asked.only and entry["recipe"].split(":")[0] not in asked.only:
                continue
            try:
                rows.append(measure(entry, number, ours, theirs, asked.rounds, Path(scratch)))
            except Refused as refusal:
                faults.append(f"{entry['recipe']} on {entry['channels']} channels: {refusal}")
                continue
            print("  ".join(cells(rows[-1], pixels)), flush=True)
    ours.close()
    theirs.close()
    return rows, pixels, faults


HEADER = ["recipe", "image", "imgproc ns/px", "GB/s", "OpenCV ns/px", "times as fast", "OpenCV's way", "mean difference"]
COLOURS = {1: "gray", 3: "RGB"}


def cells(row: Row, pixels: float) -> list[str]:
    ours, theirs = statistics.median(row.ours), statistics.median(row.theirs)
    recipe = row.recipe if len(row.recipe) < 44 else row.recipe[:40] + "…"
    return [f"`{recipe}`", COLOURS[row.channels], f"{ours * 1e9 / pixels:.2f}", f"{row.bytes / ours / 1e9:.1f}",
            f"{theirs * 1e9 / pixels:.2f}", f"{row.ratio():.2f}", row.way + (" *" if row.near else ""), f"{row.mean:.2g}"]


def mean_ratio(rows: list[Row]) -> float:
    return math.exp(sum(math.log(row.ratio()) for row in rows) / len(rows)) if rows else float("nan")


def summary(rows: list[Row]) -> list[str]:
    same = [row for row in rows if not row.near]
    slower = sorted((row for row in rows if row.ratio() < 1), key=Row.ratio)
    verdict = "met" if mean_ratio(rows) >= GOAL else "NOT MET"
    lines = [f"Geometric mean of the ratios: {mean_ratio(rows):.2f} over all {len(rows)} (at least {GOAL}: {verdict}), "
             f"{mean_ratio(same):.2f} over the {len(same)} that do the same work.",
             f"At least as fast as OpenCV: {len(rows) - len(slower)} of {len(rows)}."]
    if slower:
        named = ", ".join(f"`{row.recipe}` {COLOURS[row.channels]} {row.ratio():.2f}" for row in slower)
        lines.append(f"Slower: {named}.")
    return lines


def notes(rows: list[Row]) -> list[str]:
    """What the marked ones of OpenCV's do otherwise."""
    by_note: dict[str, list[str]] = {}
    for row in rows:
        if row.near:
            by_note.setdefault(row.near, []).append(f"`{row.recipe}`")
    return [f"* OpenCV {note}: {', '.join(dict.fromkeys(recipes))}." for note, recipes in by_note.items()]


def run(asked: argparse.Namespace) -> bool:
    """Prints the table. False where both did not do what the table says."""
    program, version = built()
    rows, pixels, faults = measure_all(program, asked)
    if not rows:
        raise SystemExit("nothing to measure" + "".join(f"\n  {fault}" for fault in faults))
    faults += [f"{row.recipe} on {COLOURS[row.channels]}: {100 * row.beyond:.2f} % of the samples more than a level apart"
               for row in rows if not row.is_as_promised()]
    versions = {"imgproc": version + peers.revision()} | peers.versions(["opencv"])
    memory = "fresh memory for every call" if asked.fresh else "memory kept between calls"
    where = f"{report.setting(versions)}; {pixels / 1e6:.0f} MP, one thread, {memory}, medians of up to {asked.rounds} rounds."
    table = [cells(row, pixels) for row in rows]
    print("\n" + report.plain(HEADER, table), *summary(rows), *notes(rows), where, sep="\n")
    for fault in faults:
        print(f"FAILS: {fault}")
    if asked.json:
        document = {"setting": where, "rows": [asdict(row) | {"ratio": row.ratio()} for row in rows]}
        asked.json.write_text(json.dumps(document, indent=1))
    if asked.markdown:
        text = "\n".join(line.replace("* ", r"\* ", 1) for line in notes(rows))
        report.write_section("kernels", "\n\n".join([where, " ".join(summary(rows)), report.markdown(HEADER, table), text]))
    return not faults
