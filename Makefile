# `make demo` shows the whole path on this machine; `make demo CHECK=1` does it unattended and checks the outcome.
# `make test` runs every test, with real Dovecot, Postfix and Chromium on loopback.

.PHONY: all packages demo test lint screenshots package

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

# The Debian package, in target/debian. Needs cargo-deb 3 (`cargo install cargo-deb --locked`).
PACKAGE := target/package
package: all
	rm -rf $(PACKAGE)
	mkdir -p $(PACKAGE)
	target/release/referrald manual $(PACKAGE)/man
	gzip -9n $(PACKAGE)/man/*
	target/release/referrald completion bash > $(PACKAGE)/referrald.bash
	target/release/referrald completion zsh > $(PACKAGE)/_referrald
	target/release/referrald completion fish > $(PACKAGE)/referrald.fish
	sed '/^ *Apache License$$/,$$d' LICENSE | cat packaging/debian/copyright - model/NOTICE.md model/LICENSE src/redact/lexicon/NOTICE.md \
	  src/web/assets/NOTICE.md > $(PACKAGE)/copyright
	gzip -9n < CHANGELOG.md > $(PACKAGE)/changelog.gz
	gzip -9n < packaging/debian/changelog > $(PACKAGE)/changelog.Debian.gz
	cargo deb --locked --no-build
