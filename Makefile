# Two commands for a fresh machine (Python 3.11, pip, make): `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
OLDEST ?= .venv-oldest
BIN := $(VENV)/bin
# One thread per test process: the processes themselves fill the cores.
JOBS ?= 2
KILLS ?= 1000
FUZZ_SECONDS ?= 60
PYTEST := OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false

.PHONY: demo test soak fuzz test-oldest check bench docs docs-check numbers dist clean help

help:
	@echo "make demo    set up and run every built study on the built-in models; prints the path of the page"
	@echo "make test    set up and run the tests"
	@echo "make check   lint and types"
	@echo "make bench   benchmarks beside what one would use instead"
	@echo "make docs    the docs site, in site/"
	@echo "make docs-check    execute the commands of README and the docs, offline"
	@echo "make numbers    calibration tables and model pages of docs/ made from code again; an hour"
	@echo "make dist    wheel and sdist, installed and used outside the checkout, the demo too"
	@echo "make soak    kill runs 1,000 times, feed the readers 16,800 hostile files"
	@echo "make fuzz    search for hostile files by coverage, a minute for each reader"
	@echo "make test-oldest   the model tests on the oldest supported transformers line"

$(VENV)/.core: pyproject.toml constraints/newest.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/newest.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/newest.txt -e ".[dev,ray]"
	@# For the copy of axe-core in it, which tests/browser/test_accessibility.py reads. It is in no extra, for it would
	@# bring playwright and its Node runtime, which nothing here uses. Without it that file skips: no reason to fail.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/newest.txt --no-deps \
		axe-playwright-python || echo "no axe-core: the tests of accessibility will skip"
	@touch $@

$(OLDEST)/.dev: pyproject.toml constraints/oldest.txt
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints/oldest.txt -e ".[dev]"
	@touch $@

demo: $(VENV)/.core
	$(BIN)/taskscope demo

test: $(VENV)/.dev
	$(PYTEST) $(BIN)/python -m pytest -n $(JOBS) --ignore tests/faults/cluster
	@# Alone, for its nodes fill the cores themselves.
	$(PYTEST) $(BIN)/python -m pytest tests/faults/cluster

# The kills and the hostile files of tests/faults in numbers; prints the table of docs/reliability.md.
soak: $(VENV)/.dev
	$(PYTEST) $(BIN)/python tests/faults/soak.py --kills $(KILLS)
	TASKSCOPE_FUZZ=700 $(PYTEST) $(BIN)/python -m pytest tests/faults/test_hostile_*.py

# A longer search by coverage; atheris is in no extra, for it has wheels for Linux alone.
fuzz: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: atheris
	$(PYTEST) $(BIN)/python tests/faults/guided_fuzz.py --seconds $(FUZZ_SECONDS)

test-oldest: $(OLDEST)/.dev
	$(PYTEST) $(OLDEST)/bin/python -m pytest -n $(JOBS) -p no:cacheprovider tests/architectures tests/unit/models

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/layer_sweep.py
	$(BIN)/python benchmarks/pipeline.py
	$(BIN)/python benchmarks/head_effects.py
	$(BIN)/python benchmarks/shared_demonstrations.py
	$(BIN)/python benchmarks/choice_scoring.py
	$(BIN)/python benchmarks/pair_scoring.py
	$(BIN)/python benchmarks/tuning_loop.py
	$(BIN)/python benchmarks/trend_rule.py
	$(BIN)/python benchmarks/last_row.py
	$(BIN)/python benchmarks/engine_overhead.py
	$(BIN)/python benchmarks/peak_memory.py

docs: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/newest.txt -e ".[docs]"
	$(BIN)/python docs/reference_page.py
	$(BIN)/mkdocs build --strict

docs-check: $(VENV)/.dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python docs/check_blocks.py

numbers: $(VENV)/.dev
	$(BIN)/python -m taskscope.studies.task_vectors.calibration
	$(BIN)/python -m taskscope.studies.structured_tasks.calibration
	$(BIN)/python -m taskscope.studies.inverse_scaling.calibration
	$(BIN)/python -m taskscope.training.cards.family_page

dist:
	rm -rf dist build/tools
	$(PYTHON) -m venv build/tools
	build/tools/bin/python -m pip install --quiet --disable-pip-version-check build
	build/tools/bin/python -m build --outdir dist
	$(PYTHON) .ci/check_dist.py dist
	$(PYTHON) .ci/try_dist.py dist constraints/newest.txt

clean:
	rm -rf $(VENV) $(OLDEST) dist build site
