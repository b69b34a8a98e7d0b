# Ficus: everything one types, one line each. `make help` lists it.

PYTHON ?= python3
SHAPE ?= services
MINUTES ?= 5
DB ?= sqlite
BIN := .venv/bin
RUNTIME := .venv/.runtime
TOOLS := .venv/.tools
PROTOS := $(shell find contracts ficus -name '*.proto')
GENERATE := $(BIN)/python -m grpc_tools.protoc -I. $(PROTOS)
DEPLOYABLES := $(patsubst config/%/settings.py,%,$(wildcard config/*/settings.py))
CHECKS := check-format check-lint check-types check-laws check-migrations check-protos check-contracts check-openapi

.DEFAULT_GOAL := help
.PHONY: help up demo demo-breaker install tools test test-postgres test-compiled chaos compiled bench-events bench-backlog bench-gateway fuzz behaviours check $(CHECKS) format protos release-contracts clean

help:  ## list what can be done
	@sed -n 's/^\([a-z-]*\):.*##\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

up: $(RUNTIME) .env  ## run the whole system here; Ctrl-C stops it; SHAPE=monolith runs it as one project
	@exec $(BIN)/python -m config.up --shape $(SHAPE)

demo: $(RUNTIME) .env  ## tell the story of one order through the front door of a running system
	@exec $(BIN)/python -m config.story

demo-breaker: $(RUNTIME)  ## watch a breaker open, try and close while a service is stopped and started; needs nothing that runs
	@exec $(BIN)/python -m config.breaker_story

install: $(RUNTIME) .env  ## make .venv with what running needs, and .env

tools: $(TOOLS) .env  ## add to .venv what changing and testing needs

test: tools  ## run every test on the embedded defaults: SQLite and a Redis of our own
	@exec $(BIN)/python -m tests.matrix

test-postgres: tools  ## run the same tests on PostgreSQL and Redis: TEST_POSTGRES_URL, TEST_REDIS_URL
	@exec $(BIN)/python -m tests.matrix --postgres

test-compiled: compiled  ## run the gateway's tests on its data path compiled, instead of interpreted
	@SERVICE=gateway GATEWAY_COMPILED=build/compiled exec $(BIN)/python -m pytest -q \
	  tests/gateway/test_compiled.py tests/gateway/data tests/gateway/wire tests/ficus/resilience

chaos: tools  ## break a system of its own by a seeded schedule, and audit it: MINUTES, SEED, DB=sqlite|postgres, SHAPE
	@exec $(BIN)/python -m tests.chaos --minutes $(MINUTES) --db $(DB) --shape $(SHAPE) \
	  $(if $(SEED),--seed $(SEED)) $(if $(RATE),--rate $(RATE)) $(if $(EVERY),--every $(EVERY))

fuzz: tools  ## send a million changed requests to a gateway of its own: COUNT, SEED; what fails is kept in the corpus
	@SERVICE=gateway exec $(BIN)/python -m tests.gateway.fuzz --count $(or $(COUNT),1000000) --seed $(or $(SEED),1)

compiled: tools  ## compile the gateway's data path, for GATEWAY_COMPILED=build/compiled; takes a C compiler
	@GATEWAY_COMPILED= exec $(BIN)/python -m config.compiling

bench-events: tools  ## measure events beside task.delay() and an outbox: docs/evidence/events.md; QUICK=1 in five minutes
	@exec $(BIN)/python -m bench.events $(if $(QUICK),--quick)

bench-backlog: tools  ## measure how 200,000 events are worked off, and fresh orders meanwhile; on PostgreSQL, as test-postgres
	@exec $(BIN)/python -m bench.backlog --postgres

bench-gateway: tools  ## measure the gateway beside nginx, HAProxy, Go, Traefik, Envoy: docs/evidence/gateway.md; QUICK=1
	@exec $(BIN)/python -m bench.gateway $(if $(QUICK),--quick)

behaviours: tools  ## put every behaviour to Ficus, nginx and Envoy, and write docs/behaviours.md
	@exec $(BIN)/python -m tests.gateway.behaviour

check: tools  ## all that can be said without running: format, lint, types, laws, migrations, contracts, OpenAPI
	@$(MAKE) --no-print-directory --keep-going --jobs=2 --output-sync=target $(CHECKS)

format: tools  ## put the code into its one format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

protos: tools  ## generate Python from the protos
	@$(GENERATE) --python_out=. --pyi_out=. --grpc_python_out=.

release-contracts: tools  ## keep the events as they are as those of this version: contracts/released/
	@$(BIN)/python -m config.contracts release

clean:  ## remove the state of the development system: databases, keys, static files
	@rm -rf var

check-format:
	@$(BIN)/ruff format --check .

check-lint:
	@$(BIN)/ruff check .

check-types:
	@FICUS_ENV=development $(BIN)/mypy

check-laws:
	@$(BIN)/lint-imports --no-logo

check-migrations:
	@for deployable in $(DEPLOYABLES); do \
	  FICUS_ENV=development ./manage.py $$deployable makemigrations --check --dry-run || exit 1; done

check-protos:
	@rm -rf .protos && mkdir .protos
	@$(GENERATE) --python_out=.protos --pyi_out=.protos --grpc_python_out=.protos
	@cd .protos && for made in $$(find . -type f); do \
	  cmp $$made ../$$made || { echo "run make protos"; exit 1; }; done
	@rm -rf .protos && echo "protos: generated code is up to date"

check-contracts:
	@$(BIN)/python -m config.contracts check

check-openapi:
	@for deployable in $(filter-out gateway,$(DEPLOYABLES)); do \
	  FICUS_ENV=development ./manage.py $$deployable spectacular --validate --fail-on-warn --file /dev/null || exit 1; \
	  echo "openapi: $$deployable is valid"; done

.env:
	@printf '%s\n' '# The settings of this checkout; .env.example lists them all.' 'FICUS_ENV=development' > $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "make: $(PYTHON) is not Python 3.11 or later with venv; on Debian: apt install python3-venv" >&2; exit 2; }
	@$(PYTHON) -m venv .venv

$(RUNTIME): requirements.txt | $(BIN)/pip
	@echo "Installing requirements.txt into .venv"
	@$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(TOOLS): requirements-dev.txt $(RUNTIME)
	@echo "Installing requirements-dev.txt into .venv"
	@$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@
