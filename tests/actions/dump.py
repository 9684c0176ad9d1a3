"""Everything a database holds, to be compared: a promise that nothing changes is kept word for word."""

from sqlalchemy import select

from pipeline.store.database import Store
from pipeline.store.schema import metadata


def dump(store: Store) -> dict[str, list[tuple]]:
    """Every row of every table, in the order of the primary key."""
    with store.read() as tx:
        return {
            table.name: [
                tuple(row)
                for row in tx.connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in metadata.sorted_tables
        }
