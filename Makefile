# Everything below makes the clone ready first, which takes a moment once it is.

PYTHON ?= python3
DEMO_ARGS ?=
TEST_ARGS ?=
SIM_ARGS ?=
BENCH_ARGS ?=
MUTANT_ARGS ?=
BIN := .venv/bin
SOLVERS := build/bench/solvers

# A Python that somebody asked for is used as it is; else a better one may be picked (tools/bootstrap).
THIS_PYTHON := $(if $(filter command environment,$(firstword $(origin PYTHON))),--this-python)

# Variables of another ROS 2 or another environment would lead these programs astray.
unexport AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH
unexport PYTHONHOME PYTHONPATH RMW_IMPLEMENTATION _ROS_WHEELS_BOOTSTRAP_COMPLETE

.DEFAULT_GOAL := help
.PHONY: help setup ready demo sim test test-slow mutants lint fmt type bench docs lock clean distclean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ready ## Make .venv with everything in it
	@echo 'Ready. `source .venv/bin/activate` opens the environment; `make demo` shows a team at work.'

ready:
	@command -v $(PYTHON) >/dev/null || \
		{ echo '$(PYTHON) is not on the PATH: install Python 3.11, or name one: make setup PYTHON=...' >&2; exit 1; }
	@$(PYTHON) -I -B tools/bootstrap $(THIS_PYTHON) || { status=$$?; \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 6))' || \
			echo '$(PYTHON) is far too old: install Python 3.11, or name one: make setup PYTHON=...' >&2; \
		exit $$status; }

demo: ready ## Four simulated humanoids share out work and survive losing one (DEMO_ARGS)
	@$(BIN)/muster demo $(DEMO_ARGS)

sim: ready ## A simulated team that waits for work, until Ctrl-C (SIM_ARGS)
	@$(BIN)/muster up $(SIM_ARGS)

test: ready ## All tests but the slow ones (TEST_ARGS)
	@$(BIN)/pytest -m 'not slow' $(TEST_ARGS)

test-slow: ready ## The slow tests: long simulations, crashes, whole teams (TEST_ARGS)
	@$(BIN)/pytest -m slow $(TEST_ARGS)

mutants: ready ## Break consensus in many ways; the tests must notice each (MUTANT_ARGS)
	@cd tools && ../$(BIN)/python -m mutants $(MUTANT_ARGS)

lint: ready ## Style, formatting, import rules and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory type

fmt: ready ## Format the code, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: ready ## Types
	$(BIN)/mypy
	MYPYPATH=tools $(BIN)/mypy --strict -p bootstrap -p mutants

bench: ready ## Each benchmark, with a table at its end (BENCH_ARGS)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		--no-build-isolation -r requirements/bench.txt || \
		echo 'What is compared with PySyncObj will not be measured: it could not be installed.' >&2
	@{ test -x $(SOLVERS)/bin/python || $(BIN)/python -m venv $(SOLVERS); } && \
		$(SOLVERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		-r requirements/solvers.txt || \
		echo 'What is compared with PyVRP and OR-Tools will not be measured: they could not be installed.' >&2
	@set -e; for program in simulator consensus allocation awards; do \
		echo "bench/$$program.py"; $(BIN)/python bench/$$program.py $(BENCH_ARGS); \
	done

docs: ready ## The documentation, in build/docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/docs

lock: ready ## Bring the locked packages up to date
	cd requirements && export UV_PYTHON_DOWNLOADS=never UV_CUSTOM_COMPILE_COMMAND='make lock' && \
		../$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
			--python-version 3.10 ros.in run.in dev.in -o lock.txt && \
		../$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
			--no-deps --python-version 3.10 robots.in -o robots.txt && \
		../$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
			--python-version 3.10 bench.in -o bench.txt && \
		../$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
			--python-version 3.10 solvers.in -o solvers.txt

clean: ## Remove what was built, but not .venv
	rm -rf build ros2_ws/build ros2_ws/install ros2_ws/log
	rm -rf .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src sim tests bench tools launch -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## Remove .venv too
	rm -rf .venv src/*.egg-info sim/*.egg-info
