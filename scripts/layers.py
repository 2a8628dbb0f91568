"""What the shape of the code must keep to: layers, homes of libraries, sizes, names.

    python scripts/layers.py

``faults(root)`` reads every module of the packages under ``root``, imports nothing, and says in
one line each where the code breaks a rule. The rules are those of the test beside it,
tests/test_layers.py.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# A module may import its own layer and those before it; the longest matching name decides.
# Two names in one entry are neighbours and do not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("backtests.inference",),
    ("data",),
    ("signals",),
    ("strategies",),
    ("backtests",),
    ("backtests.thesis",),
    ("paper", "backtests.report"),
    ("plumbline",),
)

# Where a library may be imported: in each of these places by one module only.
HOMES: dict[str, tuple[str, ...]] = {
    "vectorbt": ("backtests.engine",),
    "ccxt": ("data.sources", "paper"),
    "distributed": ("backtests.sweep",),
    "httpx": ("data.sources",),
    "fredapi": ("data.sources",),
    "aiohttp": (),
    "requests": (),
    "urllib.request": (),
}

LINES_IN_FILE, LINES_IN_FUNCTION = 400, 60
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError|[Pp]laceholder)\b")


@dataclass(frozen=True)
class Module:
    """A source file of a package.

    Parameters
    ----------
    name : str
        Dotted name; a package's own file has the package's name.
    path : str
        Where it stands, relative to the root.
    text : str
        Its source.
    """

    name: str
    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed source."""
        return ast.parse(self.text, self.path)

    @property
    def is_package(self) -> bool:
        """Whether this is an ``__init__.py``."""
        return self.path.endswith("__init__.py")


def read(root: Path) -> list[Module]:
    """Read all modules of the packages that stand directly under ``root``.

    Folders without ``__init__.py``, such as examples, are scripts: they may import anything.
    """
    tops = sorted(path.parent for path in root.glob("*/__init__.py"))
    paths = sorted(path for top in tops for path in top.rglob("*.py"))
    return [
        Module(
            ".".join(p for p in path.relative_to(root).with_suffix("").parts if p != "__init__"),
            path.relative_to(root).as_posix(),
            path.read_text(encoding="utf-8"),
        )
        for path in paths
        if (path.parent / "__init__.py").exists()
    ]


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Yield what a module imports, inside functions too, with the line.

    ``from a import b`` yields ``a.b``: whether ``b`` is a module is for the caller to know.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = _absolute(module, node)
            yield from ((f"{start}.{alias.name}".strip("."), node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else ""
            name = function.id if isinstance(function, ast.Name) else name
            first = node.args[0]
            if name in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield str(first.value), node.lineno


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    above = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*above, node.module or ""]).strip(".")


def within(name: str, package: str) -> bool:
    """Whether a dotted name is a package or stands inside it."""
    return name == package or name.startswith(f"{package}.")


def layer(name: str) -> tuple[int, str] | None:
    """Return rank and name of the layer that a module belongs to; None for a foreign name."""
    places = [
        (rank, place) for rank, row in enumerate(LAYERS) for place in row if within(name, place)
    ]
    return max(places, key=lambda found: len(found[1]), default=None)


def breaks_layers(modules: Sequence[Module]) -> Iterator[str]:
    """Find imports that point upwards or at a neighbour, and packages without a layer."""
    for module in modules:
        own = layer(module.name)
        if own is None:
            yield f"{module.path}: its package has no layer in scripts/layers.py"
            continue
        for name, line in imports(module):
            other = layer(name)
            if other is None or other == own:
                continue
            if other[0] >= own[0]:
                yield f"{module.path}:{line}: {own[1]} must not import {other[1]} ({name})"


def leaves_home(modules: Sequence[Module]) -> Iterator[str]:
    """Find libraries imported outside the one module that is their home."""
    for library, homes in HOMES.items():
        users = {
            module.name: f"{module.path}:{line}"
            for module in modules
            for name, line in imports(module)
            if within(name, library)
        }
        for home in homes:
            inside = sorted(user for user in users if within(user, home))
            if len(inside) > 1:
                yield f"{library} is imported by more than one module: {', '.join(inside)}"
        for user, place in users.items():
            if not any(within(user, home) for home in homes):
                yield f"{place}: {library} must not be imported here"


def goes_round(modules: Sequence[Module]) -> Iterator[str]:
    """Find a circle of imports between modules."""
    names = {module.name for module in modules}
    graph: dict[str, set[str]] = {}
    for module in modules:
        targets = {name for name, _ in imports(module)}
        exact = targets & names
        parents = {name.rpartition(".")[0] for name in targets - exact} & names
        graph[module.name] = (exact | parents) - {module.name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"import circle: {' <- '.join(error.args[1])}"


def hides_standard_library(modules: Sequence[Module]) -> Iterator[str]:
    """Find modules and packages named like one of the standard library."""
    for module in modules:
        if module.name.rpartition(".")[2] in sys.stdlib_module_names:
            yield f"{module.path}: named like a module of the standard library"


def fills_package_files(modules: Sequence[Module]) -> Iterator[str]:
    """Find package files that hold more than a docstring."""
    for module in modules:
        if not module.is_package or module.name == "plumbline":
            continue
        if len(module.tree.body) != 1 or ast.get_docstring(module.tree) is None:
            yield f"{module.path}: a package file holds one docstring and nothing else"


def grows_too_long(modules: Sequence[Module]) -> Iterator[str]:
    """Find files and functions that are too long; a function's docstring does not count."""
    for module in modules:
        lines = len(module.text.splitlines())
        if lines > LINES_IN_FILE:
            yield f"{module.path}: {lines} lines, more than {LINES_IN_FILE}"
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = _length(node)
                if length > LINES_IN_FUNCTION:
                    yield (
                        f"{module.path}:{node.lineno}: {node.name} has {length} lines,"
                        f" more than {LINES_IN_FUNCTION}"
                    )


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def is_unfinished(modules: Sequence[Module]) -> Iterator[str]:
    """Find marks of unfinished work."""
    for module in modules:
        for number, line in enumerate(module.text.splitlines(), 1):
            if found := UNFINISHED.search(line):
                yield f"{module.path}:{number}: unfinished ({found.group()})"


RULES: tuple[Callable[[Sequence[Module]], Iterator[str]], ...] = (
    breaks_layers,
    leaves_home,
    goes_round,
    hides_standard_library,
    fills_package_files,
    grows_too_long,
    is_unfinished,
)


def faults(root: Path) -> list[str]:
    """Check every rule on the packages under ``root`` and return one line per fault."""
    modules = read(root)
    return [fault for rule in RULES for fault in rule(modules)]


if __name__ == "__main__":
    found = faults(ROOT)
    print("\n".join(found) or "no fault")
    sys.exit(bool(found))
