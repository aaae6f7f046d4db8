# demo: the whole chain on the simulated planet.  test: every test, the demo among them.
# bench: inference side by side with what one would use instead.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
CORES ?= all

BENCH := results/benchmark
BENCH_TILES := r05c06 r02c14

.PHONY: demo test bench env docs readme format clean

demo: env
	@echo 'snakemake --cores $(CORES)'
	@PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES)
	@echo 'Results: results/demo/   Report: results/demo/report.html'

test: env
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest $(PYTEST)

# Two tiles of the simulated planet are made first; xgboost is needed for nothing else.
bench: env
	@$(BIN)/pip install --quiet --disable-pip-version-check -c requirements.lock xgboost-cpu
	@$(BIN)/python benchmarks/masked.py --folder $(BENCH) --tiles $(BENCH_TILES)
	@$(BIN)/python benchmarks/inference.py --masked $(BENCH)/mask --tiles $(BENCH_TILES)

env: $(STAMP)

# pip takes the CPU build of torch only when the version is pinned in the requirement itself.
$(STAMP): requirements.txt requirements.lock pyproject.toml
	python3.11 -m venv $(VENV) || python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -c requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(STAMP)

docs: env
	$(BIN)/python docs/make_reference.py

readme: env
	@PATH="$(CURDIR)/$(BIN):$$PATH" python docs/make_readme.py

format: env
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/snakefmt Snakefile workflow/rules

clean:
	rm -rf results logs .snakemake
