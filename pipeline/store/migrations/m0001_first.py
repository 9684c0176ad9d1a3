"""The first schema: people, series, the ledger, and what is kept of them.

In charge of: creating every table of revision 0001. Not in charge of: anything later; it never changes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from pipeline.store.columns import ROW_ID, Utc

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables, those first that others refer to."""
    _users()
    _editions()
    _signatures()
    _patients()
    _name_words()
    _grounds()
    _enrollments()
    _deliveries()
    _history()
    _batches()
    _what_came_back()
    _calls()
    _records()


def _users() -> None:
    op.create_table(
        "users", _id(), _word("name"), _word("display"), _word("credential"), _time("created_at"),
        _key("users"), _unique("users", "name"), sqlite_autoincrement=True,
    )  # fmt: skip


def _editions() -> None:
    op.create_table(
        "editions", _word("sha256"), _word("series"), _word("title"), _word("language"), _word("purpose"),
        _count("parts"), _bytes("canonical"), _time("created_at"), _key("editions", "sha256"),
    )  # fmt: skip
    _index("editions", "series", "created_at")


def _signatures() -> None:
    op.create_table(
        "approvals", _id(), _word("edition"), _row("user_id"), _word("credential"), _day("review_by"),
        _time("approved_at"), _key("approvals"), _refers("approvals", "edition", "editions.sha256"),
        _refers("approvals", "user_id", "users.id"), sqlite_autoincrement=True,
    )  # fmt: skip
    _index("approvals", "edition")
    op.create_table(
        "changes", _id(), _word("series"), _word("user_name"), _time("changed_at"), _key("changes"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    _index("changes", "series", "id")


def _patients() -> None:
    op.create_table(
        "patients", _id(), _bytes("record_hash"), _bytes("address_hash", optional=True),
        _bytes("sealed_record"), _bytes("sealed_given"), _bytes("sealed_family"),
        _bytes("sealed_email", optional=True), _word("language", optional=True),
        _word("zone", optional=True), _flag("phone_instead"), _flag("minor"), _flag("deceased"),
        _count("version"), _time("address_since"), _time("created_at"), _time("updated_at"),
        _key("patients"),
        _unique("patients", "record_hash"), sqlite_autoincrement=True,
    )  # fmt: skip
    _index("patients", "address_hash")


def _name_words() -> None:
    op.create_table(
        "name_words", _bytes("word_hash"), _row("patient_id"),
        _key("name_words", "word_hash", "patient_id"), _belongs("name_words", "patient_id", "patients.id"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    _index("name_words", "patient_id")


def _grounds() -> None:
    op.create_table(
        "consents", _id(), _row("patient_id"), _word("basis"), _word("wording"), _word("source"),
        _time("given_at"), _day("expires_on", optional=True), _time("recorded_at"), _key("consents"),
        _belongs("consents", "patient_id", "patients.id"), sqlite_autoincrement=True,
    )  # fmt: skip
    _index("consents", "patient_id")
    op.create_table(
        "suppressions", _id(), _bytes("address_hash"), _word("reason"), _word("source"),
        _time("suppressed_at"), _time("lifted_at", optional=True), _word("lifted_source", optional=True),
        _key("suppressions"), sqlite_autoincrement=True,
    )  # fmt: skip
    _index("suppressions", "address_hash")


def _enrollments() -> None:
    op.create_table(
        "enrollments", _id(), _row("patient_id"), _word("series"), _word("episode"), _word("edition"),
        _day("start"), _word("zone"), _word("status"), _word("reason", optional=True), _flag("slower"),
        _day("paused_until", optional=True), _count("version"), _time("created_at"),
        _time("updated_at"),
        _key("enrollments"), _unique("enrollments", "patient_id", "series", "episode"),
        _belongs("enrollments", "patient_id", "patients.id"),
        _refers("enrollments", "edition", "editions.sha256"), sqlite_autoincrement=True,
    )  # fmt: skip
    _index("enrollments", "series", "status")


def _deliveries() -> None:
    op.create_table(
        "deliveries", _id(), _row("enrollment_id"), _count("part"), _word("state"),
        _word("reason", optional=True), _word("detail", optional=True), _time("due_at", optional=True),
        _day("expires_on"), _word("zone"), _word("key"), _flag("asked"), _count("attempts"),
        _word("owner", optional=True), _time("lease_until", optional=True), _row("batch_id", optional=True),
        _word("provider", optional=True), _word("provider_id", optional=True),
        _word("sent_edition", optional=True), _time("sending_at", optional=True),
        _time("accepted_at", optional=True), _time("created_at"),
        _time("updated_at"), _key("deliveries"), _unique("deliveries", "enrollment_id", "part"),
        _unique("deliveries", "key"), _belongs("deliveries", "enrollment_id", "enrollments.id"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    _index("deliveries", "state", "due_at", "id")
    _index("deliveries", "provider_id")


def _history() -> None:
    op.create_table(
        "delivery_history", _id(), _row("delivery_id"), _time("at"), _word("state"),
        _word("reason", optional=True), _word("detail", optional=True), _time("due_at", optional=True),
        _count("attempt"), _word("actor"), _key("delivery_history"),
    )  # fmt: skip
    _index("delivery_history", "delivery_id")


def _batches() -> None:
    op.create_table(
        "batches", _id(), _word("provider"), _word("idempotency_key"), _bytes("payload_hash"),
        _count("size"), _word("owner"), _time("created_at"), _time("finished_at", optional=True),
        _count("resends"), _time("resend_at", optional=True),
        _key("batches"), _unique("batches", "idempotency_key"), sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table(
        "batch_members", _row("batch_id"), _count("position"), _row("delivery_id"),
        _bytes("payload_hash"), _key("batch_members", "batch_id", "position"), sqlite_with_rowid=False,
    )  # fmt: skip
    _index("batch_members", "delivery_id")
    op.create_table(
        "pacing", _word("provider"), _day("day"), _count("used"), _time("free_at"), _key("pacing", "provider")
    )  # fmt: skip


def _what_came_back() -> None:
    op.create_table(
        "hook_calls", _id(), _word("provider"), _time("received_at"), _bytes("sealed_call"), _word("reading"),
        _count("told"), _key("hook_calls"), sqlite_autoincrement=True,
    )  # fmt: skip
    _index("hook_calls", "received_at")
    _index("hook_calls", "reading", "id")
    op.create_table(
        "events", _id(), _row("call_id"), _word("provider"), _word("dedupe"), _word("kind"), _word("said"),
        _time("at"), _time("received_at"), _word("key", optional=True), _word("provider_id", optional=True),
        _word("detail", optional=True), _row("delivery_id", optional=True),
        _bytes("address_hash", optional=True), _word("standing"), _key("events"),
        _unique("events", "provider", "dedupe"), _belongs("events", "delivery_id", "deliveries.id"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    for columns in (("call_id",), ("delivery_id",), ("address_hash",), ("standing", "received_at")):
        _index("events", *columns)


def _calls() -> None:
    op.create_table(
        "calls", _id(), _row("patient_id"), _row("delivery_id", optional=True), _word("reason"),
        _word("about", optional=True), _time("opened_at"), _time("closed_at", optional=True),
        _word("closed_by", optional=True), _bytes("sealed_note", optional=True), _key("calls"),
        _unique("calls", "about"), _belongs("calls", "patient_id", "patients.id"),
        _belongs("calls", "delivery_id", "deliveries.id"), sqlite_autoincrement=True,
    )  # fmt: skip
    for columns in (("patient_id",), ("delivery_id",), ("closed_at", "opened_at")):
        _index("calls", *columns)
    op.create_table(
        "helpful", _row("delivery_id"), _flag("helpful"), _time("said_at"), _key("helpful", "delivery_id"),
        _belongs("helpful", "delivery_id", "deliveries.id"),
    )  # fmt: skip


def _records() -> None:
    op.create_table(
        "audit", sa.Column("seq", ROW_ID, autoincrement=False, nullable=False), _time("at"),
        _word("actor"), _word("action"), _word("subject"), _word("detail"), _word("previous"),
        _word("hash"), _key("audit", "seq"),
    )  # fmt: skip
    _index("audit", "subject")
    op.create_table(
        "marks", _word("key"), _word("value"), _time("updated_at"), _key("marks", "key")
    )  # fmt: skip


def _id() -> sa.Column[int]:
    return sa.Column("id", ROW_ID, nullable=False)


def _row(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, ROW_ID, nullable=optional, autoincrement=False)


def _word(name: str, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=optional)


def _bytes(name: str, *, optional: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=optional)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, autoincrement=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _day(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=optional)


def _time(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Utc(), nullable=optional)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=f"pk_{table}")


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def _belongs(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Like ``_refers``, but the row goes when its owner goes."""
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete="CASCADE")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
