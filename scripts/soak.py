#!/usr/bin/env python3
"""Runs many small images while faults happen at random, and compares what the process holds early on with what it holds at the end.

    scripts/soak.py PROGRAM [--images N] [--backend cpu|software] [--corpus FOLDER...] [--seconds N] [--options TEXT]

Draws N small PNGs, or takes the files of the folders again and again until there are N, by links but for every twentieth. During the
run some of those are cut short, overwritten with noise, replaced by pipes, or vanish, and the process is stopped and continued. It
tells every minute what the process holds. It fails where that dies, descriptors or threads grow, or memory at the end exceeds that
after the first minute (a tenth of a short run) by more than a tenth.
"""
import argparse, os, pathlib, random, shutil, signal, struct, subprocess, sys, tempfile, time, zlib


# One in so many inputs is a file of its own, and may be harmed.
OWN = 20


def png(width, height, seed):
    rng = random.Random(seed)
    row = bytes(rng.randrange(256) for _ in range(3 * width))
    data = b"".join(b"\0" + row[3 * (y % width):] + row[:3 * (y % width)] for y in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 1)) + chunk(b"IEND", b"")


def fill(place, arguments):
    files = sorted(p for folder in arguments.corpus for p in pathlib.Path(folder).rglob("*") if p.is_file())
    drawn = [png(20 + i, 15 + i, i) for i in range(16)]
    for i in range(arguments.images):
        folder = os.path.join(place, "in", f"{i // 1000:03}")
        if i % 1000 == 0:
            os.makedirs(folder)
        if not files:
            with open(os.path.join(folder, f"{i:06}.png"), "wb") as file:
                file.write(drawn[i % len(drawn)])
            continue
        number = i % len(files)
        kept, path = os.path.join(place, "kept", str(number)), os.path.join(folder, f"{i:06}{files[number].suffix}")
        if i < len(files):
            os.makedirs(os.path.dirname(kept), exist_ok=True)
            shutil.copyfile(files[number], kept)
        if i % OWN:
            os.link(kept, path)
        else:
            shutil.copyfile(kept, path)


def harm(place, rng, count):
    """One of the faults, on an input that may not have been read yet."""
    index = rng.randrange(count) // OWN * OWN
    found = list(pathlib.Path(place, "in", f"{index // 1000:03}").glob(f"{index:06}.*"))
    if not found:
        return "none"
    path = found[0]
    if not path.is_file():
        # A pipe by now: whoever writes to it waits for ever.
        return "none"
    kind = rng.choice(["vanish", "cut", "noise", "pipe", "empty"])
    try:
        if kind in ("vanish", "pipe"):
            path.unlink()
            if kind == "pipe":
                os.mkfifo(path)
        elif kind == "cut":
            os.truncate(path, path.stat().st_size // 2)
        else:
            path.write_bytes(b"" if kind == "empty" else rng.randbytes(500))
    except OSError:
        return "none"
    return kind


def held(pid):
    status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status").read().splitlines())
    return {
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": int(status["Threads"]),
        "MiB": int(status["VmRSS"].split()[0]) / 1024,
    }


def done(manifest):
    try:
        return manifest.read_bytes().count(b"\n")
    except OSError:
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--backend", default="cpu")
    parser.add_argument("--corpus", nargs="*", default=[])
    parser.add_argument("--seconds", type=float, default=1e9, help="interrupt the run after so long")
    parser.add_argument("--options", default="-r grayscale,gaussian_blur:1.4,sobel")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    place = tempfile.mkdtemp(prefix="soak-")
    try:
        fill(place, arguments)
        manifest = pathlib.Path(place, "out", "imgproc-manifest.jsonl")
        command = [os.path.abspath(arguments.program), "-i", "in", "--recursive", "-o", "out", "--backend", arguments.backend, "--quiet",
                   "--timeout", "60s", *arguments.options.split()]
        begun = time.monotonic()
        process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        samples, faults = [], {}
        while process.poll() is None:
            time.sleep(1)
            try:
                samples.append((done(manifest), time.monotonic() - begun, held(process.pid)))
            except (OSError, KeyError):
                break
            if int(samples[-1][1] / 60) > int((samples[-2][1] if len(samples) > 1 else 0) / 60):
                lines, seconds, now = samples[-1]
                print(f"{seconds / 60:4.0f} min {lines:8} lines  " + "  ".join(f"{what} {now[what]:.0f}" for what in now), flush=True)
            for _ in range(3):
                kind = harm(place, rng, arguments.images)
                faults[kind] = faults.get(kind, 0) + 1
            if rng.random() < 0.02:
                process.send_signal(signal.SIGSTOP)
                time.sleep(0.5)
                process.send_signal(signal.SIGCONT)
                faults["stop"] = faults.get("stop", 0) + 1
            if time.monotonic() - begun > arguments.seconds:
                process.send_signal(signal.SIGINT)
                arguments.seconds = 1e9
        code = process.wait()
        return tell(samples, faults, code, time.monotonic() - begun, done(manifest))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def mean(samples, what):
    return sum(sample[2][what] for sample in samples) / max(1, len(samples))


def tell(samples, faults, code, seconds, lines):
    print(f"exit {code} after {seconds:.0f} s, {lines} lines in the manifest, faults: {faults}")
    # While images are being done: not the listing before them.
    running = [sample for sample in samples if sample[0] > 1]
    if code not in (0, 1, 130) or len(running) < 20:
        print("FAULT: it died, or was too short to tell")
        return 1
    part = max(5, len(running) // 10)
    first = [sample for sample in running if 50 <= sample[1] <= 70]
    early, late = first or running[part:2 * part], running[-part - 1:-1]
    worst = 0
    for what in ("descriptors", "threads", "MiB"):
        first, last = mean(early, what), mean(late, what)
        peak = max(sample[2][what] for sample in running)
        print(f"{what:12} after {'a minute' if early[0][1] >= 50 else 'a tenth '} {first:8.1f}  at the end {last:8.1f}  most {peak:8.1f}")
        allowed = first * 1.1 + (0 if what == "MiB" else 2)
        worst |= last > allowed
    if worst:
        print("FAULT: it grows")
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
