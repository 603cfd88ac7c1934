"""Fixtures of all tests: real servers, each test process its own, skipped with a reason where one is missing."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.rig.certificates import Certificates, make_certificates
from tests.rig.dovecot import Dovecot, running_dovecot
from tests.rig.postfix import Postfix, running_postfix
from tests.rig.proxy import Proxy, running_proxy
from tests.rig.skip import real as need

if TYPE_CHECKING:
    from tests.rig.postgres import Postgres  # its module needs psycopg, which may be missing

# What the machine's own settings would change in a test must not be there.
for _name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
    os.environ.pop(_name, None)


@pytest.fixture(scope="session")
def real() -> Callable[..., None]:
    """``real("swaks", "root")``: skip the test (or fail it, ``MAILDESK_REAL=require``) where one of these is missing."""
    return need


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority, and a certificate of localhost and 127.0.0.1 signed by it."""
    need("openssl")
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    """One server for all tests of this process: take users of your own by ``dovecot.new_user()``."""
    need("dovecot")
    with running_dovecot(certificates) as server:
        yield server


@pytest.fixture
def postfix(dovecot: Dovecot) -> Iterator[Callable[..., Postfix]]:
    """``postfix("smtp:[127.0.0.1]:2525", **main_cf)`` starts one that hands the desk's mail there, the rest to Dovecot."""
    need("postfix")
    with ExitStack() as servers:

        def begin(desk: str, settings: Mapping[str, str] | None = None) -> Postfix:
            return servers.enter_context(running_postfix(desk, f"lmtp:inet:127.0.0.1:{dovecot.lmtp}", settings))

        yield begin


@pytest.fixture(scope="session")
def _postgres_of_this_process() -> Iterator["Postgres"]:
    need("postgres")
    from tests.rig.postgres import running_postgres  # noqa: PLC0415 - as above

    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres(_postgres_of_this_process: "Postgres") -> Iterator["Postgres"]:
    """A running server: ``postgres.fresh_database()`` is a URL; stop, start and kill it at will."""
    _postgres_of_this_process.start()
    yield _postgres_of_this_process
    _postgres_of_this_process.start()


@pytest.fixture
def proxy() -> Iterator[Callable[[int], Proxy]]:
    """``proxy(port)`` starts a TCP proxy before a port of 127.0.0.1."""
    with ExitStack() as proxies:
        yield lambda target: proxies.enter_context(running_proxy(target))
