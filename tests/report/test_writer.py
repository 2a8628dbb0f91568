from __future__ import annotations

import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from backtests.report.limits import commands
from backtests.report.writer import write_report
from tests.report.studies import thesis

CLAIM_KEYS = {
    "id",
    "statement",
    "kind",
    "verdict",
    "reason",
    "period",
    "estimate",
    "unit",
    "interval",
    "p_value",
    "episodes",
    "windows",
    "dose",
    "delta",
    "direction",
    "naive_p",
    "mde",
    "power",
    "years_needed",
    "chances",
    "leave_one_out",
    "parts",
    "notes",
    "planted",
    "calibration",
}
STRATEGY_KEYS = {"name", "title", "run_id", "metrics", "costs", "benchmark"}


@pytest.fixture(scope="module")
def written(report):
    return json.loads((report / "report.json").read_text())


@pytest.fixture(scope="module")
def html(report):
    return (report / "report.html").read_text()


def test_report_json_has_its_schema(written) -> None:
    assert written["schema_version"] == 1
    assert written["run_id"] == "0123456789abcdef"
    assert written["snapshot_id"]
    assert written["as_of"] == "2026-08-07T00:00:00Z"
    assert written["thesis"]["sha256"] == thesis().sha256
    assert [claim["id"] for claim in written["claims"]] == [c.id for c in thesis().claims]
    assert all(claim.keys() >= CLAIM_KEYS for claim in written["claims"])
    assert all(strategy.keys() >= STRATEGY_KEYS for strategy in written["strategies"])
    assert written.keys() >= {"headline", "delays", "data", "regime", "simulated", "source"}


def test_numbers_that_are_missing_are_null(written) -> None:
    claims = {claim["id"]: claim for claim in written["claims"]}
    assert claims["C5"]["estimate"] is None
    assert claims["A1"]["p_value"] is None
    cash = next(item for item in written["strategies"] if item["name"] == "cash")
    assert cash["intervals"]["sharpe"] is None
    assert cash["metrics"]["sharpe"] is None


def test_tests_and_only_tests_are_marked_as_not_calibrated(written) -> None:
    for claim in written["claims"]:
        test = claim["kind"] in ("mechanism", "transmission", "rules")
        assert claim["calibration"] == ("not calibrated" if test else None)


def test_the_headline_begins_with_the_verdicts(written) -> None:
    assert written["headline"].startswith("Of five claims about the mechanism, two hold, ")
    assert "Since publication (2025-11-04) BTC " in written["headline"]
    assert written["simulated"] is False
    assert written["planted"] is None


def test_a_simulated_world_is_said_first(simulated_report, simulated_study) -> None:
    written = json.loads((simulated_report / "report.json").read_text())
    assert written["headline"].startswith("Simulated world “phantom”, seed ")
    assert written["simulated"] is True
    assert written["planted"]["notes"] == list(simulated_study.snapshot.truth.notes)
    page = (simulated_report / "report.html").read_text()
    assert page.index('class="banner"') < page.index("<main>")
    assert all(name in page for name in simulated_study.snapshot.truth.links)


def test_a_real_world_has_no_banner(html) -> None:
    assert 'class="banner"' not in html
    assert "Planted" not in html.partition("<script type")[0]


def test_two_runs_give_the_same_bytes(report, study, tmp_path) -> None:
    write_report(study, tmp_path)
    names = {path.name for path in report.iterdir()}
    assert names == {path.name for path in tmp_path.iterdir()}
    for name in names:
        assert (report / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_the_manifest_lists_the_hash_of_every_file(report) -> None:
    manifest = json.loads((report / "manifest.json").read_text())
    files = {path.name for path in report.iterdir()} - {"manifest.json"}
    assert set(manifest["files"]) == files
    assert {"report.html", "report.json", "essay.png", "rules.png"} <= files
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((report / name).read_bytes()).hexdigest() == digest


class Outline(HTMLParser):
    """What a page links to, by tag and attribute, and the ids it has."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.anchors: list[str] = []
        self.ids: list[str] = []
        self.images_without_text = 0

    def handle_starttag(self, tag, attrs) -> None:
        values = dict(attrs)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.anchors.append(values["href"])
        elif tag != "use":
            self.sources += [values[name] for name in ("src", "href") if name in values]
        if tag == "img" and not values.get("alt"):
            self.images_without_text += 1


@pytest.fixture(scope="module")
def outline(html):
    parser = Outline()
    parser.feed(html)
    return parser


def test_the_page_stands_alone(outline, report) -> None:
    assert all(source.startswith("data:") for source in outline.sources)
    assert (report / "report.html").stat().st_size < 8e6


def test_every_anchor_leads_somewhere(outline) -> None:
    assert len(outline.ids) == len(set(outline.ids))
    inside = {anchor[1:] for anchor in outline.anchors if anchor.startswith("#")}
    assert inside <= set(outline.ids)
    assert {claim.id for claim in thesis().claims} <= set(outline.ids)


def test_every_picture_has_a_text(outline) -> None:
    assert outline.images_without_text == 0


def test_text_from_outside_is_escaped(html) -> None:
    assert "because <b>so</b>" not in html.lower()
    assert "Because &lt;b&gt;so&lt;/b&gt;." in html
    assert "Title of of_my_own &amp; &lt;more&gt;" in html


def test_the_page_says_what_must_be_said_once(html) -> None:
    page = html.partition('<script type="application/json"')[0]
    assert page.count("not calibrated yet") == 1
    assert thesis().retrospective in page
    assert "list of coins was chosen with hindsight" in page
    assert "resampling range" in page
    assert thesis().sha256 in page


def test_no_time_of_the_run_stands_anywhere(html, report) -> None:
    text = html.partition('<script type="application/json"')[0] + (
        (report / "report.json").read_text() + (report / "manifest.json").read_text()
    )
    years = {int(year) for year in re.findall(r"\b(20\d\d)-\d\d-\d\d", text)}
    assert max(years) <= 2026


def test_three_commands_reproduce_it(study, simulated_study) -> None:
    made = commands(simulated_study.snapshot)
    assert len(made) == 3
    assert "--data simulated:phantom --as-of 2026-08-07T00:00Z" in made[1]
    stored = commands(study.snapshot)
    assert "data import" in stored[1]
    assert "--data store" in stored[2]
