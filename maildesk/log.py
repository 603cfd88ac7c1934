"""The log: one canonical line for each unit of work.  Strangers' text is data in it, never format; no bodies, no secrets."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

log: Any = structlog.get_logger("maildesk")


def configure(format_: str, level: str) -> None:
    """Write JSON lines (``json``) or lines for people (``console``) to standard error, from ``level`` on."""
    renderer: Any = structlog.processors.JSONRenderer() if format_ == "json" else _console()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _short,
            structlog.processors.format_exc_info,
            _visible,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    for noisy in ("mail.log", "mail.debug", "asyncio", "imapclient"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)  # they would log bodies and log-ins


_LONGEST = 500


def _short(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A stranger's subject must not flood the log."""
    return {key: _shown(value[:_LONGEST]) if isinstance(value, str) else value for key, value in entry.items()}


def _visible(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A traceback may quote strangers: its lines stay, what a terminal would obey goes."""
    if "exception" in entry:
        entry["exception"] = "\n".join(_shown(line) for line in str(entry["exception"]).splitlines())
    return entry


def _shown(text: str) -> str:
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def _console() -> Any:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
