# SPDX-License-Identifier: GPL-2.0-only
# Two commands matter: `make lab` to read the notebooks, `make test` to prove that they still say what they say.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
PIP := pip>=25.1,<27# the first that knows dependency groups is 25.1
UV := uv>=0.9,<1# pins what is asked for, and installs in a tenth of the time; only pip reads a reader's pip.conf
INSTALLER ?= pip
PINS ?= -c $(if $(filter uv,$(INSTALLER)),.ci/hashes.txt,constraints.txt)# uv also takes --resolution=lowest-direct
AUDIT := pip-audit>=2.9,<3# known vulnerabilities of what is pinned; it asks the package index
WORKERS := -n 2
SCHEMA := $(VENV)/bin/check-jsonschema --builtin-schema
BIOME := build/npm/node_modules/.bin/biome
NOTEBOOKS := $(sort $(wildcard notebooks/*.ipynb))
PROSE := $(NOTEBOOKS) README.md CONTRIBUTING.md $(wildcard notebooks/site/*.md kvmplanes/*/*.toml kvmplanes/*/*/*.toml)

# A reader's own IPython start-up files and matplotlibrc must not change what a validated notebook prints.
unit nbval notebooks orders bench: export IPYTHONDIR := $(CURDIR)/$(VENV)/ipython
unit nbval notebooks orders bench site $(VENV)/.has-test: export MPLCONFIGDIR := $(CURDIR)/$(VENV)/matplotlib

# Without bytecode every process compiles what it imports, and each notebook's kernel is one.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help lab test lint unit nbval test-browser site serve test-site test-pyodide oracle fuzz kernel check-github \
	everything audit orders film notebooks store scripts format lock bench clean .folder .style

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F '|' '{ printf "%-19s %s\n", $$1, $$2 }'
	@echo 'Every target that installs takes PYTHON=..., 3.11 or newer; everything goes into $(VENV).'

# The reader's copies are in my-notebooks/, which git ignores and `make clean` leaves alone.
lab: PORT ?= 8888
lab: $(VENV)/.has-lab ## read the notebooks in JupyterLab, as copies of yours (headless: make lab PORT=8899 BROWSER=0)
	@exec $(RUN) kvmplanes lab my-notebooks --port=$(PORT) $(if $(filter 0,$(BROWSER)),--no-browser)

test: lint unit nbval ## check style and types, run the unit tests, compare every notebook output with a fresh run

lint: $(VENV)/.has-test $(VENV)/.has-prose ## ruff, mypy --strict, proselint with our rules of plain English on prose, Biome on JavaScript and CSS
	@$(RUN) mypy & types=$$!; $(MAKE) -s .style; style=$$?; wait $$types && exit $$style

.style:
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(VENV)/bin/python .ci/prose.py $(PROSE)
	@if command -v npm >/dev/null || [ "$$CI" = true ]; then $(MAKE) -s build/npm/installed && \
		$(BIOME) check --error-on-warnings; else echo 'Biome is left out: there is no npm.'; fi

unit: $(VENV)/.has-test ## the unit tests alone
	@$(RUN) pytest $(WORKERS) -p no:nbval -p no:anyio --dist loadfile --no-loadscope-reorder \
		--junitxml=build/reports/unit.xml

nbval: $(VENV)/.has-test ## the notebooks alone, strict
	@[ -n '$(NOTEBOOKS)' ] || { echo 'There is no notebook in notebooks/: nothing to validate.' >&2; exit 1; }
	@$(RUN) pytest --nbval --nbval-current-env --nbval-cell-timeout=60 $(WORKERS) --dist loadscope \
		--junitxml=build/reports/nbval.xml notebooks/

test-browser: $(VENV)/.has-lab $(VENV)/.has-test $(VENV)/.has-browser ## drive JupyterLab in a real Chromium, and its main parts in a real Firefox
	@if command -v npm >/dev/null || [ "$$CI" = true ]; then $(MAKE) -s build/npm/installed; fi
	@$(RUN) pytest $(WORKERS) --dist worksteal -m browser --junitxml=build/reports/browser.xml tests/browser

site: $(VENV)/.has-site build/npm/installed ## build the documentation site into build/site, from the notebooks as committed
	@$(RUN) notebooks.site.builder

serve: PORT ?= 8000
serve: build/site/index.html ## show the built site on this machine's own loopback: make serve PORT=8000
	@echo 'http://127.0.0.1:$(PORT)/ (Control-C stops it)'
	@$(RUN) http.server $(PORT) --bind 127.0.0.1 --directory build/site

test-site: $(VENV)/.has-test $(VENV)/.has-browser $(VENV)/.has-site build/npm/installed build/site/index.html ## the built site in a real Chromium: links, keys, JupyterLite
	@$(RUN) pytest $(WORKERS) --dist worksteal -m browser --junitxml=build/reports/site.xml tests/site

build/site/index.html:
	@echo 'There is no site yet: run make site.' >&2; exit 1

test-pyodide: $(VENV)/.has-test $(VENV)/.has-site build/npm/installed ## the model's tests on the Python of browsers, under Node.js
	@$(RUN) notebooks.site.builder.in_pyodide

oracle: $(VENV)/.has-test ## the model against the patch's own C under sanitizers, and against two measured kernels
	@$(RUN) kvmplanes oracle

fuzz: $(VENV)/.has-test ## random edits of the C on the model and on compiled C: make fuzz EDITS=1000
	@$(RUN) kvmplanes.oracle.compiled.fuzz --edits $(or $(EDITS),60)

kernel: $(VENV)/.has-test ## the patch on your own kernel tree, built, booted, measured: make kernel KERNEL_SRC=path
	@$(RUN) kvmplanes kernel '$(KERNEL_SRC)' --work '$(or $(WORK),build/kernel)' --jobs $(or $(JOBS),2) \
		$(if $(VARIANTS),--variants $(VARIANTS)) $(if $(BOOTS),--boots $(BOOTS))

everything: $(addprefix $(VENV)/.has-,test prose lab browser site github) ## install all that the checks need (quicker: INSTALLER=uv)

check-github: $(VENV)/.has-github ## workflows, issue forms and citation against their schemas, and an audit of the workflows
	@$(SCHEMA) vendor.github-workflows $(wildcard .github/workflows/*.yml)
	@$(SCHEMA) vendor.dependabot .github/dependabot.yml
	@$(SCHEMA) vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@$(SCHEMA) vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	@$(SCHEMA) vendor.citation-file-format CITATION.cff
	@$(VENV)/bin/zizmor --offline --no-progress --quiet --persona=pedantic .github

notebooks: $(VENV)/.has-test ## run every notebook again and store its outputs
	@$(VENV)/bin/python .ci/execute_notebooks.py $(NOTEBOOKS)

store: $(VENV)/.has-test ## translate every version of the C again, after a change of the C or of the machine
	@$(VENV)/bin/python .ci/store.py

format: $(VENV)/.has-test ## format code and notebooks
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .
	@if [ -x $(BIOME) ]; then $(BIOME) check --write; fi

scripts: build/npm/installed ## bundle the scripts of pages and widgets again, after a change of one or of a style
	@cd build/npm && npm run --silent bundle

lock: $(VENV)/.created ## pin what pyproject.toml asks for, with hashes for uv (newest of everything: UPGRADE=1)
	@$(RUN) pip install -q '$(UV)'
	@.ci/lock '$(VENV)/bin/uv' $(if $(UPGRADE),--upgrade)

bench: $(VENV)/.has-lab $(VENV)/.has-test $(VENV)/.has-browser ## time what a reader waits for, each beside its peer or floor (some of it: make bench ONLY=certify)
	@$(VENV)/bin/python .ci/bench.py $(ONLY)

film: $(VENV)/.has-lab $(VENV)/.has-test $(VENV)/.has-browser ## pictures of what a reader sees, from the first start on, in build/film
	@$(VENV)/bin/python .ci/film.py

orders: $(VENV)/.has-test ## the notebooks in random orders, each with its stored outputs: make orders COUNT=20
	@$(VENV)/bin/python .ci/orders.py $(or $(COUNT),20)

audit: $(VENV)/.created ## known vulnerabilities of the pinned packages; needs the network
	@$(RUN) pip install -q '$(UV)'
	@$(VENV)/bin/uv tool run --from '$(AUDIT)' pip-audit --requirement constraints.txt --no-deps --disable-pip

clean: ## remove the environment and all that can be made again; my-notebooks/ stays
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -path ./my-notebooks -prune -o '(' -name __pycache__ -o -name .ipynb_checkpoints ')' -prune -exec rm -rf {} +

# Asked each time: stamps do not know that a folder was copied, or that somebody deleted half of the environment.
.folder:
	@.ci/check_folder '$(VENV)'

# Stamps: an environment is made once; a set is installed again only when its requirements change.
$(VENV)/.created: | .folder
	@command -v '$(PYTHON)' >/dev/null || \
		{ echo "There is no $(PYTHON) here: install Python 3.11 or newer, or name one with PYTHON=..." >&2; exit 1; }
	@'$(PYTHON)' .ci/check_python.py
	@'$(PYTHON)' -m venv --clear $(VENV)
	@touch $@

INSTALL.pip = $(RUN) pip install -q --disable-pip-version-check
INSTALL.uv = $(VENV)/bin/uv pip install -q --python $(VENV)/bin/python

# `lab` is an extra, which the wheel offers; the other sets are dependency groups, which only this clone has.
$(VENV)/.has-%: SET = --group $* -e .
$(VENV)/.has-lab: SET = -e '.[lab]'

# The first import of matplotlib's fonts may print a notice; it must not land in a notebook under test.
$(VENV)/.has-%: $(VENV)/.created pyproject.toml constraints.txt | .folder
	@echo 'Installing kvmplanes with the set $* into $(VENV): pip is quiet, and this may take some minutes ...'
	@$(RUN) pip install -q --disable-pip-version-check '$(PIP)' $(if $(filter uv,$(INSTALLER)),'$(UV)')
	@$(INSTALL.$(INSTALLER)) $(PINS) $(SET)
	@$(VENV)/bin/python -c 'import matplotlib.font_manager'
	@touch $@

# What comes from npm lands in build/, exactly as the lock file has it.
build/npm/installed: notebooks/site/package.json notebooks/site/package-lock.json
	@command -v npm >/dev/null || { echo 'Node.js 20 or newer with npm is needed, and there is none.' >&2; exit 1; }
	@mkdir -p build/npm
	@cp $^ build/npm
	@cd build/npm && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
