# What people type: make run, make check, make test. Each installs what it needs; a second call installs nothing.

PYTHON ?= $(shell for python in python3.11 python3; do $$python -c '' 2>/dev/null && echo $$python && break; done)
RUNTIME := .venv/.runtime
TOOLS := .venv/.tools
PIP := .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes
LOCK := uv pip compile --quiet --python-version 3.11 --generate-hashes --no-header

.DELETE_ON_ERROR:
.PHONY: run test check install lock outdated audit bench drills fuzz screenshots messages clean

run: $(RUNTIME)
	@exec .venv/bin/python manage.py run

test: $(TOOLS)
	@.venv/bin/python -m tests

# For whoever changes a line: format, lint, types, import rules, and the tests on SQLite that are quick.
check: $(TOOLS)
	@.venv/bin/python -m tests --fast

install: $(RUNTIME)

# A stamp is younger than the requirements it stands for, or they are installed again.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hireops needs Python 3.11 or newer; $(or $(PYTHON),python3) is older or missing. Name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv

$(RUNTIME): requirements.txt | .venv/bin/python
	@echo "Installing what hireops needs into .venv ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(TOOLS): requirements-dev.txt $(RUNTIME)
	@echo "Installing what checks hireops into .venv ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

lock:
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-otel.in -o requirements-otel.txt
	$(LOCK) requirements-s3.in -o requirements-s3.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

# What has a newer release than the one installed here.
outdated: $(TOOLS)
	@.venv/bin/python -m pip list --outdated --disable-pip-version-check

# What of it has a hole that is known. Its data lies outside: where that can't be reached, this fails and says so.
audit: $(RUNTIME)
	@.venv/bin/python -m venv .venv/audit
	@.venv/audit/bin/python -m pip install --quiet --quiet --disable-pip-version-check --upgrade pip-audit
	@.venv/audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements.txt -r requirements-s3.txt || \
	  { echo "Above stands what is vulnerable. “Not found on PyPI” means something else: pip-audit reads what PyPI knows of each release, and the package index of this machine does not tell it." >&2; exit 1; }

# All of them, also after one that missed its target.
bench: $(TOOLS)
	@missed=0; for file in tests/benchmarks/*.py; do \
	  name=$$(basename $$file .py); \
	  grep -q '^def main' $$file || continue; \
	  echo "--- $$name"; .venv/bin/python -m tests.benchmarks.$$name || missed=1; \
	done; exit $$missed

# Long forms of the drills, of which `make test` runs short ones; and random figures that no run had before.
drills: $(TOOLS)
	@.venv/bin/python -m pytest tests/drills --long
	@.venv/bin/python -m pytest tests/referrals/ledger/test_properties.py --hypothesis-profile=long --timeout=3600

# A million hostile requests to the webhook; a line for each that it got wrong, with how to repeat it.
fuzz: $(TOOLS)
	@.venv/bin/python -m tests.fuzz

# The pictures of the README and the manual, in docs/images. Needs Chromium and a Chinese font.
screenshots: $(TOOLS)
	@.venv/bin/python -m pytest -n 0 --quiet tests/browser/screenshots.py

# After a change of words: collect them, translate what is new in the .po, run it again. Needs gettext.
messages: $(RUNTIME)
	.venv/bin/python manage.py makemessages --locale zh_Hans --no-obsolete --no-wrap --add-location file \
	  --ignore .venv --ignore var --ignore tests
	.venv/bin/python manage.py compilemessages --locale zh_Hans --ignore .venv

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
