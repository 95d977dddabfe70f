#!/usr/bin/env python3
"""Compares every operation of imgproc with the published function that it is defined by, and writes docs/conformance.md.

    pip install -r scripts/conformance-requirements.txt
    cargo build --release && python3 scripts/conformance.py

The exit status is 1 where a result lies beyond its tolerance, or where the program has an operation that is compared with
nothing. conformance_published.py holds the comparisons.
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

from conformance_published import OPERATIONS, Refused

ROOT = Path(__file__).resolve().parent.parent
LAYOUTS = {"gray": 1, "gray-alpha": 2, "rgb": 3, "rgba": 4}
SEED = 20240607
CODE = 1 / 257  # one code of 65,535, in levels
REFERENCE_TOLERANCE_16 = {0: CODE, 1: 5 * CODE}


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


DRAWINGS = [(noise, 1, 1), (noise, 7, 1), (noise, 1, 6), (noise, 3, 2), (noise, 33, 17), (steps, 16, 16), (gradient, 40, 31),
            (flat, 9, 9), (shapes, 67, 45)]


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
    codes = codes.reshape(*codes.shape[:2], -1)[..., [0, 1, 2, 3][:1 if codes.ndim == 2 else codes.shape[2]]]
    if codes.shape[2] > 2:
        codes = codes[..., [2, 1, 0, 3][:codes.shape[2]]]
    gray_alpha = path.suffix == ".png" and path.read_bytes()[25] == 4  # OpenCV reads it as four channels
    return codes[..., [0, 3]] if gray_alpha else codes


def write_png(path, codes, depth):
    """Any layout at either depth: OpenCV and Pillow write no gray with alpha at 16 bits."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    height, width, channels = codes.shape
    rows = np.ascontiguousarray(codes.astype(f">u{depth // 8}")).reshape(height, -1).view("u1")
    filtered = np.pad(rows, ((0, 0), (1, 0))).tobytes()
    header = struct.pack(">IIBBBBB", width, height, depth, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(filtered, 1)) + chunk(b"IEND", b""))


# ---------------------------------------------------------------- the program

def registry(imgproc):
    """operation -> tolerance in levels, as the program's own table promises"""
    table = subprocess.run([imgproc, "ops", "--markdown"], capture_output=True, text=True, check=True).stdout
    return {name: float(within) for name, within in re.findall(r"^\| `(\w+)` .* \| ([\d.]+) \|$", table, re.MULTILINE)}


def recipe_text(name, parameters):
    def text(value):
        if isinstance(value, tuple):
            return (";" if isinstance(value[0], tuple) else "/").join(map(text, value))
        return str(value).lower()
    return ":".join([name] + [f"{key}={text(value)}" for key, value in parameters.items()])


def run_imgproc(imgproc, folder, recipe):
    """name -> codes of each image that the recipe applied to"""
    with tempfile.TemporaryDirectory() as out:
        command = [imgproc, "-i", folder, "-o", out, "--format", "png", "--ops", recipe, "--backend", "cpu", "--quiet"]
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
    failures: list = field(default_factory=list)

    def __add__(self, other):
        return Tally(self.cases + other.cases, self.samples + other.samples, self.differing + other.differing,
                     max(self.worst, other.worst), self.failures + other.failures)


def difference(ours, theirs):
    """In codes. Colour is left out where alpha is 0 in both."""
    out = np.abs(ours - theirs)
    if ours.shape[2] in (2, 4):
        out[(ours[..., -1] == 0) & (theirs[..., -1] == 0)] = 0
    return out


def quantised(levels, depth):
    scale = 257 if depth == 16 else 1
    return np.floor(scale * np.clip(levels, 0, 255) + 0.5).astype(int)


def tally(recipe, results, expected, images, depth, tolerance, share):
    """Compares a recipe's results with what is expected of each image: levels, or None where it doesn't apply."""
    out, pixels, beyond = Tally(), 0, 0
    worst_image = ""
    for name in images:
        ours, theirs = results.get(name), expected(images[name])
        if ours is None and theirs is None:
            continue
        if ours is None or theirs is None or ours.shape != theirs.shape:
            shapes = " and ".join("none" if a is None else str(a.shape) for a in (ours, theirs))
            out.failures.append(f"{recipe} on {name}: results of {shapes}")
            continue
        d = difference(ours, quantised(theirs, depth)) / (257 if depth == 16 else 1)
        if d.max() > out.worst:
            worst_image = name
        out += Tally(1, d.size, np.count_nonzero(d), d.max())
        pixels, beyond = pixels + d[..., 0].size, beyond + np.count_nonzero(d.max(axis=2) > tolerance)
    if beyond > share * pixels:
        out.failures.append(f"{recipe}, {depth} bits: {beyond} of {pixels} pixels beyond {tolerance:.2g}, "
                            f"by up to {out.worst:.4g} ({worst_image})")
    return out


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


def load_module(path):
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module
    spec.loader.exec_module(module)
    return module


def changed(results):
    """The results with one sample of one image changed by half the range."""
    name = min(results)
    results[name][0, 0, 0] = (results[name][0, 0, 0] + 128) % 256
    return results


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

    def compare(self, name, parameters, perturb=False):
        """Tallies of one recipe: against the published function, and at 8 and 16 bits against the reference."""
        operation, recipe = OPERATIONS[name], recipe_text(name, parameters)
        def against(expected, results, depth, tolerance):
            return tally(recipe, results, expected, self.images[depth], depth, tolerance, operation.share)
        try:
            results = run_imgproc(self.imgproc, self.folders[8], recipe)
            results = changed(results) if perturb else results
            out = {"published": against(published(operation, parameters), results, 8, operation.tolerance)}
            if self.reference and name in self.reference.OPERATIONS:
                out[8] = against(referenced(self.reference, recipe, 8), results, 8, operation.tolerance)
                results = run_imgproc(self.imgproc, self.folders[16], recipe)
                tolerance = REFERENCE_TOLERANCE_16[operation.tolerance]
                out[16] = against(referenced(self.reference, recipe, 16), results, 16, tolerance)
            return out
        except Exception as error:
            return {"published": Tally(failures=[f"{recipe}: {error!r}"])}


def compare_all(run, names, perturb):
    """operation -> tallies of all its recipes; prints what fails."""
    jobs = [(name, parameters) for name in names for parameters in OPERATIONS[name].recipes]
    victim = next((job for job in jobs if perturb and OPERATIONS[job[0]].share == 0), None)
    totals = {}
    with ThreadPoolExecutor() as pool:
        for (name, _), tallies in zip(jobs, pool.map(lambda job: run.compare(*job, job is victim), jobs)):
            total = totals.setdefault(name, {})
            for column, one in tallies.items():
                total[column] = total.get(column, Tally()) + one
                for failure in one.failures:
                    print(f"FAILS against {column}: {failure}", flush=True)
    return totals
