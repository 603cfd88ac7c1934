"""What a member of the firm is asked before a mail in his name is obeyed that has too little behind it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Confirmation:
    """To the registered address only: what a mail asks for, and the code that confirms it."""

    number: str  # of the ticket; "": it is of none yet
    subject: str
    lines: tuple[str, ...]  # as they would be obeyed
    code: str
    until: datetime
    author: str  # whom the mail claims to be from
    received_at: datetime
    why: str = ""  # what it lacks
