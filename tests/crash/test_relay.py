"""What a bad relay does to the desk: nothing to the intake, at most one repeat, and order is kept [promises 16, 17]."""

from sqlalchemy import select

from maildesk.store.schema import attempt, inbound, outbox
from tests.rig.daemon import ANN, PATIENCE, Customers, DaemonUnderTest, account, mails_of, message_id_of
from tests.rig.letters import letter, parsed
from tests.rig.ports import wait_until
from tests.rig.relay import Do, Relay

BOB = "bob0@acme.test"  # the first of `mails_of(.., "bob")`


def attempts(daemon: DaemonUnderTest, recipient: str) -> list[str]:
    query = select(attempt.c.outcome).join(outbox).where(outbox.c.recipient == recipient).order_by(attempt.c.id)
    return [row.outcome for row in daemon.rows(query)]


def test_no_answer_after_the_mail_is_one_repeat_with_the_same_message_id(daemon: DaemonUnderTest, relay: Relay) -> None:
    relay.rule("END", Do.TAKE_AND_DROP, match=BOB, times=1)
    daemon.start()
    customers = [Customers(daemon.port, mails_of(3, "bob"))]
    daemon.wait_until_quiet(customers)
    account(daemon, customers, relay, repeats=1)
    assert attempts(daemon, BOB) == ["unknown", "sent"]
    assert len([mail for mail in relay.mails if BOB in mail.recipients]) == 2


def test_an_outage_of_the_relay_never_touches_the_intake(daemon: DaemonUnderTest, relay: Relay) -> None:
    relay.stop()
    daemon.start()
    customers = [Customers(daemon.port, mails_of(30), connections=4)]
    customers[0].join()
    wait_until(lambda: daemon.count(inbound, inbound.c.state == "done") == 30, "it is not processed", PATIENCE)
    wait_until(lambda: daemon.count(attempt) > 0, "nothing is tried", PATIENCE)
    assert set(customers[0].answers) == {250}
    relay.start()
    daemon.wait_until_quiet()
    account(daemon, customers, relay)


def test_who_is_refused_for_now_gets_his_mails_in_order_and_delays_nobody(
    embedded: DaemonUnderTest, relay: Relay
) -> None:
    relay.rule("RCPT", "451 4.2.0 not now", match=ANN)
    embedded.start()
    first = letter("It burns.", sender=BOB, message_id="<one@acme.test>")
    later = letter(
        "It still burns.", sender=BOB, message_id="<two@acme.test>", fields={"In-Reply-To": "<one@acme.test>"}
    )
    Customers(embedded.port, [first, later], connections=1).join()
    wait_until(lambda: embedded.count(outbox, outbox.c.notice == "joined"), "it does not join", PATIENCE)
    seen = len(attempts(embedded, ANN))
    wait_until(lambda: len(attempts(embedded, ANN)) >= seen + 2, "nobody tries again", PATIENCE)
    tried = select(outbox.c.notice).join(attempt).where(outbox.c.recipient == ANN)
    assert {row.notice for row in embedded.rows(tried)} == {"new-ticket"}
    assert [str(parsed(mail.octets)["To"]) for mail in relay.mails] == [BOB]
    relay.forget_rules()
    embedded.wait_until_quiet()
    to_ann = [message_id_of(mail.octets) for mail in relay.mails if ANN in mail.recipients]
    rows = embedded.rows(select(outbox).where(outbox.c.recipient == ANN).order_by(outbox.c.id))
    assert [row.notice for row in rows] == ["new-ticket", "joined"]
    assert to_ann == [row.message_id for row in rows]


def test_who_is_refused_for_good_fails_and_staff_are_told_once(embedded: DaemonUnderTest, relay: Relay) -> None:
    relay.rule("RCPT", "550 5.1.1 no such user", match=BOB)
    embedded.start("after maildesk.flow:settle")
    customers = [Customers(embedded.port, mails_of(1, "bob"))]
    embedded.wait_for_kill()
    embedded.start()
    embedded.wait_until_quiet(customers)
    (failed,) = embedded.rows(select(outbox).where(outbox.c.state == "failed"))
    assert (failed.recipient, failed.notice) == (BOB, "acknowledgement")
    assert "no such user" in failed.reason
    (told,) = embedded.rows(select(outbox).where(outbox.c.notice == "undeliverable"))
    assert (told.recipient, told.state) == (ANN, "sent")
