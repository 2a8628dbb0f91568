"""Entry point of ``plumbline`` and ``python -m plumbline``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("backtests", "data", "paper", "signals", "strategies")


def shadow() -> str | None:
    """Name the folder that Python would import instead of one of our packages.

    Returns
    -------
    str or None
        One line that names the folder and the way out; None when all packages lie beside this
        one. Nothing is imported.
    """
    home = Path(__file__).resolve().parents[1]
    for name in PACKAGES:
        spec = find_spec(name)
        if spec is None:
            return f"the package {name!r} is missing beside {home / 'plumbline'}: set up again"
        places = [Path(place).resolve() for place in spec.submodule_search_locations or ()]
        if home / name not in places:
            other = places[0] if places else spec.origin
            return (
                f"{other} shadows plumbline's own package {name!r}: run from another folder, "
                "or take its folder off PYTHONPATH"
            )
    return None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Exit status: 0 fine; 1 the command ran and found faults; 2 bad input or a known error, told
    in one line; 130 interrupted.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands after ``plumbline``; by default the process's own arguments.
    """
    if fault := shadow():
        _fail(fault)
    from data.errors import PlumblineError
    from plumbline.app import app

    try:
        try:
            app(arguments)
        finally:
            sys.stdout.flush()
    except PlumblineError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader (`| head`) has left; what is still buffered must go nowhere, silently.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _fail(text: str) -> None:
    print(f"plumbline: {' '.join(text.splitlines())}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
