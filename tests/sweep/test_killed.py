"""A sweep that is killed goes on without repeating or losing anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("every", "least"),
    [pytest.param(4, 7, id="some"), pytest.param(1, 28, id="all", marks=pytest.mark.slow)],
)
def test_a_kill_at_any_step_changes_nothing(every: int, least: int, tmp_path: Path):
    script = Path(__file__).with_name("killed.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(every)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == [], done.stderr
    assert found["kills"] >= least
