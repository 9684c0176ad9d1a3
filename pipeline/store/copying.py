"""A copy of a clinic's database in another one, to play with.

In charge of: carrying every row over as it is, with its ids, in pieces. Not in charge of: opening either
database (``database``), keys (sealed columns stay sealed and need the same keyring), or what is done with
the copy.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Table, select, text

from pipeline.store.bulk import insert_rows
from pipeline.store.database import Store, Tx
from pipeline.store.schema import metadata

#: Rows read, and written in one transaction, at a time: memory stays flat however large the clinic is.
_CHUNK: Final = 5000


def copy_rows(source: Store, target: Store, *, progress: Callable[[int], None] = lambda _rows: None) -> int:
    """Copy every row of ``source`` into the empty ``target``; how many.

    ``source`` is read in one transaction, in which the database itself refuses a write, and all of it as it
    stood at one moment: what is sent meanwhile is not half there. ``progress`` hears how many rows are done.
    Raises StoreError.
    """
    done = 0
    with source.read() as tx:
        if tx.on_postgresql:
            # READ COMMITTED would see a later moment with every table.
            tx.connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        for table in metadata.sorted_tables:
            done = _copy_table(tx, target, table, done, progress)
    return done


def _copy_table(source: Tx, target: Store, table: Table, done: int, progress: Callable[[int], None]) -> int:
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=_CHUNK)
    with source.connection.execute(query) as rows:
        for chunk in rows.mappings().partitions():
            plain: list[dict[str, Any]] = [dict(row) for row in chunk]
            with target.begin() as tx:
                insert_rows(tx, table, plain)
            done += len(plain)
            progress(done)
    return done
