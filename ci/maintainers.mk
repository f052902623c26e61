# Targets for maintainers; the Makefile includes them.
PEERS := build/peers/ready
# Notebooks run without a network where bubblewrap can take it away.
WITHOUT_NETWORK := bwrap --dev-bind / / --unshare-net --die-with-parent

CXX_SOURCES := $(wildcard user_ops/*.h user_ops/*.cc user_ops/*.cu user_ops/tests/*.cc course_lib/native/*.h \
	course_lib/native/*.cc tests/gpu/emulation/*.h)

.PHONY: course site lint check test unit-tests answers learners test-gpu release dist bench lock

course: $(OPS)  ## run and grade every instructor notebook; the report lands in build/report
	@if $(WITHOUT_NETWORK) true 2>/dev/null; then set -x; $(WITHOUT_NETWORK) $(BIN)/python ci/run_notebooks.py; \
		else echo "no bubblewrap: the network stays on"; set -x; $(BIN)/python ci/run_notebooks.py; fi

site: $(READY)  ## build the web site in build/site, with the outputs of the last `make course`
	@$(BIN)/python -m ci.website

lint: $(READY)  ## what needs no run of the course: style, spelling, types, layout of C++ and CUDA
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run -Werror $(CXX_SOURCES)

# Files of tests run side by side, one on each processor; each worker takes more than a gigabyte.
PYTEST := $(BIN)/python -m pytest -n logical --maxprocesses 8 --max-worker-restart 0 --dist loadfile --no-loadscope-reorder --durations 20

# Runs one of several steps, and prints how long it took.
define step
	@echo '$(1)'; begin=$$(date +%s); $(1) || exit 1; echo "$$(($$(date +%s) - begin)) s:" '$(1)'
endef

check: $(READY)  ## lint, types, and the quick tests that need neither sandbox, compiler nor browser
	$(call step,$(MAKE) --no-print-directory lint)
	$(call step,$(PYTEST) -m "not slow and not sandbox and not compiler and not browser")

test: $(OPS)  ## lint, types, unit tests, release drift, answer banks, untouched notebooks
	$(call step,$(MAKE) --no-print-directory lint)
	$(call step,$(MAKE) --no-print-directory unit-tests)
	$(call step,$(MAKE) --no-print-directory answers)
	$(call step,$(MAKE) --no-print-directory learners)

unit-tests: $(OPS)  ## all tests of the library, and whether notebooks/ follows from solutions/
	$(PYTEST)
	$(BIN)/course release --check

answers: $(OPS)  ## try every answer of every bank, as in a grade and, where that can differ, as in a notebook
	$(BIN)/python ci/check_answers.py --both

learners: $(OPS)  ## run the untouched notebooks in small sizes: every cell runs, or says what it waits for
	$(BIN)/python ci/run_notebooks.py --learner --parameters ci/quick.yml

test-gpu: $(READY)  ## test the CUDA kernels; without a GPU, compile them and run them in an emulation
	$(BIN)/python tests/gpu/run.py

release: $(READY)  ## generate notebooks/ from solutions/
	$(BIN)/course release

# The wheel is built from the archive of the sources: what that lacks is missed here, and nothing of an earlier build gets in.
dist: $(READY)  ## build what is released into build/dist: wheel, archive of its sources, zip file for learners
	rm -rf build/dist
	$(BIN)/course pack build/dist/pixelwise.zip
	$(BIN)/python -c "from setuptools import build_meta; build_meta.build_sdist('build/dist')" >build/dist.log
	$(BIN)/python -m pip wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir build/dist build/dist/*.tar.gz

bench: $(OPS) $(PEERS)  ## time and memory: colors, pipelines, upsampling, layers, label maps, operations, kernels, segmentation, colorization, attribution, hypercolumns, the colorizer on them, grading
	$(BIN)/python benchmarks/color.py
	$(BIN)/python -m benchmarks.dataflow
	$(BIN)/python benchmarks/upsampling.py
	$(BIN)/python benchmarks/layers.py
	$(BIN)/python benchmarks/label_map.py
	$(BIN)/python benchmarks/user_ops.py
	$(BIN)/python -m benchmarks.native
	$(BIN)/python benchmarks/segmentation.py
	$(BIN)/python benchmarks/segmentation_training.py
	$(BIN)/python -m benchmarks.colorization
	$(BIN)/python benchmarks/attribution.py
	$(BIN)/python benchmarks/hypercolumns.py
	$(BIN)/python benchmarks/hypercolumn_colorizer.py
	$(BIN)/python -m benchmarks.grading
	$(BIN)/python -m benchmarks.grading --profile
	$(BIN)/python -m benchmarks.regrade

lock: $(READY)  ## update requirements.lock from pyproject.toml, and that of the benchmarks' peers
	$(BIN)/uv pip compile pyproject.toml --extra cluster --extra dev --extra docs --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-emit-index-url --no-emit-find-links --quiet -o requirements.lock
	$(BIN)/uv pip compile benchmarks/peers.txt --constraint requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --quiet -o benchmarks/peers.lock

# What others use, to compare with; no part of the course. Without a network the benchmarks go on without it.
$(PEERS): $(READY) benchmarks/peers.lock
	@rm -rf $(@D)
	@echo "set-up: installing benchmarks/peers.lock"
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
		--target $(@D) --requirement benchmarks/peers.lock; then touch $@; \
		else echo "set-up: going on without the benchmarks' peers"; fi
