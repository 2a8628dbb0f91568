"""Set-up: the lock, the choice of a Python, what is made again and what is left alone."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from scripts import bootstrap
from scripts.bootstrap import SetupError, candidates, find_python, judge, probe, set_up

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

needs_sh = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


def locked() -> list[tuple[Requirement, str]]:
    """Each entry of the lock with the text of its hashes."""
    entries = LOCK.replace("\\\n", " ").splitlines()
    parts = [entry.partition("--hash") for entry in entries]
    return [(Requirement(name.strip()), mark + rest) for name, mark, rest in parts]


class TestLock:
    def test_names_no_host(self) -> None:
        assert "://" not in LOCK

    def test_pins_every_package_with_hashes(self) -> None:
        assert len(locked()) > 100
        for requirement, hashes in locked():
            assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
            assert re.fullmatch(r"(--hash=sha256:[0-9a-f]{64} *)+", hashes), requirement

    @pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
    def test_satisfies_the_project_on_each_python(self, python: str) -> None:
        environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
        versions = {
            canonicalize_name(entry.name): Version(str(entry.specifier)[2:])
            for entry, _ in locked()
            if entry.marker is None or entry.marker.evaluate(environment)
        }
        wanted = PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["dev"]
        for requirement in map(Requirement, wanted):
            assert versions[canonicalize_name(requirement.name)] in requirement.specifier

    def test_can_build_the_project(self) -> None:
        names = {canonicalize_name(entry.name) for entry, _ in locked()}
        for requirement in map(Requirement, PYPROJECT["build-system"]["requires"]):
            assert canonicalize_name(requirement.name) in names


def stand_in(folder: Path, name: str, script: str) -> list[str]:
    """Write a command that answers like a Python of our choice."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return [str(path)]


class TestChoiceOfPython:
    @pytest.mark.parametrize(
        ("version", "complete", "fault"),
        [
            ("2.7.18", True, "too old"),
            ("3.9.20", True, "too old"),
            ("3.10.13", True, "is 3.10.13, too old"),
            ("3.11.0", True, ""),
            ("3.12.1", True, ""),
            ("3.13.9", True, ""),
            ("3.14.0", True, "is 3.14.0, too new"),
            ("4.0.0", True, "too new"),
            ("3.12.1", False, "apt install python3.12-venv"),
        ],
    )
    def test_versions(self, version: str, complete: bool, fault: str) -> None:
        said = judge(version, complete)
        assert fault in said
        assert bool(fault) is bool(said)

    def test_agrees_with_the_project(self) -> None:
        assert PYPROJECT["project"]["requires-python"] == ">=3.11,<3.14"
        assert (bootstrap.OLDEST, bootstrap.NEWEST) == ((3, 11), (3, 13))

    def test_the_running_python_comes_first(self) -> None:
        assert candidates()[0] == [sys.executable]

    @needs_sh
    def test_a_shim_that_fails_is_passed_over(self, tmp_path: Path) -> None:
        shim = stand_in(tmp_path, "python3.13", "echo 'command not found' >&2; exit 127")
        found = find_python([shim, ["no-such-python"], [sys.executable]])
        assert found.version == ".".join(map(str, sys.version_info[:3]))

    @needs_sh
    def test_a_refusal_names_what_was_found(self, tmp_path: Path) -> None:
        old = stand_in(tmp_path, "old", "printf '3.10.13\\n/usr/bin/python3.10\\ncomplete\\n'")
        new = stand_in(tmp_path, "new", "printf '3.14.0\\n/usr/bin/python3.14\\ncomplete\\n'")
        shim = stand_in(tmp_path, "shim", "echo 'pyenv: not installed' >&2; exit 127")
        mute = stand_in(tmp_path, "mute", "exit 0")
        with pytest.raises(SetupError) as refusal:
            find_python([old, new, shim, mute, ["no-such-python"]])
        said = str(refusal.value)
        assert said.startswith("Python 3.11, 3.12 or 3.13 is needed.")
        assert f"{old[0]}: is 3.10.13, too old" in said
        assert f"{new[0]}: is 3.14.0, too new" in said
        assert f"{shim[0]}: does not run (pyenv: not installed)" in said
        assert f"{mute[0]}: does not run (no message)" in said
        assert "no-such-python: not found" in said

    def test_a_python_that_runs_says_what_it_is(self) -> None:
        answer, fault = probe([sys.executable])
        assert fault == ""
        assert answer is not None
        assert answer.version == ".".join(map(str, sys.version_info[:3]))

    def test_an_old_python_can_read_the_script(self) -> None:
        source = (ROOT / "scripts" / "bootstrap.py").read_text(encoding="utf-8")
        ast.parse(source, feature_version=(3, 8))


