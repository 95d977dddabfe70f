"""The programs that imgproc is measured beside: installing them, starting them, asking their versions."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

OPENCV_AND_VIPS = ["opencv-python-headless==5.0.0.93", "pyvips==3.2.0", "pyvips-binary==8.18.7", "numpy==2.4.6"]
PILLOW_SIMD = "pillow-simd==12.1.1.post0"
SHARP = "sharp@0.35.5"
FLOOR_LIBRARIES = ["-lturbojpeg", "-lpng", "-lpthread"]


def home() -> Path:
    """Where the peers are."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("IMGPROC_PEERS") or cache / "imgproc-peers").resolve()


def python(environment: str) -> str:
    return str(home() / environment / "bin" / "python")


OPENCV_PYTHON, SIMD_PYTHON = "venv", "simd"  # environments; Pillow-SIMD takes the place of Pillow and needs its own

PEERS = {
    "opencv": lambda: [python(OPENCV_PYTHON), str(HERE / "run_opencv.py")],
    "libvips": lambda: [python(OPENCV_PYTHON), str(HERE / "run_vips.py")],
    "pillow-simd": lambda: [python(SIMD_PYTHON), str(HERE / "run_pillow.py")],
    "sharp": lambda: ["node", str(HERE / "run_sharp.js")],
}


def program() -> Path:
    """Where cargo puts ours."""
    return built_in() / "release" / "imgproc"


def built_in() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()


def floor() -> str:
    return str(home() / "codec_floor")


def environment() -> dict[str, str]:
    return os.environ | {"IMGPROC_PEERS": str(home())}


# ---------------------------------------------------------------- installing

def install() -> int:
    """Puts everything into `home()`, and leaves what is there already. Returns the exit status."""
    home().mkdir(parents=True, exist_ok=True)
    steps = {"OpenCV and libvips": install_opencv_and_vips, "Pillow-SIMD": install_pillow_simd, "sharp": install_sharp,
             "the codec floor": install_floor}
    missing = [name for name, step in steps.items() if not tried(name, step)]
    print(f"in {home()}" + (f", but without {', '.join(missing)}" if missing else ""))
    return 1 if missing else 0


def tried(name: str, step) -> bool:
    print(f"{name} …", flush=True)
    try:
        step()
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"  failed: {error}", file=sys.stderr)
        return False
    return True


def pip_install(environment_name: str, packages: list[str], **variables: str) -> None:
    if not Path(python(environment_name)).exists():
        subprocess.run([sys.executable, "-m", "venv", str(home() / environment_name)], check=True)
    command = [python(environment_name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run(command, check=True, env=os.environ | variables)


def install_opencv_and_vips() -> None:
    pip_install(OPENCV_PYTHON, OPENCV_AND_VIPS)


def install_pillow_simd() -> None:
    """Built from source, for AVX2 where the processor has it."""
    cpu = Path("/proc/cpuinfo")
    avx2 = cpu.exists() and "avx2" in cpu.read_text()
    pip_install(SIMD_PYTHON, [PILLOW_SIMD], **({"CC": "cc -mavx2"} if avx2 else {}))


def install_sharp() -> None:
    if not (home() / "node_modules" / "sharp").exists():
        subprocess.run(["npm", "install", "--silent", "--prefix", str(home()), SHARP], check=True)


def install_floor() -> None:
    """Needs the headers of libjpeg-turbo and libpng (Debian: libturbojpeg0-dev, libjpeg-dev, libpng-dev)."""
    subprocess.run(["cc", "-O3", str(HERE / "codec_floor.c"), "-o", floor(), *FLOOR_LIBRARIES], check=True)


# ---------------------------------------------------------------- versions

def output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stdout.strip()
    except (subprocess.CalledProcessError, OSError):
        return "not there"


def own_version(imgproc: str) -> str:
    """With the commit, if it was built here."""
    here = built_in() in Path(imgproc).resolve().parents
    return output([imgproc, "--version"]).removeprefix("imgproc ") + (revision() if here else "")


def versions(names: list[str]) -> dict[str, str]:
    """Of the peers and the floor, as they say themselves."""
    sharp = f"const v = require('{home()}/node_modules/sharp').versions; console.log(v.sharp + ' (libvips ' + v.vips + ')')"
    asked = {
        "opencv": [python(OPENCV_PYTHON), "-c", "import cv2; print(cv2.__version__)"],
        "libvips": [python(OPENCV_PYTHON), "-c", "import pyvips; print('.'.join(str(pyvips.version(i)) for i in range(3)))"],
        "pillow-simd": [python(SIMD_PYTHON), "-c", "import PIL; print(PIL.__version__)"],
        "sharp": ["node", "-e", sharp],
        "floor": [floor(), "--version"],
    }
    return {name: output(asked[name]) for name in names}


def revision() -> str:
    """The commit that the sources are at, and whether they differ from it."""
    if not shutil.which("git"):
        return ""
    commit = output(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"])
    changed = output(["git", "-C", str(ROOT), "status", "--porcelain", "--", "src", "shaders", "Cargo.toml", "Cargo.lock"])
    return f" at {commit}" + (" with changes" if changed else "")
