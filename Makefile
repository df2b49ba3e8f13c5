# `make run` trains and diagnoses a model on DATA; `make test` runs the suite.
# Both set up .venv on the first call and install nothing on the next.

DATA ?= digits
ARGS ?=
TESTS ?= tests kerasrecipes
WORKERS ?= -n auto --maxprocesses 4 --dist loadfile
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: run test test-jax lint format bench results gpu-check docs topics help

help:
	@echo "make run [DATA=digits]   set up, then train, diagnose and report on DATA (a name or a file)"
	@echo "make test                set up, then the suite on TensorFlow"
	@echo "make test-jax            the same suite on JAX, with TensorFlow blocked"
	@echo "make lint                format, style, types, and the floors of the architecture"
	@echo "make bench               every benchmark; each prints its ratios last"
	@echo "make gpu-check           the GPU at hand beside the CPU; exit status 2 without one"
	@echo "make results             the numbers of docs/results.md, measured again"
	@echo "make docs                the site, into site/; warnings are errors, no network is needed"
	@echo "make topics              run the recipes that have changed; the site shows their numbers"

run: $(READY)
	$(BIN)/kerasrecipes run "$(DATA)" $(ARGS)

test: $(READY)
	KERAS_BACKEND=tensorflow $(BIN)/python -m pytest --maxfail=10 -q $(WORKERS) $(TESTS)

test-jax: $(READY)
	KERAS_BACKEND=jax $(BIN)/python -m pytest --maxfail=10 -q $(WORKERS) $(TESTS)

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	@set -e; for script in benchmarks/*.py; do \
	  case $$script in */results.py|*/gpu_check.py) continue;; esac; \
	  case $$script in *doctor.py|*search.py|*kill.py|*resume.py|*babysitter.py) options=--quick;; *) options=;; esac; \
	  echo "== $$script $$options"; $(BIN)/python $$script $$options; done

results: $(READY)
	$(BIN)/python benchmarks/results.py

gpu-check: $(READY)
	$(BIN)/python benchmarks/gpu_check.py $(ARGS)

docs: export KERAS_BACKEND ?= jax
docs: export NO_MKDOCS_2_WARNING = 1
docs: $(READY)
	$(BIN)/mkdocs build --strict --quiet
	@echo "the site is in site/: $(BIN)/python -m http.server --directory site"

topics: $(READY)
	$(BIN)/python -m docs.site.run_recipes

$(READY): pyproject.toml constraints.txt
	@python=$$(sh .ci/find-python) || exit 1; \
	  [ -x $(BIN)/python ] || $$python -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,jax]"
	@touch $@
