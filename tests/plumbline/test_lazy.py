"""Commands are listed without being imported, and imported when they run."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import pytest
import typer
from typer.testing import CliRunner

from plumbline.app import Commands
from plumbline.lazy import Lazy, LazyGroup

SINGLE = '''
import typer

def command(name: str, times: int = typer.Option(1, help="How often.")) -> None:
    """Greet someone."""
    print(f"hello {name} " * times)
'''

GROUP = '''
import typer

app = typer.Typer(help="Count things.")

@app.command()
def up() -> None:
    """Count up."""
    print("1 2 3")
'''


class Fixture(LazyGroup):
    table: ClassVar = {
        "greet": Lazy("fixture_greet", "Greet."),
        "count": Lazy("fixture_count", "Count."),
        "absent": Lazy("fixture_absent", "Has no module."),
    }


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    (tmp_path / "fixture_greet.py").write_text(SINGLE)
    (tmp_path / "fixture_count.py").write_text(GROUP)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("fixture_greet", "fixture_count"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    app = typer.Typer(cls=Fixture, add_completion=False)

    @app.callback()
    def options() -> None:
        """Do fixture things."""

    return app


def run(app: typer.Typer, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments, prog_name="fixture")
    return result.exit_code, result.output


def test_help_lists_the_table_in_order_and_imports_nothing(app: typer.Typer) -> None:
    status, said = run(app, "--help")
    assert status == 0
    assert said.index("Greet.") < said.index("Count.") < said.index("Has no module.")
    assert not {"fixture_greet", "fixture_count"} & set(sys.modules)


def test_a_function_becomes_a_command(app: typer.Typer) -> None:
    assert run(app, "greet", "Ada", "--times", "2") == (0, "hello Ada hello Ada \n")
    assert "fixture_count" not in sys.modules


def test_a_typer_app_becomes_a_group_even_with_one_command(app: typer.Typer) -> None:
    assert run(app, "count", "up") == (0, "1 2 3\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("greet", "--help"), ("fixture greet", "Greet someone.", "How often.")),
        (("count", "--help"), ("fixture count", "Count things.", "Count up.")),
        (("count", "up", "--help"), ("fixture count up", "Count up.")),
    ],
)
def test_help_of_a_command(app: typer.Typer, arguments: tuple[str], words: tuple[str]) -> None:
    status, said = run(app, *arguments)
    assert status == 0
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [(("gret", "Ada"), "Did you mean 'greet'?"), (("count", "upp"), "Did you mean 'up'?")],
)
def test_a_misspelt_command_is_answered_with_the_near_one(
    app: typer.Typer, arguments: tuple[str], suggestion: str
) -> None:
    status, said = run(app, *arguments)
    assert status == 2
    assert suggestion in said


def test_a_wrong_option_is_bad_input(app: typer.Typer) -> None:
    assert run(app, "greet", "Ada", "--times", "often")[0] == 2


def test_a_missing_module_is_not_hidden(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["absent"])
    assert isinstance(result.exception, ModuleNotFoundError)


@pytest.mark.parametrize("name", Commands.table)
def test_every_command_has_its_module(name: str) -> None:
    spec = find_spec(Commands.table[name].module)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    assert "\napp = typer.Typer(" in source or "\ndef command(" in source
