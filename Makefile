# Every target first sets up what is missing, in .venv; only python3 and make must be there.
BIN := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help course test lab release bench lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

course: $(READY)  ## run and grade every instructor notebook; the report lands in build/report
	$(BIN)/python ci/run_notebooks.py

test: $(READY)  ## lint, types, unit tests, release drift, answer banks, untouched notebooks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest
	$(BIN)/course release --check
	$(BIN)/python ci/check_answers.py
	$(BIN)/python ci/run_notebooks.py --learner

lab: $(READY)  ## open the course in JupyterLab, on your own copies in work/
	$(BIN)/course lab

release: $(READY)  ## make notebooks/ anew from solutions/
	$(BIN)/course release

bench: $(READY)  ## time and memory of the ways to upsample
	$(BIN)/python benchmarks/upsampling.py

lock: build/uv/bin/uv  ## make requirements.lock anew from pyproject.toml
	build/uv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --quiet -o requirements.lock

clean:  ## remove build/ and caches; work/, classroom/ and .venv stay
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . \( -name .git -o -name .venv -o -name work -o -name classroom \) -prune \
		-o -type d -name __pycache__ -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml ci/setup.py
	@command -v python3 >/dev/null || { echo "set-up: expected python3 (3.11 to 3.13) on PATH, found none;" \
		"install it: apt install python3 python3-venv (Debian, Ubuntu), brew install python@3.13 (macOS)" >&2; exit 1; }
	@python3 ci/setup.py

build/uv/bin/uv: $(READY)
	$(BIN)/python -m venv build/uv
	build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
