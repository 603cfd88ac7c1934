"""A certificate authority of the rig's own, and certificates for localhost and 127.0.0.1."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.rig.skip import program

_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"
_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: the authority that clients trust, and a server's certificate and key."""

    authority: Path
    certificate: Path
    key: Path


def make_certificates(directory: Path, names: str = _NAMES) -> Certificates:
    """Make an authority and one certificate signed by it for ``names``."""
    authority, certificate, key = directory / "ca.pem", directory / "server.pem", directory / "server.key"
    ca_key, usage = directory / "ca.key", directory / "names.cnf"
    usage.write_text(f"{names}\nbasicConstraints=CA:FALSE\n")
    _openssl("req", "-x509", *_KEY, "-keyout", ca_key, "-out", authority, "-days", "30", "-subj", "/CN=maildesk rig")
    _openssl("req", *_KEY, "-keyout", key, "-out", directory / "server.csr", "-subj", "/CN=localhost")
    sign = ["-CA", authority, "-CAkey", ca_key, "-CAcreateserial", "-days", "30", "-extfile", usage]
    _openssl("x509", "-req", "-in", directory / "server.csr", *sign, "-out", certificate)
    key.chmod(0o644)  # the servers run as other users
    return Certificates(authority, certificate, key)


def _openssl(*arguments: object) -> None:
    command = [program("openssl") or "openssl", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
