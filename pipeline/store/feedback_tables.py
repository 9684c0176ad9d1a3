"""Tables of what comes back after a message went: from mail services, and from patients.

In charge of: names, types, keys, indexes of these four. Not in charge of: the other tables (``schema``, which
gathers these too), or what the rows mean (``events``, ``calls``, ``reports``).
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from pipeline.store.columns import ROW_ID, Utc
from pipeline.store.naming import metadata

#: What a mail service brought in one call, as it came and before it was understood. A body quotes addresses,
#: so it is sealed, and deleted after a while.
hook_calls = Table(
    "hook_calls",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("received_at", Utc, nullable=False, index=True),
    Column("sealed_call", LargeBinary, nullable=False),
    # ``hook_calls.Reading``: waiting, read or unreadable.
    Column("reading", Text, nullable=False),
    # How many events it told; of them may be repeated ones.
    Column("told", Integer, nullable=False),
    Index(None, "reading", "id"),
    sqlite_autoincrement=True,
)

#: One thing that happened to one message, once. Without a foreign key to the call, which goes sooner.
events = Table(
    "events",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("call_id", ROW_ID, nullable=False, index=True),
    Column("provider", Text, nullable=False),
    # SHA-256 of what tells it from others, in hexadecimal: services' own marks may be long, or an address.
    Column("dedupe", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("key", Text),
    Column("provider_id", Text),
    Column("detail", Text),
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), index=True),
    # Of the address it is about, as far as we know it: the run of soft bounces is counted per address.
    Column("address_hash", LargeBinary, index=True),
    # ``events.Standing``: waiting, applied or stray.
    Column("standing", Text, nullable=False),
    UniqueConstraint("provider", "dedupe"),
    Index(None, "standing", "received_at"),
    sqlite_autoincrement=True,
)

#: Whom staff should call, or whose address they should correct.
calls = Table(
    "calls",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("patient_id", ForeignKey("patients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), index=True),
    # ``calls.CallReason``.
    Column("reason", Text, nullable=False),
    # What it is about, while it is open: asked twice for the same it stays one. Empty once it is closed.
    Column("about", Text, unique=True),
    Column("opened_at", Utc, nullable=False),
    Column("closed_at", Utc),
    Column("closed_by", Text),
    Column("sealed_note", LargeBinary),
    Index(None, "closed_at", "opened_at"),
    sqlite_autoincrement=True,
)

#: "Was this helpful?": the last answer of each delivery.
helpful = Table(
    "helpful",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("helpful", Boolean, nullable=False),
    Column("said_at", Utc, nullable=False),
)
