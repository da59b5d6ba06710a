# Every target sets up .venv by itself: Python 3.11 to 3.13 and make are all it takes; 3.14 is untried.
PYTHON ?= python3
VENV := .venv
PICTURES ?= my_pictures
RUN := $(VENV)/bin/python
SET_UP := $(VENV)/installed
# Each file's tests run in one worker, the longest files first; those of tests/web in the same one.
# Four workers fill two cores, since tests also wait: for browsers, and for processes that they
# start.
WORKERS := -n 4 --dist loadfile --no-loadscope-reorder
# Targets that come before the tests.
BEFORE :=

# The tests start a hundred processes: what one compiles of the packages the others read, also
# where a user has chosen that Python keeps no bytecode.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all lint clean web pretrained-scores pretrained-homus \
  pretrained-homus_scans pretrained-homus_strokes pretrained-pages pretrained-pages_handwriting

demo: $(SET_UP)
	$(RUN) -m omr_jax.main --config homus --config.data.protocol=made_up \
	  --config.epochs=8 --workdir runs/demo
	@echo 'The same on real symbols: $(RUN) -m omr_jax.main --config homus --workdir runs/homus'

test: $(SET_UP) $(BEFORE)
	$(RUN) -m pytest $(WORKERS)

# The quick tests compile with few optimizations (tests/conftest.py), these as users do.
test-all: $(SET_UP)
	XLA_FLAGS=--xla_backend_optimization_level=3 $(RUN) -m pytest $(WORKERS) -m ''

lint: $(SET_UP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/mypy

# The page; `$(RUN) -m omr_jax.web` shows it.
RUNTIME := build/npm/node_modules/onnxruntime-web

web: $(SET_UP) $(RUNTIME)/package.json
	$(RUN) -m omr_jax.web.build --runtime $(RUNTIME)/dist

# The lock has a hash of each package, which npm compares. After a change of package.json:
#   cd omr_jax/web && npm install --package-lock-only --omit-lockfile-registry-resolved
$(RUNTIME)/package.json: omr_jax/web/package.json omr_jax/web/package-lock.json
	mkdir -p build/npm
	cp $^ build/npm
	npm ci --prefix build/npm --ignore-scripts --no-fund --no-audit --silent
	touch $@

# The models in omr_jax/pretrained, from $OMR_RAW_DIR; the pictures of $(PICTURES) for scores.
EXPORT = $(RUN) -m omr_jax.export --forms $(FORMS)
FORMS = model.onnx model_int8.onnx
CONFIG = $*
SEED = 0
pretrained-homus: CONFIG = homus_best
pretrained-homus: SEED = 4
pretrained-homus pretrained-homus_strokes pretrained-pages pretrained-pages_handwriting: \
  FORMS = model_int8.onnx  # Each model is below 5 MB.

pretrained-homus pretrained-homus_scans pretrained-homus_strokes pretrained-pages \
pretrained-pages_handwriting: pretrained-%: $(SET_UP)
	$(RUN) -m omr_jax.main --config $(CONFIG) --config.seed=$(SEED) \
	  --workdir runs/pretrained/$*
	$(EXPORT) --model runs/pretrained/$* --about omr_jax/pretrained/$*.toml --out omr_jax/pretrained/$*
	$(if $(filter homus_strokes,$*),$(RUN) -m omr_jax.open_set --model omr_jax/pretrained/$*)

pretrained-scores: $(SET_UP)
	$(RUN) -m omr_jax.main --config scores --raw_dir $(PICTURES) --workdir runs/pretrained/scores
	$(EXPORT) --model runs/pretrained/scores --raw_dir $(PICTURES) \
	  --about omr_jax/pretrained/scores.toml --out omr_jax/pretrained/scores

clean:
	rm -rf $(VENV) runs build *.egg-info

# Python compiles the modules that it imports; pip would compile all of the 13 000 that are there.
$(SET_UP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and "Python 3.11 to 3.14 is needed; choose one with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --no-compile --editable '.[dev,engrave,export,heic,pdf,sweep]'
	touch $(SET_UP)
