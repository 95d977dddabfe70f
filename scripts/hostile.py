#!/usr/bin/env python3
"""Takes every file of some folders through backends and recipes, each as a process of its own, and tells how it ended.

    scripts/hostile.py PROGRAM FOLDER... [--backends cpu,software] [--limit SECONDS]

Fails where a process dies of a signal, a fault of the program comes up, a file takes longer than the limit, memory exceeds the
budget and 150 MB, or backends or recipes disagree on whether a file is an image.
"""
import argparse, collections, json, os, pathlib, re, shutil, subprocess, sys, tempfile, time

RECIPES = ["invert", "grayscale,gaussian_blur:1.4,sobel", "resize:50%,equalize", "clahe,median:2,rotate:10"]
BUDGET_MB = 512
FIXED_MB = 150

CLASSES = [
    ("too many pixels", r"the limit is|memory"),
    ("no image", r"this is|is empty|only zeros"),
    ("of a kind not read", r"not read"),
    ("truncated", r"truncated|ends inside"),
    ("corrupt", r"."),
]


def run(program, path, backend, recipe, limit, place):
    out = os.path.join(place, "out")
    shutil.rmtree(out, ignore_errors=True)
    command = [program, "-i", path, "-o", out, "-r", recipe, "--backend", backend, "--json", "--no-manifest",
               "--memory", f"{BUDGET_MB}M", "-j", "2"]
    begun = time.monotonic()
    with open(os.path.join(place, "said"), "w+b") as said, open(os.path.join(place, "json"), "w+b") as document:
        process = subprocess.Popen(command, stdout=document, stderr=said)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - begun > limit:
                process.kill()
                os.wait4(process.pid, 0)
                return {"end": "hangs", "seconds": limit, "mb": 0, "cause": ""}
            time.sleep(0.002)
        process.returncode = 0
        code = os.waitstatus_to_exitcode(status)
        document.seek(0)
        said.seek(0)
        text, words = document.read(), said.read().decode(errors="replace")
    result = {"seconds": time.monotonic() - begun, "mb": usage.ru_maxrss / 1024, "cause": ""}
    if code not in (0, 1) or not text:
        return {**result, "end": "dies", "cause": f"exit {code}: {words[:200]}"}
    outcome = json.loads(text)["outcomes"][0]
    result["end"] = outcome["status"]
    result["cause"] = f"{outcome.get('stage', '')}: {outcome.get('cause', '')}" if result["end"] == "failed" else ""
    if "fault in this program" in result["cause"] or "panicked" in result["cause"]:
        result["end"] = "panics"
    leftover = [name for _, _, names in os.walk(out) for name in names if name.startswith(".imgproc")]
    if leftover:
        result["end"], result["cause"] = "leaves", ", ".join(leftover)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--backends", default="cpu,software")
    parser.add_argument("--limit", type=float, default=20)
    arguments = parser.parse_args()
    backends = arguments.backends.split(",")
    paths = sorted(p for folder in arguments.folders for p in pathlib.Path(folder).rglob("*") if p.is_file())
    faults, classes, slowest, largest = [], collections.Counter(), (0, ""), (0, "")
    runs = 0
    with tempfile.TemporaryDirectory() as place:
        for path in paths:
            ends = {}
            for backend in backends:
                for recipe in RECIPES:
                    result = run(arguments.program, str(path), backend, recipe, arguments.limit, place)
                    runs += 1
                    name = f"{path.name} ({backend}, {recipe})"
                    ends[backend, recipe] = result
                    if result["end"] not in ("done", "failed"):
                        faults.append(f"{name}: {result['end']}: {result['cause']}")
                    allowed = BUDGET_MB + FIXED_MB if backend == "cpu" else 1 << 20
                    if result["mb"] > allowed:
                        faults.append(f"{name}: {result['mb']:.0f} MB")
                    slowest = max(slowest, (result["seconds"], name))
                    if backend == "cpu":
                        largest = max(largest, (result["mb"], name))
            first = ends[backends[0], RECIPES[0]]
            # What a recipe refuses, or has no memory for, says nothing of the file.
            of_recipes = re.compile(r"^compute|of memory")
            decoded = {result["end"] for result in ends.values() if not of_recipes.search(result["cause"])}
            if len(decoded) > 1:
                faults.append(f"{path.name}: ends as {sorted(decoded)}")
            kind = "done" if first["end"] == "done" else next(k for k, p in CLASSES if re.search(p, first["cause"]))
            classes[path.parent.name if path.parent.name in arguments.folders else path.parts[-2], kind] += 1
            print(f"{kind:20} {path.name}  {first['cause']}", flush=True)
    print(f"\n{len(paths)} files, {runs} runs; slowest {slowest[0]:.1f} s: {slowest[1]}; most memory on the CPU {largest[0]:.0f} MB: {largest[1]}")
    for (folder, kind), count in sorted(classes.items()):
        print(f"{count:6} {folder}: {kind}")
    for fault in faults:
        print("FAULT", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
