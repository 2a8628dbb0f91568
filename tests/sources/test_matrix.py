"""Every source against every fault: the whole truth or a clear error, never a silent hole."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pandas as pd
import pytest

from data.errors import Incomplete, Refused, SourceError, UnexpectedAnswer, Unreachable
from data.sources.base import Answer, collect
from tests.sources.faults import ALWAYS, Fault
from tests.sources.server import Server
from tests.sources.truth import SINCE
from tests.sources.world import CANARY, CASES, client, scenario, since, table


@dataclass(frozen=True)
class Expected:
    """What must come of a fault that hits once, and of one that stays."""

    once: str
    always: str
    error: tuple[type[SourceError], ...] = ()


BUSY = Expected("complete", "error", (Unreachable,))
REFUSED = Expected("error", "error", (Refused,))
BROKEN = Expected("complete", "error", (Unreachable, Incomplete, UnexpectedAnswer))
HARMLESS = Expected("complete", "complete")

FAULTS: dict[str, Expected] = {
    "429": BUSY,
    "418": REFUSED,
    "403": REFUSED,
    "451": REFUSED,
    "500": BUSY,
    "502": BUSY,
    "503": BUSY,
    "timeout": BUSY,
    "reset": BROKEN,
    "truncated": BROKEN,
    "cut": BROKEN,
    "html": BROKEN,
    "empty": BROKEN,
    "shape": BROKEN,
    "duplicates": HARMLESS,
    "disorder": HARMLESS,
}


def outcome(answer: Answer | None, error: SourceError | None) -> str:
    return "complete" if error is None and answer is not None and answer.complete else "error"


@pytest.mark.parametrize("times", [1, ALWAYS], ids=["once", "always"])
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("name", CASES)
def test_a_source_under_a_fault(server: Server, name: str, kind: str, times: int) -> None:
    case, expected = CASES[name], FAULTS[kind]
    scene = scenario()
    scene.fault = Fault(kind, times)
    source = case.make(server.open(scene))
    slow = 0.3 if times == 1 else 0.1
    began = time.monotonic()
    answer: Answer | None = None
    error: SourceError | None = None
    with client(scene, timeout=slow if kind == "timeout" else 10.0) as asking:
        try:
            answer = collect(source, case.since, asking)
        except SourceError as raised:
            error = raised
    assert time.monotonic() - began < 30
    wanted = expected.once if times == 1 else expected.always
    assert scene.fault.hits > 0, "the fault never struck"
    true = since(case.truth(scene), SINCE)
    assert true, "the test has nothing to compare with"
    found = since(table(answer.rows, source.table), SINCE) if answer is not None else {}
    assert found.items() <= true.items(), "a wrong figure slipped in"
    if answer is not None and outcome(answer, error) == "complete":
        untold = [key for key in true if key not in found and not listed(key, answer)]
        assert not untold, "figures are missing without a word"
        assert wanted == "complete"
        # Only a text that is cut between two lines can be told from a short one by its gaps alone.
        assert found == true or kind == "cut"
    else:
        assert wanted == "error" or name in STRICT.get(kind, ()), messages(answer, error)
        for message in messages(answer, error):
            assert "\n" not in message
            assert "127.0.0.1" not in message
            assert CANARY not in message
        if error is not None:
            assert isinstance(error, expected.error or SourceError)


def listed(key: tuple[str, pd.Timestamp], answer: Answer) -> bool:
    """Whether a gap is told that holds the figure."""
    return any(
        problem.kind == "gap"
        and problem.what == key[0]
        and problem.first is not None
        and problem.last is not None
        and problem.first <= key[1] <= problem.last
        for problem in answer.problems
    )


# Where rows are counted, a page with one too many is not the page that was asked for.
STRICT: dict[str, tuple[str, ...]] = {"duplicates": ("treasury_cash", "treasury_debt", "cftc")}


def messages(answer: Answer | None, error: SourceError | None) -> list[str]:
    if error is not None:
        return [str(error)]
    assert answer is not None
    return [problem.text for problem in answer.problems if problem.kind == "error"]
