"""The shape of the code, and that the check of it sees what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.layers import LAYERS, faults, read

ROOT = Path(__file__).resolve().parents[1]

DOCSTRING = '"""What it is."""\n'


def plant(root: Path, files: dict[str, str]) -> Path:
    """Write a small sound project and the given files over it."""
    packages = ["backtests/inference", "backtests/report", "backtests/thesis", "data/sources"]
    packages += ["backtests", "data", "signals", "strategies", "paper", "plumbline"]
    sound = {f"{package}/__init__.py": DOCSTRING for package in packages}
    sound["data/errors.py"] = DOCSTRING
    sound["backtests/engine.py"] = DOCSTRING + "import vectorbt\nfrom data import errors\n"
    sound["data/sources/prices.py"] = DOCSTRING + "import ccxt\n"
    for name, text in (sound | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_code_keeps_to_its_rules() -> None:
    assert faults(ROOT) == []


def test_every_module_is_read() -> None:
    names = {module.name for module in read(ROOT)}
    assert {"data.errors", "plumbline", "plumbline.__main__", "backtests.inference"} <= names


def test_a_sound_project_has_no_fault(tmp_path: Path) -> None:
    assert faults(plant(tmp_path, {})) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("signals/a.py", "from data.errors import PlumblineError\n"),
        ("backtests/a.py", "from backtests.inference import b\nfrom .engine import c\n"),
        ("backtests/thesis/a.py", "from .. import engine\nfrom ..inference import b\n"),
        ("paper/a.py", "import backtests.thesis\nimport ccxt\n"),
        ("plumbline/a.py", "def f():\n    import paper, backtests.report\n"),
        ("plumbline/__init__.py", "__version__ = '1'\n"),
        ("backtests/examples/a.py", "import plumbline as pl\nimport vectorbt\n"),
        ("data/a.py", "import database_of_others\nfrom signals_of_others import a\n"),
        ("data/a.py", "def f():\n" + "    x = 1\n" * 59),
        ("data/a.py", 'def f():\n    """Doc.\n' + "\n" * 100 + '    """\n'),
        ("data/a.py", "x = 1\n" * 400),
        ("data/a.py", "XXXL = 1\n"),
    ],
)
def test_sound_code_is_let_through(tmp_path: Path, path: str, text: str) -> None:
    assert faults(plant(tmp_path, {path: text})) == []


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("data/a.py", "import signals\n", "data must not import signals"),
        ("data/a.py", "import signals.base as b\n", "data must not import signals"),
        ("data/a.py", "from signals.base import c\n", "data must not import signals"),
        ("data/a.py", "def f():\n    from signals import base\n", "data/a.py:2: data must not"),
        ("data/a.py", "if a:\n    import plumbline\n", "data must not import plumbline"),
        ("data/a.py", "import_module('signals.base')\n", "data must not import signals"),
        ("data/a.py", "importlib.import_module('signals')\n", "data must not import signals"),
        ("signals/a.py", "import strategies\n", "signals must not import strategies"),
        ("strategies/a.py", "import backtests.run\n", "strategies must not import backtests"),
        ("backtests/a.py", "from . import thesis\n", "must not import backtests.thesis"),
        ("backtests/a.py", "from .thesis import b\n", "must not import backtests.thesis"),
        ("backtests/a.py", "from backtests import report\n", "must not import backtests.report"),
        ("backtests/inference/a.py", "from .. import engine\n", "must not import backtests"),
        ("backtests/inference/a.py", "import data.bars\n", "must not import data"),
        ("backtests/report/a.py", "import paper\n", "backtests.report must not import paper"),
        ("paper/a.py", "import backtests.report\n", "paper must not import backtests.report"),
        ("paper/a.py", "import plumbline\n", "paper must not import plumbline"),
        ("newcomer/__init__.py", DOCSTRING, "its package has no layer"),
        ("backtests/a.py", "import vectorbt as vbt\n", "vectorbt must not be imported here"),
        ("plumbline/a.py", "def f():\n    import vectorbt\n", "vectorbt must not be imported"),
        ("signals/a.py", "import ccxt\n", "ccxt must not be imported here"),
        ("data/sources/a.py", "import ccxt.pro\n", "ccxt is imported by more than one module"),
        ("data/bars.py", "from httpx import get\n", "httpx must not be imported here"),
        ("paper/a.py", "import fredapi\n", "fredapi must not be imported here"),
        ("data/sources/a.py", "from urllib import request\n", "urllib.request must not be"),
        ("signals/statistics.py", "", "named like a module of the standard library"),
        ("signals/types/__init__.py", DOCSTRING, "named like a module of the standard library"),
        ("signals/__init__.py", DOCSTRING + "import data\n", "holds one docstring"),
        ("signals/__init__.py", "", "holds one docstring"),
        ("data/a.py", "x = 1\n" * 401, "401 lines, more than 400"),
        ("data/a.py", "def f():\n" + "    x = 1\n" * 60, "f has 61 lines, more than 60"),
        ("data/a.py", "# TODO: units\n", "data/a.py:1: unfinished (TODO)"),
        ("data/a.py", "x = 1  # FIXME\n", "unfinished (FIXME)"),
        ("data/a.py", "raise NotImplementedError\n", "unfinished (NotImplementedError)"),
        ("data/a.py", '"""A placeholder."""\n', "unfinished (placeholder)"),
    ],
)
def test_a_planted_fault_is_caught(tmp_path: Path, path: str, text: str, fault: str) -> None:
    found = faults(plant(tmp_path, {path: text}))
    assert len(found) == 1, found
    assert fault in found[0]


@pytest.mark.parametrize(
    "files",
    [
        {"data/a.py": "import data.b\n", "data/b.py": "from data import a\n"},
        {"data/a.py": "from .b import c\n", "data/b.py": "def f():\n    from data.a import g\n"},
        {
            "data/a.py": "from data.b import x\n",
            "data/b.py": "from data.c import x\n",
            "data/c.py": "from data.a import x\n",
        },
    ],
    ids=["two", "inside a function", "three"],
)
def test_a_circle_of_imports_is_caught(tmp_path: Path, files: dict[str, str]) -> None:
    found = faults(plant(tmp_path, files))
    assert len(found) == 1, found
    assert found[0].startswith("import circle: data.")


def test_layers_name_each_place_once() -> None:
    places = [place for row in LAYERS for place in row]
    assert len(places) == len(set(places))
