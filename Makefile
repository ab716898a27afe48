# demo: compares engines on the samples.   test: sets up and passes all tests.
# airflow: an Airflow with the DAGs, on this machine alone, at http://localhost:8080.
# notebook: JupyterLab with the widget and its notebooks.   widget: its front end alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The oldest Airflow that is supported.
OLDEST := .venv-airflow31
RUN_PIP := bin/python -m pip --disable-pip-version-check --quiet
PIP := $(VENV)/$(RUN_PIP)

# The widget as browsers get it.
WIDGET := widgets/static/index.js
WIDGET_SOURCES := $(wildcard widgets/frontend/src/* widgets/frontend/*.json widgets/frontend/*.mjs)

.PHONY: demo test airflow widget notebook oldest check bench table accuracy lock samples clean

demo: $(VENV)/.demo
	$(BIN)/ocr-plugins demo --out demo-report

# Everything of it lies in airflow-demo. Who can reach this machine's loopback needs no password.
airflow: export AIRFLOW_HOME := $(CURDIR)/airflow-demo
airflow: export AIRFLOW__CORE__DAGS_FOLDER := $(CURDIR)/airflow_dags
airflow: export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION := False
airflow: export AIRFLOW__CORE__LOAD_EXAMPLES := False
airflow: export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS := True
airflow: export AIRFLOW__CORE__PARALLELISM := 4
airflow: export AIRFLOW__API__HOST := 127.0.0.1
airflow: export AIRFLOW__OCR__PLACE := $(CURDIR)/airflow-demo/ocr
airflow: export AIRFLOW__OCR__INPUTS := $(CURDIR)/ocr_plugins/samples/manifest.jsonl
airflow: export AIRFLOW__OCR__TRUTH := $(CURDIR)/ocr_plugins/samples/manifest.jsonl
airflow: export PATH := $(CURDIR)/$(BIN):$(PATH)
airflow: $(VENV)/.airflow
	airflow standalone

widget: $(VENV)/.notebook $(WIDGET)

notebook: widget
	$(BIN)/jupyter lab docs/notebooks

test: packages
	$(MAKE) --no-print-directory -j2 $(VENV)/.dev $(OLDEST)/.dev
	$(BIN)/ocr-plugins engines install easyocr keras-ocr trocr
	$(MAKE) --no-print-directory check
	mkdir -p screenshots
	OCR_PLUGINS_SCREENSHOTS=$(CURDIR)/screenshots $(BIN)/python -m pytest
	$(MAKE) --no-print-directory oldest

# Without what S3 and training need, which would double that environment.
oldest: $(OLDEST)/.dev
	$(OLDEST)/bin/python -m pytest -p no:cacheprovider -m "not slow" -k "not [s3]" --ignore tests/provider/test_train.py tests/provider

check: export PATH := $(CURDIR)/$(BIN):$(PATH)
check: $(VENV)/.dev $(WIDGET)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd widgets/frontend && npm run --silent check && npm test --silent

# On corpora that are not part of this repository: OCR_PLUGINS_CORPORA says where they are.
bench: packages $(VENV)/.dev
	$(BIN)/ocr-plugins engines install easyocr keras-ocr trocr
	PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/python scripts/bench.py --out benchmark
	$(BIN)/python scripts/bench_framework.py
	$(BIN)/python scripts/bench_host.py

# README's table. The corpora are not part of this repository: OCR_PLUGINS_CORPORA says where they are.
table: $(VENV)/.dev
	$(BIN)/python scripts/table.py

# docs/ACCURACY.md's numbers of the vote, from the same corpora: hours the first time.
accuracy: packages $(VENV)/.dev
	$(BIN)/python scripts/accuracy.py

samples: $(VENV)/.dev
	$(BIN)/python scripts/make_samples.py

lock:
	$(PYTHON) scripts/lock.py

clean:
	rm -rf $(VENV) $(OLDEST) benchmark widgets/static widgets/frontend/node_modules build dist demo-report screenshots airflow-demo *.egg-info

.PHONY: packages
packages:
	@$(PYTHON) scripts/check_packages.py packages.txt

$(VENV)/bin/python $(OLDEST)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@$(PYTHON) -c 'import ensurepip' || { echo "Python lacks venv: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(@:/bin/python=)

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes --no-deps -r requirements/demo.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt requirements/schemas.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes --no-deps -r requirements/dev.txt
	$(PIP) install --require-hashes --no-deps -r requirements/schemas.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.airflow: requirements/airflow.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes --no-deps -r requirements/airflow.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.notebook: requirements/notebook.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes --no-deps -r requirements/notebook.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(WIDGET): $(WIDGET_SOURCES) scripts/build_frontend.py
	$(BIN)/python scripts/build_frontend.py

$(OLDEST)/.dev: requirements/airflow31.txt pyproject.toml | $(OLDEST)/bin/python
	$(OLDEST)/$(RUN_PIP) install --require-hashes --no-deps -r requirements/airflow31.txt
	$(OLDEST)/$(RUN_PIP) install --no-deps --no-build-isolation -e .
	@touch $@
