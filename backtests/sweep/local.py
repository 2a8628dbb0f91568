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
from typing import TypeAlias

import pyarrow as pa

from backtests.sweep.evaluate import Evaluator
from backtests.sweep.pieces import Span

Done: TypeAlias = tuple[Span, pa.Table]
# Chunks handed out ahead for each worker, so that none waits and memory stays bounded.
AHEAD = 2


def in_threads(evaluator: Evaluator, spans: Iterable[Span], workers: int) -> Iterator[Done]:
    """Yield the rows of each span as they are ready, computed by threads of this process."""
    if workers == 1:
        for span in spans:
            yield span, evaluator(span)
        return
    with ThreadPoolExecutor(workers, "sweep") as pool:
        yield from _spread(pool, evaluator, spans, workers)


def in_processes(evaluator: Evaluator, spans: Iterable[Span], workers: int) -> Iterator[Done]:
    """Yield the rows of each span as they are ready, computed by processes of their own.

    Each gets the data once. They end with this process, however it ends.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (evaluator,)) as pool:
        yield from _spread(pool, _evaluate, spans, workers)


def _spread(
    pool: Executor,
    evaluate: Callable[[Span], pa.Table],
    spans: Iterable[Span],
    workers: int,
) -> Iterator[Done]:
    waiting = iter(spans)
    running: dict[Future[pa.Table], Span] = {}
    try:
        while True:
            for span in islice(waiting, workers * AHEAD - len(running)):
                running[pool.submit(evaluate, span)] = span
            if not running:
                return
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(ready, key=lambda done: running[done]):
                yield running.pop(future), future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_held: list[Evaluator] = []


def _begin(evaluator: Evaluator) -> None:
    _held[:] = [evaluator]
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _evaluate(span: Span) -> pa.Table:
    return _held[0](span)
