"""The reports that the tests of this folder read, each made once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from backtests.report.content import Content
    from backtests.report.study import Study
    from data.snapshot import Snapshot


@pytest.fixture(scope="session")
def study(phantom: Snapshot) -> Study:
    from tests.report.studies import real_like
    from tests.report.studies import study as made

    return made(real_like(phantom), "my_playbook")


@pytest.fixture(scope="session")
def simulated_study(phantom: Snapshot) -> Study:
    from tests.report.studies import study as made

    return made(phantom, "essay_playbook")


@pytest.fixture(scope="session")
def content(study: Study) -> Content:
    from backtests.report.content import content as made

    return made(study)


@pytest.fixture(scope="session")
def report(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a report that is not marked as simulated."""
    from backtests.report.writer import write_content

    return write_content(content, tmp_path_factory.mktemp("report")).parent


@pytest.fixture(scope="session")
def simulated_report(simulated_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a report on a simulated world."""
    from backtests.report.writer import write_report

    return write_report(simulated_study, tmp_path_factory.mktemp("simulated")).parent
