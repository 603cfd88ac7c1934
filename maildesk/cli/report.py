"""``maildesk report``: the monthly statements of service credits, and a manager's decisions on them [Procedure 10]."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from maildesk.cli.common import (
    USAGE,
    fail,
    json_option,
    load_settings,
    opened,
    print_json,
    settings_option,
    several_lines,
    ticket_number,
)
from maildesk.cli.shapes import rfc3339
from maildesk.desk.obey import Refusal
from maildesk.desk.statement import APPROVED, REFUSED, Entry, Statement, first_day, moneys
from maildesk.faults import SettingsError
from maildesk.office import Office, open_office
from maildesk.report.credits import as_csv, as_html, as_text
from maildesk.steps.statements import correct_statement, decide_statement, statements

T = TypeVar("T")
NO_CONTRACT = "none"  # how tickets of no contract are named here
_HOURS = re.compile(r"[+-]?\d{1,4}(?:\.\d{1,2})?", re.ASCII)
as_option: Callable[..., Any] = click.option(
    "--as", "actor", required=True, metavar="ADDRESS", help="Whose word it is: somebody with the role credits.approver."
)


@click.group("report")
def command() -> None:
    """Service credits: show the statements, approve, refuse and correct them."""


@command.command("credits")
@click.argument("month")
@click.option("--contract", help='Only this contract; "none" for tickets of no contract.')
@click.option("--format", "form", type=click.Choice(("text", "html", "csv")), default="text", show_default=True)
@settings_option
@json_option
def credits_(month: str, contract: str | None, form: str, settings_file: Path | None, as_json: bool) -> None:
    """Show the statements of MONTH, like 2026-11; of a month that is not over what they would be by now."""
    wanted = _month(month)
    with _office(settings_file) as office, office.database.reading() as transaction:
        found = statements(transaction, office, wanted, office.clock())
    if contract is not None:
        found = [each for each in found if each.contract.casefold() == _contract(contract).casefold()]
        if not found and not _is_known(office, _contract(contract)):
            fail(f"{contract} is no contract of the register: `none` is for tickets of no contract")
    if as_json:
        for each in found:
            print_json(_statement_json(each))
    else:
        click.echo(_written(found, form, office), nl=False)


@command.command("approve")
@click.argument("contract")
@click.argument("month")
@as_option
@settings_option
def approve(contract: str, month: str, actor: str, settings_file: Path | None) -> None:
    """Approve the statement of CONTRACT for MONTH, for good."""
    _decide(settings_file, contract, month, actor, APPROVED, "")


@command.command("refuse")
@click.argument("contract")
@click.argument("month")
@click.option("--reason", required=True, help="Why; it stays in the ledger.")
@as_option
@settings_option
def refuse(contract: str, month: str, reason: str, actor: str, settings_file: Path | None) -> None:
    """Refuse the statement of CONTRACT for MONTH; once corrected it may be approved."""
    _decide(settings_file, contract, month, actor, REFUSED, reason)


@command.command("correct", context_settings={"ignore_unknown_options": True})  # -3 is an amount and no option
@click.argument("contract")
@click.argument("month")
@click.argument("ticket")
@click.argument("hours")
@click.option("--reason", required=True, help="Why; it stays in the ledger.")
@as_option
@settings_option
def correct(
    contract: str, month: str, ticket: str, hours: str, reason: str, actor: str, settings_file: Path | None
) -> None:
    """Give a TICKET more HOURS of MONTH, or take some: 2, -3, 0.5."""
    of, amount = _month(month), _amount(hours)
    with _office(settings_file) as office, office.database.writing() as transaction:
        number = ticket_number(ticket, office.policy.ticket_prefix)
        made = _done(
            correct_statement(
                transaction, office, _contract(contract), of, number, amount, actor, reason, office.clock()
            )
        )
    click.echo(several_lines(f"{contract}, statement of {made.month}: {made.words}"))


def _decide(settings_file: Path | None, contract: str, month: str, actor: str, verdict: str, reason: str) -> None:
    of = _month(month)
    with _office(settings_file) as office, office.database.writing() as transaction:
        found = _done(
            decide_statement(transaction, office, _contract(contract), of, actor, verdict, office.clock(), reason)
        )
    click.echo(several_lines(f"{contract}, {month}: {verdict}, {moneys(found.amounts) or 'no money'}"))


@contextmanager
def _office(settings_file: Path | None) -> Iterator[Office]:
    settings = load_settings(settings_file)
    with opened(settings) as database:
        try:
            yield open_office(settings, database)
        except SettingsError as error:
            fail("\n".join(str(fault) for fault in error.faults), USAGE)


def _done(result: T | Refusal) -> T:
    """What was done; a refusal ends the command, and nothing was changed."""
    if isinstance(result, Refusal):
        fail(f"{result.reason}: {result.remedy}" if result.remedy else result.reason)
    return result


def _written(found: list[Statement], form: str, office: Office) -> str:
    name = office.policy.number
    if form == "csv":
        return as_csv(found, name)
    if form == "html":
        return as_html(found, name)
    rule = "\n" + "-" * 76 + "\n\n"
    return rule.join(as_text(each, name) for each in found) or "no credits in this month\n"


def _contract(text: str) -> str:
    return "" if text.casefold() == NO_CONTRACT else text


def _is_known(office: Office, contract: str) -> bool:
    return not contract or any(row.number.casefold() == contract.casefold() for row in office.register.contracts)


def _month(text: str) -> str:
    try:
        first_day(text)
    except ValueError:
        fail(f"{text} is no month: write like 2026-11", USAGE)
    return text


def _amount(text: str) -> Decimal:
    if not _HOURS.fullmatch(text) or not Decimal(text):
        fail(f"{text} is no amount of hours: write like 2, -3 or 0.5", USAGE)
    return Decimal(text)


def _statement_json(found: Statement) -> dict[str, Any]:
    return {
        "contract": found.contract,
        "organisation": found.organisation,
        "month": found.month,
        "state": found.state,
        "fee": found.fee.amount,
        "currency": found.fee.currency,
        "hours": found.hours,
        "amounts": found.amounts,
        "cut": found.cut,
        "unpriced_hours": found.unpriced,
        "lines": [_entry_json(entry) for entry in found.entries],
        "decisions": [
            {"kind": entry.kind, "actor": entry.actor, "at": rfc3339(entry.at), "words": entry.words}
            for entry in found.decisions
        ],
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "ticket": entry.ticket,
        "of_month": entry.of_month,
        "hours": entry.hours,
        "fee": entry.fee,
        "uncut": entry.uncut,
        "amount": entry.amount,
        "currency": entry.currency,
        "words": entry.words,
        "derivation": list(entry.derivation),
        "actor": entry.actor,
    }
