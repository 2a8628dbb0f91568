"""One way to write JSON: sorted keys, no NaN, instants in ISO 8601 with a Z."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def jsonable(value: Any) -> Any:
    """Return `value` in JSON's own types.

    Numbers that are not finite become null, UTC instants end in ``Z``, whole days are dates,
    tables become lists of rows.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return _stamp(pd.Timestamp(value))
    if isinstance(value, date | Path):
        return str(value)
    return _composite(value)


def _composite(value: Any) -> Any:
    if isinstance(value, np.generic | Enum):
        return jsonable(value.item() if isinstance(value, np.generic) else value.value)
    if isinstance(value, pd.DataFrame):
        return [jsonable(row) for row in value.to_dict(orient="records")]
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            item.name: jsonable(getattr(value, item.name)) for item in dataclasses.fields(value)
        }
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        return [jsonable(item) for item in value.tolist()]
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [jsonable(item) for item in items]
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _stamp(stamp: pd.Timestamp) -> str | None:
    if pd.isna(stamp):
        return None
    if stamp.tzinfo is None:
        return stamp.date().isoformat() if stamp == stamp.floor("D") else stamp.isoformat()
    return stamp.tz_convert("UTC").tz_localize(None).isoformat(timespec="seconds") + "Z"


def canonical_json(value: Any, indent: int | None = None) -> str:
    """Return the same text for equal content, whatever the order of keys."""
    return json.dumps(
        jsonable(value), indent=indent, sort_keys=True, ensure_ascii=False, allow_nan=False
    )
