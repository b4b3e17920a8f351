# SPDX-License-Identifier: GPL-2.0-only
# Two commands matter: `make lab` to read the notebooks, `make test` to prove that they still say what they say.

PYTHON ?= python3
PORT ?= 8888
VENV := .venv
RUN := $(VENV)/bin/python -m
REPORT := --junitxml=build/reports
SITE_PORT := $(if $(filter 8888,$(PORT)),8000,$(PORT))
SCHEMA := $(VENV)/bin/check-jsonschema --builtin-schema
NOTEBOOKS := $(sort $(wildcard notebooks/*.ipynb))

# A reader's own IPython start-up files must not change what a validated notebook prints.
nbval notebooks: export IPYTHONDIR := $(CURDIR)/$(VENV)/ipython
lab: export JUPYTER_CONFIG_PATH := $(CURDIR)/.ci/jupyter

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help lab test lint unit nbval oracle fuzz kernel test-browser test-pyodide house notebooks store format lock bench clean

help: ## list the targets
	@echo 'make lab                      read the notebooks in JupyterLab (headless: make lab PORT=8899 BROWSER=0)'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F '|' '{ printf "%-29s %s\n", $$1, $$2 }'
	@echo 'Every target that installs takes PYTHON=..., 3.11 or newer; everything goes into $(VENV).'

lab: $(VENV)/.extra-lab
	@$(RUN) jupyter trust $(NOTEBOOKS) >/dev/null
	@echo 'JupyterLab starts. Open the address below; Control-C stops it.'
	@exec $(RUN) jupyterlab --log-level=WARN --port=$(PORT) $(if $(filter 0,$(BROWSER)),--no-browser)

test: lint unit nbval ## check style and types, run the unit tests, compare every notebook output with a fresh run

lint: $(VENV)/.extra-test ## ruff on code and notebooks, mypy --strict on the package
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

unit: $(VENV)/.extra-test ## the unit tests alone
	@$(RUN) pytest -n 2 $(REPORT)/unit.xml

nbval: $(VENV)/.extra-test ## the notebooks alone, strict
	@[ -n '$(NOTEBOOKS)' ] || { echo 'There is no notebook in notebooks/: nothing to validate.' >&2; exit 1; }
	@$(RUN) pytest --nbval --nbval-current-env -n 2 --dist loadscope --nbval-cell-timeout=60 $(REPORT)/nbval.xml notebooks/

test-browser: $(VENV)/.extra-lab $(VENV)/.extra-test $(VENV)/.extra-browser ## drive JupyterLab in a real Chromium
	@$(RUN) pytest -m browser $(REPORT)/browser.xml tests/browser

site: $(VENV)/.extra-site ## build the documentation site into build/site, from the notebooks as committed
	@$(VENV)/bin/python .ci/site/build.py

serve: ## show the built site on this machine's own loopback: make serve PORT=8000
	@[ -f build/site/index.html ] || { echo 'There is no site yet: run make site.' >&2; exit 1; }
	@echo 'http://127.0.0.1:$(SITE_PORT)/ (Control-C stops it)'
	@$(RUN) http.server $(SITE_PORT) --bind 127.0.0.1 --directory build/site

test-site: $(VENV)/.extra-test $(VENV)/.extra-browser ## the built site in a real Chromium: links, keys, accessibility, JupyterLite
	@[ -f build/site/index.html ] || { echo 'There is no site yet: run make site.' >&2; exit 1; }
	@$(VENV)/bin/python .ci/site/npm.py axe-core >/dev/null
	@$(RUN) pytest -n 2 --dist load -m browser $(REPORT)/site.xml tests/site

test-pyodide: $(VENV)/.extra-test ## the model's tests on the Python of browsers, under Node.js
	@$(VENV)/bin/python .ci/site/pyodide_test.py

oracle: $(VENV)/.extra-test ## the model against the patch's own C under sanitizers, and against two measured kernels
	@$(RUN) kvmplanes.oracle
	@$(RUN) kvmplanes.oracle.measured.evidence
	@$(VENV)/bin/python -c 'from kvmplanes import kills; print(kills.summary())'

fuzz: $(VENV)/.extra-test ## random edits of the C on the model and on compiled C: make fuzz EDITS=1000
	@$(RUN) kvmplanes.oracle.compiled.fuzz --edits $(or $(EDITS),60)

kernel: $(VENV)/.extra-test ## the patch on your own kernel tree, built, booted, measured: make kernel KERNEL_SRC=path
	@$(RUN) kvmplanes.oracle.measured.guest '$(KERNEL_SRC)' --work '$(or $(WORK),build/kernel)' --jobs $(or $(JOBS),2) \
		$(if $(VARIANTS),--variants $(VARIANTS)) $(if $(BOOTS),--boots $(BOOTS))

house: $(VENV)/.extra-house ## workflows, issue forms and citation against their schemas, and an audit of the workflows
	@$(SCHEMA) vendor.github-workflows $(wildcard .github/workflows/*.yml)
	@$(SCHEMA) vendor.dependabot .github/dependabot.yml
	@$(SCHEMA) vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@$(SCHEMA) vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	@$(SCHEMA) vendor.citation-file-format CITATION.cff
	@$(VENV)/bin/zizmor --offline --no-progress --quiet --persona=pedantic .github

notebooks: $(VENV)/.extra-test ## run every notebook again and store its outputs
	@$(VENV)/bin/python .ci/execute_notebooks.py $(NOTEBOOKS)

store: $(VENV)/.extra-test ## translate every version of the C again, after a change of the C or of the machine
	@$(VENV)/bin/python .ci/store.py

format: $(VENV)/.extra-test ## format code and notebooks
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

lock: $(VENV)/.created ## pin what pyproject.toml asks for in constraints.txt (newest of everything: UPGRADE=1)
	@$(RUN) pip install -q uv
	@.ci/lock '$(VENV)/bin/uv' $(if $(UPGRADE),--upgrade)

bench: $(VENV)/.extra-test ## time the import, a run and every certificate
	@$(VENV)/bin/python .ci/bench.py

clean: ## remove the environment and everything that can be made again
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -prune -exec rm -rf {} +

# Stamps: an environment is made once, an extra is installed again only when its requirements change.
$(VENV)/.created:
	@command -v '$(PYTHON)' >/dev/null || \
		{ echo "There is no $(PYTHON) here: install Python 3.11 or newer, or name one with PYTHON=..." >&2; exit 1; }
	@'$(PYTHON)' .ci/check_python.py
	@'$(PYTHON)' -m venv --clear $(VENV)
	@touch $@

# The first import of matplotlib's fonts may print a notice; it must not land in a notebook under test.
$(VENV)/.extra-%: $(VENV)/.created pyproject.toml constraints.txt
	@echo 'Installing kvmplanes[$*] into $(VENV) ...'
	@$(RUN) pip install -q --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@$(VENV)/bin/python -c 'import matplotlib.font_manager'
	@touch $@
