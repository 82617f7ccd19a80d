# `make demo` shows the whole path on this machine; `make demo CHECK=1` does it unattended and checks the outcome.
# `make test` runs every test, with real Dovecot, Postfix and Chromium on loopback.

.PHONY: all packages demo test lint screenshots

all: packages
	cargo build --locked --release

packages:
	@.ci/packages

demo: packages
	cargo build --locked --bin referrald --example demo
	target/debug/examples/demo $(if $(CHECK),--check)

test: packages
	cargo test --locked

# Pictures of the staff pages in docs/pages, with invented people; made small where pngquant is installed.
screenshots: packages
	PICTURES_TO=$(CURDIR)/docs/pages cargo test --locked --test browser pictures_of_the_pages
	! command -v pngquant >/dev/null || pngquant --force --ext .png --strip 32 docs/pages/*.png

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
