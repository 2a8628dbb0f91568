"""The argument as a chain: from debt to altcoins, every link with the verdict on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backtests.report.verdicts import Look, look
from backtests.thesis.finding import Finding


@dataclass(frozen=True, slots=True)
class Joint:
    """A link as the essay argues it: two nodes, what ties them, and the claims about it.

    ``claim`` decides the link; ``beside`` bear on it.
    """

    start: str
    verb: str
    end: str
    claim: str
    beside: tuple[str, ...]


JOINTS = (
    Joint("Debt", "financed in", "Repo", "A3", ("A1", "A2", "A4", "A5")),
    Joint("Repo", "presses on", "Ceiling", "B2", ("B1", "B3", "B7")),
    Joint("Ceiling", "draws", "SRF", "B4", ("B5", "B6")),
    Joint("SRF", "adds to", "Balance sheet", "C1", ("D1", "D3a", "D3b")),
    Joint("Balance sheet", "lifts", "BTC", "C2b", ("C2a", "C3", "C4", "C5")),
    Joint("BTC", "amplified by", "Altcoins", "C6", ()),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A joint with the verdict of its claim, and the verdicts beside it."""

    joint: Joint
    look: Look
    statement: str
    beside: tuple[tuple[str, Look], ...]


def chain(findings: Sequence[Finding]) -> tuple[Link, ...]:
    """Return the links whose claim is registered, in the order of the argument.

    A thesis that registers other claims has no picture of this chain: the result is empty.
    """
    by_id = {found.claim.id: found for found in findings}
    return tuple(
        Link(
            joint=joint,
            look=look(by_id[joint.claim].verdict),
            statement=by_id[joint.claim].claim.statement,
            beside=tuple(
                (name, look(by_id[name].verdict)) for name in joint.beside if name in by_id
            ),
        )
        for joint in JOINTS
        if joint.claim in by_id
    )
