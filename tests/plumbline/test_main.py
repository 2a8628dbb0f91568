"""The entry point: exit statuses, one line for a known error, folders that shadow ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import plumbline
from plumbline.__main__ import PACKAGES, main, shadow
from plumbline.app import Commands
from plumbline.lazy import Lazy

ROOT = Path(__file__).resolve().parents[2]

PLANTED = """
from data.errors import BadTable, UnknownName

def command(what: str) -> None:
    if what == "known":
        raise UnknownName("signal", "srf_usag", ["srf_usage"])
    if what == "lines":
        raise BadTable("prices.csv: row 3\\nclose is -1")
    if what == "interrupt":
        raise KeyboardInterrupt
    if what == "bug":
        raise ZeroDivisionError
    for number in range(100_000):
        print(number)
"""


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fixture_planted.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(Commands, "table", {"planted": Lazy("fixture_planted", "For tests.")})


def status(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return end.value.code


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert status("--version") == 0
    assert capsys.readouterr().out == f"plumbline {plumbline.__version__}\n"


def test_a_known_error_is_one_line(planted: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert status("planted", "known") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "plumbline: unknown signal 'srf_usag': did you mean srf_usage?\n"


def test_an_error_never_takes_two_lines(planted: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert status("planted", "lines") == 2
    assert capsys.readouterr().err == "plumbline: prices.csv: row 3 close is -1\n"


def test_a_bug_is_a_traceback(planted: None) -> None:
    with pytest.raises(ZeroDivisionError):
        main(["planted", "bug"])


def test_an_interrupt_ends_with_130(planted: None) -> None:
    assert status("planted", "interrupt") == 130


def test_a_misspelt_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert status("reprot") == 2
    assert "Did you mean 'report'?" in capsys.readouterr().err


def in_process(arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.name == "nt", reason="pipes break differently there")
def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "fixture_planted.py").write_text(PLANTED)
    script = """
from plumbline.__main__ import main
from plumbline.app import Commands
from plumbline.lazy import Lazy
Commands.table = {"planted": Lazy("fixture_planted", "")}
main(["planted", "much"])
"""
    done = in_process(["sh", "-c", f"'{sys.executable}' -c '{script}' | head -n 1"], tmp_path)
    assert (done.stdout, done.stderr) == ("0\n", "")


class TestShadow:
    def test_nothing_shadows_us_here(self) -> None:
        assert shadow() is None

    def test_every_package_is_looked_at(self) -> None:
        tops = {path.parent.name for path in ROOT.glob("*/__init__.py")}
        assert tops == {"plumbline", *PACKAGES}

    @pytest.mark.parametrize("name", PACKAGES)
    def test_a_folder_that_shadows_a_package_is_named(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        done = in_process([sys.executable, "-m", "plumbline", "--help"], tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.startswith(f"plumbline: {tmp_path / name} shadows plumbline's own")
        assert done.stderr.count("\n") == 1

    def test_a_file_that_shadows_a_package_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "data.py").touch()
        done = in_process([sys.executable, "-m", "plumbline", "--help"], tmp_path)
        assert done.returncode == 2
        assert f"{tmp_path / 'data.py'} shadows" in done.stderr

    def test_a_plain_folder_of_the_same_name_does_no_harm(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        done = in_process([sys.executable, "-m", "plumbline", "--help"], tmp_path)
        assert done.returncode == 0
