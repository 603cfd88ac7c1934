"""The peer of the benchmark: django-helpdesk's ``get_email`` on a directory of mails.  Runs in a venv of the peer's own.

    python peer_django_helpdesk.py DIRECTORY SMTP_PORT JOURNAL

DIRECTORY holds ``in/`` with one mail a file; the database and the attachments are made beside it, afresh.  It is the
peer as its documentation sets it up: a queue of type *local*, its templates from its migrations, and Django's own SMTP
backend for the acknowledgements.  SQLite is at synchronous=FULL, as ours is; JOURNAL is ``wal``, as ours has it and which
is faster, or ``delete``, which is Django's default.  Neither the start of Python and Django nor the migrations are timed.
Prints one line of JSON.
"""

import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

APPS = (
    "django.contrib.auth django.contrib.contenttypes django.contrib.sessions django.contrib.sites "
    "django.contrib.messages django.contrib.humanize django.contrib.admin rest_framework helpdesk"
)
TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {
        "context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]
    },
}


def settings(folder: Path, port: int, journal: str) -> dict[str, Any]:
    """Django's settings of a minimal project."""
    pragmas = f"PRAGMA journal_mode={journal}; PRAGMA synchronous=FULL"
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / "peer.db"),
        "OPTIONS": {"init_command": pragmas},
    }
    return {
        "SECRET_KEY": "bench",
        "INSTALLED_APPS": APPS.split(),
        "TEMPLATES": [TEMPLATES],
        "MIDDLEWARE": [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        "DATABASES": {"default": database},
        "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
        "MEDIA_ROOT": str(folder / "media"),
        "SITE_ID": 1,
        "HELPDESK_TEAMS_MODE_ENABLED": False,  # else it needs another package
        "USE_TZ": True,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": port,
        "SILENCED_SYSTEM_CHECKS": ["admin.E408", "admin.E409", "admin.E410"],
    }


def main() -> None:
    """Set the peer up, then time it."""
    folder, port, journal = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    import django  # type: ignore[import-not-found]  # noqa: PLC0415 - only in the peer's venv
    from django.conf import settings as chosen  # type: ignore[import-not-found]  # noqa: PLC0415
    from django.core.management import call_command  # type: ignore[import-not-found]  # noqa: PLC0415

    chosen.configure(**settings(folder, port, journal))
    django.setup()
    from django.urls import include, path  # type: ignore[import-not-found]  # noqa: PLC0415 - after setup, as the next
    from helpdesk.models import Queue  # type: ignore[import-not-found]  # noqa: PLC0415

    chosen.ROOT_URLCONF = (path("", include("helpdesk.urls", namespace="helpdesk")),)
    call_command("migrate", verbosity=0)

    Queue.objects.create(
        title="Desk",
        slug="desk",
        email_address="support@desk.test",
        allow_email_submission=True,
        email_box_type="local",
        email_box_local_dir=str(folder / "in"),
        email_box_interval=0,
    )
    began, cpu = time.monotonic(), time.process_time()
    call_command("get_email")
    measured = {
        "version": f"django-helpdesk {version('django-helpdesk')}, Django {version('django')}",
        "began": began,
        "ended": time.monotonic(),
        "cpu_seconds": time.process_time() - cpu,
        "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
