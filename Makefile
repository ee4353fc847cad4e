# Everything a person types here. Needs make and Python 3.11 or later, and nothing else: no root, no Docker, no Node.
# The bench alone compares with a server on Node, which npm brings: `make bench BENCH_ARGS=--ours-only` does without.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo serve test lint audit bench bench-here bench-profile bench-profile-here matrix docs catalogues lock clean

VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first interpreter that runs, is new enough, and can make a virtual environment.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
PYTHON ?= $(shell for candidate in $(CANDIDATES); do \
	$$candidate -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$candidate && break; \
	done)

PIP_INSTALL := $(BIN)/python -m pip install --quiet --require-hashes --only-binary :all:
TESTS ?= tests
PYTEST_ARGS ?=
KIND ?= token_client_credentials
LOCKER := .venv-lock
LOCKER_VERSION := 0.13.9
LOCK := $(LOCKER)/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --upgrade \
	--generate-hashes --no-annotate --no-header

# The bench has an environment of its own, on the best interpreter of this machine, or the one that PYTHON names.
ON_THE_BEST = $(MAKE) --no-print-directory VENV=.venv-bench \
	PYTHON="$(if $(filter file,$(origin PYTHON)),$$($(PYTHON) bench/interpreter.py),$(PYTHON))"
PEER := bench/peer/node_modules/.package-lock.json

help: ## list these targets
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

demo: $(VENV)/runtime.stamp ## the whole scene on this machine: server, bank API, third-party app, development CA
	$(BIN)/authserver demo $(DEMO_ARGS)

serve: $(VENV)/runtime.stamp ## the server alone, configured by AUTHSERVER_*
	$(BIN)/authserver serve $(SERVE_ARGS)

test: $(VENV)/test.stamp ## the whole test suite, and where its time went; TESTS=path and PYTEST_ARGS=... narrow it
	$(BIN)/python -m pytest -n 2 --dist loadfile --durations=30 --durations-min=1 $(PYTEST_ARGS) $(TESTS)

lint: $(VENV)/test.stamp ## ruff, mypy, import contracts, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory audit

# pip-audit writes its report only after its service has answered: no report means nobody could be asked, and that is
# said aloud but stops no one who is offline. A report that names a vulnerability fails.
audit: $(VENV)/test.stamp ## known vulnerabilities in the locked packages, where the service can be reached
	@report=$$(mktemp) && trap 'rm -f "$$report" "$$report.log"' EXIT && \
	if $(BIN)/pip-audit --requirement requirements.txt --require-hashes --disable-pip --timeout 10 \
		--progress-spinner off --format json --output "$$report" >"$$report.log" 2>&1; \
	then echo "pip-audit: no known vulnerability in requirements.txt"; \
	elif [ -s "$$report" ]; then cat "$$report.log" "$$report"; exit 1; \
	else echo "pip-audit: NOT AUDITED, its service cannot be reached"; fi

bench: $(PEER) ## requests per second beside the certified peer's; BENCH_ARGS=--quick for a first look
	@$(ON_THE_BEST) bench-here

bench-profile: ## microseconds per layer, from samples of a worker under load; KIND=refresh for another kind
	@$(ON_THE_BEST) bench-profile-here

bench-here: $(VENV)/test.stamp
	$(BIN)/python bench/run.py $(BENCH_ARGS)

bench-profile-here: $(VENV)/bench.stamp
	$(BIN)/python bench/run.py --profile $(KIND) $(BENCH_ARGS)

matrix: $(VENV)/test.stamp ## render conformance/requirements.md: clause, check, test
	$(BIN)/python conformance/render_requirements.py

docs: $(VENV)/runtime.stamp ## render docs/configuration.md and docs/cli.md
	$(BIN)/python docs/render_reference.py

catalogues: $(VENV)/runtime.stamp ## bring templates/locale in line with the texts of pages; docs/translating.md
	$(BIN)/python docs/update_catalogues.py

lock: $(LOCKER)/$(LOCKER_VERSION).stamp ## resolve the requirement files anew, every package pinned and hashed
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) pyproject.toml --group test --constraint requirements.txt --output-file requirements-test.txt
	echo hatchling | $(LOCK) - --constraint requirements-test.txt --output-file requirements-build.txt
	echo py-spy | $(LOCK) - --output-file requirements-bench.txt

clean: ## remove what was built here; keeps data and configuration
	rm -rf $(VENV) .venv-bench $(LOCKER) bench/peer/node_modules build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find authserver bench conformance docs migrations tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "authserver needs Python 3.11 or later with the venv module; none of these will do: $(CANDIDATES)." >&2; \
		echo "Install one (on Debian and Ubuntu: apt-get install python3 python3-venv), or say which: make PYTHON=/path/to/python3" >&2; \
		exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "authserver needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements.txt requirements-build.txt pyproject.toml | $(VENV)/bin/python
	$(PIP_INSTALL) --requirement requirements.txt --requirement requirements-build.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/runtime.stamp requirements-test.txt
	$(PIP_INSTALL) --requirement requirements-test.txt
	@touch $@

$(VENV)/bench.stamp: $(VENV)/test.stamp requirements-bench.txt
	$(PIP_INSTALL) --requirement requirements-bench.txt
	@touch $@

# The peer's packages, by the lock's hashes, and no script of theirs is run. Where npm is missing the bench says so.
$(PEER): bench/peer/package.json bench/peer/package-lock.json
	@if command -v npm >/dev/null; then cd bench/peer && npm ci --ignore-scripts --no-audit --no-fund && touch ../../$@; fi

$(LOCKER)/$(LOCKER_VERSION).stamp: | $(VENV)/bin/python
	$(VENV)/bin/python -m venv $(LOCKER)
	$(LOCKER)/bin/python -m pip install --quiet uv==$(LOCKER_VERSION)
	@touch $@
