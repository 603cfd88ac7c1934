"""How far the desk's own work has come: a name and a value each."""

from sqlalchemy import Connection, bindparam, select

from maildesk.store.schema import bookmark
from maildesk.store.upsert import insert_for

RULES = "rules"  # the version of the rules by which each ticket's next_due_at was derived
BORDER_PROBE = "border-probe"  # the code that a mail which tries the border carries
_GET = select(bookmark.c.value).where(bookmark.c.name == bindparam("wanted"))


def border(name: str) -> str:
    """Where the day is kept on which that border was seen to remove a forged field."""
    return f"border:{name.lower()}"


def get(transaction: Connection, name: str) -> str:
    """What was kept under a name; "" where nothing was."""
    return transaction.scalar(_GET, {"wanted": name}) or ""


def put(transaction: Connection, name: str, value: str) -> None:
    """Keep a value under a name, instead of the one before."""
    insert = insert_for(transaction.dialect.name, bookmark)
    replace = insert.on_conflict_do_update(index_elements=["name"], set_={"value": insert.excluded.value})
    transaction.execute(replace, {"name": name, "value": value})
