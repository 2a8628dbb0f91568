"""Kill a sweep at every step that changes the disk, go on, and compare the leaderboards.

    python tests/sweep/killed.py FOLDER EVERY

EVERY takes each step (1), or each so many.

A program of its own, because it forks: each sweep is a child that kills itself (SIGKILL) when the
step is reached. Prints what happened as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from backtests.sweep import output
from backtests.sweep.job import Job, job_of
from backtests.sweep.sweep import sweep
from backtests.trials.ledger import Ledger
from data import atomic
from data.simulate import simulated
from tests.sweep.grids import LEVELS, grid

CHUNK = 500


def in_child(work: Callable[[], object]) -> int:
    """Return how a forked child ended that does `work`: 0, or minus the signal."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(job: Job, out: Path) -> None:
    """Sweep in two chunks with one thread."""
    sweep(job, out, ledger=Ledger(out / "home"), workers=1, chunk=CHUNK, top=1)


def killing(step: int) -> Callable[[str], None]:
    """Return a hook that kills this process when the disk has been changed `step` times."""
    seen = 0

    def reached(point: str) -> None:
        nonlocal seen
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def killed_at(job: Job, out: Path, step: int) -> int:
    """Return how a sweep ended that is killed at a step."""

    def work() -> None:
        atomic.reached = killing(step)
        run(job, out)

    return in_child(work)


def main(folder: Path, every: int) -> None:
    """Kill at one step after the other until there is none left."""
    job = job_of(grid(LEVELS), simulated("phantom").until(pd.Timestamp("2016-09-01", tz="UTC")))
    # In this process, so that the children find everything loaded and compiled.
    run(job, folder / "whole")
    whole = (folder / "whole" / output.LEADERBOARD).read_bytes()
    kills, faults = 0, []
    step = 1
    while True:
        out = folder / str(step)
        ended = killed_at(job, out, step)
        if ended == 0:
            break
        kills += ended == -signal.SIGKILL
        # Every second one is killed once more while it goes on.
        if step % 2:
            killed_at(job, out, 5)
        if in_child(lambda out=out: run(job, out)) != 0:  # type: ignore[misc]
            faults.append(f"step {step}: it does not go on")
        elif (out / output.LEADERBOARD).read_bytes() != whole:
            faults.append(f"step {step}: another leaderboard")
        elif Ledger(out / "home").count("liquidity") != job.grid.count:
            faults.append(f"step {step}: trials were lost")
        elif (out / "pieces").exists():
            faults.append(f"step {step}: pieces are left")
        step += every
    print(json.dumps({"kills": kills, "faults": faults}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
