# Everything a developer needs, one command each. `make` alone lists them.
#
#     make baseline                # compare the model families on real bars
#     make test                    # the tests a developer runs
#     make test VENV=/tmp/other    # the same in another environment
#     make test ARGS="-x -k panel" # with arguments for pytest

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip
INSTALL := $(PIP) install --quiet --disable-pip-version-check -c constraints.txt
# What decides whether an environment is up to date.
SOURCES := pyproject.toml constraints.txt Makefile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help baseline test test-all check format docs bench clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' \
		$(firstword $(MAKEFILE_LIST))

baseline: $(VENV)/.installed ## Compare the model families on the shipped bars (examples/baseline.py)
	$(BIN)/python examples/baseline.py $(ARGS)

test: $(VENV)/.installed-test ## Run the fast tests and the examples in the docstrings
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

test-all: $(VENV)/.installed-test ## Run all tests, slow ones too
	$(BIN)/python -m pytest -m "" $(ARGS)

check: $(VENV)/.installed-dev ## Check style, types, imports and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(VENV)/.installed-dev ## Repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-dev ## Build the documentation in docs/_build
	@rm -rf docs/api/generated docs/gallery # pages of what is gone would fail the build
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build
	@echo "Built docs/_build/index.html"

bench: $(VENV)/.installed-test ## Measure beside the peers: all parts, or PARTS="windows splits"
	$(BIN)/python benchmarks/run.py $(PARTS) $(ARGS)

clean: ## Remove the environment and everything that was built
	rm -rf .venv build dist docs/_build docs/api/generated docs/gallery
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# Dependency groups need a pip newer than the one many Pythons bring.
$(VENV)/.pip: $(SOURCES)
	@echo "Preparing $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it: make PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) --upgrade pip
	@touch $@

$(VENV)/.installed: $(VENV)/.pip
	@echo "Installing sk_ensemble[all] (the first time takes some minutes)"
	@$(INSTALL) --editable ".[all]"
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing the test tools"
	@$(INSTALL) --group test
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed-test
	@echo "Installing the developer tools"
	@$(INSTALL) --group dev
	@touch $@
