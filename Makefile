# `make up` and `make test` need nothing but make: .ci/uv finds or installs the rest.
.PHONY: help up test check bench

help:  ## say what there is
	@sed -n 's/^\([a-z]*\):  ## /make \1: /p' Makefile

up:  ## run the whole hub on this machine; its options stand in ARGS: make up ARGS="--instant-delay 3"
	@.ci/uv run pushhub up $(ARGS)

test:  ## run its tests
	@.ci/uv run pytest -n 3 --dist loadfile

check:  ## everything that a change has to pass
	@.ci/run

bench:  ## measure, and print tables
	@.ci/uv run python tests/bench/run.py
