"""The one place where anything is kept: SQLAlchemy Core on SQLite or PostgreSQL, the same functions on both.

``database.Store`` opens it; every other module is functions that take a ``Tx`` first. Names and addresses
are sealed before they are written and found by keyed hashes; nothing here logs or raises them.
"""
