"""What every test gets: its own home, no network, and the real tables where there are any."""

from __future__ import annotations

import ipaddress
import itertools
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from data.snapshot import Snapshot

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("plumbline", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("plumbline")

_numbers = itertools.count()


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def home(homes: Path) -> Iterator[Path]:
    """``PLUMBLINE_HOME`` of this test alone; it does not exist yet, as on a first run."""
    path = homes / str(next(_numbers))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_HOME", str(path))
        patch.setenv("PLUMBLINE_OFFLINE", "1")
        patch.delenv("FRED_API_KEY", raising=False)
        # Nobody's keyring is asked.
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        yield path


@pytest.fixture(scope="session")
def real_tables() -> Path:
    """Folder of the real tables: ``PLUMBLINE_REAL_TABLES``, else ``../shared/data``."""
    path = Path(os.environ.get("PLUMBLINE_REAL_TABLES") or ROOT.parent / "shared" / "data")
    if not (path / "observations.parquet").is_file():
        message = f"no real tables in {path}"
        if os.environ.get("PLUMBLINE_REQUIRE_REAL") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return path


def is_local(host: str) -> bool:
    """Whether a host is this machine; an unknown name is not."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_remote(address: Any) -> None:
    # Addresses of other kinds than (host, port, ...) are paths: sockets of this machine.
    if isinstance(address, tuple) and not is_local(str(address[0])):
        pytest.fail(f"a test reached for the network: {address[0]}:{address[1]}")


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    sendto, getaddrinfo = socket.socket.sendto, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse_remote(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse_remote(address)
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, *args: Any) -> int:
        refuse_remote(args[-1])
        return sendto(self, *args)

    def guarded_getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        refuse_remote((name or "localhost", port))
        return getaddrinfo(host, port, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket.socket, "sendto", guarded_sendto)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


@pytest.fixture(scope="session")
def real_snapshot(real_tables: Path) -> Snapshot:
    """The real tables as one snapshot, read once."""
    from data.snapshot import from_tables
    from data.tables import read_tables

    return from_tables(read_tables([real_tables]), "real tables")


@pytest.fixture(scope="session")
def phantom() -> Snapshot:
    """The simulated world that the program falls back to, made once."""
    from data.simulate import simulated

    return simulated("phantom")
