"""The first schema: raw and inbound mail, tickets with their events, the outbox with its attempts."""

import sqlalchemy as sa
from alembic import op

from maildesk.store import types

revision = "0001"
down_revision = None
FIRST_TICKET = 1001


def upgrade() -> None:
    """Make all tables of the first release."""
    op.create_table(
        "auto_reply",
        sa.Column("scope", types.CleanText(), nullable=False),
        sa.Column("bucket", types.UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "bucket", name=op.f("pk_auto_reply")),
    )
    op.create_index(op.f("ix_auto_reply_bucket"), "auto_reply", ["bucket"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", types.CleanText(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "raw_mail",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_raw_mail")),
    )
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("last_used_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "suppression",
        sa.Column("address", types.CleanText(), nullable=False),
        sa.Column("first_failure_on", sa.Text(), nullable=False),
        sa.Column("muted_at", types.UtcDateTime(), nullable=True),
        sa.Column("reason", types.CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_suppression")),
    )
    op.create_table(
        "ticket",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("assignee", types.CleanText(), nullable=True),
        sa.Column("requester", types.CleanText(), nullable=False),
        sa.Column("requester_name", types.CleanText(), nullable=False),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.Column("contract", types.CleanText(), nullable=True),
        sa.Column("subject", types.CleanText(), nullable=False),
        sa.Column("contact", types.Json(), nullable=False),
        sa.Column("opened_at", types.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("participants", types.Json(), nullable=False),
        sa.Column("merged_into", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("course", types.Json(), nullable=False),
        sa.Column("next_due_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["merged_into"], ["ticket.number"], name=op.f("fk_ticket_merged_into")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ticket")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ticket_next_due_at"), "ticket", ["next_due_at"], unique=False)
    op.create_index(op.f("ix_ticket_requester"), "ticket", ["requester"], unique=False)
    op.create_table(
        "inbound",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("mailbox", types.CleanText(), nullable=True),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("reverse_path", types.CleanText(), nullable=True),
        sa.Column("forward_paths", types.Json(), nullable=False),
        sa.Column("peer", types.CleanText(), nullable=False),
        sa.Column("peer_trusted", sa.Boolean(), nullable=False),
        sa.Column("received_at", types.UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", types.UtcDateTime(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("waits_until", types.UtcDateTime(), nullable=True),
        sa.Column("forced", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("reason", types.CleanText(), nullable=True),
        sa.Column("message_id", types.CleanText(), nullable=True),
        sa.Column("content_key", sa.Text(), nullable=True),
        sa.Column("duplicate_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ticket", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("sender", types.CleanText(), nullable=True),
        sa.Column("subject", types.CleanText(), nullable=True),
        sa.Column("explanation", types.Json(), nullable=True),
        sa.ForeignKeyConstraint(["duplicate_of"], ["inbound.id"], name=op.f("fk_inbound_duplicate_of")),
        sa.ForeignKeyConstraint(["raw"], ["raw_mail.sha256"], name=op.f("fk_inbound_raw")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_inbound_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("content_key", name=op.f("uq_inbound_content_key")),
        sa.UniqueConstraint("mailbox", "uidvalidity", "uid", "raw", name=op.f("uq_inbound_mailbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_inbound_message_id"), "inbound", ["message_id"], unique=False)
    op.create_index(op.f("ix_inbound_raw"), "inbound", ["raw"], unique=False)
    op.create_index(op.f("ix_inbound_ticket"), "inbound", ["ticket"], unique=False)
    op.create_index("ix_inbound_waiting", "inbound", ["state", "id"], unique=False)
    op.create_table(
        "message_ref",
        sa.Column("message_id", types.CleanText(), nullable=False),
        sa.Column("ticket", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_message_ref_ticket")),
        sa.PrimaryKeyConstraint("message_id", "ticket", name=op.f("pk_message_ref")),
    )
    op.create_table(
        "participant",
        sa.Column("ticket", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", types.CleanText(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_participant_ticket")),
        sa.PrimaryKeyConstraint("ticket", "address", name=op.f("pk_participant")),
    )
    op.create_table(
        "event",
        sa.Column("ticket", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("actor", types.CleanText(), nullable=False),
        sa.Column("inbound", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("body", types.Json(), nullable=False),
        sa.ForeignKeyConstraint(["inbound"], ["inbound.id"], name=op.f("fk_event_inbound")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_event_ticket")),
        sa.PrimaryKeyConstraint("ticket", "seq", name=op.f("pk_event")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("dedup", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("inbound", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("recipient", types.CleanText(), nullable=False),
        sa.Column("reverse_path", types.CleanText(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("subject", types.CleanText(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", types.CleanText(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("due_at", types.UtcDateTime(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("next_attempt_at", types.UtcDateTime(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("sent_at", types.UtcDateTime(), nullable=True),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("retried_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["inbound"], ["inbound.id"], name=op.f("fk_outbox_inbound")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_outbox_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedup", name=op.f("uq_outbox_dedup")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbox_ticket"), "outbox", ["ticket"], unique=False)
    op.create_index("ix_outbox_order", "outbox", ["recipient", "state", "id"], unique=False)
    op.create_index(
        "ix_outbox_held", "outbox", ["recipient", "notice"], unique=False,
        sqlite_where=sa.text("state = 'held'"), postgresql_where=sa.text("state = 'held'"),
    )  # fmt: skip
    op.create_index("ix_outbox_waiting", "outbox", ["state", "urgency", "next_attempt_at", "id"], unique=False)
    op.create_table(
        "bookmark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bookmark")),
    )
    op.create_table(
        "credit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("contract", types.CleanText(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("of_month", sa.Text(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column("fee", sa.Text(), nullable=True),
        sa.Column("uncut", sa.Text(), nullable=True),
        sa.Column("amount", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("words", types.CleanText(), nullable=False),
        sa.Column("derivation", types.Json(), nullable=False),
        sa.Column("actor", types.CleanText(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_credit_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_credit_statement", "credit", ["contract", "month"], unique=False)
    op.create_index(op.f("ix_credit_ticket"), "credit", ["ticket"], unique=False)
    once = sa.text("kind IN ('proposed', 'approved')")
    op.create_index(
        "uq_credit_decision",
        "credit",
        ["contract", "month", "kind"],
        unique=True,
        sqlite_where=once,
        postgresql_where=once,
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("outbox", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("text", types.CleanText(), nullable=False),
        sa.ForeignKeyConstraint(["outbox"], ["outbox.id"], name=op.f("fk_attempt_outbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_outbox"), "attempt", ["outbox"], unique=False)
    op.create_table(
        "confirmation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("inbound", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", types.CleanText(), nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.Column("used_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["inbound"], ["inbound.id"], name=op.f("fk_confirmation_inbound")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
        sa.UniqueConstraint("code", name=op.f("uq_confirmation_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_confirmation_inbound"), "confirmation", ["inbound"], unique=False)
    op.create_index("ix_confirmation_person", "confirmation", ["person", "asked_at"], unique=False)
    op.create_table(
        "burned_id",
        sa.Column("signed", types.CleanText(), nullable=False),
        sa.Column("inbound", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["inbound"], ["inbound.id"], name=op.f("fk_burned_id_inbound")),
        sa.PrimaryKeyConstraint("signed", name=op.f("pk_burned_id")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('ticket', :before)").bindparams(
                before=FIRST_TICKET - 1
            )
        )
    else:
        op.execute(sa.text(f"ALTER SEQUENCE ticket_number_seq RESTART WITH {FIRST_TICKET}"))
