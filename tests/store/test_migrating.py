import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from pipeline.store import migrating
from pipeline.store.database import Store
from pipeline.store.schema import REVISION, metadata

MIGRATIONS = Path(migrating.__file__).parent / "migrations"


@pytest.fixture
def engine(empty_url):
    engine = create_engine(empty_url)
    yield engine
    engine.dispose()


def differences(connection) -> list:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return compare_metadata(context, metadata)


def shape(engine) -> dict:
    """Everything the database says of itself, sorted; the names are the database's own."""
    found = inspect(engine)
    return {
        table: {
            "columns": sorted(
                (each["name"], str(each["type"]), each["nullable"]) for each in found.get_columns(table)
            ),
            "key": found.get_pk_constraint(table),
            "unique": sorted(str(each) for each in found.get_unique_constraints(table)),
            "foreign": sorted(str(each) for each in found.get_foreign_keys(table)),
            "indexes": sorted(str(each) for each in found.get_indexes(table)),
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_the_migrations_lead_to_exactly_the_tables_of_the_schema(empty_url, keyring, engine):
    Store.open(empty_url, keyring).close()
    with engine.connect() as connection:
        assert differences(connection) == []
    migrated = shape(engine)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert shape(engine) == migrated


def test_ids_never_come_back_on_sqlite(sqlite_template):
    engine = create_engine(f"sqlite:///{sqlite_template}")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        made = {row.name: row.sql for row in rows}
    engine.dispose()
    for table in metadata.sorted_tables:
        if table.dialect_options["sqlite"]["autoincrement"]:
            assert "AUTOINCREMENT" in made[table.name], table.name


def test_the_newest_migration_is_the_revision_the_code_expects():
    scripts = ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS)])
    assert scripts.get_heads() == [REVISION]
    numbers = sorted(path.name for path in MIGRATIONS.glob("m*.py"))
    assert all(re.match(rf"m{number:04}_", name) for number, name in enumerate(numbers, 1))


def test_an_up_to_date_database_is_not_touched(empty_url, keyring, engine):
    Store.open(empty_url, keyring).close()
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE marks"))
    Store.open(empty_url, keyring).close()
    assert not inspect(engine).has_table("marks")


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    empty_url, keyring, engine, tmp_path, monkeypatch
):
    broken = """
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.execute("CREATE TABLE half (id integer)")
    op.execute("SELECT * FROM nowhere")
"""
    (tmp_path / "m0001_broken.py").write_text(broken)
    monkeypatch.setattr(migrating, "_FOLDER", tmp_path)
    with pytest.raises(Exception, match="nowhere"):
        Store.open(empty_url, keyring)
    assert inspect(engine).get_table_names() == []
    monkeypatch.undo()
    Store.open(empty_url, keyring).close()
