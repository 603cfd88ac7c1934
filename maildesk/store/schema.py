"""The tables.  Unique keys carry the invariants: what must not happen twice cannot be stored twice.

The migrations make this schema and a test holds them against it; change both together.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from maildesk.store.types import CleanText, Json, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
}
FIRST_TICKET = 1001  # a number that no customer takes for his first
metadata = MetaData(naming_convention=NAMING)
Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite: only INTEGER PRIMARY KEY counts by itself

raw_mail = Table(
    "raw_mail",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("octets", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
)

inbound = Table(
    "inbound",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("raw", Text, ForeignKey("raw_mail.sha256"), nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("mailbox", CleanText),
    Column("uidvalidity", BigInteger),
    Column("uid", BigInteger),
    Column("reverse_path", CleanText),  # NULL: unknown, "": the null path
    Column("forward_paths", Json, nullable=False),
    Column("peer", CleanText, nullable=False),
    Column("peer_trusted", Boolean(create_constraint=False), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),  # received, done, held
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("claimed_by", Text),
    Column("waits_until", UtcDateTime),  # for the mail that it answers, at most
    Column("forced", Boolean(create_constraint=False), nullable=False),  # a person has said that it is taken in
    Column("kind", Text),
    Column("reason", CleanText),
    Column("message_id", CleanText, index=True),  # known as soon as it is kept: a mail that answers it waits for it
    Column("content_key", Text, unique=True),  # NULL until read, and for a second copy
    Column("duplicate_of", Id, ForeignKey("inbound.id")),
    Column("ticket", Id, ForeignKey("ticket.number"), index=True),
    Column("sender", CleanText),
    Column("subject", CleanText),
    Column("explanation", Json),  # the chain that `mail explain` prints
    UniqueConstraint("mailbox", "uidvalidity", "uid", "raw"),  # a restored mailbox gives UIDs again: the content counts
    Index("ix_inbound_waiting", "state", "id"),
    sqlite_autoincrement=True,
)

ticket = Table(
    "ticket",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),  # AUTOINCREMENT, IDENTITY: never reused
    Column("status", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("assignee", CleanText),
    Column("requester", CleanText, nullable=False, index=True),  # lower case; "": nobody can be answered
    Column("requester_name", CleanText, nullable=False),
    Column("owed", Boolean(create_constraint=False), nullable=False),
    Column("contract", CleanText),
    Column("subject", CleanText, nullable=False),
    Column("contact", Json, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("participants", Json, nullable=False),  # as the table of that name has them
    Column("merged_into", Id, ForeignKey("ticket.number")),
    Column(
        "course", Json, nullable=False
    ),  # of states, priorities, teams and what was told: what clocks are counted from
    Column(
        "next_due_at", UtcDateTime, index=True
    ),  # derived: when time does something to it; NULL: never, as it stands
    sqlite_autoincrement=True,
)

event = Table(
    "event",
    metadata,
    Column("ticket", Id, ForeignKey("ticket.number"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", CleanText, nullable=False),
    Column("inbound", Id, ForeignKey("inbound.id")),
    Column("body", Json, nullable=False),
    PrimaryKeyConstraint("ticket", "seq"),
)

participant = Table(
    "participant",
    metadata,
    Column("ticket", Id, ForeignKey("ticket.number"), nullable=False),
    Column("address", CleanText, nullable=False),
    PrimaryKeyConstraint("ticket", "address"),
)

message_ref = Table(
    "message_ref",
    metadata,
    Column("message_id", CleanText, nullable=False),
    Column("ticket", Id, ForeignKey("ticket.number"), nullable=False),
    PrimaryKeyConstraint("message_id", "ticket"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("dedup", Text, nullable=False, unique=True),
    Column("ticket", Id, ForeignKey("ticket.number"), index=True),
    Column("inbound", Id, ForeignKey("inbound.id")),
    Column("notice", Text, nullable=False),
    Column("recipient", CleanText, nullable=False),
    Column("reverse_path", CleanText, nullable=False),
    Column("message_id", Text, nullable=False, unique=True),
    Column("subject", CleanText, nullable=False),
    Column("octets", LargeBinary, nullable=False),
    Column("urgency", Integer, nullable=False),  # 0 answers and alarms, 1 digests
    Column("state", Text, nullable=False),  # queued, sending, sent, failed, held
    Column("reason", CleanText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("step", Text),  # which of the procedure it is: ladder:2:director, warning:resolution, ...
    Column("due_at", UtcDateTime),  # when that was due
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("claimed_by", Text),
    Column("sent_at", UtcDateTime),
    Column("retries", Integer, nullable=False),  # by a person
    Column("retried_at", UtcDateTime),  # the last of these: its five days begin anew
    Index("ix_outbox_waiting", "state", "urgency", "next_attempt_at", "id"),
    Index("ix_outbox_order", "recipient", "state", "id"),
    sqlite_autoincrement=True,
)
_HELD = outbox.c.state == "held"  # few, but an address that is over its budget may have thousands
Index("ix_outbox_held", outbox.c.recipient, outbox.c.notice, sqlite_where=_HELD, postgresql_where=_HELD)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("outbox", Id, ForeignKey("outbox.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("outcome", Text, nullable=False),  # sent, deferred, failed, unknown, bounced, delayed
    Column("code", Integer),
    Column("text", CleanText, nullable=False),
)

suppression = Table(
    "suppression",
    metadata,
    Column("address", CleanText, primary_key=True),
    Column("first_failure_on", Text, nullable=False),  # UTC date
    Column("muted_at", UtcDateTime),
    Column("reason", CleanText, nullable=False),
)

auto_reply = Table(
    "auto_reply",
    metadata,
    Column("scope", CleanText, nullable=False),  # address:…, domain:…, new
    Column("bucket", UtcDateTime, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("scope", "bucket"),
)

bookmark = Table(  # how far the desk's own work has come: the rules that next_due_at was derived by, the last digest
    "bookmark",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

credit = Table(  # the ledger of service credits [Procedure 10]: appended, never changed
    "credit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("contract", CleanText, nullable=False),
    Column("month", Text, nullable=False),  # the statement's, like 2026-11
    Column("kind", Text, nullable=False),  # line, correction, proposed, approved, refused
    Column("ticket", Id, ForeignKey("ticket.number"), index=True),
    Column("of_month", Text, nullable=False),  # the month that the hours are of; "": a decision has none
    Column("hours", Text),  # decimal, like fee, uncut and amount
    Column("fee", Text),
    Column("uncut", Text),  # what the hours would be worth without the cap
    Column("amount", Text),
    Column("currency", Text),
    Column("words", CleanText, nullable=False),  # the arithmetic, or why
    Column("derivation", Json, nullable=False),  # how the ticket came by the hours, a list of sentences
    Column("actor", CleanText, nullable=False),  # an address, or "desk"
    Column("at", UtcDateTime, nullable=False),
    Index("ix_credit_statement", "contract", "month"),
    sqlite_autoincrement=True,
)
_ONCE = credit.c.kind.in_(("proposed", "approved"))
Index(
    "uq_credit_decision", credit.c.contract, credit.c.month, credit.c.kind,
    unique=True, sqlite_where=_ONCE, postgresql_where=_ONCE,
)  # fmt: skip

lease = Table(
    "lease",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime, nullable=False),
)

confirmation = Table(  # what a mail below its level waits for: a code that only its reader knows
    "confirmation",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("code", Text, nullable=False, unique=True),  # SHA-256 of it and the person
    Column("inbound", Id, ForeignKey("inbound.id"), nullable=False, index=True),
    Column("person", CleanText, nullable=False),  # first address, lower case
    Column("asked_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index("ix_confirmation_person", "person", "asked_at"),
    sqlite_autoincrement=True,
)

burned_id = Table(  # signed ids of staff that people outside the firm have seen
    "burned_id",
    metadata,
    Column("signed", CleanText, primary_key=True),  # Message-ID or reply address, lower case
    Column("inbound", Id, ForeignKey("inbound.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
