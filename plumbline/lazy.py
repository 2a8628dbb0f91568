"""A command group that imports a command's module only when that command runs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group


class Lazy(NamedTuple):
    """Where a command is written and what the group's help says of it.

    The module has either ``app``, a :class:`typer.Typer` with subcommands, or ``command``, a
    function that typer turns into a single command.
    """

    module: str
    help: str


class LazyGroup(TyperGroup):
    """A typer group whose commands are named in ``table`` and imported on use.

    ``--help``, completion and the suggestion for a misspelt name read the table alone.
    Subclass it with a ``table`` of name -> :class:`Lazy` and pass the subclass as
    ``typer.Typer(cls=...)``.
    """

    table: ClassVar[Mapping[str, Lazy]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, lazy in self.table.items():
            self.add_command(TyperCommand(name=name, help=lazy.help))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the name, the imported command and the arguments left for it."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and name in self.table:
            command = load(name, self.table[name])
        return name, command, rest


def load(name: str, lazy: Lazy) -> Any:
    """Import a command's module and build its typer command or group.

    Parameters
    ----------
    name : str
        The name under which the command is run.
    lazy : Lazy
        Its module and help line.

    Returns
    -------
    typer.core.TyperCommand or typer.core.TyperGroup
        Ready to run.

    Raises
    ------
    AttributeError
        If the module has neither ``app`` nor ``command``: a mistake in the program.
    """
    module = import_module(lazy.module)
    if hasattr(module, "app"):
        group = get_group(module.app)
        group.name, group.help = name, group.help or lazy.help
        return group
    single = typer.Typer(add_completion=False)
    single.command(name)(module.command)
    return get_command(single)
