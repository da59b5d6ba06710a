# Every target sets up .venv by itself: Python 3.11 to 3.13 and make are all it takes.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
SET_UP := $(VENV)/installed

.PHONY: demo test test-all lint clean

demo: $(SET_UP)
	$(RUN) -m omr_jax.main --config configs/homus.py --config.data.protocol=made_up \
	  --config.epochs=8 --workdir runs/demo
	@echo 'The same on real symbols: $(RUN) -m omr_jax.main --config configs/homus.py --workdir runs/homus'

test: $(SET_UP)
	$(RUN) -m pytest -n 2 --dist loadfile

test-all: $(SET_UP)
	$(RUN) -m pytest -n 2 --dist loadfile -m ''

lint: $(SET_UP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

clean:
	rm -rf $(VENV) runs build *.egg-info

$(SET_UP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11 to 3.13 is needed; choose one with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --editable '.[dev]'
	touch $(SET_UP)
