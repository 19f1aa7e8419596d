# `make help` lists the targets. The first of them that needs it makes .venv and fills it from a lock file; after that
# only a changed lock file or pyproject.toml does.

PYTHON ?= python3
BENCH_FLAGS ?=
FUZZ_CALLS ?= 100000
FUZZ_FLAGS ?=

VENV := .venv
BIN := $(VENV)/bin
COMPILED := build/compiled
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Only what is locked, and only if it is byte for byte what was locked.
INSTALL := $(PIP) install --require-hashes --no-deps --requirement
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header pyproject.toml

# Is there a C compiler, with the headers of the C library and of this Python? Reads them, and writes nothing.
CAN_COMPILE = $$($(BIN)/python -c 'import os, sysconfig; print(os.environ.get("CC") or sysconfig.get_config_var("CC"), \
	"-fsyntax-only -x c", sysconfig.get_path("include") + "/Python.h")') 2>/dev/null
CANNOT_COMPILE := no C compiler, or no headers of Python (Debian: apt-get install gcc libc6-dev python3-dev)
# What goes into the compiled package; and what went into the last one, but is gone since.
PACKED := pyproject.toml openapi.yaml $(shell find cds_service -name __pycache__ -prune -o -type f -print)
# The FHIR server that the tests ask.
FHIR_SERVER := tests/fhir_server
GONE := $(filter-out $(PACKED),$(shell cat $(COMPILED)/.made 2>/dev/null))
# Only `make compiled` compiles; an editable install that did would put compiled modules beside the sources.
unexport HATCH_BUILD_HOOK_ENABLE_MYPYC HATCH_BUILD_HOOKS_ENABLE

.PHONY: help serve test test-compiled test-fhir conformance check docs burden bench fuzz sbom audit compiled lock clean \
	pure gone

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s%s\n", $$1, $$2 }' Makefile

# A local try-out: loopback only, any browser client, and calls may set their own moment. The environment overrides.
serve: export CDS_AUTH ?= off
serve: export CDS_ACCEPT_AS_OF ?= true
serve: export CDS_ALLOWED_ORIGINS ?= *
serve: pure $(VENV)/.runtime ## serve hook calls for a local try-out; CDS_PORT=8080 and every other CDS_* setting may be set
	@$(BIN)/python -m cds_service serve

test: pure $(VENV)/.dev ## run the tests
	@$(BIN)/python -m pytest

# The first folder on the path, for processes that a test starts too; and Python does not put the checkout before it.
test-compiled: $(COMPILED)/.made ## run the tests of what is compiled against the compiled package
	@PYTHONPATH=$(CURDIR)/$(COMPILED) PYTHONSAFEPATH=1 $(BIN)/python tests/compiled.py $(COMPILED)

# The server ends with the tests, also where they are killed.
test-fhir: pure $(VENV)/.dev $(FHIR_SERVER)/target/.made ## let calls be completed from a real FHIR server, HAPI; needs Java and Maven
	@$(BIN)/python -m pytest $(FHIR_SERVER)

conformance: pure $(VENV)/.dev ## run the tests of each requirement of CDS Hooks, print the table, and write docs/conformance.md
	@$(BIN)/python -m tests.conformance

check: pure $(VENV)/.dev ## lint, format, types, the import arrows, and the knowledge of every shipped site
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py
	$(BIN)/ivig-cds check

# From nothing, so that the page of a file that is gone goes too.
docs: pure $(VENV)/.dev ## write docs/knowledge, the rules as pages to read, from the knowledge
	@rm -rf docs/knowledge
	@$(BIN)/python -m cds_service docs

burden: pure $(VENV)/.dev ## alert burden: cards per order and by rule, over 2,000 drawn newborns on a correct order
	@$(BIN)/ivig-cds burden --site demo
	@$(BIN)/ivig-cds burden --site demo_uk

bench: pure $(VENV)/.dev ## measure throughput, latency, memory and start; see benchmarks/run.py
	@command -v wrk >/dev/null || { echo "make bench needs wrk to drive the load: apt-get install wrk" >&2; exit 1; }
	@if $(CAN_COMPILE); then $(MAKE) --no-print-directory compiled; \
		else echo "only pure Python is measured: $(CANNOT_COMPILE)" >&2; fi
	@$(BIN)/python -m benchmarks.run $$($(CAN_COMPILE) && echo --compiled $(COMPILED)) $(BENCH_FLAGS)
	@$(BIN)/python -m benchmarks.hanging $(BENCH_FLAGS)

# The drawn tests at twenty times their length and with new draws, then calls at a service that is really served.
fuzz: pure $(VENV)/.dev ## throw drawn calls at the reader, the cards and a served process; FUZZ_CALLS=100000
	@FUZZ_EFFORT=20 $(BIN)/python -m pytest tests/fuzz
	@$(BIN)/python -m tests.fuzz.served --calls $(FUZZ_CALLS) $(FUZZ_FLAGS)

sbom: pure $(VENV)/.dev ## write build/sbom.json, the bill of materials of what is locked, in CycloneDX
	@$(BIN)/python -m tests.supply.sbom

audit: pure $(VENV)/.dev ## ask whether what is locked has known faults; needs the network, and fails where it could not ask
	@$(BIN)/python -m tests.supply.audit

compiled: $(COMPILED)/.made ## compile the package into build/compiled, and into a wheel in build; needs a C compiler

# Keeps every version that still fits; for the newest ones, remove both files first.
lock: ## bring both lock files up to pyproject.toml (needs uv)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --constraints requirements.lock --group dev --output-file requirements-dev.lock

clean: ## remove .venv, caches and built files
	rm -f *__mypyc.*.so
	find cds_service -name '*.so' -delete
	rm -rf $(VENV) build dist $(FHIR_SERVER)/target .mypy_cache .pytest_cache .ruff_cache .hypothesis
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

# HAPI FHIR and what it is built on: 250 MB, kept in the folder of Maven. Only what is the same as when it was published.
$(FHIR_SERVER)/target/.made: $(FHIR_SERVER)/pom.xml $(wildcard $(FHIR_SERVER)/java/*.java)
	@command -v mvn >/dev/null && command -v javac >/dev/null || \
		{ echo "make test-fhir needs Java 17 or newer and Maven: apt-get install default-jdk-headless maven" >&2; exit 1; }
	@mvn --quiet --batch-mode --strict-checksums --file $< compile
	@touch $@

# A module compiled in place runs instead of its source, whatever is edited later.
pure:
	@! find cds_service -name '*.so' | grep . || \
		{ echo "these would run instead of the sources beside them; make clean removes them" >&2; exit 1; }

# From a copy: compiling writes beside the sources, and hides pyproject.toml while it runs. The time that counts is that
# of the copy, for what is edited meanwhile is not in it.
$(COMPILED)/.made: $(VENV)/.dev $(PACKED) $(if $(GONE),gone)
	@$(CAN_COMPILE) || { echo "cannot compile: $(CANNOT_COMPILE)" >&2; exit 1; }
	@echo "compiling, about a minute"
	@rm -rf build/source build/new build/*.whl
	@mkdir -p build/source && echo '$(PACKED)' >build/source/.made
	@cp -R pyproject.toml README.md LICENSE openapi.yaml cds_service build/source
	@HATCH_BUILD_HOOK_ENABLE_MYPYC=1 $(PIP) wheel --no-deps --no-build-isolation --wheel-dir build build/source
	@$(PIP) install --no-deps --target build/new build/*.whl
	@mv build/source/.made build/new
	@rm -rf build/source $(COMPILED)
	@mv build/new $(COMPILED)
