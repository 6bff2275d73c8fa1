# On a fresh machine: Python 3.11, make and a package index are enough.
.DEFAULT_GOAL := help
.PHONY: help demo test test-fast lint types format docs wheel clean
export UV_PYTHON_DOWNLOADS := never
ARGS ?=
WORKERS ?= 2

help:          ## show what there is
	@sed -n 's/^\([a-z-]*\):[^#]*## /make \1\t/p' Makefile | expand -t 20

demo: .venv/.demo          ## five systems, generated customers, golden records: the whole hub on this machine
	@.venv/bin/goldenhub demo $(ARGS)

test: .venv/.dev          ## all tests, with real servers (found, or started and stopped)
	@.venv/bin/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: .venv/.dev          ## the tests that take no more than a few seconds each
	@.venv/bin/pytest -n $(WORKERS) --dist loadfile -m "not slow" $(ARGS)

lint: .venv/.dev          ## ruff: style and likely mistakes
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

types: .venv/.dev          ## mypy --strict
	@.venv/bin/mypy

format: .venv/.dev          ## let ruff rewrite the code
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

docs: .venv/.dev          ## check the documents: links, settings, commands, and that their examples run
	@.venv/bin/pytest -q tests/unit/test_docs.py tests/e2e/test_examples_in_docs.py

wheel: .venv/.dev          ## build dist/goldenhub-*.whl
	@.venv/bin/uv build --wheel --quiet && ls dist/*.whl

clean:          ## remove .venv and everything that was built
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Setup runs again only when what it depends on has changed. What the tests need includes what the demo needs.
.venv/.dev: pyproject.toml uv.lock .ci/setup
	@.ci/setup dev
	@touch .venv/.dev .venv/.demo

.venv/.demo: pyproject.toml uv.lock .ci/setup
	@.ci/setup demo
	@touch .venv/.demo
