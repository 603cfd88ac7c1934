from dataclasses import dataclass

import pytest

from maildesk.desk.authority import Level, judge, level
from maildesk.desk.commands import SHAPES, Unclear, parse


@dataclass(frozen=True)
class Stood:
    addressed: bool = True
    passed: bool = True
    burned: bool = False
    stale: bool = False


FULL, NO_ID, NO_PASS = Stood(), Stood(addressed=False), Stood(passed=False)
NOTHING, BURNED, STALE = Stood(addressed=False, passed=False), Stood(burned=True), Stood(stale=True)
OPEN, ADDRESSED, BOTH, OWN = Level
ROWS = [
    # level, what stands behind it, allowed with a border, allowed without
    (OPEN, NOTHING, True, True), (OPEN, STALE, True, True), (OPEN, BURNED, True, True),
    (ADDRESSED, FULL, True, True), (ADDRESSED, NO_PASS, True, True), (ADDRESSED, NO_ID, False, False),
    (ADDRESSED, BURNED, False, False), (ADDRESSED, STALE, False, False),
    (BOTH, FULL, True, True), (BOTH, NO_PASS, False, True), (BOTH, NO_ID, False, False),
    (BOTH, BURNED, False, False), (BOTH, STALE, False, False), (BOTH, NOTHING, False, False),
    (OWN, FULL, True, False), (OWN, NO_ID, True, False), (OWN, BURNED, True, False),
    (OWN, NO_PASS, False, False), (OWN, STALE, False, False),
]  # fmt: skip


@pytest.mark.parametrize(("needed", "stood", "with_border", "without"), ROWS)
def test_the_rows_of_the_table(needed, stood, with_border, without):
    judgements = [judge([needed], stood, border=border) for border in (True, False)]
    assert [judgement.allowed for judgement in judgements] == [with_border, without]
    assert all(judgement.why for judgement in judgements)


def test_a_mail_is_judged_by_the_most_that_it_asks():
    assert judge([ADDRESSED], FULL, border=False).allowed
    assert not judge([ADDRESSED, OWN, ADDRESSED], FULL, border=False).allowed
    assert judge([], NOTHING, border=False).allowed


LEVELS = {
    ADDRESSED: ["take", "note: x"],
    BOTH: ["priority P2", "open", "resolved: x", "close", "pending customer", "workaround", "cause ours", "owner sam",
           "team support", "escalate", "reply: x", "still resolved"],
    OWN: ["cc add bob@acme.example", "cc remove bob@acme.example", "requester bob@acme.example", "contract 7",
          "merge into 1042", "split", "split mail 7", "link 7", "undo 1042-3-abcdefghij"],
}  # fmt: skip


@pytest.mark.parametrize(("needed", "line"), [(needed, line) for needed, lines in LEVELS.items() for line in lines])
def test_the_row_of_each_command(needed, line):
    command = parse(line)
    assert not isinstance(command, Unclear)
    assert level(command) is needed


def test_what_no_row_names_needs_the_most():
    class Silence:
        """A command of a part that this table does not know."""

    assert level(Silence()) is OWN


def test_each_shape_has_its_row_in_this_test():
    shown = {line.split(":")[0].split()[0] for lines in LEVELS.values() for line in lines}
    ours = {shape.openings[0].split()[0] for shape in SHAPES if shape.make.__module__ == "maildesk.desk.commands"}
    assert shown <= {word for shape in SHAPES for word in (opening.split()[0] for opening in shape.openings)}
    assert ours - shown <= {"on", "silence", "ask", "approve", "refuse"}
