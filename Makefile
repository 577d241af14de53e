# Everything that is done to this project by hand or by CI. "make" alone explains it.

# The race detector needs cgo; the released binary does without.
GO        ?= go
TOOLS     := tools/go.mod
TEMPL     := $(GO) tool -modfile=$(TOOLS) templ
LINT      := $(GO) tool -modfile=$(TOOLS) golangci-lint
# Says at its end what ran, and what was skipped and why. The tests that run side by side wait most of the time,
# for databases and time-outs, so there may be more of them than cores: fewer with the race detector, which computes.
GOTEST    := $(GO) tool -modfile=$(TOOLS) gotestsum --format=pkgname --
# The detector looks at each access to memory of the code that it is built into. SQLite, the parser of HTML and the big
# numbers of RSA take half of the tests' time so, and are not ours to mend.
UNWATCHED := modernc.org/sqlite/lib modernc.org/libc golang.org/x/net/html crypto/internal/fips140/bigmod
RACE      := -race $(UNWATCHED:%=-gcflags='%=-race=false -d=checkptr=0')
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
COMMIT    ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS   := -s -w -X main.Version=$(VERSION) -X main.Commit=$(COMMIT)
TAGS      ?=
# What builds and runs containers. Podman's own format of images has no health checks, so it is told Docker's; and older
# ones do not know what they build on, and look for a compiler that runs on what they build for.
ENGINE    ?= docker
PODMAN     = --format docker --build-arg BUILDPLATFORM=linux/$(shell $(GO) env GOHOSTARCH)
FUZZTIME  ?= 1m

.DEFAULT_GOAL := help
.PHONY: help demo build test test-go quick test-browser leakcheck bench bench-compare deps lint generate verify fuzz shots screenshots image verify-image verify-deploy packages sbom repro

help: ## Show this help.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Start the whole system on loopback, with nothing to configure.
	$(GO) run ./cmd/portal demo

build: ## Build the static binary bin/portal for developers, with the demo; TAGS=nodemo leaves it out, as in the image.
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -tags '$(TAGS)' -ldflags '$(LDFLAGS)' -o bin/portal ./cmd/portal

test: test-go test-browser ## Run all tests: Go with the race detector, then the browser.

test-go: ## Run the Go tests with the race detector.
	@scripts/test-deps
	$(GOTEST) -parallel=4 $(RACE) -count=1 -timeout=40m ./...

quick: ## Run the Go tests without the race detector.
	@scripts/test-deps
	$(GOTEST) -parallel=8 -count=1 -timeout=10m ./...

test-browser: deps ## Run the browser tests: all in Chromium without JavaScript, some in Firefox and WebKitGTK.
	cd e2e && npm test

leakcheck: ## Look for copies of secrets in the memory of a running portal, and print what was found.
	$(GO) test -count=1 -parallel=4 -run '^TestMemoryHoldsNoCopy$$' -v ./cmd/portal

bench: ## Measure the portal beside oauth2-proxy and bare servers (QUICK=1, PG=1, RUN=regexp, OUT=file).
	$(GO) run ./bench $(if $(QUICK),-short) $(if $(PG),-pg) $(if $(RUN),-run '$(RUN)') $(if $(OUT),-out '$(OUT)')

bench-compare: ## Compare two results of make bench (A=old.jsonl B=new.jsonl).
	$(GO) run ./bench compare '$(A)' '$(B)'

deps: ## Install what the browser tests need: npm packages, and browsers where apt-get can.
	@scripts/browser-deps

lint: ## Run the linters.
	$(LINT) run ./...
	$(TEMPL) fmt -fail web/templates

generate: ## Generate Go from the templ files.
	$(TEMPL) generate -path web/templates

verify: generate ## Check that the generated code is committed and current, and go.mod tidy.
	$(GO) mod tidy
	git diff --exit-code -- web/templates go.mod go.sum

packages: ## Make the Debian and RPM packages, for amd64 and arm64, below dist.
	@VERSION='$(VERSION)' COMMIT='$(COMMIT)' scripts/packages

sbom: ## List what the released binary is made of, as CycloneDX: dist/portal.cdx.json.
	@scripts/sbom

repro: ## Build the released binary twice, in a clone and in an archive, and compare the bytes.
	@VERSION='$(VERSION)' COMMIT='$(COMMIT)' scripts/repro

verify-image: ## Run the image portal:VERSION as README says, and look at what operators rely on (ENGINE=podman).
	@scripts/verify-image '$(ENGINE)' 'portal:$(VERSION)'

verify-deploy: ## Check what is deployed with the portal: the alerts, the compose file and the chart.
	@scripts/verify-deploy

fuzz: ## Run each fuzz target for FUZZTIME (1m).
	@scripts/fuzz $(FUZZTIME)

shots: deps ## Take screenshots of all pages into e2e/shots.
	cd e2e && npm run shots

screenshots: deps ## Take the screenshots in README and docs: docs/screenshots.
	cd e2e && npm run screenshots

image: ## Build the container image portal:VERSION, without the demo; GO_IMAGE=golang:1.26@sha256:… pins what builds it; ENGINE=podman; PLATFORM=linux/arm64.
	$(ENGINE) build $(if $(findstring podman,$(ENGINE)),$(PODMAN)) $(if $(PLATFORM),--platform $(PLATFORM)) --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) $(if $(GO_IMAGE),--build-arg GO_IMAGE=$(GO_IMAGE)) -t portal:$(VERSION) .
