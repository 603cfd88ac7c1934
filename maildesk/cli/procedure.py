"""``maildesk procedure``: the settings as the firm's procedure in prose.  It needs no database."""

from pathlib import Path

import click

from maildesk.cli.common import load_settings, settings_option, several_lines
from maildesk.report.procedure import as_html, as_text

FORMATS = {"text": as_text, "html": as_html}


@click.command("procedure")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@settings_option
def command(form: str, settings_file: Path | None) -> None:
    """Write the settings as the firm's procedure in prose: what is enforced is what customers are told."""
    click.echo(several_lines(FORMATS[form](load_settings(settings_file))), nl=False)
