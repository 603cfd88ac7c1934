# maildesk: `make run` sets up and runs the desk, `make test` sets up and passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETTINGS ?=
MARK := $(VENV)/.ready
TESTS := $(VENV)/.ready-for-tests

.PHONY: run test test-deps lint demo pictures clean

run: $(MARK)
	$(BIN)/maildesk run $(if $(SETTINGS),--settings $(SETTINGS))

test: $(TESTS)
	$(BIN)/python -m pytest -n auto

demo: $(MARK)
	$(BIN)/maildesk demo

# Each of our mails as text and HTML, at 390 and 900 px, in light and in dark: make pictures FOLDER=somewhere
FOLDER ?= pictures
pictures: $(TESTS)
	$(BIN)/python -m tests.rig.pictures $(FOLDER)

lint: $(TESTS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(MARK): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "maildesk needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV) || { echo "the venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[postgres]'
	touch $@

$(TESTS): $(MARK) pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,postgres]'
	touch $@

# The real servers of the tests, on a machine made for testing: Postfix drives out another MTA.
PACKAGES := dovecot-imapd dovecot-lmtpd dovecot-submissiond postfix postgresql-15 swaks libnet-ssleay-perl \
	chromium libauthen-sasl-perl s-nail mutt tmux strace iproute2 systemd faketime openssl curl python3-venv
test-deps:
	@test "$$(id -u)" = 0 || { echo "make test-deps installs packages: run it as root, on a machine made for testing" >&2; exit 1; }
	test -e /usr/sbin/policy-rc.d || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d; }
	echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
