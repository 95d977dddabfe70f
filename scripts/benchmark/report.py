"""Tables as text and as Markdown, and what was measured where."""
from __future__ import annotations

import os
import platform
from datetime import date
from pathlib import Path

from peers import ROOT

PAGE = ROOT / "docs/performance.md"
Rows = list[list[str]]


def plain(header: list[str], rows: Rows) -> str:
    """Columns as wide as their widest cell; all but the first are right-aligned."""
    table = [header, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    return "\n".join("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths)))
                     for row in table)


def markdown(header: list[str], rows: Rows) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows])


def machine() -> str:
    """Processor, cores, memory, system."""
    cores = os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2 ** 30
    return f"{processor()}, {cores} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def processor() -> str:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def setting(versions: dict[str, str]) -> str:
    return f"{date.today()}; {machine()}; " + ", ".join(f"{name} {version}" for name, version in versions.items())


def write_section(name: str, text: str, page: Path = PAGE) -> None:
    """Replaces what stands between `<!-- NAME -->` and `<!-- end of NAME -->` on the page."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = page.read_text().partition(begin)
    old, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"{page} has no place for it: {begin} … {end}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")
    print(f"written: {page}, {name}")
