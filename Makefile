# Burnish: `make` builds it into ./bin, `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
export PATH := $(PATH):/usr/local/go/bin

# VERSION is what `burnish version` prints; from git unless it is given.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
stamp := -X main.version=$(VERSION)

# libvips is where the pinned library stands, unless the system's is used.
libvips := .cache/libvips/lib

# GOFUMPT and STATICCHECK are run as these versions, and are no dependencies of Burnish.
GOFUMPT := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

FUZZTIME ?= 30s

.PHONY: build demo test race lint faults bench evaluate evaluate-guard fuzz image image-test clean help

build: ## put burnish, imager and the library into ./bin, a folder that can be moved
	scripts/libvips
	mkdir -p bin
	CGO_ENABLED=0 go build -ldflags '$(stamp)' -o bin/burnish ./cmd/burnish
	scripts/libvips go build -ldflags '-r $$ORIGIN $(stamp)' -o bin/imager ./cmd/imager
	rm -f bin/libvips-cpp.so.* bin/versions.json bin/libvips-licences.md
	test ! -d $(libvips) || cp $(libvips)/libvips-cpp.so.*.* $(libvips)/versions.json bin
	test ! -d $(libvips) || cp $(libvips)/licences.md bin/libvips-licences.md

demo: build ## improve the photos of testdata/photos into ./out
	bin/burnish run testdata/photos out
	@echo
	@echo "The variants are in out/variants, what was done to each photo is in out/manifests."
	@echo "  bin/burnish inspect out KEY    explains one photo"

# TEST_NEEDS are Debian's packages that the tests need, and what shows that they are there.
TEST_NEEDS := imagemagick=identify liblcms2-utils=transicc colord-data=/usr/share/color/icc/colord \
	libimage-exiftool-perl=exiftool chromium=chromium chromium-driver=chromedriver

test: build ## set up what the tests need and run every one
	scripts/debian "the tests" $(TEST_NEEDS)
	scripts/test

race: build ## run every test with the race detector wherever it sees anything; slow
	scripts/debian "the tests" $(TEST_NEEDS)
	RACE=all scripts/test

lint: ## format, vet, static checks, and what must build without cgo
	scripts/debian "the linters" clang-format=clang-format shellcheck=shellcheck
	@files=$$(go run $(GOFUMPT) -l $(wildcard $(shell git ls-files '*.go'))); \
		test -z "$$files" || { echo "not as gofumpt writes it:"; echo "$$files"; exit 1; } >&2
	clang-format --dry-run -Werror $(wildcard $(shell git ls-files '*.c' '*.h'))
	shellcheck $$(git grep -lE '^#!/usr/bin/env bash' scripts .ci)
	scripts/libvips go vet ./...
	scripts/libvips go run $(STATICCHECK) ./...
	cd scripts/deploy && go vet ./... && go run $(STATICCHECK) ./... && go mod tidy -diff
	CGO_ENABLED=0 go build -o /dev/null ./cmd/burnish
	go mod tidy -diff

faults: build ## break a fleet of real processes for some minutes and check that nothing is lost; ARGS for its flags
	scripts/libvips go build -ldflags '-r $$ORIGIN $(stamp)' -o bin/faults-imager ./scripts/faults/imager
	go build -o bin/faults ./scripts/faults
	bin/faults $(ARGS)

bench: build ## measure Burnish against its peers
	scripts/bench/run

evaluate: build ## measure enhancement on photos with a known truth; ARGS for its flags
	scripts/evaluate/run $(ARGS)

evaluate-guard: ## measure how well the guard tells faithful edits from others, on simulated ones; ARGS for its flags
	photos=$$(scripts/photos) && go run ./scripts/evaluate/guard $(ARGS) "$$photos"/large "$$photos"/small "$$photos"/more

fuzz: build ## look for inputs that break things, FUZZTIME (30s) for each target
	scripts/fuzz $(FUZZTIME)

image: image-test ## test the container image's layout and build it with docker, podman or buildah
	scripts/image $(VERSION)

image-test: build ## run the image's last stage without a container engine
	scripts/image-test

clean: ## remove what was built and fetched
	rm -rf bin out .cache

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /:/' | awk -F: '{printf "make %-12s %s\n", $$1, $$2}'
