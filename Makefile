# Each target says what it does, installs what it needs (as root, or with sudo), and calls cargo.

.PHONY: run test bench soak fuzz needs ui neighbours

run: needs ui  ## build Filmdesk and start a demonstration desk on this machine; its state is in ./state
	@echo "Building Filmdesk (the first time takes some minutes; typst, which sets the papers, is the longest part) …"
	@cargo build --locked --package filmdesk
	@cargo run --quiet --locked --package filmdesk -- serve --demo

test: needs neighbours ui  ## install the neighbours the tests use, and run every check and test
	@cargo xtask ci

bench: needs neighbours ui  ## time Filmdesk and what one would use instead, on the same data, in one run
	@scripts/bench
	@scripts/bench-index
	@DCMQRSCP=1 scripts/bench-pacs
	@scripts/bench-disc

soak: needs neighbours ui  ## the longer runs: many seeds, many kills, files of many packages; kept in var/soak-TIME.json
	@scripts/corpora
	@scripts/soak

fuzz: needs  ## run every fuzz target for FUZZ_SECONDS (60 unless told); kept in var/fuzz-TIME.json
	@scripts/fuzz $(FUZZ_SECONDS)

needs:
	@scripts/install cmake g++ pkg-config make

neighbours:
	@scripts/neighbours

ui: ui/node_modules/.package-lock.json

ui/node_modules/.package-lock.json: ui/package-lock.json
	@echo "Fetching the fonts (npm) …"
	@npm ci --prefix ui --no-audit --no-fund --loglevel=error
	@touch $@
