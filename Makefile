# Greenroom. `make help` lists what a person can ask for.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm --loglevel=error
UV := $(BIN)/uv
PACKAGES := . layers/core layers/media layers/speech layers/vision layers/language layers/screen infra/local cli
EDITABLE := $(foreach package,$(PACKAGES),-e ./$(package))
INPUTS := pyproject.toml $(wildcard layers/*/pyproject.toml) infra/local/pyproject.toml cli/pyproject.toml

.PHONY: help run demo test test-console test-faults test-platform season lint format types bench eval contracts package lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: .venv/.run ## start the whole platform on this machine (Ctrl-C stops it)
	@$(BIN)/greenroom run $(ARGS)

demo: .venv/.run ## one interview from HR's batch to the signed webhook: make demo [VIDEO=path] [SCREEN=path]
	@$(BIN)/greenroom demo $(if $(VIDEO),"$(VIDEO)") $(if $(SCREEN),--screen "$(SCREEN)") $(ARGS)

test: lint ## lint, then every test that this machine can run
	@$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

lint: .venv/.dev node_modules/.done ## formatter, linter, types, direction rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(NPM) run --silent lint

format: .venv/.dev node_modules/.done ## format the code and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(NPM) run --silent format

bench: .venv/.dev ## measure against floors and peers: make bench [ONLY=name]
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

eval: .venv/.dev ## spoil good recordings in every way and see what the quality check finds: make eval [ONLY=kind]
	@$(BIN)/python -m benchmarks.accuracy $(if $(ONLY),--only $(ONLY))

contracts: .venv/.dev ## write the generated parts of contracts/ again
	@$(BIN)/python -m contracts.generate

package: .venv/.dev ## zips of functions and layers, image contexts, bills of materials: make package [ONLY=core,portal]
	@$(BIN)/python -m infra.package --to dist $(if $(ONLY),--only $(ONLY))

test-faults: .venv/.dev ## for long what make test does a little of: workers killed more often, every kind of bad line
	@GREENROOM_TEST_FAULTS=1 $(BIN)/pytest -n 2 --dist loadfile tests/faults \
	  tests/component/invitation/test_relay_outages.py $(ARGS)
	@GREENROOM_TEST_FAULTS=1 $(BIN)/pytest -n 2 --dist loadfile -m thorough tests/browser tests/component $(ARGS)

test-console: .venv/.dev ## every page of the console in every look, every task by both hands; pictures in artefacts/console
	@GREENROOM_TEST_CONSOLE=1 $(BIN)/pytest -n 2 --dist loadfile tests/browser/test_console_sizes.py \
	  tests/browser/test_console_tasks.py $(ARGS)

test-platform: .venv/.dev ## Terraform against a Lambda API and back; as root the main job on a real Ceph, RabbitMQ, PostgreSQL
	@GREENROOM_TEST_DEPLOY=1 $(BIN)/pytest -n0 tests/platform $(ARGS)

season: .venv/.dev ## as root: candidates over a real Ceph, RabbitMQ, PostgreSQL, everything killed: make season [SIZE=5000] [FOLDER=…]
	@$(BIN)/python -m benchmarks.crowd.season --size $(or $(SIZE),5000) --folder $(or $(FOLDER),/var/tmp/greenroom-season) $(ARGS)

lock: $(UV) ## resolve the requirement files again, with hashes
	@$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 $(ARGS) \
	  --custom-compile-command "make lock" requirements/uv.in -o requirements/uv.txt
	@$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 $(ARGS) \
	  --no-emit-package greenroom-core --no-emit-package greenroom-media --no-emit-package greenroom-speech \
	  --no-emit-package greenroom-vision --no-emit-package greenroom-language --no-emit-package greenroom-screen \
	  --no-emit-package greenroom-local --no-emit-package greenroom-cli \
	  --override requirements/overrides.txt --custom-compile-command "make lock" \
	  -c requirements/uv.txt pyproject.toml requirements/build.in -o requirements/run.txt
	@$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 $(ARGS) \
	  --no-emit-package greenroom-core --no-emit-package greenroom-media --no-emit-package greenroom-speech \
	  --no-emit-package greenroom-vision --no-emit-package greenroom-language --no-emit-package greenroom-screen \
	  --no-emit-package greenroom-local --no-emit-package greenroom-cli \
	  --override requirements/overrides.txt --custom-compile-command "make lock" \
	  -c requirements/run.txt pyproject.toml requirements/build.in --group dev -o requirements/dev.txt

clean: ## remove what make installed and wrote, but not the data folder
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache artefacts

$(UV): requirements/uv.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

# Installing for run never removes what dev needs: dev is a superset at the same versions.
.venv/.run: $(UV) requirements/run.txt $(INPUTS)
	@test -e .venv/.dev || $(UV) pip sync --quiet --require-hashes requirements/run.txt
	@test ! -e .venv/.dev || $(UV) pip sync --quiet --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation $(EDITABLE)
	@touch $@

.venv/.dev: $(UV) requirements/dev.txt $(INPUTS)
	@$(UV) pip sync --quiet --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation $(EDITABLE)
	@touch .venv/.run $@

# Checkers for the pages' JavaScript, run by the Node that .venv holds. The pages themselves need none of it.
node_modules/.done: package-lock.json .venv/.dev
	@$(NPM) ci --no-audit --no-fund
	@touch $@
