# Every target first sets up what is missing, in .venv; only python3 and make must be there.
BIN := .venv/bin
READY := .venv/ready
OPS := build/ops.ready
PEERS := build/peers/ready

.DEFAULT_GOAL := help
.PHONY: help course test test-gpu lab release bench lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

course: $(OPS)  ## run and grade every instructor notebook; the report lands in build/report
	$(BIN)/python ci/run_notebooks.py

test: $(OPS)  ## lint, types, unit tests, release drift, answer banks, untouched notebooks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest
	$(BIN)/course release --check
	$(BIN)/python ci/check_answers.py
	$(BIN)/python ci/check_answers.py --trusted
	$(BIN)/python ci/run_notebooks.py --learner

test-gpu: $(READY)  ## test the CUDA kernels; without a GPU, compile them and run them in an emulation
	$(BIN)/python tests/gpu/run.py

lab: $(OPS)  ## open the course in JupyterLab, on your own copies in work/
	$(BIN)/course lab

release: $(READY)  ## make notebooks/ anew from solutions/
	$(BIN)/course release

bench: $(OPS) $(PEERS)  ## time and memory: colors, pipelines, upsampling, user operations, grading
	$(BIN)/python benchmarks/color.py
	$(BIN)/python -m benchmarks.dataflow
	$(BIN)/python benchmarks/upsampling.py
	$(BIN)/python benchmarks/user_ops.py
	$(BIN)/python benchmarks/grading.py

lock: build/uv/bin/uv  ## make requirements.lock anew from pyproject.toml, and that of the benchmarks' peers
	build/uv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --quiet -o requirements.lock
	build/uv/bin/uv pip compile benchmarks/peers.txt --constraint requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --quiet -o benchmarks/peers.lock

clean:  ## remove build/ and caches; work/, classroom/ and .venv stay
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . \( -name .git -o -name .venv -o -name work -o -name classroom \) -prune \
		-o -type d -name __pycache__ -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml ci/setup.py
	@command -v python3 >/dev/null || { echo "set-up: expected python3 (3.11 to 3.13) on PATH, found none;" \
		"install it: apt install python3 python3-venv (Debian, Ubuntu), brew install python@3.13 (macOS)" >&2; exit 1; }
	@python3 ci/setup.py

# Without a compiler the operations in TensorFlow take their place, and the next run tries again.
$(OPS): $(READY) $(wildcard user_ops/*.* user_ops/CMakeLists.txt)
	@mkdir -p $(@D)
	@if $(BIN)/course ops build; then touch $@; else echo "set-up: going on without the compiled user operations"; fi

# What others use, to compare with; no part of the course. Without a network the benchmarks go on without it.
$(PEERS): $(READY) benchmarks/peers.lock
	@rm -rf $(@D)
	@echo "set-up: installing benchmarks/peers.lock"
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
		--target $(@D) --requirement benchmarks/peers.lock; then touch $@; \
		else echo "set-up: going on without the benchmarks' peers"; fi

build/uv/bin/uv: $(READY)
	$(BIN)/python -m venv build/uv
	build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
