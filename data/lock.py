"""The write lock of a folder, which says who holds it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from data import atomic
from data.errors import Locked, StoreError

LOCK, HOLDER = ".lock", ".lock.json"
_WORDS = 4  # of the command line; what follows are paths and options


@contextmanager
def writing(folder: Path, seconds: float, what: str = "writing to the store") -> Iterator[None]:
    """Hold the write lock of `folder`, made where it does not exist.

    The system frees the lock of a process that dies. What such a process left half written is
    removed here, before anything else is written.

    Parameters
    ----------
    folder : Path
        Folder to write to.
    seconds : float
        How long to wait for another writer.
    what : str
        What the holder of the lock is doing, for the message to who waits in vain.

    Raises
    ------
    Locked
        If another process does not finish in time; names its process id and command.
    StoreError
        If the disk refuses a step, for instance because it is full.
    """
    lock = filelock.FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=seconds)
    except filelock.Timeout:
        raise Locked(f"{folder}: {_holder(folder)} is {what}; wait for it to finish") from None
    except OSError as error:
        raise _refused(folder, error) from None
    try:
        for leftover in folder.glob(".*.tmp"):
            atomic.remove_file(leftover)
        atomic.reached("locked")
        (folder / HOLDER).write_text(json.dumps({"pid": os.getpid(), "command": _command()}))
        yield
    except OSError as error:
        raise _refused(folder, error) from None
    finally:
        (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def _refused(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{folder}: cannot be written to ({error.strerror or error}): the store is as it was; "
        "make room or mend the permissions and run again"
    )


def _command() -> str:
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:_WORDS]])


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / HOLDER).read_text())
        return f"process {holder['pid']} ({holder['command']})"
    except (OSError, ValueError, KeyError, TypeError):
        # The other process is between taking the lock and saying so, or just leaving.
        return "another process"
