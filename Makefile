# Two commands are all a newcomer needs: `make run` and `make test`. `make` alone lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# A folder for the demo's clinic; `make run DEMO=/some/where` to choose another.
DEMO ?= .demo

.PHONY: help run test install check lint types contracts unit coverage browser bench chaos peers lock clean wheel

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: $(VENV)/.installed ## start the sample clinic (Ctrl-C ends it, a second start goes on)
	@$(BIN)/pipeline demo --folder $(DEMO)

test: $(VENV)/.installed-dev browser lint types contracts unit ## everything CI checks

install: $(VENV)/.installed ## make the environment and install the pipeline

# The recipe of both environments: dependencies by hash, then the project itself without any.
define install_from
	@echo "Installing from $(1) into $(VENV) (about a minute the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

$(VENV)/.installed: requirements.lock pyproject.toml
	$(call install_from,requirements.lock)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml
	$(call install_from,requirements-dev.lock)
	@touch $@ $(VENV)/.installed

browser: $(VENV)/.installed-dev ## install the system's Chromium for the browser tests, where that is possible
	@$(BIN)/python tests/find_browser.py

lint: $(VENV)/.installed-dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev ## mypy, strict
	$(BIN)/mypy

contracts: $(VENV)/.installed-dev ## imports go down only
	$(BIN)/lint-imports --no-cache

unit: $(VENV)/.installed-dev ## the tests
	$(BIN)/pytest -n auto

coverage: $(VENV)/.installed-dev ## the tests once more, counting which lines and branches they reach (twice as slow)
	$(BIN)/pytest -n auto --cov --cov-report=term:skip-covered

bench: $(VENV)/.installed-dev ## timings side by side with peers, as ratios; make bench ARGS=--json
	@$(BIN)/python -m benchmarks $(ARGS)

chaos: $(VENV)/.installed-dev ## kill it 300 times amid faults, and count what went twice; make chaos ARGS="--seed 7"
	@$(BIN)/python -m tests.crash.chaos $(ARGS)

# Other people's programs that some tests talk to where they are there; nothing of the product needs them.
PEERS := maildev@3 vnu-jar@26 aws-ses-v2-local@2
peers: ## install the optional peers of the tests into .peers/ (needs Node)
	@command -v npm >/dev/null || { echo "npm is not here: the tests with peers are left out."; exit 1; }
	@mkdir -p .peers && npm install --prefix .peers --no-save --no-audit --no-fund --ignore-scripts --silent $(PEERS)
	@echo "Installed into .peers/: $(PEERS). SpamAssassin comes from your system: apt-get install spamassassin"

lock: ## refresh both lock files (needs uv)
	uv pip compile -q pyproject.toml requirements-build.in --extra postgres --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements.lock
	uv pip compile -q pyproject.toml requirements-build.in --all-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -c requirements.lock -o requirements-dev.lock

wheel: $(VENV)/.installed-dev ## build the wheel into dist/
	$(BIN)/python -m build --no-isolation --wheel

clean: ## remove the environment, caches and the demo's clinic
	rm -rf $(VENV) .demo .peers dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage*
