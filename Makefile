# demo: the whole chain on the simulated planet.
# quick: lint, types and unit tests, in two minutes.  test: every test, the demo among them.
# bench: inference side by side with what one would use instead.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
CORES ?= all
WORKERS ?= logical

# Where this is set, every job of a run would compile all modules of the project anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo quick lint types unit test bench env lock environments docs docs-fill docs-data format clean

demo: env
	@echo 'snakemake --cores $(CORES)'
	@PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES)
	@echo 'Results: results/demo/   Report: results/demo/report.html'

# Side by side, because lint and types leave a core to the tests.
quick: env
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target lint types unit

# The hooks of .pre-commit-config.yaml, on every file.
lint: env
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pre-commit run --all-files > $(VENV)/lint.log || (cat $(VENV)/lint.log; false)
	@echo 'lint: clean'

types: env
	@$(BIN)/mypy

unit: env
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile tests/unit $(PYTEST)

# Whatever is free takes the next test; the longest, the demo, starts first.
test: env
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m slipcover -m pytest -m "" -n $(WORKERS) --dist worksteal \
	  --durations=10 $(PYTEST)

# xgboost is needed for nothing else. Others: `python -m benchmarks` lists them.
bench: env
	@$(BIN)/pip install --quiet --disable-pip-version-check -c requirements.lock --editable '.[bench]'
	@$(BIN)/python -m benchmarks inference $(BENCH)

env: $(STAMP)

# pip takes the CPU build of torch only when the version is pinned in the requirement itself. The
# lock is complete, so nothing has to be resolved. pip would compile with one processor only.
$(STAMP): requirements.lock pyproject.toml
	python3.11 -m venv $(VENV) || python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-compile -r requirements.lock
	$(BIN)/python -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib || true # some files want a later Python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(STAMP)

# pyproject.toml is the only list of packages that is edited by hand: requirements.lock and envs/*.yaml
# are made from it. `make lock UPGRADE=--upgrade` also takes newer versions of all packages.
lock: env
	$(BIN)/python envs/make_lock.py $(UPGRADE)
	$(MAKE) environments

environments: env
	$(BIN)/python envs/make_lock.py --environments

# The pages as a site, with every number filled in from tracked files: open site/index.html.
docs: docs-fill
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

docs-fill: env
	@$(BIN)/python docs/tools/fill_pages.py

# Numbers and pictures of the pages, anew from the finished runs that are there.
docs-data: env
	@$(BIN)/python docs/tools/collect_data.py \
	  $(if $(wildcard results/demo/report.html),--demo results/demo) \
	  $(if $(wildcard results/towers/report.html),--towers results/towers)
	@$(BIN)/python docs/tools/fill_pages.py

# A hook that repairs a file counts as failed, so only the second run tells whether something is left.
format: env
	@$(BIN)/pre-commit run --all-files --hook-stage manual > /dev/null || \
	  $(BIN)/pre-commit run --all-files --hook-stage manual

clean:
	rm -rf results logs site .snakemake
