"""What a result depends on: code, configuration, data."""

from __future__ import annotations

import functools
import hashlib
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from data.canonical import canonical_json

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("data", "signals", "strategies", "backtests")
LIBRARIES = ("vectorbt", "pandas", "numpy", "statsmodels", "arch", "scipy")


@functools.cache
def code_version() -> str:
    """Return the version and 12 hex digits of the hash of the sources a result depends on."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in {".py", ".toml"} and "report" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return f"{metadata.version('plumbline')}+{digest.hexdigest()[:12]}"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that compute results."""
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def run_id(**parts: Any) -> str:
    """Return 16 hex digits of the SHA-256 of `parts` and the code version."""
    content = canonical_json({**parts, "code": code_version()})
    return hashlib.sha256(content.encode()).hexdigest()[:16]
