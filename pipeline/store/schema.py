"""Every table and index, once: queries are built on these, migrations must lead to exactly these.

In charge of: names, types, keys, indexes. Not in charge of: how an older database gets here
(``migrations``; a test holds the two equal) or what the rows mean (the module of each table).

Columns that end in ``_hash`` are keyed hashes, columns that begin with ``sealed_`` are encrypted; no other
column holds anything that tells who a person is.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from pipeline.store.columns import ROW_ID, Utc
from pipeline.store.feedback_tables import calls, events, helpful, hook_calls
from pipeline.store.naming import metadata

__all__ = [
    "REVISION", "approvals", "audit", "batch_members", "batches", "calls", "changes", "consents",
    "deliveries", "delivery_history", "editions", "enrollments", "events", "helpful", "hook_calls", "marks",
    "metadata", "name_words", "pacing", "patients", "suppressions", "users",
]  # fmt: skip

#: Bumped with every migration; equal to the newest file in ``migrations``.
REVISION = "0001"

#: People of the clinic who may sign: a name to write on the command line, and what a signature shows.
users = Table(
    "users",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("display", Text, nullable=False),
    Column("credential", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    sqlite_autoincrement=True,
)

editions = Table(
    "editions",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("series", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("canonical", LargeBinary, nullable=False),
    Column("created_at", Utc, nullable=False),
    Index(None, "series", "created_at"),
)

#: Signatures, append-only; the newest of an edition counts.
approvals = Table(
    "approvals",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("edition", ForeignKey("editions.sha256"), nullable=False, index=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("credential", Text, nullable=False),
    Column("review_by", Date, nullable=False),
    Column("approved_at", Utc, nullable=False),
    sqlite_autoincrement=True,
)

#: Who changed a series, append-only: the last one may not approve it.
changes = Table(
    "changes",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("series", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Index(None, "series", "id"),
    sqlite_autoincrement=True,
)

patients = Table(
    "patients",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("record_hash", LargeBinary, nullable=False, unique=True),
    # Of the whole casefolded address; not unique, because families share one.
    Column("address_hash", LargeBinary, index=True),
    Column("sealed_record", LargeBinary, nullable=False),
    Column("sealed_given", LargeBinary, nullable=False),
    Column("sealed_family", LargeBinary, nullable=False),
    Column("sealed_email", LargeBinary),
    Column("language", Text),
    Column("zone", Text),
    Column("phone_instead", Boolean, nullable=False),
    Column("minor", Boolean, nullable=False),
    Column("deceased", Boolean, nullable=False),
    # Counts changes, so that a dispatcher sees in one glance whether what it read still stands.
    Column("version", Integer, nullable=False),
    # What comes back from an address before this one says nothing of it.
    Column("address_since", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    sqlite_autoincrement=True,
)

#: One row per word of a patient's name, so that a whole word finds them.
name_words = Table(
    "name_words",
    metadata,
    Column("word_hash", LargeBinary, primary_key=True),
    Column("patient_id", ForeignKey("patients.id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

#: Recorded grounds, append-only.
consents = Table(
    "consents",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("patient_id", ForeignKey("patients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("basis", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("given_at", Utc, nullable=False),
    Column("expires_on", Date),
    Column("recorded_at", Utc, nullable=False),
    sqlite_autoincrement=True,
)

#: Addresses that must not be mailed. Bound to no patient, so that it survives their erasure.
suppressions = Table(
    "suppressions",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("address_hash", LargeBinary, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("suppressed_at", Utc, nullable=False),
    Column("lifted_at", Utc),
    Column("lifted_source", Text),
    sqlite_autoincrement=True,
)

enrollments = Table(
    "enrollments",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("patient_id", ForeignKey("patients.id", ondelete="CASCADE"), nullable=False),
    Column("series", Text, nullable=False),
    # Which course of therapy: a patient who comes back next year gets the series again.
    Column("episode", Text, nullable=False),
    Column("edition", ForeignKey("editions.sha256"), nullable=False),
    Column("start", Date, nullable=False),
    Column("zone", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("slower", Boolean, nullable=False),
    Column("paused_until", Date),
    # Counts changes, so that a dispatcher sees in one glance whether what it read still stands.
    Column("version", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    UniqueConstraint("patient_id", "series", "episode"),
    Index(None, "series", "status"),
    sqlite_autoincrement=True,
)

#: The ledger. ``reason`` is a code of ``delivery.states.Reason``, ``detail`` the provider's words, cleaned.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("enrollment_id", ForeignKey("enrollments.id", ondelete="CASCADE"), nullable=False),
    Column("part", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("due_at", Utc),
    Column("expires_on", Date, nullable=False),
    Column("zone", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    # The patient asked for this part now: gap and closed days do not hold it.
    Column("asked", Boolean, nullable=False),
    # How often `sending` began, without the attempts that an outage used up.
    Column("attempts", Integer, nullable=False),
    Column("owner", Text),
    Column("lease_until", Utc),
    Column("batch_id", ROW_ID),
    Column("provider", Text),
    Column("provider_id", Text),
    # The edition whose bytes went: an enrollment may have been given another one since.
    Column("sent_edition", Text),
    Column("sending_at", Utc),
    Column("accepted_at", Utc),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    UniqueConstraint("enrollment_id", "part"),
    # Complete, not partial: a partial index on state = 'planned' is not used for a bound parameter.
    # The id is in it so that a morning's thousands with the same due time need no sort.
    Index(None, "state", "due_at", "id"),
    Index(None, "provider_id"),
    # An id that comes back after a deletion would let an old link open another patient's page.
    sqlite_autoincrement=True,
)

#: Every state a delivery went through. No foreign key: three rows per message, each checked, would cost
#: a third of the ledger's speed on PostgreSQL; erasure deletes them by hand.
delivery_history = Table(
    "delivery_history",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("delivery_id", ROW_ID, nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("due_at", Utc),
    Column("attempt", Integer, nullable=False),
    # Which dispatcher, person or event did it.
    Column("actor", Text, nullable=False),
)

#: What went to a provider in one call, kept so that the very same bytes can be sent again.
batches = Table(
    "batches",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False, unique=True),
    # SHA-256 over the members' payload hashes in order.
    Column("payload_hash", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("finished_at", Utc),
    # How often it was sent again with the same key, and when that may be tried next.
    Column("resends", Integer, nullable=False),
    Column("resend_at", Utc),
    sqlite_autoincrement=True,
)

batch_members = Table(
    "batch_members",
    metadata,
    Column("batch_id", ROW_ID, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("delivery_id", ROW_ID, nullable=False, index=True),
    Column("payload_hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

#: What left through each provider on its newest day (UTC), and when the next message may: the rate and the
#: quota hold for all processes together.
pacing = Table(
    "pacing",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("used", Integer, nullable=False),
    Column("free_at", Utc, nullable=False),
)

#: Who did what, append-only; each row's hash covers the one before it.
audit = Table(
    "audit",
    metadata,
    Column("seq", ROW_ID, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

#: Single facts about this database: its generation, what is halted.
marks = Table(
    "marks",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", Utc, nullable=False),
)
