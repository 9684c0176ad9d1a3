"""Column types and the one SQL construct that SQLite and PostgreSQL spell differently.

In charge of: how a time, an id and a list of ids stand in the database. Not in charge of: tables
(``schema``). Migrations use these types too: a change of what they store needs a migration of its own.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    Text,
    bindparam,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

#: A row's number. On SQLite only INTEGER makes the column an alias of the row id.
ROW_ID = BigInteger().with_variant(Integer(), "sqlite")


class Utc(TypeDecorator[datetime]):
    """An aware datetime, always UTC: timestamptz on PostgreSQL, whole microseconds since 1970 on SQLite.

    Integers keep the index of due times a third as large as ISO text and compare faster. A naive
    datetime is refused (ValueError): it would silently mean the machine's own zone.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type on this database."""
        is_sqlite = dialect.name == "sqlite"
        return dialect.type_descriptor(BigInteger() if is_sqlite else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | datetime | None]:
        """Python to database."""
        return _to_sqlite if dialect.name == "sqlite" else _to_postgresql

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Database to Python. Overridden whole: five times per claimed row, a second call each is felt."""
        return _from_sqlite if dialect.name == "sqlite" else _from_postgresql


def _aware(value: datetime) -> datetime:
    if value.utcoffset() is None:
        raise ValueError("a time without a zone never goes into the database")
    return value


def _to_sqlite(value: datetime | None) -> int | None:
    return None if value is None else (_aware(value) - _EPOCH) // _MICROSECOND


def _to_postgresql(value: datetime | None) -> datetime | None:
    return None if value is None else _aware(value).astimezone(UTC)


def _from_sqlite(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)


def _from_postgresql(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class _IdList(TypeDecorator[Iterable[int]]):
    """Any number of row ids as one bound value: a JSON array on SQLite, an array literal elsewhere."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[int] | None, dialect: Dialect) -> str:
        ids = list(value or ())
        return json.dumps(ids) if dialect.name == "sqlite" else "{" + ",".join(map(str, ids)) + "}"


class Among(FunctionElement[bool]):
    """``column IN (…)`` with one bound value: the statement's text never changes with its length.

    The usual expanding IN is rewritten and parsed anew for every length, and is limited to 32,766 values
    on SQLite and 65,535 on PostgreSQL.
    """

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Self:
        """Never in brackets, and above all never as ``… = 1``, which would keep SQLite from the index."""
        return self


def by_scan(column: ColumnElement[str]) -> ColumnElement[str]:
    """``column``, hidden from the planner's choice of an index.

    For a guard that repeats the state beside a list of ids: SQLite, which cannot know how short the list
    is, would walk the index of everything in that state instead (a million planned rows for one claim).
    """
    return column.op("||")(literal_column("''"))


def in_order(column: ColumnElement[int]) -> ColumnElement[int]:
    """``column`` to sort a few looked-up rows by.

    As a sum, because SQLite would otherwise rather walk a whole table in the order of its ids than look up
    rows and sort them.
    """
    return column + 0


def among(column: ColumnElement[int], ids: Iterable[int] | None = None) -> Among:
    """Whether ``column`` is one of the row ids ``ids``, or of those given as "ids" at execution."""
    if ids is None:
        return Among(column, bindparam("ids", type_=_IdList()))
    return Among(column, bindparam("ids", tuple(ids), type_=_IdList(), unique=True))


@compiles(Among, "sqlite")
def _among_sqlite(element: Among, compiler: SQLCompiler, **options: object) -> str:
    column, ids = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608 - two compiled clauses


@compiles(Among, "postgresql")
def _among_postgresql(element: Among, compiler: SQLCompiler, **options: object) -> str:
    column, ids = (compiler.process(clause, **options) for clause in element.clauses)
    # Not "= ANY (array)": before its first ANALYZE a table is scanned, and the array with it for each row.
    return f"{column} IN (SELECT unnest(CAST({ids} AS bigint[])))"
