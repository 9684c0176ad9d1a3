"""Writing many rows at once, each database in the way it is fastest at.

In charge of: plain INSERTs of hundreds of rows and the ids they get. Not in charge of: which rows.

The general way (one INSERT with a placeholder per value) spends most of its time on writing and parsing
its own text: a patient with a five-part series is sixteen rows and some hundred and fifty values.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Dialect, Table, func, select, text

from pipeline.store.columns import Utc
from pipeline.store.database import Tx


def reserve_ids(tx: Tx, table: Table, count: int) -> list[int]:
    """The next ``count`` ids of ``table``, for rows that are about to be written; no other row gets them."""
    if tx.on_postgresql:
        following = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
        return list(tx.connection.scalars(select(following).select_from(func.generate_series(1, count))))
    # This transaction holds SQLite's only write lock, so nobody else can count on from here.
    asked = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    newest = tx.connection.scalar(asked, {"name": table.name})
    first = (newest or 0) + 1
    return list(range(first, first + count))


def insert_rows(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ``rows``, which all have the same columns. Times must be aware, as everywhere."""
    if not rows:
        return
    columns = [column for column in table.c if column.name in rows[0]]
    values = _converted(tx.connection.dialect, columns, rows)
    names = ", ".join(column.name for column in columns)
    if tx.on_postgresql:
        document = [dict(zip(names.split(", "), each, strict=True)) for each in values]
        statement = text(_FROM_JSON.format(table=table.name, names=names))
        tx.connection.execute(statement, {"rows": json.dumps(document, default=_as_text)})
    else:
        blanks = ", ".join("?" for _ in columns)
        tx.connection.exec_driver_sql(
            _FROM_VALUES.format(table=table.name, names=names, blanks=blanks), values
        )


#: The table itself says of which type each field of the JSON is.
_FROM_JSON = "INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, :rows)"
_FROM_VALUES = "INSERT INTO {table} ({names}) VALUES ({blanks})"


def _converted(
    dialect: Dialect, columns: Sequence[Column[Any]], rows: Sequence[Mapping[str, Any]]
) -> list[tuple[Any, ...]]:
    """The values of each row in the order of ``columns``, as the driver takes them."""
    of_column = []
    for column in columns:
        # JSON takes bytes and dates as ``_as_text`` writes them, not as the driver wraps them.
        by_driver = dialect.name == "sqlite" or isinstance(column.type, Utc)
        convert = column.type.dialect_impl(dialect).bind_processor(dialect) if by_driver else None
        given = [each[column.name] for each in rows]
        of_column.append(given if convert is None else list(map(convert, given)))
    return list(zip(*of_column, strict=True))


def _as_text(value: object) -> str:
    """What JSON has no word for, as PostgreSQL reads it."""
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)
