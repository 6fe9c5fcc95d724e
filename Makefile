# One command each; `make help` lists them. Needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint requirements.lock
LOCK   := requirements.lock

# `make lab LAB_ARGS="--no-browser --port 8899"`; `make notebooks NB=06_pooling`; `make notebooks FORCE=1`
LAB_ARGS ?=
NB       ?=
FORCE    ?=
OWN_DATA ?=
BLIND    ?=
WITHOUT  ?=
LITE     ?=
WHEELS   ?=
JOBS     ?= 2

# Small matrices: threads of the linear algebra only get in each other's way.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
# Notebooks show their pictures in the page, whatever the shell says.
unexport MPLBACKEND
# Jupyter keeps its settings here, away from those of other Jupyters on the machine.
export JUPYTER_CONFIG_DIR ?= $(CURDIR)/.jupyter/config

# In a container everybody is root; Jupyter wants to be told that this is meant.
AS_ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)

NOTEBOOKS = $(wildcard lessons/*.ipynb solutions/*.ipynb)
NBVAL = --nbval --nbval-current-env --nbval-cell-timeout 120 --nbval-sanitize-with tests/notebooks/sanitize.cfg

# Tests of the library alone, in the order of its rooms.
LOWEST_TESTS = $(foreach room,formula numerics design families formatting crossprod likelihood fitted inference \
    diagnostics report plots models many,tests/$(room)) tests/test_bad_input.py tests/test_init.py \
    lmmkit --ignore=lmmkit/course

.DEFAULT_GOAL := help
# A set-up that was cut short is made again.
.DELETE_ON_ERROR:
.PHONY: help lab test test-fast lint lowest lowest-tests notebooks check-notebooks data ledger bench site slides lite release nbgrader new-lesson findings doctor lock clean

# Notebooks that are built or compared know nothing of what their author has answered.
test test-fast notebooks check-notebooks: export LMMKIT_PROGRESS := off

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-17s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab: $(VENV)/.course  ## set everything up and open the first notebook, in a copy of your own: my_course/
	@$(BIN)/python -m tools.working_copy
	$(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)/my_course" \
	    --LabApp.default_url=/lab/tree/lessons/00_start_here.ipynb $(AS_ROOT) $(LAB_ARGS)

test: lint lowest  ## the same set-up, then every test: fast, slow, notebooks, browser
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope $(NBVAL) tests lmmkit $(NOTEBOOKS)

test-fast: $(VENV)/.dev  ## the tests that take about a minute together
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope -m "not slow and not browser" tests lmmkit

lint: $(VENV)/.dev  ## ruff, mypy, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The stored pictures were drawn by the pinned matplotlib, and the tools of the course need their own packages.
lowest: $(VENV)/.dev  ## the fast tests of the library on the lowest versions that pyproject.toml promises
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then \
	    echo "skipped: the lowest versions have no wheels for Python 3.13 and newer; use 3.11 or 3.12"; \
	else $(MAKE) --no-print-directory lowest-tests; fi

lowest-tests: $(VENV)-lowest/.made
	PYTHONPATH="$(CURDIR)" $(VENV)-lowest/bin/python -m pytest -q -n $(JOBS) --dist loadscope -p no:cacheprovider -W ignore \
	    -m "not slow and not browser" $(LOWEST_TESTS) --deselect tests/plots/test_pictures.py::test_looks_as_it_did

notebooks: $(VENV)/.dev  ## build the notebooks whose source, or the library, has changed
	$(BIN)/python -m tools.make_pages
	$(BIN)/python -m tools.build_notebooks --jobs $(JOBS) $(if $(FORCE),--force) $(NB)
	$(BIN)/python -m tools.make_coverage
	$(BIN)/python -m tools.lesson_report

check-notebooks: $(VENV)/.dev  ## build all notebooks anew and compare with those in the repository
	$(BIN)/python -m tools.build_notebooks --jobs $(JOBS) --check $(NB)

data: $(VENV)/.dev  ## make the synthetic data sets from their generators
	$(BIN)/python data/synthesis/make_all.py

ledger: $(VENV)/.dev  ## every number the lectures print beside ours
	$(BIN)/python -m tools.make_ledger

bench: $(VENV)/.dev  ## time lmmkit beside its peers; writes benchmarks/RESULTS.md
	$(BIN)/python benchmarks/run.py

site: $(VENV)/.dev  ## the course and the library as pages to read and search: dist/site/index.html (LITE=lite: it has `make lite` there)
	$(BIN)/python -m tools.make_site $(if $(LITE),--lite $(LITE)) $(NB)

slides: $(VENV)/.dev  ## a deck for the lecture hall and a hand-out as PDF for each lesson: dist/slides/ (NB=06: one)
	$(BIN)/python -m tools.make_slides $(NB)

lite: $(VENV)/.dev $(VENV)-lite/.made  ## the course in a browser without a server: dist/lite/ (needs a network)
	$(BIN)/python -m tools.make_lite --jupyter $(VENV)-lite/bin/jupyter

release: $(VENV)/.dev  ## the zip for students (WITHOUT="14 15 ex06": leave these out; WHEELS=1: no network needed)
	$(BIN)/python -m tools.make_release --without "$(WITHOUT)" $(if $(WHEELS),--wheels)

nbgrader: $(VENV)/.dev  ## an nbgrader course in dist/ (OWN_DATA=1: rows of each student's own; BLIND=1: no verdicts; WITHOUT=)
	$(BIN)/python -m tools.nbgrader_course $(if $(OWN_DATA),--$(if $(filter 0,$(OWN_DATA)),no-)own-data) \
	    $(if $(BLIND),--$(if $(filter 0,$(BLIND)),no-)blind) $(if $(WITHOUT),--without "$(WITHOUT)") $(NB)

new-lesson: $(VENV)/.dev  ## begin a lesson of your own (NB=17_beetles): its source, its questions, the tests of its claims
	$(BIN)/python -m tools.new_lesson $(NB)

findings:  ## run what was learned from other packages again, and tell what has changed (NB=name: one; needs a network)
	PYTHON="$(PYTHON)" bash findings/run.sh $(NB)

doctor: $(VENV)/.course  ## tell in plain words whether the set-up works
	$(BIN)/python -m lmmkit.course.doctor

lock:  ## take the newest versions that pyproject.toml allows as the new pins
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -e ".[course,dev]"
	(echo "# Exact versions that every check has run against; made by 'make lock', read by pip as constraints."; \
	    $(BIN)/python -m pip freeze --exclude-editable) > $(LOCK)

clean:  ## remove what make has made (the notebooks stay, and what you did in my_course/)
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-lite .jupyter dist build .pytest_cache .mypy_cache .ruff_cache
	find lmmkit tests tools data -name __pycache__ -type d -prune -exec rm -rf {} +

# What a student needs, then what a contributor needs on top; made anew when the pins or pyproject change. A set-up that
# was killed leaves .unfinished behind, and begins again from nothing; one that only failed (no network) does not.
$(VENV)/.course: pyproject.toml $(LOCK) tools/jupyter_settings.py $(wildcard tools/jupyter/*)
	@if [ -e $(VENV)/.unfinished ] || ! $(BIN)/python -m pip --version > /dev/null 2>&1; then \
	    $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	        { echo "lmmkit needs Python 3.11 or newer (from python.org, conda or your system); try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }; \
	    echo "1 of 3: making a place of its own for the course's packages, $(VENV)/"; \
	    $(PYTHON) -m venv --clear $(VENV) && touch $(VENV)/.unfinished; fi
	@echo "2 of 3: setting the course up: about 120 packages, two to five minutes, only this once"
	@touch $(VENV)/.unfinished
	@$(PIP) hatchling && $(PIP) --no-build-isolation -e ".[course]" || { rm -f $(VENV)/.unfinished; exit 1; }
	@echo "3 of 3: giving JupyterLab the course's settings"
	@$(BIN)/python -m tools.jupyter_settings
	@rm -f $(VENV)/.unfinished
	@touch $@

$(VENV)-lowest/.made: pyproject.toml tools/lowest.py $(VENV)/.dev
	rm -rf $(VENV)-lowest
	$(PYTHON) -m venv $(VENV)-lowest
	$(BIN)/python -m tools.lowest > $(VENV)-lowest/pins.txt
	$(VENV)-lowest/bin/python -m pip --disable-pip-version-check install --quiet -r $(VENV)-lowest/pins.txt \
	    pytest pytest-timeout pytest-xdist tabulate
	touch $@

# JupyterLite wants other versions of some packages than the course does.
$(VENV)-lite/.made: tools/lite/requirements.txt
	rm -rf $(VENV)-lite
	$(PYTHON) -m venv $(VENV)-lite
	$(VENV)-lite/bin/python -m pip --disable-pip-version-check install --quiet -r tools/lite/requirements.txt
	touch $@

$(VENV)/.dev: $(VENV)/.course
	$(PIP) --no-build-isolation -e ".[course,dev]"
	touch $@
