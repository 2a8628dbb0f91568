"""Chunks on a real Dask cluster of two worker processes on this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from backtests.sweep import cluster, output
from backtests.sweep.job import Job, job_of
from backtests.sweep.sweep import sweep
from backtests.trials.ledger import Ledger
from data.errors import BadConfig, Unreachable
from data.snapshot import Snapshot
from tests.sweep.grids import LEVELS, grid

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def job(phantom: Snapshot) -> Job:
    return job_of(grid(LEVELS), phantom.until(pd.Timestamp("2016-09-01", tz="UTC")))


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler of its own process; workers are started by the tests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("scheduler")
    arguments = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    with started(arguments, log):
        yield f"tcp://127.0.0.1:{port}"


class started:  # noqa: N801
    """A ``dask`` command as a process, ended when it is left."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        self.arguments, self.folder = arguments, folder

    def __enter__(self) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dask", *self.arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "DASK_TEMPORARY_DIRECTORY": str(self.folder),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def worker(scheduler: str, folder: Path) -> started:
    arguments = ["worker", scheduler, "--no-nanny", "--nthreads", "1", "--no-dashboard"]
    return started(arguments, folder)


def run(job: Job, out: Path, scheduler: str, **more: Any) -> bytes:
    sweep(
        job,
        out,
        ledger=Ledger(out.parent / "ledger"),
        on="dask",
        scheduler=scheduler,
        top=1,
        **more,
    )
    return (out / output.LEADERBOARD).read_bytes()


def test_a_lost_worker_changes_nothing(job: Job, scheduler: str, tmp_path: Path):
    sweep(job, tmp_path / "here", ledger=Ledger(tmp_path / "home"), top=1)
    here = (tmp_path / "here" / output.LEADERBOARD).read_bytes()
    told: list[int] = []
    with worker(scheduler, tmp_path / "a") as first, worker(scheduler, tmp_path / "b"):
        wait_for_two(scheduler)

        def kill(done: int) -> None:
            told.append(done)
            if len(told) == 4:
                first.send_signal(signal.SIGKILL)

        there = run(job, tmp_path / "there", scheduler, chunk=30, progress=kill)
        assert first.wait() == -signal.SIGKILL
    assert told[-1] == job.grid.count
    assert len(told) == -(-job.grid.count // 30)
    assert there == here


def wait_for_two(scheduler: str) -> None:
    client = cluster._connected(scheduler)
    try:
        client.wait_for_workers(2, timeout=60)
    finally:
        client.close()


def test_a_cluster_without_workers(
    job: Job, scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with pytest.raises(Unreachable, match="the cluster has no workers"):
        run(job, tmp_path / "out", scheduler)


def test_no_scheduler(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with pytest.raises(Unreachable, match="no Dask scheduler answers there") as caught:
        run(job, tmp_path / "out", "tcp://127.0.0.1:9")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["127.0.0.1:8786", "http://127.0.0.1:8786", "tcp://"])
def test_what_is_no_address(address: str, job: Job, tmp_path: Path):
    with pytest.raises(BadConfig, match=r"give it as tcp://HOST:8786"):
        run(job, tmp_path / "out", address)


def test_without_the_extra(tmp_path: Path):
    script = (
        "import sys; sys.modules['distributed'] = None\n"
        "from data.errors import BadConfig\n"
        "try:\n"
        "    import backtests.sweep.cluster\n"
        "except BadConfig as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (
        "--on dask needs the package distributed: install plumbline with its extra, "
        "plumbline[dask]\n"
    )
