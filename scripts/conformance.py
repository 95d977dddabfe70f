#!/usr/bin/env python3
"""Compares every operation of imgproc with the published function that defines it, and writes docs/conformance.md.

    pip install -r scripts/conformance-requirements.txt
    cargo build --release && python3 scripts/conformance.py

The exit status is 1 where a result lies beyond its tolerance, or where the program has an operation that is compared
with nothing. published/ holds the comparisons.
"""
import argparse
import importlib.util
import platform
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

from published import OPERATIONS, Refused

ROOT = Path(__file__).resolve().parent.parent
LAYOUTS = {"gray": 1, "gray-alpha": 2, "rgb": 3, "rgba": 4}
SEED = 20240607
CODES = {8: 1, 16: 257}                   # in a level
TOLERANCE_16 = {0: 1 / 257, 1: 5 / 257}   # for that many levels at 8 bits: f32 keeps far within a level
LARGE = 40_000                            # pixels; too many for the reference implementation, which is slow


# ---------------------------------------------------------------- images

def noise(random, width, height, channels):
    return random.random((height, width, channels))


def steps(random, width, height, channels):
    """Few levels, so that many samples tie."""
    return random.integers(0, 4, (height, width, channels)) / 3


def gradient(random, width, height, channels):
    """A ramp in another direction for each channel."""
    y, x = np.mgrid[:height, :width] / max(width, height, 2)
    return np.stack([(np.cos(c + 0.3) * x + np.sin(c + 0.3) * y) % 1 for c in range(channels)], axis=2)


def flat(random, width, height, channels):
    return np.broadcast_to(random.random(channels), (height, width, channels))


def shapes(random, width, height, channels):
    """Discs and boxes upon one another, with a little noise; those drawn first are as large as the image."""
    out = np.zeros((height, width, channels))
    y, x = np.mgrid[:height, :width]
    for size in np.geomspace(max(width, height), 3, 40):
        dx, dy = np.abs(x - random.integers(width)), np.abs(y - random.integers(height))
        inside = np.hypot(dx, dy) < size / 2 if random.random() < 0.5 else np.maximum(dx, 2 * dy) < size / 2
        out[inside] = random.random(channels)
    return out + random.normal(0, 0.01, out.shape) * random.integers(0, 2, (height, width, 1))


DRAWINGS = [(noise, 1, 1), (noise, 7, 1), (noise, 1, 6), (noise, 3, 2), (noise, 33, 17), (steps, 16, 16),
            (gradient, 40, 31), (flat, 9, 9), (shapes, 67, 45)]


def drawn_images(depth):
    """name -> codes, height x width x channels. Alpha is 0 or full in about half of the pixels."""
    random = np.random.default_rng(SEED)
    images = {}
    for layout, channels in LAYOUTS.items():
        large = [(shapes, 503, 301)] if channels in (1, 3) and depth == 8 else []
        for draw, width, height in DRAWINGS + large:
            values = np.array(draw(random, width, height, channels))
            if channels in (2, 4):
                values[..., -1] = 2 * values[..., -1] - 0.5
            codes = np.floor(np.clip(values, 0, 1) * (2 ** depth - 1) + 0.5).astype(int)
            images[f"{draw.__name__}-{layout}-{width}x{height}"] = codes
    return images


def sample_images(depth):
    """The project's samples of that depth, every second pixel of every second row."""
    samples = {path.stem: read_codes(path) for path in sorted((ROOT / "assets/samples").iterdir())}
    return {name: codes[::2, ::2].astype(int) for name, codes in samples.items() if codes.dtype.itemsize * 8 == depth}


def read_codes(path):
    codes = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if codes.ndim == 2:
        return codes[..., None]
    gray_alpha = path.suffix == ".png" and path.read_bytes()[25] == 4  # which OpenCV reads as four channels
    return codes[..., [0, 3] if gray_alpha else [2, 1, 0, 3][:codes.shape[2]]]


def write_png(path, codes, depth):
    """Any layout at either depth: OpenCV and Pillow write no gray with alpha at 16 bits."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    height, width, channels = codes.shape
    rows = np.ascontiguousarray(codes.astype(f">u{depth // 8}")).reshape(height, -1).view("u1")
    filtered = np.pad(rows, ((0, 0), (1, 0))).tobytes()
    header = struct.pack(">IIBBBBB", width, height, depth, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(filtered, 1)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


# ---------------------------------------------------------------- the program

def registry(imgproc):
    """operation -> tolerance in levels, as the program's own table promises"""
    table = subprocess.check_output([imgproc, "ops", "--markdown"], text=True)
    return {name: float(promise) for name, promise in re.findall(r"^\| `(.+?)` \|.*\|(.+)\|$", table, re.MULTILINE)}


