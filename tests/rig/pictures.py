"""Pictures of our mails, to be looked at: each sample as text, on a telephone (390 px) and on a desk (900 px).

``python -m tests.rig.pictures FOLDER [NAME...]`` writes two sheets a sample, in light and in dark.  It needs Chromium.
"""

import html
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maildesk.write.render import DeskFacts, Rendered, Renderer
from maildesk.write.samples import sample_notices
from tests.rig.pages import ROOT
from tests.rig.skip import program

WIDTHS = (390, 900)  # pixels of a telephone and of a window
SCHEMES = {"light": 1, "dark": 0}  # as Blink numbers them
_TEXT_WIDTH = 700  # room for 80 columns
_GAP = 24
_DESK = DeskFacts("Capital Bytes Support", "support@desk.example", "0845 8627463")
_TEXT_PAGE = (
    '<!DOCTYPE html><meta charset="utf-8"><style>:root{{color-scheme:light dark}}</style>'
    '<body style="margin:16px"><pre style="font:14px/1.4 monospace;width:80ch;margin:0;white-space:pre-wrap">{}</pre>'
)
_SHEET = """<!DOCTYPE html><meta charset="utf-8"><style>:root{{color-scheme:light dark}}body{{margin:0}}
iframe{{border:0;outline:1px solid gray;vertical-align:top;margin:0 {gap}px 0 0}}</style>
<div style="white-space:nowrap">{frames}</div><p id="said"></p><script>
addEventListener("load", () => {{
  const frames = [...document.querySelectorAll("iframe")];
  for (const frame of frames) frame.height = frame.contentDocument.documentElement.scrollHeight;
  document.getElementById("said").textContent = "tall " + Math.max(...frames.map(frame => frame.height));
}});</script>"""


@dataclass(frozen=True, slots=True)
class Browser:
    """A headless Chromium with its own folder."""

    program: str
    folder: Path

    def run(self, page: Path, *options: str) -> bytes:
        """What it prints for a page.  Raises CalledProcessError, TimeoutExpired."""
        always = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
        command = [self.program, *always, f"--user-data-dir={self.folder / 'data'}", *options, f"file://{page}"]
        return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout


def sheet(mail: Rendered) -> str:
    """One page with the text and the HTML in each width side by side."""
    text = _TEXT_PAGE.format(html.escape(f"Subject: {mail.subject}\n\n{mail.text}"))
    shown = [(_TEXT_WIDTH, text), *((width, mail.html) for width in WIDTHS)]
    frames = "".join(f'<iframe width="{width}" srcdoc="{html.escape(page)}"></iframe>' for width, page in shown)
    return _SHEET.format(frames=frames, gap=_GAP)


def draw(browser: Browser, mail: Rendered, target: Path, name: str) -> None:
    """Writes ``NAME-light.png`` and ``NAME-dark.png``."""
    page = browser.folder / "sheet.html"
    page.write_text(sheet(mail), encoding="utf-8")
    said = re.search(r"tall (\d+)", browser.run(page, "--dump-dom", "--virtual-time-budget=5000").decode())
    height = int(said[1]) if said else 1000
    width = _TEXT_WIDTH + sum(WIDTHS) + 3 * _GAP
    for scheme, number in SCHEMES.items():
        shot = f"--screenshot={(target / f'{name}-{scheme}.png').resolve()}"
        colours = f"--blink-settings=preferredColorScheme={number}"
        browser.run(page, shot, colours, f"--window-size={width},{height}", "--virtual-time-budget=5000")


def main(arguments: Sequence[str]) -> int:
    """Draws all samples, or those of the notices that are named."""
    chromium = program("chromium")
    if not arguments or chromium is None:
        sys.stderr.write("name a folder for the pictures; they need Chromium (Debian: chromium)\n")
        return 2
    target, names = Path(arguments[0]), set(arguments[1:])
    target.mkdir(parents=True, exist_ok=True)
    renderer = Renderer(ROOT / "templates", _DESK)
    with tempfile.TemporaryDirectory() as folder:
        for notice in sample_notices():
            if not names or notice.name in names:
                name = notice.key.removeprefix("sample:").replace(":", "-")
                draw(Browser(chromium, Path(folder)), renderer.render(notice), target, name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
