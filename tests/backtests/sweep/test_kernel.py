"""The key of the kernel's machine code on disk."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from backtests.sweep import kernel

PACKAGE = "backtests.sweep."


def imported_from(name: str) -> set[str]:
    """The files of the package that the loops in one of them come from, itself among them."""
    found, left = set(), [name]
    while left:
        file = left.pop()
        if file in found:
            continue
        found.add(file)
        text = (Path(kernel.__file__).parent / f"{file}.py").read_text(encoding="utf-8")
        left += [
            str(node.module).removeprefix(PACKAGE)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE)
        ]
    return found


def test_every_file_that_is_compiled_is_in_the_key() -> None:
    assert set(kernel._FILES) == imported_from("kernel")


@pytest.mark.parametrize("name", kernel._FILES)
def test_the_key_changes_with_each_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kernel._sources()
    monkeypatch.setattr(kernel, "_FILES", tuple(each for each in kernel._FILES if each != name))
    assert kernel._sources() != whole
