"""A tick that finds nothing to do, with few and with many planned deliveries in the database.

In charge of: rows in great numbers, written by the database itself. Not in charge of: what a tick does.
"""

import time
from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import text

from benchmarks.delivering import postmark
from benchmarks.ledger import NOW, Ledger, postgresql, sqlite
from benchmarks.material import Material
from benchmarks.timing import Reading, Readings

_SIZES = (1_000, 100_000)
LARGEST = 1_000_000
_TICKS = 50
#: Twice the time is noise; a scan of a hundred times the rows is a hundred times as slow.
_NO_SLOWER = 2.0
_PARTS = 5

_NUMBERS = """
WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
"""
_ENROLLMENTS = """
INSERT INTO enrollments (id, patient_id, series, episode, edition, start, zone, status, slower,
                         version, created_at, updated_at)
{numbers} SELECT n, e.patient_id, e.series, CAST(n AS text), e.edition, e.start, e.zone, e.status,
                 e.slower, 1, e.created_at, e.updated_at
          FROM numbers CROSS JOIN (SELECT * FROM enrollments ORDER BY id LIMIT 1) AS e
"""
_DELIVERIES = """
INSERT INTO deliveries (enrollment_id, part, state, due_at, expires_on, zone, key, asked, attempts,
                        created_at, updated_at)
{numbers} SELECT n, d.part, 'planned', d.due_at, d.expires_on, d.zone, 'n' || n || 'p' || d.part,
                 d.asked, 0, d.created_at, d.updated_at
          FROM numbers CROSS JOIN (SELECT * FROM deliveries ORDER BY id LIMIT {parts}) AS d
"""


def tables(material: Material, *, large: bool) -> Iterator[Readings]:
    """Milliseconds of a tick on both databases, the least disturbed of many."""
    sizes = (*_SIZES, LARGEST) if large else _SIZES
    with sqlite(material.edition) as ledger:
        yield _readings("SQLite", ledger, sizes)
    with postgresql(material.edition) as (ledger, _):
        yield _readings("PostgreSQL", ledger, sizes)


def _readings(name: str, ledger: Ledger, sizes: tuple[int, ...]) -> Readings:
    ledger.enroll(1)
    # Nobody's part is due: the day after the visit lies in the future.
    _run(ledger, "UPDATE deliveries SET due_at = (SELECT max(due_at) FROM deliveries)")
    rows: list[Reading] = []
    for size in sizes:
        _grow(ledger, size // _PARTS)
        rows.append(_reading(ledger, size, rows[0].value if rows else None))
    return Readings(title=f"An idle tick on {name}", rows=tuple(rows))


def _grow(ledger: Ledger, enrollments: int) -> None:
    with ledger.store.read() as tx:
        first = int(tx.connection.scalar(text("SELECT max(id) FROM enrollments")) or 0) + 1
    numbers = _NUMBERS.format(first=first, last=enrollments)
    _run(ledger, _ENROLLMENTS.format(numbers=numbers))
    _run(ledger, _DELIVERIES.format(numbers=numbers, parts=_PARTS))
    _run(ledger, "ANALYZE")


def _run(ledger: Ledger, statement: str) -> None:
    with ledger.store.begin() as tx:
        tx.connection.execute(text(statement))


def _reading(ledger: Ledger, size: int, least: float | None) -> Reading:
    took: list[float] = []
    with closing(postmark("http://127.0.0.1:9")) as provider:
        dispatcher = ledger.dispatcher(provider)
        for _ in range(_TICKS):
            began = time.perf_counter()
            report = dispatcher.tick(NOW)
            took.append(1000 * (time.perf_counter() - began))
            if not report.idle:
                raise SystemExit(f"the tick was not idle: {report}")
    value = min(took)
    name = f"{size:,} planned deliveries"
    if least is None:
        return Reading(name=name, value=value, unit="ms")
    told = f"as fast as with {_SIZES[0]:,} ({value / least:.2f}×)"
    return Reading(name=name, value=value, unit="ms", budget=told, kept=value < _NO_SLOWER * least)
