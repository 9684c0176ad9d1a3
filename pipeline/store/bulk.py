"""Writing many rows at once, each database in the way it is fastest at.

In charge of: plain INSERTs of hundreds of rows and the ids they get. Not in charge of: which rows.

The general way (one INSERT with a placeholder per value) spends most of its time on writing and parsing
its own text: a patient with a five-part series is sixteen rows and some hundred and fifty values.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Boolean, Column, Date, Dialect, Table, func, select, text
from sqlalchemy.exc import DBAPIError

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
        _copy_in(tx, _COPY.format(table=table.name, names=names), values)
    else:
        blanks = ", ".join("?" for _ in columns)
        tx.connection.exec_driver_sql(
            _FROM_VALUES.format(table=table.name, names=names, blanks=blanks), values
        )


def _copy_in(tx: Tx, statement: str, values: Sequence[tuple[Any, ...]]) -> None:
    """PostgreSQL's COPY: it reads rows without parsing a statement for them.

    It goes past SQLAlchemy, which knows no COPY, on the same connection and so in the same transaction. What
    the driver raises becomes SQLAlchemy's own error, which the store translates.
    """
    driver: Any = tx.connection.connection.driver_connection
    base: Any = tx.connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
    except base as error:
        raise DBAPIError.instance(statement, None, error, base, hide_parameters=True) from error


_COPY = "COPY {table} ({names}) FROM STDIN"
_FROM_VALUES = "INSERT INTO {table} ({names}) VALUES ({blanks})"


#: Thousands of rows share a moment, a day or a yes: each is converted once.
_REPEATED = (Utc, Date, Boolean)


def _converted(
    dialect: Dialect, columns: Sequence[Column[Any]], rows: Sequence[Mapping[str, Any]]
) -> list[tuple[Any, ...]]:
    """The values of each row in the order of ``columns``, as the driver takes them."""
    of_column = []
    for column in columns:
        # COPY takes bytes and dates as they are, not as the driver wraps them for a statement.
        by_driver = dialect.name == "sqlite" or isinstance(column.type, Utc)
        convert = column.type.dialect_impl(dialect).bind_processor(dialect) if by_driver else None
        if convert is not None and isinstance(column.type, _REPEATED):
            convert = cache(convert)
        given = [each[column.name] for each in rows]
        of_column.append(given if convert is None else list(map(convert, given)))
    return list(zip(*of_column, strict=True))
