# What a fresh machine needs: python3 (3.11 or newer) with its venv module, and make. Everything else lands in .venv.

VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test test-postgres test-systemd soak lint bench many docs clean

help:
	@echo "make demo    the whole job on simulated companies; nothing to configure"
	@echo "make test    linter, type checker and all tests"
	@echo "make lint    linter and type checker alone"
	@echo "make test-postgres    of the tests, those that run on a real PostgreSQL; it comes with the test tools"
	@echo "make test-systemd     docs/install.md and the units under a live systemd in namespaces of its own; as root"
	@echo "make soak SECONDS=300 [SEED=1]    kill the office at random, again and again; prints its seed"
	@echo "make bench   speed on generated books"
	@echo "make many    one hundred simulated companies side by side, one hanging, one dead"
	@echo "make docs    write the reference pages and config.example.toml anew"

demo: $(READY)
	@$(BIN)/syncd demo

# One process more than the two cores it is made for: a test often waits, for the disk or an answer. What a process
# compiles is kept, whatever the environment says: tests start many.
test: export PYTHONDONTWRITEBYTECODE :=
test: lint
	@$(BIN)/python -m pytest -q -n 3

lint: $(READY)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

# On a real PostgreSQL, which the test tools bring; it is started in a folder of its own and ends with the tests.
test-postgres: $(READY)
	@$(BIN)/python -m pytest -q -n 2 -m postgres

# Nothing of this machine is changed: its files are seen copy-on-write. Takes some minutes.
test-systemd:
	@.ci/systemd-box .ci/live-unit tests/service tests/spine

soak: $(READY)
	@$(BIN)/python -m tests.faults.soak $(or $(SECONDS),120) $(SEED)

bench: $(READY)
	@$(BIN)/python -m bench

many: $(READY)
	@$(BIN)/python -m bench.many

docs: $(READY)
	@$(BIN)/python -m syncd.cli.reference
	@$(BIN)/python -m tests.faults.matrix

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .bench

# The stamp is older than pyproject.toml exactly when the dependencies may have changed.
$(READY): pyproject.toml
	@.ci/venv $(VENV)
	@touch $@
