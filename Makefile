# make demo: a working client on a private server.   make test: everything.   make check: without servers.

PYTHON = .venv/bin/python
# Two at a time; a file stays on one worker, which starts its servers once.
PYTEST = $(PYTHON) -m pytest -n 2 --dist loadfile
UV_LOCK = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml

.PHONY: demo test check lint attacks-bite fuzz bench screenshots lock clean demo-tools test-tools bench-tools fuzz-tools readme

demo: demo-tools
	.venv/bin/tui-xmpp demo

test: lint
	$(PYTEST) -m "not bench"

check: lint
	$(PYTEST) -m "not bench and not server"

# Each guard is taken out in turn: the attacks that it keeps out must then succeed.
attacks-bite: test-tools
	$(PYTHON) -m tests.bite

# Inputs of chance for what reads hostile bytes; what breaks it is kept in tests/fuzz/cases.
SECONDS = 600
fuzz: fuzz-tools
	.tools/fuzz/bin/python -m tests.fuzz $(SECONDS)

lint: test-tools
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: bench-tools
	$(PYTHON) -m pytest -m bench tests/bench
	$(PYTHON) -m tests.readme

screenshots: test-tools
	$(PYTHON) -m tests.screenshots

readme:
	$(PYTHON) -m tests.readme

lock:
	$(UV_LOCK) --upgrade --output-file requirements.lock
	$(UV_LOCK) --upgrade --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf .venv .tools dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find tui_xmpp tests -name __pycache__ -prune -exec rm -rf {} +

demo-tools:
	@.ci/install demo

test-tools:
	@.ci/install test

bench-tools:
	@.ci/install bench

fuzz-tools:
	@.ci/install fuzz
