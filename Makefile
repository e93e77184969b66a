# Everything a person or a machine does here, by one name each; CI runs the same targets.
# Needs Python 3.11 or later with venv, and make. The two majors of the SageMaker Python SDK are one distribution name,
# so there are two environments: .venv (v3, newest boto3) and .venv-v2 (v2, oldest boto3, pydantic, rich and typer we support).
# `make test-matrix` makes two more, for the oldest of each major.

PYTHON ?= python3
WORKERS ?= auto
PYTEST_ARGS ?=
UPGRADE ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup demo test test-v3 test-v2 test-matrix test-floor-v3 test-floor-v2 wrap-check scan-templates coverage bench check format lock clean
MAKEFLAGS += --no-print-directory
unexport PYTHONPATH PYTHONHOME

V3 := .venv/bin
V2 := .venv-v2/bin
# What there is to type-check: a folder counts once it holds a module.
TYPED := $(sort $(dir $(wildcard secure_sagemaker/*.py tests/typing/*.py benchmarks/*.py examples/*.py tools/*.py)))

help:
	@echo 'make demo      a real training and hosting workflow on the embedded AWS, secured'
	@echo 'make test      the test suite, with SDK v3 and then with SDK v2'
	@echo 'make test-v3, make test-v2   one of them; PYTEST_ARGS="-k name" narrows it'
	@echo 'make test-matrix  the suite with both ends of what is supported of both SDKs and of boto3'
	@echo 'make wrap-check  what others wrote, wrapped unedited: whole pipelines of both SDKs and third-party tools'
	@echo 'make scan-templates  the stacks that are written, judged by cfn-lint and checkov'
	@echo 'make coverage  the suite with SDK v3, measured by branch'
	@echo 'make bench     what the security costs, each figure beside its peer, into benchmarks/README.md'
	@echo 'make check     format, lint, types, docs'
	@echo 'make format    rewrite what the formatter and the linter can mend'
	@echo 'make setup     both environments (the other targets make what they need)'
	@echo 'make lock      write requirements/*.txt anew; UPGRADE=--upgrade takes newer versions'
	@echo 'make clean     remove the environments and all caches'

setup: .venv/.ready .venv-v2/.ready

demo: .venv/.ready
	@$(V3)/secure-sagemaker demo

test: test-v3 test-v2

test-v3: .venv/.ready
	@echo '== SageMaker Python SDK v3, newest boto3'
	@$(V3)/python -m pytest -q -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

test-v2: .venv-v2/.ready
	@echo '== SageMaker Python SDK v2, oldest boto3'
	@$(V2)/python -m pytest -q -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

test-matrix: test test-floor-v3 test-floor-v2

test-floor-v3: .venv-floor-v3/.ready
	@echo '== oldest SageMaker Python SDK v3, oldest boto3 that it takes'
	@$(<D)/bin/python -m pytest -q -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

test-floor-v2: .venv-floor-v2/.ready
	@echo '== oldest SageMaker Python SDK v2, newest boto3'
	@$(<D)/bin/python -m pytest -q -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

# .venv-wrap has the SDK v3 and the tools that are too heavy for the other environments; .venv-v2 has what is written for v2.
wrap-check: .venv-wrap/.ready .venv-v2/.ready
	@echo '== third-party tools, SageMaker Python SDK v3'
	@.venv-wrap/bin/python -m pytest -q -n $(WORKERS) --dist worksteal -rs tests/integration/wrapped \
		tests/integration/activation/test_programs.py $(PYTEST_ARGS)
	@echo '== SageMaker Python SDK v2'
	@$(V2)/python -m pytest -q -n $(WORKERS) --dist worksteal tests/integration/wrapped $(PYTEST_ARGS)

# checkov allows one version of boto3, which is none of ours.
scan-templates: .venv/.ready .venv-scan/.locked
	@$(V3)/python -m tools.scan_templates $(V3)/cfn-lint .venv-scan/bin/checkov

coverage: .venv/.ready
	@$(V3)/python -m pytest -q -n $(WORKERS) --dist worksteal --cov --cov-report=term-missing $(PYTEST_ARGS)

bench: .venv/.ready .venv-v2/.ready
	@$(V3)/python -m benchmarks --write calls connections credentials storm policies pipelines processes memory
	@$(V2)/python -m benchmarks --write sdk-v2

check: .venv/.ready
	$(V3)/ruff format --check
	$(V3)/ruff check
	$(V3)/mypy $(TYPED)
	@if [ -f tools/docs.py ]; then echo '$(V3)/python -m tools.docs --check'; $(V3)/python -m tools.docs --check; fi

format: .venv/.ready
	$(V3)/ruff format
	$(V3)/ruff check --fix

clean:
	rm -rf .venv .venv-v2 .venv-floor-v3 .venv-floor-v2 .venv-wrap .venv-scan .venv-lock build dist htmlcov .coverage .coverage.*
	find . -type d \( -name __pycache__ -o -name '.*_cache' -o -name .hypothesis \) -prune -exec rm -rf {} +

# --- environments: made from nothing when their lock changes; a change of pyproject.toml renews only the project itself

define new-venv
@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "secure-sagemaker needs Python 3.11 or later; set PYTHON=, got " + sys.version.split()[0])'
@echo 'making $(@D) from $<'
@rm -rf $(@D)
@$(PYTHON) -m venv $(@D)
@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --requirement $<
@touch $@
endef

define install-project
@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
@$(@D)/bin/python -m pip check --disable-pip-version-check
@touch $@
endef

.venv/.locked: requirements/dev-v3.txt
	$(new-venv)

.venv-v2/.locked: requirements/dev-v2.txt
	$(new-venv)

.venv-floor-v3/.locked: requirements/floor-v3.txt
	$(new-venv)

.venv-floor-v2/.locked: requirements/floor-v2.txt
	$(new-venv)

.venv-wrap/.locked: requirements/wrap.txt
	$(new-venv)

.venv-scan/.locked: requirements/scan.txt
	$(new-venv)

.venv-lock/.locked: requirements/uv.txt
	$(new-venv)

.venv/.ready: .venv/.locked pyproject.toml
	$(install-project)

.venv-v2/.ready: .venv-v2/.locked pyproject.toml
	$(install-project)

.venv-floor-v3/.ready: .venv-floor-v3/.locked pyproject.toml
	$(install-project)

.venv-floor-v2/.ready: .venv-floor-v2/.locked pyproject.toml
	$(install-project)

.venv-wrap/.ready: .venv-wrap/.locked pyproject.toml
	$(install-project)

# --- locks: one version of everything for every Python and platform, from pyproject.toml and requirements/*.in

UV_COMPILE_ALONE = .venv-lock/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--fork-strategy fewest --custom-compile-command 'make lock' $(UPGRADE)
UV_COMPILE = $(UV_COMPILE_ALONE) pyproject.toml

lock: .venv-lock/.locked
	$(UV_COMPILE) requirements/dev-v3.in --all-extras --group dev --output-file requirements/dev-v3.txt
	$(UV_COMPILE) requirements/dev-v2.in --extra sagemaker --extra cli --extra local --group test \
		--output-file requirements/dev-v2.txt
	for other in floor-v3 floor-v2 wrap; do $(UV_COMPILE) requirements/$$other.in --extra sagemaker --extra cli --extra local \
		--group test --output-file requirements/$$other.txt || exit 1; done
	$(UV_COMPILE_ALONE) requirements/scan.in --output-file requirements/scan.txt
