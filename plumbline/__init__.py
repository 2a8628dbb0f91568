"""Point-in-time tests of whether the plumbing of the dollar moves crypto.

Public names, each loaded when it is first used: ``snapshot``, ``panel``, ``signal``, ``backtest``,
``sweep``, ``compare``, ``report``, ``Execution`` and ``SimulatedData``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plumbline.version import __version__

if TYPE_CHECKING:
    from plumbline.facade import (
        Execution,
        SimulatedData,
        backtest,
        compare,
        panel,
        report,
        signal,
        snapshot,
        sweep,
    )

__all__ = [
    "Execution",
    "SimulatedData",
    "__version__",
    "backtest",
    "compare",
    "panel",
    "report",
    "signal",
    "snapshot",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'plumbline' has no attribute {name!r}")
    from plumbline import facade

    return getattr(facade, name)


def __dir__() -> list[str]:
    return sorted(__all__)
