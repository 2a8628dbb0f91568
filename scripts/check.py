"""All checks, the same here and in continuous integration; `make test` runs this.

    python scripts/check.py [--only lint|types|tests|wheel ...]

Each step prints one line with its seconds; what a failed one said is shown at the end.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def steps() -> dict[str, list[list[str]]]:
    """Return the commands of each step, run by the Python that runs this."""
    packages = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
    others = [name for name in ("benchmarks", "scripts", "tests") if (ROOT / name).is_dir()]
    commands = {
        "lint": [["ruff", "check", "."], ["ruff", "format", "--check", "."]],
        "types": [["mypy", "--strict", *packages, *others]],
        "tests": [["pytest", "-q", "-n", "2", "-m", "not slow and not freqtrade"]],
        "wheel": [["scripts.wheel_check"]],
    }
    return {
        name: [[sys.executable, "-m", *command] for command in group]
        for name, group in commands.items()
    }


def check(name: str, commands: list[list[str]]) -> list[str]:
    """Run one step, print its line and return what its failed commands said."""
    print(f"{name:6} ", end="", flush=True)
    started = time.perf_counter()
    failures, last = [], ""
    for command in commands:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        last = (done.stdout.strip().splitlines() or [""])[-1]
        if done.returncode != 0:
            failures.append(f"--- {name}: {' '.join(command[2:])}\n{done.stdout.rstrip()}")
    seconds = time.perf_counter() - started
    print(f"{'FAILED' if failures else 'ok':6} {seconds:6.1f} s  {last}", flush=True)
    return failures


def main() -> int:
    """Run the steps asked for, all of them whatever fails, and return the exit status."""
    table = steps()
    parser = argparse.ArgumentParser(description="Run the checks of this project.")
    parser.add_argument("--only", choices=tuple(table), action="append", help="run this step")
    chosen = parser.parse_args().only or list(table)
    failures = [text for name in table if name in chosen for text in check(name, table[name])]
    if failures:
        print("\n" + "\n\n".join(failures), flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
