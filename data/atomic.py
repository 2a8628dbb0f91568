"""Replace a file so that a reader sees the old bytes or the new ones, never a mixture."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

_LONGEST_LINE = 65_536


def _go_on(point: str) -> None:
    """Do nothing: the disk took the step that `point` names."""


# Called between any two steps that change the disk, with the step's name. Tests put a fault here.
reached: Callable[[str], None] = _go_on


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` to `path`: temporary file, fsync, rename, fsync of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    reached(f"before {path.name}")
    try:
        with temporary.open("wb") as file:
            reached(f"opened {path.name}")
            file.write(content)
            reached(f"buffered {path.name}")
            file.flush()
            reached(f"written {path.name}")
            os.fsync(file.fileno())
        reached(f"on disk {path.name}")
        temporary.replace(path)
        reached(f"renamed {path.name}")
    finally:
        temporary.unlink(missing_ok=True)
    fsync_folder(path.parent)
    reached(f"done {path.name}")


def append_line(path: Path, line: bytes) -> None:
    """Append `line` and a newline to `path`, and wait until the disk has it.

    What a crash left of a line after the last newline was never acknowledged and is cut off.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    reached(f"before {path.name}")
    with path.open("ab+") as file:
        start = max(0, file.seek(0, os.SEEK_END) - _LONGEST_LINE)
        file.seek(start)
        file.truncate(start + file.read().rfind(b"\n") + 1)
        file.write(line + b"\n")
        reached(f"buffered {path.name}")
        file.flush()
        reached(f"written {path.name}")
        os.fsync(file.fileno())
    reached(f"done {path.name}")


def remove_file(path: Path) -> None:
    """Remove a file, if it is there."""
    reached(f"before removing {path.name}")
    path.unlink(missing_ok=True)
    reached(f"removed {path.name}")


def fsync_folder(folder: Path) -> None:
    """Make renames in `folder` last, where the platform can."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
