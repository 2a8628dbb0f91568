"""Chunks on this machine: threads where the kernel computes, processes where Python does."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from itertools import islice
from typing import Any, TypeAlias, TypeVar

import pyarrow as pa

from backtests.sweep.pieces import Span

Done: TypeAlias = tuple[Span, pa.Table]
# What is computed of a span: rows of a leaderboard, or scores.
R = TypeVar("R")
Compute: TypeAlias = Callable[[Span], R]
# Chunks handed out ahead for each worker, so that none waits and memory stays bounded.
AHEAD = 2


def in_threads(
    compute: Compute[R], spans: Iterable[Span], workers: int
) -> Iterator[tuple[Span, R]]:
    """Yield what is computed of each span as it is ready, by threads of this process."""
    if workers == 1:
        for span in spans:
            yield span, compute(span)
        return
    with ThreadPoolExecutor(workers, "sweep") as pool:
        yield from _spread(pool, compute, spans, workers)


def in_processes(
    compute: Compute[R], spans: Iterable[Span], workers: int
) -> Iterator[tuple[Span, R]]:
    """Yield what is computed of each span as it is ready, by processes of their own.

    Each gets the data once. They end with this process, however it ends.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (compute,)) as pool:
        yield from _spread(pool, _evaluate, spans, workers)


def _spread(
    pool: Executor,
    compute: Compute[R],
    spans: Iterable[Span],
    workers: int,
) -> Iterator[tuple[Span, R]]:
    waiting = iter(spans)
    running: dict[Future[R], Span] = {}
    try:
        while True:
            for span in islice(waiting, workers * AHEAD - len(running)):
                running[pool.submit(compute, span)] = span
            if not running:
                return
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(ready, key=lambda done: running[done]):
                yield running.pop(future), future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_held: list[Compute[Any]] = []


def _begin(compute: Compute[Any]) -> None:
    _held[:] = [compute]
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _evaluate(span: Span) -> Any:
    return _held[0](span)
