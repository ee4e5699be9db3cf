# run: start the app · test: everything that must stay green · proof: the long proofs · bench: the measurements
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test proof bench screenshots gallery clean

run: .venv/app
	exec $(BIN)/streamlit run app.py --server.address=127.0.0.1

test: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not proof" -n 2 --dist worksteal

proof: .venv/dev
	$(BIN)/python -m pytest -m proof -n 2 --dist worksteal

bench: .venv/dev
	@$(BIN)/python -m benchmarks

screenshots: .venv/dev
	$(BIN)/python -m docs.screenshots

gallery: .venv/dev
	$(BIN)/python -m docs.gallery

clean:
	rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ReRender Studio needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 run"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/app: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --no-compile -r requirements.txt
	touch $@

.venv/dev: requirements.txt requirements-dev.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --no-compile -r requirements-dev.txt
	$(BIN)/python -m tests.e2e.browser
	touch $@ .venv/app
