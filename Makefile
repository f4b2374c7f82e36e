# "make run" and "make test" are all that a newcomer needs; "make help" lists the rest.
export CGO_ENABLED = 0
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X main.version=$(VERSION)
TARGETS  = linux/amd64 linux/arm64 linux/arm/7 linux/riscv64
FUZZTIME ?= 20s
BENCHTIME ?= 1s
BENCH   ?= ./...
LINK    ?= ./link/...
RACE    ?= ./clock ./internal/kv ./ledger/header ./ledger/connect ./ledger/importer ./cloud/... ./console ./dtn/... ./link/kiss ./spaceos/system ./spaceos/sandbox ./world/host ./world/topology

RUNTIME  = spaceos/sandbox/assets/quickjs.wasm
LANDMASK = world/camera/assets/land.mask.gz
CONSOLE  = console/dist/index.html
WEB_SRC  = $(shell find console/web -path console/web/node_modules -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run test build check lint cross bench fuzz plots race curves ledger-long link-long pass-long web runtime landmask assets clean

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

check: lint test race cross curves ## what CI runs

# Needs the shared test data; without it the suites say that they are skipped.
ledger-long: ## every vector chain, mutation, reorganisation and power cut of the ledger, and all state tests
	SPACECHAIN_LONG=1 $(GO) test -timeout 60m ./ledger/...

curves: ## codeword error rates of 1e-3 of the long LDPC codes, some minutes
	SPACECHAIN_CURVES=1 $(GO) test -timeout 30m -run OfLongCodes -v ./link/coding/ldpc

# Hours on one core: "make link-long LINK=./link/modem/..." takes a part.
link-long: ## error rates down to 1e-5, hours of noise, every recording at every effort
	SPACECHAIN_LONG=1 $(GO) test -timeout 12h -v $(LINK)

pass-long: ## a whole pass with every sample of every receiver, and a thousand passes frame by frame
	SPACECHAIN_LONG=1 $(GO) test -timeout 60m -run 'AllTheTime|Seeds' -v ./world/pass

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

# The same code and machine give the same bytes. The ladders need direwolf's own files, which are
# among the shared test data.
LADDERS  = $(firstword $(wildcard $(addsuffix /vectors/noise-ladder,$(SPACECHAIN_SHARED) shared ../shared ../../shared)))
BER      = ./bin/spacechain link ber

plots: build ## the pictures of docs/link.md (some minutes)
	@mkdir -p docs/plots
	$(BER) bpsk dbpsk debpsk qpsk oqpsk --from 0 --to 9 --errors 300 --bits 3000000 \
		--title 'Phase-shift keying, ideal synchronisation' --plot docs/plots/ber-psk.svg
	$(BER) bpsk dbpsk debpsk bpsk-manchester qpsk oqpsk --acquired --from 4 --to 8 --errors 300 --bits 1000000 \
		--title 'Phase-shift keying, found and followed through Doppler' --plot docs/plots/ber-psk-acquired.svg
	$(BER) afsk1200 afsk4800 fsk9600 gmsk9600 --from 5 --to 13 --errors 300 --bits 300000 \
		--title 'Frequency-shift keying, timing to be found' --plot docs/plots/ber-fsk.svg
	$(BER) bpsk conv rs255-223 rs255-239 concatenated --from 1 --to 7 --step 0.5 --errors 1000 --bits 10000000 \
		--title 'Codes over BPSK' --plot docs/plots/ber-coded.svg
	$(BER) ldpc-tc128 ldpc-tc512 ldpc-12-1k ldpc-23-1k ldpc-45-1k ldpc-12-4k --words --from 0.75 --to 4.75 --step 0.25 --errors 50 --bits 5000000 \
		--title 'LDPC codes over BPSK' --plot docs/plots/ber-ldpc.svg
	./bin/spacechain link budget ttc-up ttc-down beacon payload-up payload-down user-up user-down --plot docs/plots/budget-margins.svg >/dev/null
	./bin/spacechain link budget ttc-down --plot-tumbling docs/plots/budget-tumbling.svg >/dev/null
	@if [ -z "$(LADDERS)" ]; then \
		echo "no shared test data (noise-ladder): docs/plots/ladder-*.svg stay as they are"; \
	else set -e; for m in afsk1200 g3ruh9600; do \
		echo "./bin/spacechain link ladder --modem $$m"; \
		./bin/spacechain link ladder --modem $$m --file $(LADDERS)/$${m}_100.wav --plot docs/plots/ladder-$$m.svg; \
	done; fi

fuzz: assets ## every fuzz target for a while (FUZZTIME=20s each)
	@set -e; $(GO) list ./... | while read -r pkg; do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$pkg; \
		done; \
	done

clean: ## what the build made
	rm -rf bin console/dist/assets console/dist/index.html $(RUNTIME) $(LANDMASK) console/web/node_modules tools/*/node_modules
