"""A folder of written files, with a manifest of their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.atomic import replace_file
from data.canonical import canonical_json

MANIFEST = "manifest.json"


def json_bytes(value: Any) -> bytes:
    """Return `value` as indented canonical JSON, a line end last."""
    return (canonical_json(value, indent=2) + "\n").encode()


def write_folder(out: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    """Write files, each replaced whole, and ``manifest.json`` with the SHA-256 of each.

    Parameters
    ----------
    out : Path
        Folder; made where it does not exist.
    files : mapping of str to bytes
        Content by name.
    manifest : mapping
        What else the manifest says.
    """
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    for name, content in files.items():
        replace_file(out / name, content)
    replace_file(out / MANIFEST, json_bytes({**manifest, "files": hashes}))
