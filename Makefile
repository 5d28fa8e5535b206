# latentgen: everything a person or a check runs. `make` alone lists the targets.
# Needs Python 3.11 or newer, pip and make; the rest goes into .venv, from hashed locks.

PYTHON  ?= python3
PROFILE ?= paper
SEEDS   ?=
OUT     ?= output
WORKERS ?= 2
ARGS    ?=

VENV := .venv
BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --quiet --disable-pip-version-check
LOCK := $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 \
        --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help figures test mutate docs bench lint format types contract lock clean FORCE

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s%s\n", $$1, $$2 }' Makefile
	@echo "Variables: PROFILE=smoke|paper|full  SEEDS=N  OUT=folder  WORKERS=N of pytest  ARGS='for pytest'  PYTHON=python3"

figures: $(VENV)/.runtime  ## run all experiments, draw the figures, write report.html
	@$(BIN)/latentgen figures --profile "$(PROFILE)" --out "$(OUT)" $(if $(SEEDS),--seeds $(SEEDS))

# One BLAS thread a worker, and compiled functions kept between runs, outside the clone.
test: $(VENV)/.test  ## run the whole test suite
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0.2 \
	  JAX_COMPILATION_CACHE_DIR="$${JAX_COMPILATION_CACHE_DIR:-$${XDG_CACHE_HOME:-$$HOME/.cache}/latentgen/jax}" \
	  $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

# torch, hmmlearn, dynamax and pgmpy join when they are there: $(PIP) install -e '.[bench]'
bench: $(VENV)/.test  ## time everything beside what limits it, and beside peers
	@$(BIN)/python -m benchmarks.exact_and_sampling
	@$(BIN)/python -m benchmarks.inference_beside_others
	@$(BIN)/python -m benchmarks.training_beside_torch
	@$(BIN)/python -m benchmarks.fitting_beside_sklearn
	@$(BIN)/python -m benchmarks.filtering_beside_others
	@$(BIN)/python -m benchmarks.limits
	@$(BIN)/python -m benchmarks.sweep

# mutmut is in no lock: it is fetched once. ARGS='exact theorems/rank --share .2'; --help tells the rest.
mutate: $(VENV)/.test  ## change the exact layer on purpose: do its tests notice?
	@$(BIN)/python -c 'import mutmut' 2>/dev/null || $(PIP) install -e '.[mutate]'
	@$(BIN)/python -m benchmarks.mutation $(ARGS)

docs: $(VENV)/.test  ## build the documentation into docs/_build, warnings as errors
	@$(BIN)/python -m sphinx -E -W --keep-going -q -b html docs docs/_build
	@echo "docs/_build/index.html"

lint: $(VENV)/.test  ## check style (ruff)
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .

format: $(VENV)/.test  ## repair style (ruff)
	@$(BIN)/python -m ruff check --fix-only .
	@$(BIN)/python -m ruff format .

types: $(VENV)/.test  ## check types (pyright)
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/python -m pyright --pythonpath $(BIN)/python

contract: $(VENV)/.test  ## check which package imports which (import-linter)
	@$(BIN)/python -c 'from importlinter.cli import lint_imports_command as run; run()' --no-cache

# The locks keep the versions they have; UPGRADE=--upgrade takes the newest.
lock: $(VENV)/.created  ## write both locks anew after pyproject.toml has changed
	@$(PIP) install uv
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
	  > $(VENV)/build.in
	$(LOCK) $(UPGRADE) --extra test --extra lint --extra docs -o requirements-test.lock pyproject.toml $(VENV)/build.in
	$(LOCK) $(UPGRADE) -c requirements-test.lock -o requirements.lock pyproject.toml $(VENV)/build.in

clean:  ## remove .venv, caches and build leftovers; results in output/ stay
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- .venv: a stamp for each thing done, so that a second run does nothing --------------------

define check_python
$(1) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit( \
  "latentgen needs Python 3.11 or newer, and $(1) is %d.%d. Name a newer one: make $(or $(MAKECMDGOALS),test) PYTHON=python3.11" % v[:2])'
endef

# A clone that was copied or moved carries a .venv that still points at its old place.
ifneq ($(shell cat $(VENV)/.created 2>/dev/null),$(CURDIR))
$(VENV)/.created: FORCE
endif

$(VENV)/.created:
	@command -v "$(PYTHON)" >/dev/null || \
	  { echo "No $(PYTHON) here. Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(call check_python,$(PYTHON))
	@rm -f $(VENV)/.runtime $(VENV)/.test
	@"$(PYTHON)" -m venv $(VENV)
	@printf '%s\n' '$(CURDIR)' > $@

$(VENV)/.runtime: requirements.lock pyproject.toml $(VENV)/.created
	@echo "Installing what the figures need into $(VENV) (some minutes the first time) …"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements-test.lock pyproject.toml $(VENV)/.created
	@echo "Installing what the tests need into $(VENV) (some minutes the first time) …"
	@$(PIP) install --require-hashes -r requirements-test.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
