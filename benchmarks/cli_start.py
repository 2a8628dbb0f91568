"""How long `plumbline --help` takes beside a bare typer program.

    python benchmarks/cli_start.py

Both are started in turn; the smallest time of each counts. Ends with status 1 if ours takes
more than 1.6 times the other's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 10
LIMIT = 1.6
ROOT = Path(__file__).resolve().parents[1]
BARE = '''
import typer

app = typer.Typer()

@app.command()
def one() -> None:
    """Do one thing."""

@app.command()
def two() -> None:
    """Do another."""

app()
'''


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - started


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        commands = {
            "bare typer": [sys.executable, str(bare), "--help"],
            "plumbline": [sys.executable, "-m", "plumbline", "--help"],
        }
        for command in commands.values():
            seconds(command)  # the first start may compile
        times = [
            {name: seconds(command) for name, command in commands.items()} for _ in range(RUNS)
        ]
    best = {name: min(run[name] for run in times) for name in commands}
    ratio = best["plumbline"] / best["bare typer"]
    for name, value in best.items():
        print(f"{name:12} {value * 1000:6.0f} ms")
    print(f"ratio {ratio:.2f}, at most {LIMIT}")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
