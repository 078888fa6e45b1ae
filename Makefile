# Everything happens in .venv, made on first use from requirements.lock (versions and hashes only).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SETUP  := $(VENV)/.complete

.PHONY: setup demo test test-rest test-slow test-ui test-spark check bench torture mutate hostile simulate year uses lock clean

setup: $(SETUP)

# Bytecode is compiled here, once, because some machines forbid writing it later, and imports
# without it take three times as long.
$(SETUP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' \
	  || { echo "growth-points needs Python 3.11 to 3.14; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv (once, a minute or two) ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -qq --no-compile --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install -qq --no-compile --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib domain expectations adapters flows console web deploy || true
	@touch $(SETUP)

demo: $(SETUP)  ## a sample marketplace, six months closed and paid, in tables
	@$(BIN)/growth-points demo

test: $(SETUP)  ## the rules, the ledger and what attacks it: some minutes, no step by hand
	@$(BIN)/pytest -m "quick and not slow" -n auto --maxprocesses 4 --dist loadfile

test-rest: $(SETUP)  ## all other tests but slow ones, of files, commands, flows and pages: most of an hour
	@$(BIN)/pytest -m "not quick and not slow" -n auto --maxprocesses 4 --dist loadfile

test-slow: $(SETUP)  ## the tests that take longer: alarms that are sent, interrupted ingests, twice is once
	@$(BIN)/pytest -m slow tests/flows tests/acceptance tests/adapters -n 2 --dist loadfile

test-ui: $(VENV)/.browser $(VENV)/axe  ## up, its UI and the stores' page in a headless Chromium; screenshots in build/ui
	@rm -rf build/ui
	@$(BIN)/pytest tests/ui -n 2 --dist loadfile

$(VENV)/.browser: $(SETUP) requirements-ui.lock
	@command -v chromium >/dev/null || { apt-get -qq update && apt-get -qq install -y chromium >/dev/null; } \
	  || { echo "make test-ui needs Chromium: install your system's package 'chromium'"; exit 1; }
	$(BIN)/pip install -qq --no-compile --no-deps --require-hashes -r requirements-ui.lock
	@touch $@

$(VENV)/axe: $(SETUP) tests/ui/package-lock.json
	@command -v npm >/dev/null || { apt-get -qq update && apt-get -qq install -y npm >/dev/null; } \
	  || { echo "make test-ui needs npm, for axe-core: install your system's package 'npm'"; exit 1; }
	@mkdir -p $@ && cp tests/ui/package.json tests/ui/package-lock.json $@
	npm ci --silent --ignore-scripts --no-audit --no-fund --prefix $@
	@touch $@

test-spark: $(VENV)/spark  ## the tests of clusters on Apache Spark instead of Sail: a gigabyte, ten minutes
	@TEST_SPARK_HOME=$(CURDIR)/$(VENV)/spark/pyspark $(BIN)/pytest tests/adapters/test_clusters.py tests/flows/test_engines.py

# Apart from the environment, where the client alone has the same name.
$(VENV)/spark: $(SETUP) requirements-spark.lock
	@command -v java >/dev/null || { apt-get -qq update && apt-get -qq install -y openjdk-17-jre-headless >/dev/null; } \
	  || { echo "make test-spark needs Java 17: install your system's package, such as 'openjdk-17-jre-headless'"; exit 1; }
	$(BIN)/pip install -qq --no-compile --no-deps --require-hashes --upgrade --target $@ -r requirements-spark.lock
	@touch $@

check: $(SETUP)  ## lint, strict types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(SETUP)  ## the numbers, as ratios measured side by side in one run
	@$(BIN)/python bench/ingest.py
	@$(BIN)/python bench/close_month.py
	@$(BIN)/python bench/ledger.py
	@$(BIN)/python bench/using.py
	@$(BIN)/python bench/finance.py
	@$(BIN)/python bench/restate.py

torture: $(SETUP)  ## close, pay and use points while process, connection, server and ad system are killed
	@$(BIN)/python -m tests.torture.interrupted

mutate: $(SETUP)  ## weaken every condition of every guard in turn; MUTANTS=40 SEED=7 tries a sample
	@$(BIN)/python -m tests.mutation.guards --sample $(or $(MUTANTS),0) --seed $(or $(SEED),0)

FIRST ?= 1
COUNT ?= 2000
hostile: $(SETUP)  ## check and ingest COUNT hostile deliveries, by seed from FIRST on
	@mkdir -p build && rm -f build/hostile.tsv
	@COUNT=$(COUNT) FIRST=$(FIRST) HOSTILE_LOG=$(CURDIR)/build/hostile.tsv $(BIN)/pytest tests/hostile -n 2
	@awk -F'\t' '{ ran[$$2 " exit " $$3]++; if ($$4 > s) s = $$4; if ($$5 > m) m = $$5 } \
	  END { for (each in ran) print ran[each], each; print "at most " s " s, " m " MB" }' build/hostile.tsv

SEEDS ?= 500
STEPS ?= 40
simulate: $(SETUP)  ## SEEDS random histories of STEPS steps against a small model, by seed from FIRST on
	@mkdir -p build && rm -f build/simulate.tsv
	@FIRST=$(FIRST) SEEDS=$(SEEDS) STEPS=$(STEPS) SIMULATE_LOG=$(CURDIR)/build/simulate.tsv \
	  $(BIN)/pytest tests/simulation -k perfect_run -n 2 --tb=short
	@awk -F'\t' '{ n[$$4] += $$3 } END { for (what in n) print n[what] "\t" what }' build/simulate.tsv | sort -rn

year: $(SETUP)  ## a year with nobody there, with troubles and without; YEAR_UNTIL=2025-03-15 stops earlier
	@ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || { apt-get -qq update && apt-get -qq install -y libfaketime >/dev/null; } \
	  || { echo "make year needs libfaketime: install your system's package 'libfaketime'"; exit 1; }
	@$(BIN)/pytest tests/years

EXAMPLES ?= 100
uses: $(SETUP)  ## EXAMPLES histories of points in use, of STEPS steps each, against a naive model
	@USES_EXAMPLES=$(EXAMPLES) USES_STEPS=$(STEPS) $(BIN)/pytest tests/using/test_uses_machine.py

lock:  ## write the locks anew: versions and hashes, no addresses; remove them first to upgrade all
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --custom-compile-command 'make lock' --extra dev -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --custom-compile-command 'make lock' --extra build --extra delta --extra s3 --extra spark \
	  --constraint requirements.lock -o deploy/requirements.lock pyproject.toml
	echo 'playwright>=1.55,<2' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --custom-compile-command 'make lock' \
	  --constraint requirements.lock -o requirements-ui.lock -
	echo 'pyspark>=4.2,<4.3' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --custom-compile-command 'make lock' --no-deps -o requirements-spark.lock -

clean:
	rm -rf $(VENV) .growth-points build dist
