"""The pieces that a sweep leaves behind as it goes, and the leaderboard they become.

Every chunk is one file that is whole or not there, so that a sweep that was killed goes on with
the chunks that are missing. The leaderboard's bytes do not depend on how it was chunked.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from data import atomic
from data.atomic import fsync_folder, replace_file
from data.errors import Corrupt

Span: TypeAlias = tuple[int, int]

FOLDER = "pieces"
# Rows of one row group of the leaderboard.
GROUP = 16_384
_NAME = re.compile(r"(\d{12})-(\d{12})\.arrow")


def write_piece(folder: Path, span: Span, table: pa.Table) -> None:
    """Write the rows of the variants ``span[0]`` to ``span[1] - 1``, on disk when it returns."""
    buffer = io.BytesIO()
    with pa.ipc.new_file(buffer, table.schema) as writer:
        writer.write_table(table.unify_dictionaries())
    replace_file(folder / f"{span[0]:012d}-{span[1]:012d}.arrow", buffer.getvalue())


def written(folder: Path) -> list[Span]:
    """Return the spans of the pieces that are there, ascending."""
    found = [_NAME.fullmatch(path.name) for path in folder.glob("*.arrow")]
    return sorted((int(match[1]), int(match[2])) for match in found if match)


def missing(count: int, done: Sequence[Span], size: int) -> Iterator[Span]:
    """Yield the spans that are still to be evaluated, of at most `size` variants each.

    Parameters
    ----------
    count : int
        Number of variants.
    done : sequence of (int, int)
        From :func:`written`.
    size : int
        Variants of a chunk.
    """
    reached = 0
    for first, last in (*done, (count, count)):
        for start in range(reached, first, size):
            yield start, min(start + size, first)
        reached = max(reached, last)


def tables(folder: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the pieces in the order of the variants.

    Raises
    ------
    Corrupt
        If a piece cannot be read.
    """
    for first, last in written(folder):
        path = folder / f"{first:012d}-{last:012d}.arrow"
        try:
            with pa.ipc.open_file(path) as reader:
                table = reader.read_all()
        except (OSError, pa.ArrowInvalid) as error:
            raise Corrupt(f"{path}: cannot be read ({error}): delete it and run again") from None
        if table.num_rows != last - first or not table.schema.equals(schema):
            raise Corrupt(f"{path}: not a piece of this sweep: delete it and run again")
        yield table


def assemble(parts: Iterator[pa.Table], schema: pa.Schema, path: Path) -> None:
    """Write the leaderboard: row groups of :data:`GROUP` rows, in place when it is whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            with pq.ParquetWriter(file, schema, compression="zstd", compression_level=1) as writer:
                for group in regrouped(parts):
                    writer.write_table(group, row_group_size=GROUP)
                    atomic.reached(f"group of {path.name}")
            file.flush()
            os.fsync(file.fileno())
        atomic.reached(f"on disk {path.name}")
        temporary.replace(path)
        atomic.reached(f"renamed {path.name}")
    finally:
        temporary.unlink(missing_ok=True)
    fsync_folder(path.parent)


def regrouped(parts: Iterator[pa.Table], rows: int = GROUP) -> Iterator[pa.Table]:
    """Yield the same rows in tables of `rows` rows, the last one shorter.

    Dictionaries are built anew for each table, in the order in which values appear.
    """
    held: list[pa.Table] = []
    count = 0
    for part in parts:
        held.append(part)
        count += part.num_rows
        while count >= rows:
            whole = pa.concat_tables(held)
            yield _rebuilt(whole.slice(0, rows))
            held, count = [whole.slice(rows)], count - rows
    if count:
        yield _rebuilt(pa.concat_tables(held))


def _rebuilt(table: pa.Table) -> pa.Table:
    arrays = []
    for column, field in zip(table.columns, table.schema, strict=True):
        if pa.types.is_dictionary(field.type):
            plain = column.cast(field.type.value_type).combine_chunks()
            arrays.append(plain.dictionary_encode().cast(field.type))
        else:
            arrays.append(column.combine_chunks())
    return pa.table(arrays, schema=table.schema)


def remove(folder: Path) -> None:
    """Remove the pieces and their folder."""
    for first, last in written(folder):
        (folder / f"{first:012d}-{last:012d}.arrow").unlink()
        atomic.reached(f"removed {first}-{last}")
