"""A small store with every kind of table in it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data.store import Store

SEEN = pd.Timestamp("2024-02-01 12:00", tz="UTC")
LATER = pd.Timestamp("2024-03-01 12:00", tz="UTC")


def observations(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    series, days, values = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "series": list(series),
            "ref_date": pd.DatetimeIndex(list(days)).as_unit("us"),
            "value": list(values),
            "known_at": pd.Series(pd.NaT, index=range(len(rows)), dtype="datetime64[us, UTC]"),
            "source": "test",
        }
    )


def prices(
    symbol: str, first: str, closes: list[float], step: str = "D", market: str = "test spot USD"
) -> pd.DataFrame:
    close = pd.Series(closes)
    return pd.DataFrame(
        {
            "symbol": symbol,
            "opened": pd.date_range(first, periods=len(closes), freq=step, tz="UTC", unit="us"),
            "open": close,
            "high": close + 1,
            "low": close - 1,
            "close": close,
            "volume": 2.0,
            "market": market,
            "source": "test",
        }
    )


def funding(rates: list[float], venue: str = "test usdm") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "perpetual": f"BTC {venue}",
            "symbol": "BTC",
            "ts": pd.date_range("2024-01-02", periods=len(rates), freq="8h", tz="UTC", unit="us"),
            "rate": rates,
            "venue": venue,
            "source": "test",
        }
    )


def tables() -> dict[str, pd.DataFrame]:
    figures = [
        ("gdp", "2023-09-30", 27_000.0),
        ("m2", "2023-11-30", 20_700.0),
        ("m2", "2023-12-31", 20_800.0),
        ("rrp", "2024-01-02", 700.0),
        ("rrp", "2024-01-03", 680.0),
        ("rrp_rate", "2024-01-02", 5.3),
        ("iorb", "2024-01-02", 5.4),
        ("ff_lower", "2024-01-02", 5.25),
        ("ff_upper", "2024-01-02", 5.5),
        ("fed_assets", "2024-01-03", 7_681.0),
    ]
    daily = prices("BTC", "2024-01-02", [100.0, 101.0, 102.0])
    daily.loc[1, ["open", "high", "low", "volume"]] = float("nan")
    return {
        "observations": observations(figures),
        "prices_1d": pd.concat(
            [daily, prices("ETH", "2024-01-02", [10.0, 11.0])], ignore_index=True
        ),
        "prices_1h": prices("BTC", "2024-01-02", [100.0, 101.0], "h"),
        "funding": funding([0.0001, -0.0002]),
    }


def filled(folder: Path) -> Store:
    """Return a store of two imports, the second with a revision of a figure and of a bar."""
    store = Store(folder, lock_seconds=0.1)
    store.add(tables(), SEEN)
    again = tables()
    again["observations"].loc[4, "value"] = 681.0
    again["prices_1d"].loc[0, "close"] = 100.5
    store.add(again, LATER)
    return store
