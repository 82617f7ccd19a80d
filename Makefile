# `make demo` shows the whole path on this machine; `make demo CHECK=1` does it unattended and checks the outcome.
# `make test` runs every test, with real Dovecot and Postfix on loopback.

.PHONY: all packages demo test lint

all: packages
	cargo build --locked --release

packages:
	@.ci/packages

demo: packages
	cargo build --locked --bin referrald --example demo
	target/debug/examples/demo $(if $(CHECK),--check)

test: packages
	cargo test --locked

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
