"""Mail programs of people, worked as people work them: mutt on a terminal of tmux, s-nail with its commands typed in."""

import subprocess
from pathlib import Path

from tests.rig.dovecot import PASSWORD, Dovecot
from tests.rig.ports import HOST
from tests.rig.skip import program

_MUTTRC = """
set folder = "imap://{host}:{imap}/" spoolfile = "imap://{host}:{imap}/INBOX"
set imap_user = "{user}" imap_pass = "{password}" ssl_starttls = no ssl_force_tls = no
set smtp_url = "smtp://{host}:{smtp}/" from = "{user}" realname = "{name}" envelope_from use_from
set editor = "{editor}" include = yes fast_reply autoedit edit_headers = no abort_unmodified = no
set reply_to = yes beep = no wait_key = no record = "" header_cache = "" copy = no quit = yes
set certificate_file = "/dev/null" confirmappend = no recall = no
push "<reply><send-message><quit>"
"""


def answer_with_mutt(folder: Path, dovecot: Dovecot, relay: int, user: str, text: str) -> None:
    """Open the inbox by IMAP, answer its newest mail above the quotation, send it to the MTA on port ``relay``, quit."""
    editor, rc = folder / "editor", folder / "muttrc"
    said = folder / "said"
    said.write_text(f"{text}\n\n", encoding="utf-8")
    editor.write_text(f'#!/bin/sh\ncat "{said}" "$1" > "$1.new" && mv "$1.new" "$1"\n')
    editor.chmod(0o700)
    facts = {"user": user, "name": "Bob Smith", "password": PASSWORD, "editor": editor, "smtp": relay}
    rc.write_text(_MUTTRC.format(host=HOST, imap=dovecot.imap, **facts), encoding="utf-8")
    terminal = [program("tmux") or "tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
    mutt = f"{program('mutt') or 'mutt'} -n -F {rc}; tmux -S {folder / 'tmux'} wait-for -S done"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8"}
    try:
        subprocess.run([*terminal, "new-session", "-d", "-x", "120", "-y", "40", mutt], check=True, env=environment)
        subprocess.run([*terminal, "wait-for", "done"], check=True, env=environment, timeout=30)
    except subprocess.TimeoutExpired:
        shown = subprocess.run([*terminal, "capture-pane", "-p"], check=True, env=environment, capture_output=True)
        raise TimeoutError(f"mutt does not end: {shown.stdout.decode()}") from None
    finally:
        subprocess.run([*terminal, "kill-server"], check=False, env=environment, capture_output=True)


def answer_with_s_nail(dovecot: Dovecot, relay: int, user: str, text: str) -> None:
    """Open the inbox by IMAP, answer its newest mail with a quotation, send it to the MTA on port ``relay``, quit."""
    mailbox = f"imap://{user.replace('@', '%40')}:{PASSWORD}@{HOST}:{dovecot.imap}/INBOX"
    options = [f"mta=smtp://{HOST}:{relay}", "smtp-auth=none", f"from={user}", "quote", "sendwait", "v15-compat=yes"]
    options += ["smtp-hostname=", "hostname=client.test", "imap-auth=login", "tls-verify=ignore"]
    command = [program("s-nail") or "s-nail", "-#", "-:/"]
    command += [part for option in options for part in ("-S", option)]
    script = f"file {mailbox}\nreply $\n{text}\n~.\nxit\n"
    done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
