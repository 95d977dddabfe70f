"""What the headers of JPEG and PNG files say. Standard library only."""
from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

START_OF_FRAME = {0xC0, 0xC1, 0xC2}
QUANTISATION, START_OF_SCAN = 0xDB, 0xDA


@dataclass(frozen=True)
class Header:
    width: int
    height: int
    tables: tuple[bytes, ...] = ()             # JPEG: quantisation tables in the order of their numbers
    sampling: tuple[tuple[int, int], ...] = ()  # JPEG: horizontal and vertical factors of each component


def images(folder: Path) -> list[Path]:
    """The files of a folder but for our manifest, in order."""
    return sorted(path for path in folder.iterdir() if path.suffix != ".jsonl")


def header(path: Path | str) -> Header:
    with open(path, "rb") as file:
        start = file.read(8)
        if start == b"\x89PNG\r\n\x1a\n":
            return Header(*struct.unpack(">8xII", file.read(16)))
        if start[:2] != b"\xff\xd8":
            raise ValueError(f"{path} is neither JPEG nor PNG")
        file.seek(2)
        return jpeg_header(file, path)


def jpeg_header(file: BinaryIO, path: Path | str) -> Header:
    """Goes from segment to segment up to the first scan: profiles and previews may be hundreds of kilobytes."""
    tables: dict[int, bytes] = {}
    size = sampling = None
    while (mark := file.read(2)) and mark[0] == 0xFF:
        if mark[1] == 0xFF:  # filling
            file.seek(-1, 1)
            continue
        length = struct.unpack(">H", file.read(2))[0] - 2
        if mark[1] == START_OF_SCAN:
            break
        if mark[1] == QUANTISATION:
            tables |= quantisation_tables(file.read(length))
        elif mark[1] in START_OF_FRAME:
            frame = file.read(length)
            height, width, components = struct.unpack(">xHHB", frame[:6])
            size = width, height
            sampling = tuple((frame[7 + 3 * i] >> 4, frame[7 + 3 * i] & 15) for i in range(components))
        else:
            file.seek(length, 1)
    if size is None or sampling is None:
        raise ValueError(f"{path}: no frame before the first scan")
    return Header(*size, tuple(tables[number] for number in sorted(tables)), sampling)


def quantisation_tables(segment: bytes) -> dict[int, bytes]:
    tables = {}
    while segment:
        length = 128 if segment[0] >> 4 else 64
        tables[segment[0] & 15] = segment[1:1 + length]
        segment = segment[1 + length:]
    return tables
