#!/usr/bin/env python3
"""Draws the pictures of docs/waiting-and-working.md from what `imgproc compare --json` wrote.

    scripts/story.py story.json docs/waiting-and-working

Of each load two pictures: rates.svg, a bar for each schedule, and lanes.svg, what ran when under each of them. Python 3.9 or later, nothing
else.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

WIDTH, LABEL, GAP = 760, 130, 6
LANE, BAR = 12, 26
COLOURS = {"read": "#c9d3e0", "decode": "#3b7dd8", "compute": "#e0862f", "encode": "#3f9e63", "write": "#9aa5b1"}
STYLE = """text { font: 13px system-ui, sans-serif; fill: #1f2328 } .faint { fill: #6b7480; font-size: 11px } .lane { fill: #8080801a }
.all { fill: #3b7dd8 } .waits { fill: #c9d3e0 } @media (prefers-color-scheme: dark) { text { fill: #e6e8eb } .faint { fill: #9aa4b0 } }"""


def picture(height: int, about: str, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{about}">'
    return "\n".join([head, f"<title>{about}</title><style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{words}</text>'


def block(x: float, y: float, width: float, height: float, look: str) -> str:
    return f'<rect x="{x:.2f}" y="{y:.1f}" width="{max(width, 0.3):.2f}" height="{height}" {look}/>'


def rates(load: dict) -> str:
    """A bar as long as the rate, of which the pale part is the share of the time in which nobody worked."""
    runs = [run for run in load["runs"] if run["figures"]]
    most = max(run["figures"]["images_per_second"] for run in runs)
    room = WIDTH - LABEL - 215
    parts = []
    for number, run in enumerate(runs):
        figures, y = run["figures"], 4 + number * (BAR + GAP)
        length = room * figures["images_per_second"] / most
        worked = length * figures["working"]
        parts += [text(LABEL - 10, y + 18, run["schedule"], anchor="end"),
                  block(LABEL, y, worked, BAR, 'class="all"'), block(LABEL + worked, y, length - worked, BAR, 'class="waits"'),
                  text(LABEL + length + 8, y + 18, f"{figures['images_per_second']:.1f} images/s, {figures['speedup']:.2f} times")]
    bottom = 4 + len(runs) * (BAR + GAP) + 12
    parts.append(text(LABEL, bottom, "blue: some worker worked; pale: all waited", "faint"))
    return picture(bottom + 6, f"Images per second of each schedule, {load['name']}", parts)


def stacked(bars: list[dict]) -> list[tuple[dict, int]]:
    """The bars of a lane with a row for each, so that none lies upon another."""
    free: list[int] = []
    placed = []
    for bar in sorted(bars, key=lambda bar: bar["start"]):
        row = next((row for row, until in enumerate(free) if until <= bar["start"]), len(free))
        free[row:row + 1] = [bar["end"]]
        placed.append((bar, row))
    return placed


def lanes(load: dict) -> str:
    """Lanes of each schedule over one axis of time: workers, and files that nobody stands waiting for."""
    runs = [run for run in load["runs"] if run["timeline"]]
    longest = max(run["timeline"]["wall_seconds"] for run in runs) * 1e6
    scale = (WIDTH - LABEL - 10) / longest
    parts, y = [], 4
    for run in runs:
        timeline = run["timeline"]
        parts.append(text(0, y + 11, run["schedule"]))
        for number, lane in enumerate(timeline["lanes"]):
            placed = stacked([bar for bar in timeline["spans"] if bar["lane"] == number])
            rows = max((row for _, row in placed), default=0) + 1
            thick = LANE if lane["kind"] == "worker" else 2
            height = max(rows * thick, LANE)
            parts += [text(LABEL - 8, y + 10, lane["name"], "faint", "end"),
                      block(LABEL, y, timeline["wall_seconds"] * 1e6 * scale, height, 'class="lane"')]
            parts += [block(LABEL + bar["start"] * scale, y + row * thick, (bar["end"] - bar["start"]) * scale, thick,
                            f'fill="{COLOURS[bar["stage"]]}"') for bar, row in placed]
            y += height + 3
        y += 2 * GAP
    x = LABEL
    for stage, colour in COLOURS.items():
        parts += [block(x, y, 10, 10, f'fill="{colour}"'), text(x + 14, y + 9, stage, "faint")]
        x += 70
    parts.append(text(WIDTH - 10, y + 9, f"{longest / 1e6:.2f} s", "faint", "end"))
    return picture(y + 16, f"What ran when under each schedule, {load['name']}", parts)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    loads = json.loads(Path(sys.argv[1]).read_text())["loads"]
    folder = Path(sys.argv[2])
    for load in loads:
        for name, draw in (("rates", rates), ("lanes", lanes)):
            (folder / f"{load['name']}-{name}.svg").write_text(draw(load))
    return 0


if __name__ == "__main__":
    sys.exit(main())
