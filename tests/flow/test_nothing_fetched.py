"""Nothing that a mail names is fetched, nothing is unpacked or run [promise 19].

A server counts who comes to the addresses that the mails name; an audit hook sees each look-up, connection and process
that Python itself would begin (libraries in C are seen by the server alone).
"""

import io
import socket
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from typing import Self

import pytest

from tests.rig.desk import DeskUnderTest
from tests.rig.letters import letter

FORBIDDEN = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.exec", "os.system", "os.fork")


class Watch:
    """What is begun while it is on.  A hook cannot be taken off again, so there is one, and a switch."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        self._thread = 0
        sys.addaudithook(self._hear)

    def __enter__(self) -> Self:
        self._thread, self.seen, self.on = threading.get_ident(), [], True
        return self

    def __exit__(self, *_: object) -> None:
        self.on = False

    def _hear(self, event: str, _: object) -> None:
        if self.on and event in FORBIDDEN and threading.get_ident() == self._thread:
            self.seen.append(event)


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture
def server() -> Iterator[tuple[str, list[object]]]:
    """Where the mails point to, and everybody who came."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def wait() -> None:
            while True:
                try:
                    came.append(listener.accept()[1])
                except OSError:
                    return

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


HTML = """<?xml version="1.0"?><!DOCTYPE html SYSTEM "{url}/dtd" [<!ENTITY x SYSTEM "{url}/entity">]>
<?xml-stylesheet href="{url}/sheet.xsl"?><html xmlns:xi="http://www.w3.org/2001/XInclude"><head>
<base href="{url}/"><link rel="stylesheet" href="{url}/a.css"><style>@import url({url}/b.css)</style>
<meta http-equiv="refresh" content="0; url={url}/go"><script src="{url}/a.js"></script></head>
<body background="{url}/b.png" onload="fetch('{url}')">&x;<xi:include href="{url}/inc"/><img src="{url}/pixel.png">
<iframe src="{url}/frame"></iframe><object data="{url}/o"></object><embed src="{url}/e"><p>The printer burns.</p>
</body></html>"""
FIELDS = {
    "List-Help": "<{url}/help>",
    "Disposition-Notification-To": "<{url}>",
    "X-Image-URL": "{url}/face.png",
    "Face": "{url}/face.png",
    "Archived-At": "<{url}/archive>",
    "Autocrypt": "addr=bob@acme.test; keydata={url}",
    "DKIM-Signature": "v=1; d=acme.test; s=x; b=x; bh=x; h=from",
}


def html_mail(url: str) -> bytes:
    fields = {name: value.replace("{url}", url) for name, value in FIELDS.items()}
    return letter(fields={**fields, "Content-Type": "text/html"}, body=HTML.replace("{url}", url).encode())


def parts_mail(url: str) -> bytes:
    """A body elsewhere, an archive that names a page, a calendar, a key server, a script."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("page.html", HTML.replace("{url}", url))
    parts = [
        f'Content-Type: message/external-body; access-type=URL; URL="{url}/body"\r\n\r\nContent-Type: text/plain\r\n\r\n'.encode(),
        b"Content-Type: application/zip; name=a.zip\r\nContent-Disposition: attachment; filename=a.zip\r\n\r\n" + archive.getvalue(),
        f"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nATTACH:{url}/a\r\nEND:VCALENDAR\r\n".encode(),
        f"Content-Type: application/pgp-keys\r\n\r\n{url}/key\r\n".encode(),
        f"Content-Type: application/x-sh; name=a.sh\r\n\r\n#!/bin/sh\r\ncurl {url}/run\r\n".encode(),
        f"Content-Type: image/svg+xml; name=a.svg\r\n\r\n<svg><image href='{url}/svg'/></svg>\r\n".encode(),
    ]  # fmt: skip
    body = b"".join(b"--=_m\r\n" + part + b"\r\n" for part in parts) + b"--=_m--\r\n"
    return letter(fields={"MIME-Version": "1.0", "Content-Type": 'multipart/mixed; boundary="=_m"'}, body=body)


@pytest.mark.parametrize("made", [html_mail, parts_mail])
@pytest.mark.parametrize("fresh_url", ["sqlite"], indirect=True)  # a server's database would be a connection itself
def test_a_mail_that_names_addresses(
    desk: DeskUnderTest, server: tuple[str, list[object]], watch: Watch, made: Callable[[str], bytes]
) -> None:
    url, came = server
    octets = made(url)
    with watch:
        end = desk.receive(octets)
    assert end.ticket is not None
    assert (watch.seen, came) == ([], [])


def test_the_watch_sees(server: tuple[str, list[object]], watch: Watch) -> None:
    with watch, socket.create_connection(("127.0.0.1", int(server[0].rpartition(":")[2]))):
        pass
    assert "socket.connect" in watch.seen
