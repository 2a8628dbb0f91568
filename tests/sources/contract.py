"""What every source must do, whatever it speaks."""

from __future__ import annotations

import gzip
import hashlib
import socket
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.catalogue import series as series_spec
from data.errors import Unreachable
from data.observations import observe
from data.sources.archive import RawAnswer
from data.sources.base import COLUMNS, Answer, Source, collect
from data.sources.web import Client
from data.store import Store
from tests.sources.server import Scenario, Server
from tests.sources.truth import SINCE
from tests.sources.world import CANARY, PATIENCE, Case, client, scenario, since, table

KEYS = {
    "observations": ["series", "ref_date"],
    "prices_1d": ["symbol", "opened"],
    "prices_1h": ["symbol", "opened"],
    "funding": ["perpetual", "ts"],
}


class SourceContract:
    """Inherit and name the case."""

    case: Case

    @pytest.fixture
    def scene(self) -> Scenario:
        return scenario()

    @pytest.fixture
    def source(self, server: Server, scene: Scenario) -> Source:
        return self.case.make(server.open(scene))

    def answer(self, source: Source, scene: Scenario) -> Answer:
        with client(scene) as asking:
            return collect(source, SINCE, asking)

    def test_it_tells_the_whole_truth_and_nothing_else(
        self, source: Source, scene: Scenario
    ) -> None:
        answer = self.answer(source, scene)
        assert since(table(answer.rows, source.table), SINCE) == since(
            self.case.truth(scene), SINCE
        )
        assert {problem.kind for problem in answer.problems} <= {"beyond_reach"}

    def test_its_rows_have_the_form_of_the_store(
        self, source: Source, scene: Scenario, tmp_path: Path
    ) -> None:
        rows = self.answer(source, scene).rows
        assert tuple(rows.columns) == COLUMNS[source.table]
        key = KEYS[source.table]
        stamps = rows[key[1]]
        assert stamps.dtype == ("datetime64[us]" if key[1] == "ref_date" else "datetime64[us, UTC]")
        versions = [*key, "known_at"] if "known_at" in rows else key
        assert not rows.duplicated(versions).any()
        for _, piece in rows.groupby(key[0]):
            assert piece[key[1]].is_monotonic_increasing
        numbers = rows.select_dtypes("float64")
        assert np.isfinite(numbers.to_numpy()).all()
        changes = Store(tmp_path).add({source.table: rows}, scene.clock.now())
        assert changes[0].new == len(rows)
        if source.table == "observations":
            assert observe(rows).ids <= set(source.serves)
            for name, origins in rows.groupby("series")["source"]:
                assert set(origins) <= set(series_spec(str(name)).sources)

    def test_asking_again_changes_nothing(self, source: Source, scene: Scenario) -> None:
        first, second = self.answer(source, scene), self.answer(source, scene)
        pd.testing.assert_frame_equal(first.rows, second.rows)

    def test_a_week_later_it_tells_what_is_new(self, source: Source, scene: Scenario) -> None:
        before = table(self.answer(source, scene).rows, source.table)
        scene.clock.move_to(scene.clock.now() + pd.Timedelta(days=7))
        after = table(self.answer(source, scene).rows, source.table)
        assert since(after, SINCE) == since(self.case.truth(scene), SINCE)
        # The archive of vintages ends with the world's present.
        assert after.keys() > before.keys() or source.name in ("alfred_csv", "fred_api")

    def test_every_answer_is_archived_without_a_key(
        self, server: Server, source: Source, scene: Scenario
    ) -> None:
        archived: list[RawAnswer] = []
        with Client(clock=scene.clock, patience=PATIENCE, archive=archived.append) as asking:
            collect(source, SINCE, asking)
        assert len(archived) == len(scene.asked)
        for raw in archived:
            body = gzip.decompress(raw.body)
            assert raw.sha256 == hashlib.sha256(body).hexdigest()
            assert raw.fetched_at.tzinfo is not None
            assert CANARY not in raw.url
            assert CANARY.encode() not in body

    def test_a_publisher_out_of_reach_is_named_without_its_address(self, scene: Scenario) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            base = f"http://127.0.0.1:{free.getsockname()[1]}/s"
            source = self.case.make(base)
            with client(scene) as asking, pytest.raises(Unreachable) as caught:
                collect(source, SINCE, asking)
        assert "127.0.0.1" not in str(caught.value)
        assert CANARY not in str(caught.value)
        assert f"({PATIENCE.attempts} attempts)" in str(caught.value)
