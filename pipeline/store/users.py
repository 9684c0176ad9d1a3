"""People of the clinic who may sign.

In charge of: the table ``users``. Not in charge of: signing in, or what a user may do.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from pipeline.errors import StoreError
from pipeline.store.database import Tx
from pipeline.store.schema import users


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person."""

    id: int
    #: What is written on the command line: ``--as ana``.
    name: str
    #: What a signature shows.
    display: str
    #: For example ``DPT``; empty for someone who does not sign.
    credential: str
    created_at: datetime


def add_user(tx: Tx, *, name: str, display: str, credential: str, now: datetime) -> User:
    """Add a person. Raises StoreError when the name is taken."""
    if find_user(tx, name) is not None:
        raise StoreError(f"There is a user {name!r} already.", mend="choose another name")
    row = {"name": name, "display": display, "credential": credential, "created_at": now}
    user_id = tx.connection.scalars(insert(users).values(row).returning(users.c.id)).one()
    return User(id=user_id, name=name, display=display, credential=credential, created_at=now)


def find_user(tx: Tx, name: str) -> User | None:
    """The user with this name, or None."""
    row = tx.connection.execute(select(users).where(users.c.name == name)).one_or_none()
    return None if row is None else _user(row)


def list_users(tx: Tx) -> tuple[User, ...]:
    """Everyone, by name."""
    return tuple(map(_user, tx.connection.execute(select(users).order_by(users.c.name))))


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        name=row.name,
        display=row.display,
        credential=row.credential,
        created_at=row.created_at,
    )
