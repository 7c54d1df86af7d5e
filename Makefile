VENV := .venv
BIN := $(VENV)/bin
# The first Python of 3.11 or newer that runs here.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: demo test test-live chaos bench docs pictures install lock clean

demo: install
	@$(BIN)/kabao demo

test: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit -q -r bot storage -c pyproject.toml
	$(BIN)/python -m tests.secret_scan
	$(BIN)/pytest -m "not live" -n auto --dist worksteal

# A real pretix, Prism with the vendors' own files, a maker of Apple's passes: installed and started
# by the tests.
test-live: install
	$(BIN)/pytest -m live tests/live

# 500 kills, everything out of order, 20,000 updates nobody would send: nothing may be lost.
chaos: install
	$(BIN)/python -m tests.chaos

bench: install
	$(BIN)/python -m bench

# Write the parts of the documents that are made: transcripts, reference, schema.
docs: install
	$(BIN)/python -m tests.test_readme
	$(BIN)/python -m tests.test_issuers_docs

# The pictures of docs/day.md, taken on the demo's page; needs Chromium and a font with emoji.
pictures: install
	$(BIN)/python -m tests.browser.pictures

install: $(VENV)/.installed

$(VENV)/.installed: requirements-dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Kabao needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Resolve pyproject.toml again; needs uv on the PATH.
lock:
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 -q -o requirements-dev.txt
	uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 -q -c requirements-dev.txt -o requirements.txt

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
