# "make run" and "make test" are all that a newcomer needs; "make help" lists the rest.
export CGO_ENABLED = 0
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X main.version=$(VERSION)
TARGETS  = linux/amd64 linux/arm64 linux/arm/7 linux/riscv64
FUZZTIME ?= 20s

RUNTIME  = spaceos/sandbox/assets/quickjs.wasm
LANDMASK = world/camera/assets/landmask.bin.gz
CONSOLE  = console/dist/index.html
WEB_SRC  = $(shell find console/web -path console/web/node_modules -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run test build check lint cross bench fuzz race web runtime landmask assets clean soak

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

check: lint test race cross ## what CI runs

lint: ## formatting, vet, staticcheck
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofmt these:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./sdk/... ./apps/...
	$(GO) tool staticcheck ./...

clean: ## what the build made
	rm -rf bin console/dist/assets console/dist/index.html $(RUNTIME) $(LANDMASK) console/web/node_modules tools/*/node_modules
