"""The HTML of our mails in a real browser: nothing goes over the edge of a telephone's screen."""

import html
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.rig.skip import program
from tests.write.test_render import NOTICES, SHIPPED, with_text

LONG = "https://acme.example/" + "a" * 300 + " ولا يعمل المتجر " + "語" * 90 + " Z" + "\u0301\u0348" * 60
_FRAMES = """<!DOCTYPE html><meta charset="utf-8">{frames}<p id="said"></p><script>
addEventListener("load", () => {{
  const wide = [...document.querySelectorAll("iframe")].map(f => f.contentDocument.documentElement.scrollWidth);
  document.getElementById("said").textContent = "widths " + wide.join(" ");
}});</script>"""


def test_no_mail_is_wider_than_a_telephone(real: Callable[..., None], tmp_path: Path) -> None:
    real("chromium")
    long = [replace(notice, facts=with_text(notice.facts, LONG)) for notice in NOTICES]
    pages = [html.escape(SHIPPED.render(notice).html) for notice in (*NOTICES, *long)]
    frames = "".join(f'<iframe width="390" height="600" style="border:0" srcdoc="{page}"></iframe>' for page in pages)
    (tmp_path / "all.html").write_text(_FRAMES.format(frames=frames), encoding="utf-8")
    options = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={tmp_path / 'data'}",
        "--dump-dom",
    ]
    command = [
        program("chromium") or "chromium",
        *options,
        "--virtual-time-budget=10000",
        f"file://{tmp_path / 'all.html'}",
    ]
    ran = subprocess.run(command, capture_output=True, timeout=90, check=True)
    said = re.search(r"widths ([\d ]+)", ran.stdout.decode())
    assert said, ran.stderr.decode()[-2000:]
    assert [int(width) for width in said[1].split()] == [390] * len(pages)
