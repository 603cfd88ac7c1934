"""The benchmark runs, and refuses to report what is not proved."""

import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from bench.desk import Answer, Run, require_one_each
from bench.load import stuffed
from bench.mails import KB, MB, MIXES, Mail, kind_of, mails
from bench.processes import BenchError, family, finished, usage, wait_until
from bench.report import Report, Result, ratios, summary, table

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = [Answer(1.0, "<a@x>", "1"), Answer(2.0, "<b@x>", "2")]


def test_a_tiny_run_ends_well_and_prints_the_table() -> None:
    command = [sys.executable, "bench/intake.py", "--mails", "40", "--no-peer", "--runs", "1", "--idle", "5"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "| small mail, maildesk (40) " in done.stdout
    assert "| mixed mail, maildesk (40) " in done.stdout
    assert "No peer" in done.stdout


def test_each_stage_is_timed() -> None:
    command = [sys.executable, "bench/stages.py", "--mails", "5", "--profile", "send"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines() if " ms CPU " in line] == ["accept", "process", "send"]
    assert "settle_and_claim" in done.stdout


def test_a_benchmark_that_is_ended_leaves_nothing_behind() -> None:
    command = [sys.executable, "bench/intake.py", "--mails", "100000", "--no-peer", "--runs", "1"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True) as bench:
        assert bench.stderr is not None
        bench.stderr.readline()  # the first run begins
        wait_until(lambda: len(family(bench.pid)) > 2, "nothing was started", 60)
        children = family(bench.pid)[1:]
        bench.terminate()
        bench.stderr.read()
    assert bench.returncode == 143
    wait_until(lambda: not any(map(_lives, children)), "something lives on", 10)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def test_one_answer_each_with_a_number_of_its_own_is_right() -> None:
    require_one_each({"<a@x>", "<b@x>"}, ANSWERS)


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        (ANSWERS[:1], "2 mails and 1 acknowledgements"),
        ([*ANSWERS, Answer(3.0, "<b@x>", "3")], "2 mails and 3 acknowledgements"),
        ([ANSWERS[0], Answer(2.0, "<a@x>", "2")], "no acknowledgement, others two"),
        ([ANSWERS[0], Answer(2.0, "<b@x>", "1")], "1 different ticket numbers"),
        ([ANSWERS[0], Answer(2.0, "<b@x>", "")], "2 different ticket numbers"),
    ],
)
def test_anything_else_is_a_fault(answers: list[Answer], complaint: str) -> None:
    with pytest.raises(BenchError, match=complaint):
        require_one_each({"<a@x>", "<b@x>"}, answers)


@pytest.mark.parametrize("mix", MIXES)
def test_mails_come_again_from_the_same_seed_and_never_twice_in_a_run(mix: str) -> None:
    first, again, other = ([mail.message_id for mail in mails(mix, 20, batch)] for batch in ("1", "1", "2"))
    assert first == again
    assert len({*first, *other}) == 40


def test_a_small_mail_has_its_size() -> None:
    assert all(abs(len(mail.octets) - 2.6 * KB) < 50 for mail in mails("small", 200, "1"))


def test_the_mix_has_its_shares_in_each_hundred() -> None:
    for begin in (0, 300):
        kinds = [kind_of(number) for number in range(begin, begin + 100)]
        assert [kinds.count(kind) for kind in ("plain", "html", "large", "huge")] == [70, 20, 8, 2]


def test_mixed_mails_are_what_they_say() -> None:
    for number, mail in enumerate(mails("mixed", 51, "1")):
        parsed = message_from_bytes(mail.octets, policy=policy.default)
        assert not parsed.defects
        assert b"\n" not in mail.octets.replace(b"\r\n", b"")
        sizes = [len(part.get_payload(decode=True) or b"") for part in parsed.iter_attachments()]
        match kind_of(number):
            case "large":
                assert 50 * KB <= sizes[0] <= 501 * KB
            case "huge":
                assert 5 * MB <= sizes[0] <= 5.001 * MB
            case "html":
                assert parsed.get_body(("html",)) is not None
                assert parsed["In-Reply-To"]
            case _:
                assert parsed.get_content_type() == "text/plain"


def test_dots_are_doubled_for_the_wire() -> None:
    assert stuffed(Mail("s", "<i>", b"a\r\n\r\n.\r\n.b\r\n")).octets == b"a\r\n\r\n..\r\n..b\r\n.\r\n"


def _run(seconds: float) -> Run:
    latencies = [float(number) for number in range(100)]
    return Run(100, seconds, seconds / 2, 1.0, 1000, latencies, latencies)


def test_medians_of_the_runs_count() -> None:
    result = summary("small mail, maildesk", [_run(seconds) for seconds in (1.0, 2.0, 10.0)])
    assert (result.rate, result.slowest, result.fastest, result.taken_rate) == (50.0, 10.0, 100.0, 100.0)
    assert result.cpu_ms == 10.0
    assert result.to_answer_ms == (50_000.0, 99_000.0)


def _result(name: str, rate: float) -> Result:
    return Result(name, 10, rate, rate, rate, None, 1.0, None, None, 1.0)


def test_the_comparisons_are_said() -> None:
    rates = {
        "small mail, maildesk": 700.0,
        "small mail, django-helpdesk": 70.0,
        "small mail, at 1,000 tickets": 100.0,
        "small mail, at 100,000 tickets": 95.0,
    }
    said = ratios([_result(name, rate) for name, rate in rates.items()])
    assert said == [
        "small mail: maildesk is 10.0 times as fast as django-helpdesk.",
        "growth: the rate at 100,000 tickets is 0.95 of that at 1,000.",
    ]


def test_what_cannot_be_told_is_not_in_the_table() -> None:
    printed = table(Report("2 cores", "today", "No peer.", 0.0, [_result("small mail, maildesk", 3.0)]))
    assert "| n/a " in printed
    assert "times as fast" not in printed


@pytest.mark.parametrize(
    ("others", "said"), [(0.01, "had 1% of the machine meanwhile."), (0.3, "30% of the machine meanwhile: TOO BUSY")]
)
def test_a_busy_machine_is_told(others: float, said: str) -> None:
    assert said in table(Report("2 cores", "today", "No peer.", others, [_result("small mail, maildesk", 3.0)]))


def test_a_process_that_fails_or_hangs_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"(?s)ended with 3.*why"):
        finished([sys.executable, "-c", "print('why'); raise SystemExit(3)"], tmp_path / "log", 30)
    with pytest.raises(BenchError, match="not done after 0 s"):
        finished([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log", 0.2)


def test_children_count_as_well() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(10**7))']); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        used = 0.0
        for _ in range(1000):
            used = max(used, usage(process.pid).cpu_seconds)
            if used > 0.1:
                break
        process.communicate(b"\n")
    assert used > 0.1
