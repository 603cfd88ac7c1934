"""A priority 1 that nobody touches: every event and every mail of its first four days, as they must be."""

from pathlib import Path

from tests.cli.conftest import maildesk
from tests.rig.golden import golden_difference
from tests.rig.staffed import staffed

GOLDEN = Path(__file__).parent / "golden" / "untouched_p1.jsonl"
SCRIPT = """\
- at: 2026-11-20 16:30
  mail: {from: Bob <bob@acme.example>, subject: All gone, body: "Priority: P1"}
"""


def test_every_event_and_every_mail(tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text(SCRIPT)
    words = ("--script", script, "--from", "2026-11-20 16:00", "--until", "2026-11-24 18:00", "--json")
    ran = maildesk("simulate", *words, "--settings", staffed(tmp_path))
    assert ran.code == 0, ran.err
    assert golden_difference(GOLDEN.read_text(), ran.out) == ""
