"""The guards that every other test relies on do guard."""

from __future__ import annotations

import os
import socket
import threading
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import is_local

homes_seen: set[str] = set()


@pytest.mark.parametrize("_turn", [1, 2])
def test_each_test_has_a_home_of_its_own(home: Path, _turn: int) -> None:
    assert os.environ["PLUMBLINE_HOME"] == str(home)
    assert not home.exists()
    assert str(home) not in homes_seen
    homes_seen.add(str(home))


def test_no_key_reaches_a_test() -> None:
    assert "FRED_API_KEY" not in os.environ


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
        lambda: socket.create_connection(("example.org", 80), timeout=1),
        lambda: socket.socket().connect_ex(("192.0.2.1", 80)),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", ("192.0.2.1", 53)),
        lambda: urllib.request.urlopen("http://example.org/", timeout=1),
    ],
    ids=["address", "name", "connect_ex", "datagram", "library"],
)
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_test_that_reaches_for_the_network_fails(reach) -> None:
    with pytest.raises(pytest.fail.Exception, match="reached for the network"):
        reach()


def test_a_server_of_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=lambda: server.accept()[0].close())
        answering.start()
        socket.create_connection(server.getsockname(), timeout=5).close()
        answering.join()


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_only_this_machine_is_local(host: str, local: bool) -> None:
    assert is_local(host) is local


@given(st.integers())
def test_the_guards_do_not_disturb_hypothesis(number: int) -> None:
    assert number == number


def test_the_real_tables_are_where_they_should_be(real_tables: Path) -> None:
    assert (real_tables / "prices_1d.parquet").is_file()
