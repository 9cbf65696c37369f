# Everything runs from .venv, which the first target that needs it makes from the lock file.
# Paths are relative, so that a checkout may lie below a directory with a space in its name.

PYTHON ?= python3 python3.13 python3.12 python3.11
ARGS ?=
VERSION ?= 17

python := .venv/bin/python
# Tests run make themselves, and what was given to this one is not for those. Byte code is kept: to
# compile the tests takes longer than to collect them, and each process that a test starts compiles too.
run := env -u PYTHONDONTWRITEBYTECODE -u ARGS -u VERSION -u MAKEFLAGS -u MAKEOVERRIDES -u MFLAGS -u MAKELEVEL $(python)
pip := $(python) -m pip --disable-pip-version-check -qq
compile := $(python) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --custom-compile-command "make lock" $(ARGS)
audit = $(python) -m uv tool run --quiet --from pip-audit==2.10.1 pip-audit --strict --disable-pip \
    --require-hashes --progress-spinner off $(ARGS)
usable := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
no_python := pricing-sync needs Python 3.11 or newer with venv, and none of "$(PYTHON)" is \
    (name one: make PYTHON=/path/to/python3; Debian: apt-get install python3-venv)

.PHONY: install up test check test-postgres chaos mutants lint audit types format docs bench bench-peers lock release clean

install: .venv/installed

# The stamp is the last thing written: an install that was interrupted is done again.
.venv/installed: requirements-dev.lock pyproject.toml
	@[ ! -L .venv ] || { echo '.venv is a link, and what it leads to would be emptied: rm .venv' >&2; exit 1; }
	@for each in $(PYTHON); do "$$each" -c '$(usable)' 2>/dev/null && python="$$each" && break; done; \
	    [ "$$python" ] || { echo '$(no_python)' >&2; exit 1; }; \
	    echo "Installing the locked dependencies into .venv ..." >&2; "$$python" -m venv --clear .venv
	@$(pip) install --require-hashes --requirement requirements-dev.lock >&2
	@$(pip) install --no-deps --no-build-isolation --editable . >&2
	@touch $@

up: install
	@$(python) -m service up $(ARGS)

# What a change needs, on as many processors as there are, and waits beside each other.
test: install
	@$(run) -m pytest --numprocesses 4 -m "not long" $(ARGS)

# All that a change must pass, as CI runs it: mutants, the short chaos run and the long properties too.
check: lint types
	@$(MAKE) test-postgres VERSION=$(VERSION) ARGS=
	@$(run) -m pytest --numprocesses 3

# SQL, migrations, engine and backups on another version: 15 to 18 (tests/support/server_versions.py has where from).
test-postgres: install
	@env -u PRICING_TEST_REQUIRE_PG_CRON -u PRICING_TEST_REQUIRE_PLPGSQL_CHECK TEST_POSTGRES_VERSION=$(VERSION) \
	    $(run) -m pytest --numprocesses 2 \
	    tests/db tests/service/engine tests/service/migrations tests/releases/test_upgrade.py tests/docs/test_backups.py $(ARGS)

# 20 minutes; `make chaos ARGS="--seed 2 --seconds 300"` is another run.
chaos: install
	@$(python) -m tests.chaos $(ARGS)

# Every mutant of tests/mutants/, two at a time; `make mutants ARGS=novita` tries those with that in their name.
mutants: install
	@$(python) -m tests.mutants $(ARGS)

# What is shipped passes all of bandit's rules, none left out; tests assert and start processes.
lint: install
	@$(python) -m ruff check . && $(python) -m ruff check --select S service && $(python) -m ruff format --check .

# Known vulnerabilities of what the locks pin; asks an index or OSV (ARGS="--vulnerability-service osv").
audit: install
	@$(audit) --requirement requirements.lock && $(audit) --requirement requirements-dev.lock

types: install
	@$(python) -m mypy

format: install
	@$(python) -m ruff check --fix-only --quiet . && $(python) -m ruff format .

# What the code says of itself: the tables of docs/providers.md, docs/security.md and docs/schema.md.
docs: install
	@$(python) -m tests.docs $(ARGS)

# `make bench ARGS="--quick"`; `make bench-peers` installs the queues that it measures beside ours.
bench: install
	@$(run) -m service bench $(ARGS)

bench-peers: install
	@$(pip) install --require-hashes --requirement requirements-peers.lock >&2

# `make lock ARGS=--upgrade` takes the newest versions that pyproject.toml allows.
lock: install
	@$(compile) --output-file requirements.lock pyproject.toml
	@$(compile) --constraint requirements.lock --group dev --output-file requirements-dev.lock pyproject.toml
	@$(compile) --constraint requirements.lock --group peers --output-file requirements-peers.lock pyproject.toml

# A version's dump, for the tests of later upgrades; `make release ARGS=--force` makes it anew.
release: install
	@$(python) -m tests.releases $(ARGS)

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
