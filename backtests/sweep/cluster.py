"""Chunks on a Dask cluster that is there already: the same evaluator on every worker.

The data go to each worker once, with a plugin that workers which join later get as well. A chunk
whose worker is lost is computed by another.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

import pyarrow as pa

from backtests.provenance import code_version
from backtests.sweep.evaluate import Evaluator
from backtests.sweep.job import Job
from backtests.sweep.local import AHEAD, Done
from backtests.sweep.pieces import Span
from data.errors import BadConfig, Unreachable

try:
    # Its own annotations are not of a strictness that could be checked against.
    distributed: Any = import_module("distributed")
except ModuleNotFoundError:
    raise BadConfig(
        "--on dask needs the package distributed: install plumbline with its extra, plumbline[dask]"
    ) from None

# How long a scheduler may take to answer, and a cluster to have a worker, in seconds.
PATIENCE = 30.0
# A chunk that was under way on so many workers when they were lost is given up.
LOSSES = 5


class _Holder(distributed.WorkerPlugin):  # type: ignore[misc]
    """Keeps a job's evaluator on a worker; it is built when the first chunk comes."""

    def __init__(self, job: Job) -> None:
        self.name = _name(job)
        self._job = job
        self._evaluator: Evaluator | None = None

    def setup(self, worker: Any) -> None:  # noqa: ARG002
        self._lock = threading.Lock()

    def evaluate(self, span: Span) -> pa.Table:
        with self._lock:
            if self._evaluator is None:
                self._evaluator = Evaluator(self._job)
        return self._evaluator(span)


def _name(job: Job) -> str:
    return f"plumbline-sweep-{job.run_id}"


def _on_worker(name: str, span: Span) -> pa.Table:
    holder: _Holder = distributed.get_worker().plugins[name]
    return holder.evaluate(span)


def on_cluster(
    job: Job, spans: Iterable[Span], address: str, workers: int | None = None
) -> Iterator[Done]:
    """Yield the rows of each span as they are ready, computed by the cluster's workers.

    Parameters
    ----------
    job : Job
        What is evaluated.
    spans : iterable of (int, int)
        Spans of variants.
    address : str
        Of the scheduler, ``tcp://HOST:PORT``.
    workers : int, optional
        Chunks that are computed at once; by default one for each thread of the cluster.

    Raises
    ------
    BadConfig
        If the address is none, or a worker runs another version of the program.
    Unreachable
        If the scheduler does not answer, or no worker is left.
    """
    client = _connected(address)
    try:
        _check_workers(client, address)
        client.register_plugin(_Holder(job))
        yield from _spread(client, job, iter(spans), address, workers)
        client.unregister_worker_plugin(_name(job))
    finally:
        client.close(timeout=5)


def _connected(address: str) -> Any:
    scheme, _, place = address.partition("://")
    if scheme not in ("tcp", "tls", "ws", "wss") or not place:
        raise BadConfig(f"--scheduler {address!r}: give it as tcp://HOST:8786")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        return distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Unreachable(
            f"--scheduler {address}: no Dask scheduler answers there ({_line(error)})"
        ) from None


def _check_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise Unreachable(f"--scheduler {address}: the cluster has no workers") from None
    own = code_version()
    try:
        others = client.run(code_version)
    except (ImportError, AttributeError) as error:
        raise BadConfig(
            f"--scheduler {address}: a worker cannot run this program ({_line(error)}): install "
            "the same version of plumbline on every worker"
        ) from None
    for worker, version in others.items():
        if version != own:
            raise BadConfig(
                f"--scheduler {address}: worker {worker} has version {version}, this is {own}: "
                "install the same version of plumbline on every worker"
            )


def _spread(
    client: Any, job: Job, waiting: Iterator[Span], address: str, workers: int | None
) -> Iterator[Done]:
    running: dict[Any, tuple[Span, int]] = {}

    def submit(span: Span, losses: int) -> None:
        # A key of its own: a chunk that was given up would be answered with its old error.
        key = f"{_name(job)}-{span[0]}-{span[1]}-{losses}"
        future = client.submit(_on_worker, _name(job), span, key=key, pure=False)
        running[future] = (span, losses)

    while True:
        room = workers or AHEAD * max(1, sum(client.nthreads().values()))
        for span in islice(waiting, max(0, room - len(running))):
            submit(span, 0)
        if not running:
            return
        for future in _finished(client, running, address):
            span, losses = running.pop(future)
            try:
                table = future.result()
            except distributed.scheduler.KilledWorker:
                if losses == LOSSES:
                    raise Unreachable(
                        f"--scheduler {address}: every worker that took the variants {span[0]} to "
                        f"{span[1] - 1} was lost: run again to go on where it stopped"
                    ) from None
                submit(span, losses + 1)
                continue
            except (distributed.CancelledError, OSError) as error:
                raise _lost(address, error) from None
            future.release()
            yield span, table


def _finished(client: Any, running: dict[Any, tuple[Span, int]], address: str) -> list[Any]:
    """Wait for chunks; give up when there has been no worker for a while."""
    while True:
        try:
            with client.as_current():
                ready = distributed.wait(
                    list(running), timeout=PATIENCE, return_when="FIRST_COMPLETED"
                )
            return sorted(ready.done, key=lambda future: running[future][0])
        except TimeoutError:
            if not client.nthreads():
                raise Unreachable(
                    f"--scheduler {address}: all workers are gone: run again to go on where it "
                    "stopped"
                ) from None
        except (distributed.CancelledError, OSError) as error:
            raise _lost(address, error) from None


def _lost(address: str, error: BaseException) -> Unreachable:
    return Unreachable(
        f"--scheduler {address}: the scheduler is gone ({_line(error)}): run again to go on where "
        "it stopped"
    )


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
