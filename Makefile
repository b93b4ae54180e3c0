# Two commands: `make serve` shows published data on http://127.0.0.1:8000, `make test` runs all checks and tests.
# Needs Python ≥ 3.11 with venv, and make. What was done once is not done again.

PYTHON ?= python3
BIN := .venv/bin
RELEASE ?= var/zwfw
PORT ?= 8000
# What a publication depends on: a change of any of these publishes again.
SOURCES := $(shell find data ontology shapes -type f -not -name '*.py')

.PHONY: serve test check audit
serve: $(RELEASE)/.published
	$(BIN)/zwfw serve --release $(RELEASE) --port $(PORT)

test: .venv/.tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --ignore tests/browser
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile tests/browser

check: test

# Known holes in the pinned packages, by the advisories of PyPI. Lists those that could not be looked up.
audit:
	$(PYTHON) -m venv .audit
	.audit/bin/python -m pip install --quiet --disable-pip-version-check 'pip-audit>=2.9,<3'
	.audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --progress-spinner off

.venv/.installed: pyproject.toml constraints.txt $(wildcard app/frontend/*.*)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

.venv/.tools: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

# All regions that come along, judged by the day the synthetic ones were made for (data/README.md).
# Exit code 1 only says that rules were broken, which synthetic regions do on purpose.
$(RELEASE)/.published: .venv/.installed $(SOURCES)
	$(BIN)/zwfw publish $(sort $(dir $(wildcard data/*/region.ttl))) --on 2026-11-24 --release $(RELEASE) || [ $$? -eq 1 ]
	touch $@