@needs_sh
class TestSetUp:
    """With an installer that only notes what it is asked."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        (tmp_path / "plumbline").mkdir()
        for name in ("requirements.lock", "pyproject.toml", "plumbline/version.py"):
            (tmp_path / name).write_text(name)
        return tmp_path

    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What was run, in order; running it makes the files that the real command would."""
        asked: list[str] = []

        def run(root: Path, command: list[str], what: str) -> None:
            asked.append(what)
            programs = root / ".venv" / "bin"
            if what == "making .venv":
                programs.mkdir(parents=True)
                (programs / "python").symlink_to(sys.executable)
            if what == "installing the project":
                (programs / "plumbline").touch()

        monkeypatch.setattr(bootstrap, "run", run)
        return asked

    @staticmethod
    def set_up(root: Path) -> str:
        return set_up(root, [[sys.executable]])

    everything = ("making .venv", "installing requirements.lock", "installing the project")

    def test_makes_everything_once(self, root: Path, asked: list[str]) -> None:
        assert self.set_up(root).endswith("environment made, project installed")
        assert tuple(asked) == self.everything
        asked.clear()
        assert self.set_up(root).endswith("nothing to do")
        assert asked == []

    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            ("requirements.lock", everything),
            ("pyproject.toml", everything[2:]),
            ("plumbline/version.py", everything[2:]),
        ],
    )
    def test_a_change_makes_what_depends_on_it(
        self, root: Path, asked: list[str], changed: str, expected: tuple[str, ...]
    ) -> None:
        self.set_up(root)
        asked.clear()
        (root / changed).write_text("changed")
        self.set_up(root)
        assert tuple(asked) == expected

    @pytest.mark.parametrize("stopped_at", everything)
    def test_an_interrupted_set_up_is_finished(
        self, root: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch, stopped_at: str
    ) -> None:
        run: Any = bootstrap.run

        def interrupted(root: Path, command: list[str], what: str) -> None:
            if what == stopped_at:
                raise KeyboardInterrupt
            run(root, command, what)

        monkeypatch.setattr(bootstrap, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            self.set_up(root)
        monkeypatch.setattr(bootstrap, "run", run)
        asked.clear()
        self.set_up(root)
        assert asked[-1] == "installing the project"
        assert ("making .venv" in asked) is (stopped_at != "installing the project")
        assert self.set_up(root).endswith("nothing to do")

    def test_an_environment_whose_python_is_gone_is_made_again(
        self, root: Path, asked: list[str]
    ) -> None:
        self.set_up(root)
        asked.clear()
        python = root / ".venv" / "bin" / "python"
        python.unlink()
        python.symlink_to("/no/such/python")
        self.set_up(root)
        assert tuple(asked) == self.everything

    def test_an_environment_that_was_moved_is_made_again(
        self, root: Path, asked: list[str], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        self.set_up(root)
        asked.clear()
        moved = root.rename(tmp_path_factory.mktemp("elsewhere") / "moved")
        self.set_up(moved)
        assert tuple(asked) == self.everything


class TestRun:
    def test_a_failure_shows_the_end_of_what_was_said_without_hosts(self, tmp_path: Path) -> None:
        script = "print('Looking in indexes: here'); print('no such package'); raise SystemExit(1)"
        with pytest.raises(SetupError) as failure:
            bootstrap.run(tmp_path, [sys.executable, "-c", script], "installing")
        assert str(failure.value) == "installing failed:\n  no such package"

    def test_success_is_silent(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        bootstrap.run(tmp_path, [sys.executable, "-c", "print('chatter')"], "installing")
        assert capfd.readouterr() == ("", "")

    def test_an_unknown_step_shows_the_steps(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert bootstrap.main(["instal"]) == 2
        assert "setup|report|test|lock" in capsys.readouterr().err


def test_ignored_files_are_named_from_the_root() -> None:
    patterns = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert [p for p in patterns if not p.startswith("/")] == ["__pycache__/"]


def test_help_imports_no_heavy_library() -> None:
    script = """
import sys
from plumbline.__main__ import main
try:
    main(["--help"])
except SystemExit:
    heavy = {"ccxt", "httpx", "matplotlib", "numpy", "pandas", "plotly", "pyarrow", "pydantic"}
    heavy |= {"scipy", "statsmodels", "vectorbt"}
    print("imported:", sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "strategies" in done.stdout
    assert done.stdout.splitlines()[-1] == "imported: []"