def recipe_text(name, parameters):
    def text(value):
        if isinstance(value, tuple):
            return (";" if isinstance(value[0], tuple) else "/").join(map(text, value))
        return str(value).lower()
    return ":".join([name] + [f"{key}={text(value)}" for key, value in parameters.items()])


def run_imgproc(imgproc, folder, recipe):
    """name -> codes of each image that the recipe applied to"""
    with tempfile.TemporaryDirectory() as out:
        command = [imgproc, "-i", folder, "-o", out, "--format", "png", "--ops", recipe, "--backend", "cpu", "--quiet", "--exact"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{recipe}: {done.stderr}")
        return {path.stem: read_codes(path).astype(int) for path in Path(out).iterdir()}


# ---------------------------------------------------------------- comparing

@dataclass
class Tally:
    """What the comparison of one recipe, or of all of an operation, came to."""
    cases: int = 0
    samples: int = 0
    differing: int = 0
    worst: float = 0.0
    from_half: float = 0.0  # of the samples one code apart, how far the expected value lies from a half, in codes
    failures: list = field(default_factory=list)

    def __add__(self, other):
        return Tally(self.cases + other.cases, self.samples + other.samples, self.differing + other.differing,
                     max(self.worst, other.worst), max(self.from_half, other.from_half), self.failures + other.failures)


def difference(ours, theirs):
    """In codes. Colour is left out where alpha is 0 in both."""
    out = np.abs(ours - theirs)
    if ours.shape[2] in (2, 4):
        out[(ours[..., -1] == 0) & (theirs[..., -1] == 0)] = 0
    return out


def quantised(levels, depth):
    return np.floor(CODES[depth] * np.clip(levels, 0, 255) + 0.5).astype(int)


def within(theirs, depth, tolerance):
    """What each pixel may differ by. At 16 bits weights below 0 may leave alpha under a level, and the colour there, a
    quotient of two such sums, has few exact digits in f32."""
    thin = depth == 16 and tolerance > TOLERANCE_16[0] and theirs.shape[2] in (2, 4)
    return np.where(theirs[..., -1] < 1, 1, tolerance) if thin else tolerance


def tally(recipe, results, expected, images, depth, tolerance, share):
    """Compares a recipe's results with what is expected of each image: levels, or None where it doesn't apply."""
    total, pixels, beyond, farthest = Tally(), 0, 0, ""
    for name, codes in images.items():
        ours, theirs = results.get(name), expected(codes)
        if ours is None and theirs is None:
            continue
        if ours is None or theirs is None or ours.shape != theirs.shape:
            sizes = " and ".join("none" if a is None else str(a.shape) for a in (ours, theirs))
            total.failures.append(f"{recipe} on {name}: results of {sizes}")
            continue
        codes_apart = difference(ours, quantised(theirs, depth))
        from_half = np.abs(theirs * CODES[depth] % 1 - 0.5)[codes_apart == 1].max(initial=0)
        d = codes_apart / CODES[depth]
        farthest = name if d.max() > total.worst else farthest
        pixels += d[..., 0].size
        beyond += np.count_nonzero(d.max(axis=2) > within(theirs, depth, tolerance))
        total += Tally(1, d.size, np.count_nonzero(d), d.max(), from_half)
    if total.cases == 0:
        total.failures.append(f"{recipe}: applied to no image")
    if beyond > share * pixels:
        total.failures.append(f"{recipe}, {depth} bits: {beyond} of {pixels} pixels beyond {tolerance:.2g}, "
                              f"by up to {total.worst:.4g} levels ({farthest})")
    return total


def published(operation, parameters):
    def expected(codes):
        try:
            return operation(codes.astype(float), parameters)
        except Refused:
            return None
    return expected


def referenced(reference, recipe, depth):
    def expected(codes):
        try:
            return reference.run_recipe(reference.from_codes(codes, depth), recipe, depth)
        except reference.ImageError:
            return None
    return expected


def changed(results):
    """The results with one sample of one image changed by half the range."""
    name = min(results)
    results[name][0, 0, 0] = (results[name][0, 0, 0] + 128) % 256
    return results


def load_module(path):
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module
    spec.loader.exec_module(module)
    return module


class Run:
    """Images of both depths on disk, the program, and the second column's implementation where there is one."""

    def __init__(self, arguments, folder):
        self.imgproc, self.reference = arguments.imgproc, arguments.reference and load_module(arguments.reference)
        self.images = {depth: drawn_images(depth) | sample_images(depth) for depth in (8, 16)}
        self.folders = {depth: Path(folder) / str(depth) for depth in self.images}
        for depth, images in self.images.items():
            self.folders[depth].mkdir()
            for name, codes in images.items():
                write_png(self.folders[depth] / f"{name}.png", codes, depth)

    def compare(self, name, parameters, perturb):
        """Tallies of one recipe: against the published function, and at 8 and 16 bits against the reference."""
        operation, recipe = OPERATIONS[name], recipe_text(name, parameters)
        tolerance, share = operation.limit(parameters)
        try:
            results = run_imgproc(self.imgproc, self.folders[8], recipe)
            results = changed(results) if perturb else results
            expected = published(operation, parameters)
            tallies = {"published": tally(recipe, results, expected, self.images[8], 8, tolerance, share)}
            if not self.reference or name not in self.reference.OPERATIONS:
                return tallies
            for depth, levels in ((8, tolerance), (16, TOLERANCE_16[tolerance])):
                results = results if depth == 8 else run_imgproc(self.imgproc, self.folders[16], recipe)
                images = {name: codes for name, codes in self.images[depth].items() if codes[..., 0].size <= LARGE}
                expected = referenced(self.reference, recipe, depth)
                tallies[depth] = tally(recipe, results, expected, images, depth, levels, share)
            return tallies
        except Exception as error:  # one recipe's trouble is its own verdict
            return {"published": Tally(failures=[f"{recipe}: {error!r}"])}


def compare_all(run, names, perturb):
    """operation -> column -> tally of all its recipes; prints what fails."""
    jobs = [(name, parameters) for name in names for parameters in OPERATIONS[name].recipes]
    victim = next(job for job in jobs if OPERATIONS[job[0]].limit(job[1])[1] == 0) if perturb else None
    totals = {name: {} for name in names}
    with ThreadPoolExecutor() as pool:
        for (name, _), tallies in zip(jobs, pool.map(lambda job: run.compare(*job, job is victim), jobs)):
            for column, one in tallies.items():
                totals[name][column] = totals[name].get(column, Tally()) + one
                for failure in one.failures:
                    print(f"FAILS ({column}) {failure}", flush=True)
    return totals


def registry_faults(promised):
    """What the program and the comparisons don't agree on."""
    for name, promise in promised.items():
        if name not in OPERATIONS:
            yield f"{name}: the program has it, and it is compared with nothing: enter it in scripts/published"
            continue
        widest = max(OPERATIONS[name].limit(parameters)[0] for parameters in OPERATIONS[name].recipes)
        if promise != widest:
            yield f"{name}: the program promises {promise:g} levels, the comparison allows {widest}"


# ---------------------------------------------------------------- the report

def percent(part, whole):
    share = 100 * part / max(whole, 1)
    return "0" if part == 0 else f"{share:.4f}" if share >= 0.0001 else "under 0.0001"


def allowed(operation, depth=8):
    limits = {operation.limit(p) for p in operation.recipes}
    texts = []
    for tolerance, share in sorted(limits):
        levels = f"{tolerance}" if depth == 8 else "5/257" if tolerance else "1/257"
        texts.append(levels + (f" + {100 * share:g} %" if share else ""))
    return ", ".join(texts)


def verdict(*tallies):
    return "**fails**" if any(t.failures for t in tallies) else "ok"


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def published_row(name, tallies):
    operation, t = OPERATIONS[name], tallies["published"]
    recipes = ", ".join(f"`{recipe_text('', p)[1:]}`" if p else "default" for p in operation.recipes)
    from_half = f"{t.from_half:.1g}" if t.differing else ""
    return [f"`{name}`", recipes, operation.compared_with, t.cases, f"{t.samples:,}", f"{t.worst:g}",
            percent(t.differing, t.samples), from_half, allowed(operation), verdict(t)]


def reference_row(name, tallies):
    def cells(depth):
        t = tallies[depth]
        share = percent(t.differing, t.samples)
        return [t.cases, f"{t.samples:,}", f"{t.worst:.3g}", share, allowed(OPERATIONS[name], depth)]
    return [f"`{name}`", *cells(8), *cells(16), verdict(tallies[8], tallies[16])]


def reasons(totals):
    """Why results differ, each reason with the operations that it is given for."""
    named = {}
    for name, tallies in totals.items():
        if tallies["published"].differing:
            named.setdefault(OPERATIONS[name].why, []).append(f"`{name}`")
    return "\n".join(f"- {', '.join(names)}: {why}" for why, names in named.items())


def report(arguments, totals, absent):
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    program = subprocess.check_output([arguments.imgproc, "--version"], text=True).strip()
    second = [reference_row(name, tallies) for name, tallies in totals.items() if 16 in tallies]
    command = "scripts/conformance.py" + (f" --reference {arguments.reference.name}" if arguments.reference else "")
    text = TEMPLATE.format(
        command=command, program=program, date=date.today(), libraries=libraries, python=platform.python_version(),
        failures=sum(len(t.failures) for tallies in totals.values() for t in tallies.values()) or "none",
        published=table(PUBLISHED_HEADER, [published_row(*item) for item in totals.items()]), reasons=reasons(totals),
        second=SECOND.format(large=LARGE, table=table(REFERENCE_HEADER, second)) if second else "",
        absent=f"Not in this build, and so not compared: {', '.join(absent)}.\n" if absent else "", seed=SEED)
    path = ROOT / "docs/conformance.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    print(f"written: {path}")


LIBRARIES = ("numpy", "scipy", "pillow", "opencv-python-headless", "scikit-image", "matplotlib")
PUBLISHED_HEADER = ["operation", "parameters tried", "compared with", "cases", "samples", "largest difference",
                    "differing, %", "from a half", "allowed", "verdict"]
REFERENCE_HEADER = ["operation", "cases, 8 bits", "samples", "largest", "differing, %", "allowed", "cases, 16 bits",
                    "samples", "largest", "differing, %", "allowed", "verdict"]
TEMPLATE = """\
# Conformance

Every operation against the published function that defines it, by `{command}`, which wrote this page.
{program}, {date}; Python {python}, {libraries}. What failed: {failures}.

A case is one recipe on one image, run as `imgproc -i DIR -o OUT --format png --ops RECIPE --backend cpu --exact`. Differences
are in levels, 0 to 255, between what was written and what the published function gives, rounded once. Every sample may
differ by what is `allowed`; several limits are for several recipes, and `+ 0.1 %` lets that share of the pixels lie
beyond. `From a half` tells of samples one level apart how far, at most, the published value lies from where rounding
turns.
{absent}
{published}

## Why results differ

{reasons}

A difference of one level means two values on the two sides of a half, however near each other. Where results are 0 or
255, a value on the other side of a decision shows as 255.

## How images and recipes were chosen

- **Images** are made by the script with the seed {seed}: noise, few levels (ties), ramps, discs and boxes, one flat;
  1×1, 7×1, 1×6, 3×2 and more up to 67×45, each as gray, gray with alpha, RGB and RGBA, alpha being 0 or full in
  half of the pixels; two of 503×301; and every second pixel of every second row of the project's samples. So windows
  are larger than images in many cases. All are handed over as PNG, so that no decoder is part of the comparison.
- **Recipes**: each operation alone, with its defaults, with parameters on both sides of them, every border and every
  choice by name. An image that an operation refuses (a box outside it, colour for `otsu`) must be refused by both.
- **Alpha**: published functions know none. They are given the colour alone, or premultiplied colour and alpha, as the
  operation is defined. Colour is left out where alpha is 0 in both results.
- **Ties that a library leaves to rounding** follow the definition: `resize` by `nearest` at a place exactly between two
  pixels, `otsu` where several levels have the same variance.
- OpenCV's filters don't take every border: they are given an image whose border `cv2.copyMakeBorder` made.
{second}"""
SECOND = """
## Against a reference implementation

The same recipes against a slow implementation in float64, written from the definitions and apart from this project,
at 8 and at 16 bits, on the images of up to {large:,} pixels. At 16 bits a code is 1/257 of a level, which shows what
f32 rounds; colour under an alpha of less than a level may then differ by one.

{table}
"""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--imgproc", type=Path, metavar="PATH", help="the program (target/release, else target/debug)")
    parser.add_argument("--reference", type=Path, metavar="FILE", help="a reference implementation, as second column")
    parser.add_argument("--only", nargs="+", metavar="OPERATION", help="these operations, and no page")
    parser.add_argument("--perturb", action="store_true",
                        help="change one sample of one result (of the first recipe that may differ in no share of the "
                        "pixels), to see that the run then fails; no page")
    arguments = parser.parse_args()
    built = [ROOT / "target" / profile / "imgproc" for profile in ("release", "debug")]
    arguments.imgproc = arguments.imgproc or next((path for path in built if path.exists()), None)
    if unknown := set(arguments.only or ()) - OPERATIONS.keys():
        parser.error(f"no comparison for {', '.join(unknown)}")
    if arguments.imgproc is None:
        parser.error("no program: run `cargo build --release`, or name it by --imgproc")
    return arguments


def main():
    arguments = parse_arguments()
    promised = registry(arguments.imgproc)
    faults = list(registry_faults(promised))
    for fault in faults:
        print(f"FAILS {fault}")
    names = [name for name in arguments.only or promised if name in OPERATIONS]
    with tempfile.TemporaryDirectory() as folder:
        totals = compare_all(Run(arguments, folder), names, arguments.perturb)
    failures = len(faults) + sum(len(t.failures) for tallies in totals.values() for t in tallies.values())
    if not arguments.only and not arguments.perturb:
        report(arguments, totals, [f"`{name}`" for name in OPERATIONS if name not in promised])
    print(f"{len(totals)} operations compared, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
