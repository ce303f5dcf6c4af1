# `make demo` and `make test` do all the set-up themselves: they build .venv when it is missing and keep it while it is current.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
DEMO ?= runs/demo
MARKS ?= not long and not nightly
# A worker on each processor, and no more than four: each takes half a gigabyte. One file, one worker.
WORKERS ?= auto
PYTEST := $(BIN)/pytest --numprocesses $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Where `make bench` works: it draws 600 radiographs of 1024 px there, and takes most of an hour.
BENCH ?= runs/bench

.PHONY: demo check docs tutorials images house unit test long nightly test-cpus coverage bench clean

demo: $(READY)
	$(BIN)/cxrtune demo --out $(DEMO)

# How long each of these takes is in CONTRIBUTING.md.
check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The documentation as a site, in site/index.html; a warning is an error. Nothing is fetched.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The notebooks with their output, in build/tutorials; `make docs` then shows it. It takes some minutes.
tutorials: $(READY)
	$(BIN)/python docs/generate/execute.py docs/tutorials/*.ipynb --to build/tutorials

# The images of the pages, from the demo; needs Chromium.
images: $(READY)
	$(BIN)/cxrtune demo --out $(DEMO)
	$(BIN)/python docs/generate/images.py $(DEMO)

# What the house is built of, counted; and the image of its layers in docs/design.md.
house: $(READY)
	$(BIN)/python tests/house.py
	$(BIN)/python tests/house_image.py

# What trains nothing and starts no server and no other process.
unit: $(READY)
	$(PYTEST) -m "not system and not long and not nightly" $(PYTEST_ARGS)

test: check
	$(PYTEST) -m "$(MARKS)" $(PYTEST_ARGS)

# Trainings one after the other, with every processor for each: side by side they wait for each other.
long: $(READY)
	$(PYTEST) -m "long and not alone and not nightly" $(PYTEST_ARGS)
	$(BIN)/pytest -m "long and alone and not nightly" $(PYTEST_ARGS)

# Everything, with what takes more than five minutes.
nightly: test
	$(BIN)/pytest -m "long or nightly" $(PYTEST_ARGS)

# The numeric tests under several instruction sets and numbers of threads. CPUS=few takes a sample of them.
CPUS ?= all
test-cpus: $(READY)
	$(BIN)/python tests/cpus.py $(CPUS)

# What the tests reach of the sources, by line and branch: a table, and a page in htmlcov/.
coverage: $(READY)
	$(PYTEST) -m "$(MARKS)" --cov --cov-report=html --cov-report=term:skip-covered $(PYTEST_ARGS)

# The tables of benchmarks/README.md. Leave the machine alone meanwhile.
bench: $(READY)
	$(BIN)/python benchmarks/finetune.py --out $(BENCH)
	$(BIN)/python benchmarks/bank.py $(BENCH)/phantoms
	$(BIN)/python benchmarks/tail.py
	$(BIN)/python benchmarks/precision.py --out $(BENCH)
	$(BIN)/python benchmarks/memory.py --out $(BENCH)/memory
	$(BIN)/python benchmarks/evaluation.py
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/measures.py
	$(BIN)/python benchmarks/dicom.py
	$(BIN)/python benchmarks/data.py --out $(BENCH)/data

# A changed pyproject.toml makes the environment stale; pip then adds only what is new.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "cxrtune needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) runs site build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage htmlcov
