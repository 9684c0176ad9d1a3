"""Bringing a database to the schema of this version, whole or not at all.

In charge of: deciding whether a database is new, current, older or newer, and running ``migrations`` in one
transaction. Not in charge of: what a migration does (a file each), or the tables themselves (``schema``).
"""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from pipeline.errors import Place, StoreError
from pipeline.store.schema import REVISION

_FOLDER = Path(__file__).parent / "migrations"
#: Any number, the same in every process: who migrates holds this PostgreSQL advisory lock.
_LOCK = 0x636C696E6963


def migrate(engine: Engine, *, reading: Engine, place: str) -> None:
    """Bring the database behind ``engine`` to ``REVISION``; ``place`` names it in errors.

    ``reading`` is the same engine for transactions that only read: a database that is up to date opens
    while another process writes. Everything happens in one transaction, so a failure leaves the database
    as it was. Raises StoreError when it was made by a newer version, or holds tables of something else.
    """
    with reading.connect() as connection:
        if _revision(connection) == REVISION:
            return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        # Asked again: another process may have migrated while this one waited for the lock.
        found = _revision(connection)
        _refuse_foreign(connection, found, place)
        if found != REVISION:
            _upgrade(connection)


def _revision(connection: Connection) -> str | None:
    """The revision the database says it has; None for a database without our tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _refuse_foreign(connection: Connection, found: str | None, place: str) -> None:
    # Revisions are four digits that only grow, so that "newer" can be told without the newer files.
    if found is not None and found > REVISION:
        raise StoreError(
            f"The database was made by a newer version of the pipeline (schema {found}, this one "
            f"knows {REVISION}).",
            where=Place(file=place),
            mend="update the pipeline, or restore the backup made before the update",
        )
    if found is None and inspect(connection).get_table_names():
        raise StoreError(
            "The database holds tables of another program.",
            where=Place(file=place),
            mend="name an empty database, or another file, under [database] url",
        )


def _upgrade(connection: Connection) -> None:
    # Imported here: Alembic takes longer to load than an up-to-date database takes to open.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    scripts = ScriptDirectory(str(_FOLDER), version_locations=[str(_FOLDER)])

    def steps(revision: object, _context: object) -> object:
        return scripts._upgrade_revs(REVISION, revision)  # type: ignore[arg-type]

    with EnvironmentContext(Config(), scripts, fn=steps, destination_rev=REVISION) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()
