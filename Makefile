# The doors of this checkout. `make run` and `make test` need Debian and Rust, as root or not, and install the rest.
#
#   make run         everything: database, sandbox, gateway; until Ctrl-C
#   make demo        with `make run` going: plays the main flows and prints each step
#   make test        every check and every test, each step with its duration
#   make test-fast   the pure crates' tests: seconds, nothing needed
#   make check       what review asks for: format, lints, layers, tests
#   make bench       figures as JSON; wants a quiet machine
#   make chaos       only the tests that kill things, and ten thousand operations while they are killed
#   make webhooks    twenty thousand webhooks to consumers of all manners, and what kills them on their way
#   make simulate    a million histories of the rules of payments, in a few minutes
#   make fuzz        half a minute of arbitrary input for each target of fuzz/, guided by what it runs through
#   make sqlx-prepare   after a query or a migration changed: writes .sqlx/

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export PASARELA_VAR ?= $(CURDIR)/var
# Queries are checked against the committed .sqlx/, so that building needs no database; `sqlx-check` proves it current.
export SQLX_OFFLINE := true
# Where rustup puts cargo, and where those who may not install packages have them.
export PATH := $(PATH):$(HOME)/.cargo/bin:$(PASARELA_VAR)/postgres-dist/bin:$(PASARELA_VAR)/browser-dist/bin

TARGET := $(or $(CARGO_TARGET_DIR),target)
STEP := deploy/dev/step
PURE := primitives emv3ds mpi acquiring processors payments
WITH_POSTGRES := $(TARGET)/debug/sandbox with-postgres --
# nextest runs the tests of all programs side by side, but no examples in comments; without it, plain cargo runs one
# program after the other.
TEST_RUNNER = $(shell PATH='$(PATH)' cargo nextest --version >/dev/null 2>&1 && echo nextest run || echo test)

.PHONY: help run demo bench chaos webhooks simulate fuzz test test-fast check fmt lint layers deny sqlx-prepare sqlx-check \
	tests ten-thousand consumers tools postgres browser dev-binaries run-binaries

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

# ---- running -------------------------------------------------------------------------------------------------------

run: tools $(if $(DATABASE_URL),,postgres) run-binaries
	@exec $(TARGET)/release/sandbox run

demo: tools
	@cargo run --locked --release --quiet -p tests --bin demo

# BENCH has arguments for it, such as `make bench BENCH=--webhooks-only`.
bench: tools postgres run-binaries
	@cargo build --locked --release --quiet -p tests --bin bench
	@exec $(TARGET)/release/sandbox with-postgres --durable -- $(TARGET)/release/bench $(BENCH)

run-binaries:
	@echo "building (the first time takes some minutes)" >&2
	@cargo build --locked --release -p pasarela -p sandbox

# ---- tests ---------------------------------------------------------------------------------------------------------

test: tools postgres browser
	@$(STEP) format      $(MAKE) fmt
	@$(STEP) layers      $(MAKE) layers
	@$(STEP) lints       $(MAKE) lint
	@$(STEP) build       $(MAKE) dev-binaries
	@$(STEP) queries     $(MAKE) sqlx-check
	@$(STEP) tests       $(MAKE) tests
	@$(STEP) webhooks    $(MAKE) consumers
	@$(STEP) supply      $(MAKE) deny

check: test

test-fast: tools
	@cargo $(TEST_RUNNER) --locked $(addprefix -p ,$(PURE))

# The black-box tests start these; cargo would build only those of the packages under test.
dev-binaries:
	@cargo build --locked -p pasarela -p sandbox

# Who is told how fast of what has a step of its own, with the machine to itself.
tests: dev-binaries
	@$(WITH_POSTGRES) cargo $(TEST_RUNNER) --locked --workspace $(if $(filter nextest,$(TEST_RUNNER)),-E 'not binary(webhooks)')
	@$(if $(filter nextest,$(TEST_RUNNER)),cargo test --locked --workspace --doc --quiet)

chaos: tools postgres ten-thousand
	@$(WITH_POSTGRES) cargo $(TEST_RUNNER) --locked -p tests --test end_to_end chaos

# PASARELA_CHAOS_OPERATIONS and PASARELA_CHAOS_SEED: how much is done, and what.
ten-thousand: dev-binaries
	@PASARELA_CHAOS_OPERATIONS=$${PASARELA_CHAOS_OPERATIONS:-10000} \
		$(WITH_POSTGRES) cargo test --locked -p tests --test chaos -- --nocapture

# PASARELA_WEBHOOK_EVENTS: how many events the largest of them write.
webhooks: tools postgres
	@PASARELA_WEBHOOK_EVENTS=$${PASARELA_WEBHOOK_EVENTS:-20000} $(MAKE) consumers

consumers: dev-binaries
	@$(WITH_POSTGRES) cargo test --locked -p tests --test webhooks -- --nocapture --test-threads 2

# PASARELA_SIMULATE_HISTORIES and PASARELA_SIMULATE_SEED: how many histories, and the seed of the first.
simulate: tools
	@PASARELA_SIMULATE_HISTORIES=$${PASARELA_SIMULATE_HISTORIES:-1000000} \
		cargo test --locked -p payments --test simulation -- --nocapture no_history_breaks_a_rule

# FUZZ_SECONDS: for how long each target is fed. Builds everything once more, with instruments, below target/fuzz/.
fuzz: tools
	@deploy/dev/fuzz $${FUZZ_SECONDS:-30}

fmt:
	@cargo fmt --all --check
	@cargo fmt --manifest-path fuzz/Cargo.toml --check

lint:
	@cargo clippy --locked --workspace --all-targets -- -D warnings

layers:
	@cargo run --locked --quiet -p layers

# Licences, sources and doubled or banned crates need no network; advisories would.
deny:
	@if cargo deny --version >/dev/null 2>&1; then cargo deny --offline check bans licenses sources; \
	else echo "SKIPPED: cargo-deny is not installed (cargo install --locked cargo-deny)" >&2; fi

# ---- checked queries -----------------------------------------------------------------------------------------------

sqlx-prepare: tools postgres dev-binaries
	@$(WITH_POSTGRES) deploy/dev/checked-queries write

sqlx-check: dev-binaries
	@$(WITH_POSTGRES) deploy/dev/checked-queries compare

# ---- what is missing -----------------------------------------------------------------------------------------------

tools:
	@deploy/dev/install-build-tools

postgres:
	@deploy/dev/install-postgres

browser:
	@deploy/dev/install-browser
