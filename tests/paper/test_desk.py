"""A desk from files and settings: commands as a user gives them, and what they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from data.errors import BadConfig, Locked, Stale, WrongLedger
from data.settings import Settings
from data.snapshot import Snapshot
from paper.config import PaperConfig
from paper.desk import Desk
from paper.once import halt, once, reconcile, resume, run
from paper.page import page
from paper.standing import document, standing
from plumbline.__main__ import main
from strategies.loading import load_strategy
from tests.paper.clocks import SetClock

NAME = "liquidity_threshold"
AT = "2026-06-01T00:05Z"


@pytest.fixture
def desk(home: Path, phantom: Snapshot) -> Desk:
    return Desk(
        load_strategy(NAME), home, lambda: phantom, offline=True, clock=SetClock("2026-06-01 00:05")
    )


def silent(line: str) -> None:
    raise AssertionError(line)


def later(desk: Desk, days: int) -> None:
    assert isinstance(desk.clock, SetClock)
    desk.clock.at += pd.Timedelta(days=days)


def test_a_week_stays_close_to_the_backtest(desk: Desk) -> None:
    for _ in range(7):
        assert once(desk, silent).status == "done"
        later(desk, 1)
    with desk.ledger() as ledger:
        found = standing(ledger)
    assert found.close == pd.Timestamp("2026-06-07", tz="UTC")
    # The last close and the next open differ by a few basis points in the simulated world.
    assert abs(found.drift_share) < 0.002
    assert found.value != found.initial_cash
    assert sum(one.weight for one in found.positions) == pytest.approx(1)


def test_a_status_read_from_a_checkpoint_is_that_of_all_events(desk: Desk) -> None:
    once(desk, silent)
    later(desk, 1)
    once(desk, silent)
    with desk.ledger() as ledger:
        quick = document(standing(ledger))
        ledger._connection.execute("DELETE FROM checkpoints")
        assert document(standing(ledger)) == quick


def test_the_page_is_whole_and_needs_nothing_from_outside(desk: Desk) -> None:
    for _ in range(3):
        once(desk, silent)
        later(desk, 1)
    html = desk.page_path.read_text()
    assert html.startswith("<!doctype html>")
    assert html.rstrip().endswith("</html>")
    for outside in ("http://", "https://", "<script", "@import", "url("):
        assert outside not in html
    assert html.count("<svg") == 2
    assert "SIMULATED DATA: world phantom" in html
    with desk.ledger() as ledger:
        assert page(ledger, desk.clock.now()).count("<tr>") > 10


def test_words_of_a_reason_cannot_become_markup(desk: Desk) -> None:
    once(desk, silent)
    halt(desk, "<script>alert(1)</script>")
    html = desk.page_path.read_text()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_halt_lasts_until_it_is_resumed(desk: Desk) -> None:
    once(desk, silent)
    halt(desk, "going away")
    later(desk, 1)
    with desk.ledger() as ledger:
        assert standing(ledger).halt is not None
    assert resume(desk) is True
    assert resume(desk) is False
    assert once(desk, silent).status == "done"


def test_a_kill_file_halts_and_must_go_before_it_is_resumed(desk: Desk) -> None:
    from data.errors import Halted

    once(desk, silent)
    kill = desk.folder / "KILL"
    kill.touch()
    later(desk, 1)
    once(desk, silent)
    with pytest.raises(Halted, match="KILL is there: remove it first"):
        resume(desk)
    kill.unlink()
    assert resume(desk) is True


def test_a_ledger_does_not_begin_on_stale_data(desk: Desk) -> None:
    later(desk, 365)
    with pytest.raises(Stale, match="closes at 2026-08-07 and a ledger would begin on 2027-06-01"):
        once(desk, silent)
    assert not desk.ledger_path.exists()


def test_a_ledger_of_a_changed_strategy_is_refused(desk: Desk) -> None:
    from dataclasses import replace

    once(desk, silent)
    rule = load_strategy(NAME)
    changed = replace(rule, overlays=())  # type: ignore[type-var]
    assert changed.config_hash != rule.config_hash
    before = desk.ledger_path.read_bytes()
    with pytest.raises(WrongLedger, match="has changed since its ledger began on 2026-06-01"):
        once(replace(desk, strategy=changed), silent)
    assert desk.ledger_path.read_bytes() == before


def test_simulated_and_published_figures_are_not_mixed(desk: Desk, phantom: Snapshot) -> None:
    from dataclasses import replace

    once(desk, silent)
    published = replace(phantom, truth=None)
    with pytest.raises(WrongLedger, match=r"the simulated world phantom.*published figures"):
        once(replace(desk, load=lambda: published), silent)


def test_two_processes_do_not_work_on_one_account(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    import paper.desk

    monkeypatch.setattr(paper.desk, "LOCK_SECONDS", 0.1)
    code = (
        "import sys, pathlib; from data.lock import writing\n"
        "with writing(pathlib.Path(sys.argv[1]), 5.0): print('in', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(desk.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "in\n"
        with pytest.raises(Locked, match=f"process {other.pid} "):
            once(desk, silent)
        other.stdin.write("\n")
        other.stdin.close()


def test_run_acts_once_a_day_and_again_while_something_is_held_back(desk: Desk) -> None:
    said: list[str] = []
    warned: list[str] = []
    until = pd.Timestamp("2026-06-03 12:00", tz="UTC")
    run(desk, said.append, warned.append, until=until)
    assert [line.split(": ")[1] for line in said] == ["done", "done", "done"]
    # From 2026-08-08 on there are no bars: blocked, and looked at again every five minutes.
    assert isinstance(desk.clock, SetClock)
    desk.clock.at = pd.Timestamp("2026-08-08 00:05", tz="UTC")
    said.clear()
    run(desk, said.append, warned.append, until=desk.clock.at + pd.Timedelta(minutes=10))
    assert len(said) == 3
    assert all("blocked: stale" in line for line in said)
    assert warned == []


def test_balances_are_compared_and_taken_over(desk: Desk) -> None:
    once(desk, silent)
    assert reconcile(desk) == []
    with desk.session() as session:
        session.broker.adjust("a gift", "USD", Decimal(7))  # type: ignore[attr-defined]
    found = reconcile(desk)
    assert [str(one).split(":")[0] for one in found] == ["CASH"]
    reconcile(desk, accept=True)
    assert reconcile(desk) == []


def test_a_simulated_world_is_not_traded_at_an_exchanges_prices(desk: Desk) -> None:
    from dataclasses import replace

    with pytest.raises(BadConfig, match=r"the simulated world phantom.*set it to 'close'"):
        once(replace(desk, config=PaperConfig(prices="coinbaseexchange")), silent)


def test_a_webhook_hears_of_a_block(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    heard: list[dict[str, object]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/hook"
        told = replace(desk, config=PaperConfig(webhook=address))
        once(told, silent)
        later(told, 80)
        assert once(told, silent).status == "blocked"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [(row["strategy"], row["kind"]) for row in heard] == [(NAME, "blocked")]


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def run_it(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(["paper", *arguments])
        out = capsys.readouterr()
        code = end.value.code
        return (code if isinstance(code, int) else 0), out.out, out.err

    return run_it


def test_the_commands_one_after_the_other(call: Call, home: Path) -> None:
    options = ("--strategy", NAME, "--data", "simulated:phantom")
    code, out, err = call("once", *options, "--at", AT, "--json")
    assert code == 0
    assert json.loads(out)["status"] == "done"
    assert "SIMULATED DATA" in err
    code, out, _ = call("status", "--strategy", NAME, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["strategy"] == NAME
    assert found["simulated_world"].startswith("phantom")
    assert found["decision"]["decision_time"] == "2026-06-01T00:00:00Z"
    assert call("halt", "--strategy", NAME, "--reason", "lunch")[0] == 0
    code, out, _ = call("status", "--strategy", NAME)
    assert code == 1
    assert "Halted since" in out
    assert "lunch" in out
    assert call("resume", "--strategy", NAME)[1] == "resumed\n"
    code, out, _ = call("reconcile", *options, "--at", AT, "--json")
    assert (code, json.loads(out)["differences"]) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("status", "--strategy", NAME), "there is no ledger yet"),
        (("once", "--strategy", "liquidity_treshold"), "did you mean liquidity_threshold"),
        (("once", "--strategy", NAME, "--broker", "live"), "give simulated, or ccxt:EXCHANGE"),
        (("replay",), "give --strategy NAME, or --all"),
        (("once", "--strategy", NAME, "--at", "2026-06-01"), "has no time zone"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    call: Call, home: Path, arguments: tuple[str, ...], message: str
) -> None:
    extra = () if arguments[0] in ("status", "replay") else ("--data", "simulated:phantom")
    code, _, err = call(*arguments, *extra)
    assert code == 2
    assert message in err.splitlines()[-1]
    assert not list(home.rglob("*.sqlite"))


def test_limits_come_from_the_settings_file(call: Call, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "plumbline.toml").write_text("[paper]\ngros = 2\n")
    code, _, err = call("once", "--strategy", NAME, "--data", "simulated:phantom", "--at", AT)
    assert code == 2
    assert "did you mean gross?" in err
    (home / "plumbline.toml").write_text("[paper]\ndrawdown = 7\n")
    code, _, err = call("once", "--strategy", NAME, "--data", "simulated:phantom", "--at", AT)
    assert code == 2
    assert "paper.drawdown = 7: input should be less than or equal to 1" in err
    (home / "plumbline.toml").write_text("[paper]\nturnover = 0.01\n")
    code, out, _ = call("once", "--strategy", NAME, "--data", "simulated:phantom", "--at", AT)
    assert code == 1
    assert "turnover: the orders are worth" in out


def test_a_live_account_is_refused(call: Call) -> None:
    code, _, err = call("once", "--strategy", NAME, "--at", AT, "--broker", "ccxt:kraken")
    assert code == 2
    assert "sandbox" in err


def test_settings_know_the_paper_table(home: Path) -> None:
    assert Settings(home=home).paper == {}
