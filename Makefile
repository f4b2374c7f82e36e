# "make run" and "make test" are all that a newcomer needs; "make help" lists the rest.
export CGO_ENABLED = 0
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X main.version=$(VERSION)
TARGETS  = linux/amd64 linux/arm64 linux/arm/7 linux/riscv64
FUZZTIME ?= 20s
BENCHTIME ?= 1s
BENCH   ?= ./...
RACE    ?= ./clock ./internal/kv ./ledger/header ./ledger/connect ./ledger/importer ./cloud/... ./console ./dtn/... ./spaceos/system ./spaceos/sandbox ./world/host ./world/topology

RUNTIME  = spaceos/sandbox/assets/quickjs.wasm
LANDMASK = world/camera/assets/land.mask.gz
CONSOLE  = console/dist/index.html
WEB_SRC  = $(shell find console/web -path console/web/node_modules -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run test build check lint cross bench fuzz race ledger-long web runtime landmask assets clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## the main job: a universe with the tour in it, console open at the end
	./bin/spacechain up --tour

build: assets ## bin/spacechain
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/spacechain ./cmd/spacechain

test: assets ## every test of the default suite
	$(GO) test ./...

assets: $(RUNTIME) $(LANDMASK) $(CONSOLE)

runtime: $(RUNTIME) ## the JavaScript engine's WebAssembly, from its npm package
landmask: $(LANDMASK) ## the camera's land mask, from npm's world-atlas
web: $(CONSOLE) ## the console's pages

$(RUNTIME): tools/runtime/package-lock.json $(wildcard tools/runtime/*.mjs)
	cd tools/runtime && npm ci --ignore-scripts --no-audit --no-fund && node build.mjs
	@touch $@

$(LANDMASK): tools/landmask/package-lock.json $(wildcard tools/landmask/*.mjs)
	cd tools/landmask && npm ci --ignore-scripts --no-audit --no-fund && node build.mjs
	@touch $@

$(CONSOLE): $(WEB_SRC)
	cd console/web && npm ci --no-audit --no-fund && npm run build
	@touch $@

check: lint test race cross ## what CI runs

# Needs the shared test data; without it the suites say that they are skipped.
ledger-long: ## every vector chain, mutation, reorganisation and power cut of the ledger, and all state tests
	SPACECHAIN_LONG=1 $(GO) test -timeout 60m ./ledger/...

lint: ## formatting, vet, staticcheck
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofmt these:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./sdk/go/... ./apps/mailbox/...
	$(GO) tool staticcheck ./...

# The race detector needs cgo, which the program itself never uses; it runs where
# goroutines meet: the loop, the API, the sandbox.
race: assets ## tests of what runs in parallel, under the race detector
	CGO_ENABLED=1 $(GO) test -race -short $(RACE)
	CGO_ENABLED=1 $(GO) test -race -short -run 'While|Random|Prune' ./ledger/chain
	CGO_ENABLED=1 $(GO) test -race -short -run 'Backend|Ask|Question|Subscri|Ended' ./world

cross: assets ## build for every machine that it flies or stands on
	@set -e; for t in $(TARGETS); do \
		os=$${t%%/*}; rest=$${t#*/}; arch=$${rest%%/*}; arm=$${rest#*/}; [ "$$arm" = "$$arch" ] && arm=; \
		echo "build $$t"; GOOS=$$os GOARCH=$$arch GOARM=$$arm $(GO) build -o /dev/null ./cmd/spacechain; \
	done

bench: assets ## every figure that the documents claim
	$(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) -timeout 40m $(BENCH)

fuzz: assets ## every fuzz target for a while (FUZZTIME=20s each)
	@set -e; $(GO) list ./... | while read -r pkg; do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

clean: ## what the build made
	rm -rf bin console/dist/assets console/dist/index.html $(RUNTIME) $(LANDMASK) console/web/node_modules tools/*/node_modules
