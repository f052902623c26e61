# Every target first sets up what is missing, in .venv; only python3 and make must be there.
BIN := .venv/bin
READY := .venv/ready
OPS := build/ops.ready

.DEFAULT_GOAL := help
.PHONY: help lab clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16

lab: $(OPS)  ## open the course in JupyterLab, on your own copies in work/
	$(BIN)/course lab

clean:  ## remove build/ and caches; work/, classroom/ and .venv stay
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . \( -name .git -o -name .venv -o -path ./work -o -path ./classroom \) -prune \
		-o -type d -name __pycache__ -prune -exec rm -rf {} +

# Set-up compares contents: a newer archive that is unpacked over an older one has files of the same age.
$(READY): FORCE
	@command -v python3 >/dev/null || { echo "set-up: expected python3 (3.11 to 3.13) on PATH, found none;" \
		"install it: apt install python3 python3-venv (Debian, Ubuntu), brew install python@3.13 (macOS)" >&2; exit 1; }
	@python3 ci/setup.py

FORCE:

# Without a compiler the operations in TensorFlow take their place, and the next run tries again.
$(OPS): $(READY) $(wildcard user_ops/*.* user_ops/CMakeLists.txt)
	@mkdir -p $(@D)
	@if $(BIN)/course ops build; then touch $@; else echo "set-up: going on without the compiled user operations"; fi

# A learner's copy of the course lacks these.
-include ci/maintainers.mk
