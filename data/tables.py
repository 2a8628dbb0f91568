"""The import schema: the user's own tables, checked row by row before anything is stored.

docs/data.md describes the files. Each check names the file, the column, the date and the value of
the first offending row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.catalogue import SERIES, SeriesSpec
from data.errors import BadTable, UnknownName

PRICE_COLUMNS = ("open", "high", "low", "close", "volume")
# Evidence about release times that may lie beside the tables; it is not data.
NOT_DATA = frozenset({"first_seen"})


@dataclass(frozen=True, slots=True)
class Schema:
    """Columns of one kind of table, its key, and the check of its rows."""

    name: str
    needs: tuple[str, ...]
    key: tuple[str, str]
    canonical: Callable[[pd.DataFrame, str], pd.DataFrame]
    optional: tuple[str, ...] = ()


Tables = Mapping[str, pd.DataFrame]


def read_tables(paths: Iterable[Path]) -> dict[str, pd.DataFrame]:
    """Read and check the tables in `paths` (files, or directories of them).

    Returns
    -------
    dict of table name to DataFrame
        In the store's canonical columns; see :data:`SCHEMAS`.

    Raises
    ------
    BadTable
        On the first fault, with file, column, date and value.
    """
    found: dict[str, pd.DataFrame] = {}
    for path in _files(paths):
        raw = _read(path)
        schema = _schema_of(path, raw)
        table = _check(schema, raw, path.name)
        if schema.name in found:
            table = pd.concat([found[schema.name], table], ignore_index=True)
            _unique(table, schema.key, path.name)
        found[schema.name] = table
    if not found:
        listed = ", ".join(str(path) for path in paths)
        raise BadTable(f"{listed}: no table to import (.parquet or .csv, see docs/data.md)")
    return found


def _files(paths: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.parquet")) + sorted(path.glob("*.csv"))
            files += [file for file in inside if file.stem not in NOT_DATA]
        elif path.is_file():
            files.append(path)
        else:
            raise BadTable(f"{path}: no such file or directory")
    return files


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix == ".csv":
            return pd.read_csv(path)
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise BadTable(f"{path.name}: cannot be read as {path.suffix[1:]}: {reason}") from None
    raise BadTable(f"{path.name}: neither .parquet nor .csv")


def _schema_of(path: Path, raw: pd.DataFrame) -> Schema:
    if path.stem in SCHEMAS:
        return SCHEMAS[path.stem]
    fitting = [schema for schema in SCHEMAS.values() if set(schema.needs) <= set(raw.columns)]
    if len(fitting) != 1:
        raise BadTable(
            f"{path.name}: columns {', '.join(map(str, raw.columns))} are of no known table; "
            f"name the file after one of {', '.join(SCHEMAS)} or see docs/data.md"
        )
    return fitting[0]


def _check(schema: Schema, raw: pd.DataFrame, file: str) -> pd.DataFrame:
    missing = [column for column in schema.needs if column not in raw.columns]
    if missing:
        raise BadTable(
            f"{file}: column {missing[0]!r} is missing (there are: "
            f"{', '.join(map(str, raw.columns))})"
        )
    unknown = [column for column in raw.columns if column not in (*schema.needs, *schema.optional)]
    if unknown:
        raise UnknownName(f"column in {file}", str(unknown[0]), (*schema.needs, *schema.optional))
    table = schema.canonical(raw, file)
    _unique(table, schema.key, file)
    _sorted(table, schema.key, file)
    return table


def _unique(table: pd.DataFrame, key: tuple[str, str], file: str) -> None:
    columns = [*key, "known_at"] if "known_at" in table else list(key)
    _refuse(table, table.duplicated(columns), key, file, "a second row for the same key")


def _sorted(table: pd.DataFrame, key: tuple[str, str], file: str) -> None:
    name, when = key
    back = table.groupby(name, observed=True, sort=False)[when].diff() < pd.Timedelta(0)
    _refuse(table, back, key, file, f"{when} goes back in time: sort the rows by {name} and {when}")


def _refuse(
    table: pd.DataFrame,
    bad: pd.Series[bool],
    key: tuple[str, str],
    file: str,
    what: str,
    column: str | None = None,
) -> None:
    """Raise for the first row where `bad` holds."""
    if not bad.any():
        return
    row = table.loc[bad.to_numpy()].iloc[0]
    value = f", {column} = {row[column]}" if column else ""
    raise BadTable(f"{file}: {row[key[0]]}, {_moment(row[key[1]])}{value}: {what}")


def _moment(stamp: object) -> str:
    if isinstance(stamp, pd.Timestamp) and stamp.tzinfo is None and stamp == stamp.floor("D"):
        return str(stamp.date())
    return str(stamp)


def _text(raw: pd.DataFrame, column: str, file: str) -> pd.Series[str]:
    if raw[column].isna().any():
        where = int(np.flatnonzero(raw[column].isna())[0])
        raise BadTable(f"{file}: row {where}: {column} is missing")
    return raw[column].astype(str)


def _number(raw: pd.DataFrame, column: str, file: str) -> pd.Series[float]:
    number = pd.to_numeric(raw[column], errors="coerce").astype(float)
    garbled = number.isna() & raw[column].notna()
    if garbled.any():
        where = int(np.flatnonzero(garbled)[0])
        raise BadTable(f"{file}: row {where}: {column} = {raw[column].iloc[where]!r} is no number")
    return number


def _day(raw: pd.DataFrame, column: str, file: str) -> pd.Series[pd.Timestamp]:
    stamps = _stamps(raw, column, file)
    if getattr(stamps.dt, "tz", None) is not None:
        raise BadTable(f"{file}: {column} carries a time zone, but is a naive day")
    return _whole_days(stamps, column, file)


def _whole_days(stamps: pd.Series, column: str, file: str) -> pd.Series[pd.Timestamp]:
    partial = stamps != stamps.dt.floor("D")
    if partial.any():
        raise BadTable(f"{file}: {column} = {stamps[partial].iloc[0]} is not a whole day")
    return stamps


def _instant(raw: pd.DataFrame, column: str, file: str) -> pd.Series[pd.Timestamp]:
    stamps = _stamps(raw, column, file)
    if getattr(stamps.dt, "tz", None) is None:
        raise BadTable(
            f"{file}: {column} = {stamps.iloc[0]} is an instant without a time zone: give UTC"
        )
    return pd.Series(stamps.dt.tz_convert("UTC"))


def _vintage(raw: pd.DataFrame, file: str) -> pd.Series[pd.Timestamp]:
    """Read ``known_at``; where it is missing the release rule decides."""
    known = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us, UTC]")
    given = raw[raw["known_at"].notna()]
    return (
        known
        if given.empty
        else known.where(raw["known_at"].isna(), _instant(given, "known_at", file))
    )


def _stamps(raw: pd.DataFrame, column: str, file: str) -> pd.Series:
    try:
        stamps = pd.to_datetime(raw[column], format="ISO8601")
    except (ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise BadTable(f"{file}: {column} is not a date: {reason}") from None
    if stamps.isna().any():
        where = int(np.flatnonzero(stamps.isna())[0])
        raise BadTable(f"{file}: row {where}: {column} is missing")
    return stamps.dt.as_unit("us")


def _observations(raw: pd.DataFrame, file: str) -> pd.DataFrame:
    key = ("series", "ref_date")
    source = raw["origin"] if "origin" in raw else pd.Series(file, index=raw.index)
    table = pd.DataFrame(
        {
            "series": _text(raw, "series", file),
            "ref_date": _day(raw, "ref_date", file),
            "value": _number(raw, "value", file),
            "known_at": (
                _vintage(raw, file)
                if "known_at" in raw
                else pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us, UTC]")
            ),
            "source": source.astype(str),
        }
    ).reset_index(drop=True)
    for name in table["series"].unique():
        if name not in SERIES:
            raise UnknownName(f"series in {file}", name, SERIES)
    _refuse(table, ~np.isfinite(table["value"]), key, file, "a figure must be a number", "value")
    # Intraday figures and rates can be known on their own day or shortly before it; only
    # announced targets are about a date far ahead.
    announced = table["series"].map(lambda name: SERIES[name].release.counted == "announcement")
    early = ~announced & (
        table["known_at"] < (table["ref_date"] - pd.Timedelta(days=7)).dt.tz_localize("UTC")
    )
    _refuse(table, early, key, file, "known before the period it is about", "known_at")
    if "unit" in raw:
        _units(raw, table, file)
    for name, rows in table.groupby("series", sort=False):
        table.loc[rows.index, "ref_date"] = _period_ends(SERIES[str(name)], rows["ref_date"])
    return table


def _units(raw: pd.DataFrame, table: pd.DataFrame, file: str) -> None:
    given = raw["unit"].astype(str).reset_index(drop=True)
    wanted = table["series"].map({name: spec.unit for name, spec in SERIES.items()})
    differs = given != wanted
    if differs.any():
        at = int(differs.to_numpy().argmax())
        raise BadTable(
            f"{file}: {table['series'][at]}, {_moment(table['ref_date'][at])}: unit "
            f"{given[at]!r}, the catalogue says {wanted[at]!r}"
        )


def _period_ends(spec: SeriesSpec, dates: pd.Series) -> pd.Series:
    """Move a publisher's period-start stamps to the period's end."""
    return pd.Series(spec.to_period_end(pd.DatetimeIndex(dates)), index=dates.index)


def _prices_1d(raw: pd.DataFrame, file: str) -> pd.DataFrame:
    opened = _day(raw, "date", file).dt.tz_localize("UTC")
    return _prices(raw, opened, file)


def _prices_1h(raw: pd.DataFrame, file: str) -> pd.DataFrame:
    return _prices(raw, _instant(raw, "ts", file), file)


def _prices(raw: pd.DataFrame, opened: pd.Series, file: str) -> pd.DataFrame:
    key = ("symbol", "opened")
    table = pd.DataFrame({"symbol": _text(raw, "symbol", file), "opened": opened})
    for column in PRICE_COLUMNS:
        table[column] = _number(raw, column, file)
    table["market"] = _text(raw, "market", file)
    table["source"] = raw["via"].astype(str) if "via" in raw else file
    closes_only = (
        raw["close_only"].astype(bool) if "close_only" in raw else pd.Series(False, index=raw.index)
    )
    table = table.reset_index(drop=True)
    closes_only = closes_only.reset_index(drop=True)
    table.loc[closes_only, "volume"] = np.nan
    _check_prices(table, closes_only, key, file)
    return table


def _check_prices(
    table: pd.DataFrame, closes_only: pd.Series[bool], key: tuple[str, str], file: str
) -> None:
    for column in ("open", "high", "low", "close"):
        needed = ~closes_only if column != "close" else pd.Series(True, index=table.index)
        value = table[column]
        _refuse(table, needed & ~np.isfinite(value), key, file, "a price is missing", column)
        _refuse(table, value <= 0, key, file, "a price must be above zero", column)
        _refuse(
            table,
            ~needed & value.notna(),
            key,
            file,
            "close_only rows have no open, high and low",
            column,
        )
    top, bottom = table[["open", "close"]].max(axis=1), table[["open", "close"]].min(axis=1)
    _refuse(table, table["high"] < top, key, file, "high lies below open or close", "high")
    _refuse(table, table["low"] > bottom, key, file, "low lies above open or close", "low")
    _refuse(table, table["volume"] < 0, key, file, "a volume cannot be negative", "volume")


def _funding(raw: pd.DataFrame, file: str) -> pd.DataFrame:
    venue = _text(raw, "venue", file)
    table = pd.DataFrame(
        {
            # One perpetual is a coin on a venue.
            "perpetual": _text(raw, "symbol", file) + " " + venue,
            "symbol": _text(raw, "symbol", file),
            "ts": _instant(raw, "ts", file),
            "rate": _number(raw, "rate", file),
            "venue": venue,
            "source": raw["via"].astype(str) if "via" in raw else file,
        }
    ).reset_index(drop=True)
    key = ("perpetual", "ts")
    _refuse(table, ~np.isfinite(table["rate"]), key, file, "a rate must be a number", "rate")
    return table


_PRICES = ("symbol", *PRICE_COLUMNS, "market")
SCHEMAS: Mapping[str, Schema] = {
    schema.name: schema
    for schema in (
        Schema(
            "observations",
            ("series", "ref_date", "value"),
            ("series", "ref_date"),
            _observations,
            ("unit", "origin", "via", "known_at"),
        ),
        Schema(
            "prices_1d",
            ("date", *_PRICES),
            ("symbol", "opened"),
            _prices_1d,
            ("close_only", "via"),
        ),
        Schema(
            "prices_1h",
            ("ts", *_PRICES),
            ("symbol", "opened"),
            _prices_1h,
            ("close_only", "via"),
        ),
        Schema(
            "funding", ("symbol", "ts", "rate", "venue"), ("perpetual", "ts"), _funding, ("via",)
        ),
    )
}
