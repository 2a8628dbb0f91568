"""Conditions between a grid's parameters, in a small language of which nothing is executed.

A condition compares sums, differences, products and quotients of parameters and numbers, for
instance ``exposure.leave <= exposure.enter``, and joins comparisons by ``and``, ``or`` and
``not``. A parameter stands by its dotted path, text in quotes.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from data.aliases import BoolArray
from data.errors import BadConfig

Values: TypeAlias = Mapping[str, Any]
_Term: TypeAlias = Callable[[Values], Any]

_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_SIGN: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
# Nesting that no reader follows, and that would exhaust the interpreter's own stack.
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Constraint:
    """A condition that every point of a grid has to meet.

    Parameters
    ----------
    text : str
        As it stands in the file.
    origin : str
        Where it stands, for error messages.

    Raises
    ------
    BadConfig
        If it is not of the language, or compares nothing.
    """

    text: str
    origin: str = "constraint"
    paths: tuple[str, ...] = field(init=False, compare=False)
    _term: _Term = field(init=False, repr=False, compare=False)

    def __reduce__(self) -> tuple[type[Constraint], tuple[str, str]]:
        return Constraint, (self.text, self.origin)

    def __post_init__(self) -> None:
        try:
            tree = ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self._refused("it cannot be read") from None
        found: dict[str, None] = {}
        object.__setattr__(self, "_term", self._condition(tree, found, 0))
        object.__setattr__(self, "paths", tuple(found))

    def holds(self, values: Values) -> BoolArray:
        """Tell where the condition is met.

        Parameters
        ----------
        values : mapping of str to value or array
            Value of each of `paths`; arrays of one length.

        Raises
        ------
        BadConfig
            If text is compared with a number.
        """
        try:
            with np.errstate(all="ignore"):
                met = self._term(values)
        except (TypeError, ZeroDivisionError) as error:
            raise self._refused(str(error)) from None
        return np.asarray(met, dtype=bool)

    def _condition(self, node: ast.AST, found: dict[str, None], depth: int) -> _Term:
        if depth > _DEEPEST:
            raise self._refused("it is nested too deeply")
        if isinstance(node, ast.BoolOp):
            parts = [self._condition(part, found, depth + 1) for part in node.values]
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return lambda values: _joined(join, [part(values) for part in parts])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._condition(node.operand, found, depth + 1)
            return lambda values: np.logical_not(np.asarray(inner(values), dtype=bool))
        if isinstance(node, ast.Compare):
            return self._comparison(node, found, depth)
        raise self._refused(f"{ast.unparse(node)!r} is no comparison")

    def _comparison(self, node: ast.Compare, found: dict[str, None], depth: int) -> _Term:
        terms = [self._number(part, found, depth + 1) for part in (node.left, *node.comparators)]
        if not all(type(sign) in _COMPARE for sign in node.ops):
            raise self._refused("compare with < <= > >= == or !=")
        signs = [_COMPARE[type(sign)] for sign in node.ops]
        links = list(zip(signs, terms[:-1], terms[1:], strict=True))
        return lambda values: _joined(
            np.logical_and, [sign(left(values), right(values)) for sign, left, right in links]
        )

    def _number(self, node: ast.AST, found: dict[str, None], depth: int) -> _Term:
        if depth > _DEEPEST:
            raise self._refused("it is nested too deeply")
        if isinstance(node, ast.Name | ast.Attribute):
            path = self._path(node)
            found[path] = None
            return lambda values: values[path]
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
            constant = node.value
            return lambda values: constant  # noqa: ARG005
        if isinstance(node, ast.UnaryOp) and type(node.op) in _SIGN:
            sign, inner = _SIGN[type(node.op)], self._number(node.operand, found, depth + 1)
            return lambda values: sign(inner(values))
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            join = _ARITHMETIC[type(node.op)]
            left = self._number(node.left, found, depth + 1)
            right = self._number(node.right, found, depth + 1)
            return lambda values: join(left(values), right(values))
        raise self._refused(f"{ast.unparse(node)!r} is neither a parameter nor a number")

    def _path(self, node: ast.AST) -> str:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute):
            return f"{self._path(node.value)}.{node.attr}"
        raise self._refused(f"{ast.unparse(node)!r} is no parameter")

    def _refused(self, why: str) -> BadConfig:
        return BadConfig(f"{self.origin}: {self.text!r}: {why}")


def _joined(join: Callable[[Any, Any], Any], parts: list[Any]) -> Any:
    met = np.asarray(parts[0], dtype=bool)
    for part in parts[1:]:
        met = join(met, np.asarray(part, dtype=bool))
    return met
