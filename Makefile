# `make help` lists the targets. The first of them that needs it makes .venv and fills it from a lock file; after that
# only a changed lock file or pyproject.toml does.

PYTHON ?= python3
BENCH_FLAGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Only what is locked, and only if it is byte for byte what was locked.
INSTALL := $(PIP) install --require-hashes --no-deps --requirement
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header pyproject.toml

.PHONY: help serve test check bench lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

# A local try-out: loopback only, any browser client, and calls may set their own moment. The environment overrides.
serve: export CDS_AUTH ?= off
serve: export CDS_ACCEPT_AS_OF ?= true
serve: export CDS_ALLOWED_ORIGINS ?= *
serve: $(VENV)/.runtime ## serve hook calls for a local try-out; CDS_PORT=8080 and every other CDS_* setting may be set
	@$(BIN)/python -m cds_service serve

test: $(VENV)/.dev ## run the tests
	@$(BIN)/python -m pytest

check: $(VENV)/.dev ## lint, format, types, the import arrows, and the knowledge of every shipped site
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py
	$(BIN)/ivig-cds check

bench: $(VENV)/.runtime ## measure throughput, latency, memory and start; see benchmarks/run.py
	@command -v wrk >/dev/null || { echo "make bench needs wrk to drive the load: apt-get install wrk" >&2; exit 1; }
	@$(BIN)/python -m benchmarks.run $(BENCH_FLAGS)

# Keeps every version that still fits; for the newest ones, remove both files first.
lock: ## bring both lock files up to pyproject.toml (needs uv)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --constraints requirements.lock --group dev --output-file requirements-dev.lock

clean: ## remove .venv, caches and built files
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Enough to run from this checkout.
$(VENV)/.runtime: $(VENV)/.made requirements.lock
	$(INSTALL) requirements.lock
	@touch $@

# The tools, and this checkout as an installed project with its command `ivig-cds`.
$(VENV)/.dev: $(VENV)/.made requirements-dev.lock pyproject.toml
	$(INSTALL) requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
