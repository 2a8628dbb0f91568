"""Make an environment of its own for the tests against freqtrade, which is no dependency.

    python scripts/freqtrade_environment.py FOLDER
    PLUMBLINE_FREQTRADE=FOLDER python -m pytest -m freqtrade tests/integrations

Freqtrade comes from the package registry that pip is set to, in the version that
integrations/freqtrade/requirements.txt names; time-machine sets the clock of a dry run.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "integrations/freqtrade/requirements.txt"


def main() -> int:
    """Make the environment and return the exit status of pip."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q"]
    status = subprocess.run([*pip, "-r", str(REQUIREMENTS), "time-machine"], check=False).returncode
    print(f"freqtrade is in {folder}" if status == 0 else "pip failed", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
