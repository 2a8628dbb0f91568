"""How the kernel's functions are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of the loops.

    Without counting references to arrays: nothing is allocated in the loops, and counting took a
    quarter of their time. So it must not return an array, whose references its caller would count.
    """
    return _compiled(function, _nrt=False)


def inlined(function: Function) -> Function:
    """Compile a function into those that call it.

    Handing over many arrays costs more than a loop over lanes: for what runs on every bar.
    """
    return _compiled(function, _nrt=False, inline="always")


def entry(function: Function) -> Function:
    """Compile an entry point: it may allocate, and its machine code is kept on disk."""
    return _compiled(function, cache=True)


def _compiled(function: Function, **how: Any) -> Function:
    wrap: Callable[..., Any] = njit
    return cast(Function, wrap(nogil=True, error_model="numpy", **how)(function))
