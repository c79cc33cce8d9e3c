# `make` lists the targets. Only Python 3.11 or newer and make are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

.DEFAULT_GOAL := help
.PHONY: help install up test check bench

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## make .venv and install everything with the pins of constraints.txt

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,peers]'
	@echo "compiling the kernels, once"
	$(BIN)/python -m pipeline.scoring.warm_up
	touch $@

up: $(STAMP) ## run broker, workers and a synthetic stream with a live view; Ctrl-C ends
	$(BIN)/coldwire up

test: $(STAMP) ## run the whole test suite (real Kafka under CI=true or when its jars are here)
	if [ -n "$$CI" ]; then $(BIN)/coldwire broker install; fi
	$(BIN)/pytest

check: $(STAMP) ## format, lint, types, import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## open-loop load on a real Kafka and on the demo broker: latency and rate
	$(BIN)/coldwire bench
