# demo: compares engines on the samples.   test: sets up and passes all tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The oldest Airflow that is supported.
OLDEST := .venv-airflow31
RUN_PIP := bin/python -m pip --disable-pip-version-check --quiet
PIP := $(VENV)/$(RUN_PIP)

.PHONY: demo test oldest check bench table accuracy lock samples clean

demo: $(VENV)/.demo
	$(BIN)/ocr-plugins demo --out demo-report

test: packages
	$(MAKE) --no-print-directory -j2 $(VENV)/.dev $(OLDEST)/.dev
	$(BIN)/ocr-plugins engines install easyocr keras-ocr trocr
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest
	$(MAKE) --no-print-directory oldest

# Without what S3 and training need, which would double that environment.
oldest: $(OLDEST)/.dev
	$(OLDEST)/bin/python -m pytest -p no:cacheprovider -m "not slow" -k "not [s3]" --ignore tests/provider/test_train.py tests/provider

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: packages $(VENV)/.dev
	$(BIN)/python scripts/bench.py
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
	rm -rf $(VENV) $(OLDEST) build dist demo-report *.egg-info

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

$(OLDEST)/.dev: requirements/airflow31.txt pyproject.toml | $(OLDEST)/bin/python
	$(OLDEST)/$(RUN_PIP) install --require-hashes --no-deps -r requirements/airflow31.txt
	$(OLDEST)/$(RUN_PIP) install --no-deps --no-build-isolation -e .
	@touch $@
