"""The command line.  Each command is imported when it is called, so that ``--help`` answers at once.

Exit codes: 0 done; 1 it ran and found or met a fault; 2 the command line or the settings are wrong.
"""

import sys
from importlib import import_module
from io import TextIOWrapper

import click

from maildesk import __version__

INTERRUPTED = 130  # as shells say it: 128 and the signal

COMMANDS = {
    "run": "Run the desk.",
    "demo": "Show the desk at work on a scratch directory, with a small cast.",
    "check": "Check the settings, and with --tickets the data.",
    "ticket": "List, show, explain and change tickets.",
    "mail": "List, show and explain the mail that came in; read mail files.",
    "outbox": "List what is sent and what waits; send what is held.",
    "deadlines": "Print what is due when for a ticket opened then and left alone.",
    "simulate": "Play a script through the procedure: every event and every mail that would go out.",
    "report": "Service credits: show the statements, approve, refuse and correct them.",
    "procedure": "Write the settings as the firm's procedure in prose.",
    "keys": "List the keys that sign the desk's ids; make a new one.",
    "db": "Bring the database's schema up to date.",
}


class Lazy(click.Group):
    """A group whose commands are modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands' names, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"maildesk.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Do it.  Ctrl-C ends it with one line, whatever it was doing."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            sys.exit(INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The overview, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="maildesk")
def main() -> None:
    """A help desk that lives in the mailbox.

    Exit codes: 0 done, 1 a fault was found or met, 2 the command line or the settings are wrong.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a letter that the terminal's alphabet lacks is no fault of a command
            stream.reconfigure(errors="backslashreplace")
