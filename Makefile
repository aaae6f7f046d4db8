# demo: the whole chain on the simulated planet.  test: every test, the demo among them.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
CORES ?= all

.PHONY: demo test env docs readme format clean

demo: env
	@echo 'snakemake --cores $(CORES)'
	@PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES)
	@echo 'Results: results/demo/   Report: results/demo/report.html'

test: env
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest $(PYTEST)

env: $(STAMP)

# pip takes the CPU build of torch only when the version is pinned in the requirement itself.
$(STAMP): requirements.txt requirements.lock
	python3.11 -m venv $(VENV) || python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -c requirements.lock
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
