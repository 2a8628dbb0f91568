# Thin over scripts/bootstrap.py, which also serves machines without make.
#   make report ARGS="--data ../shared/data"    arguments are passed on
#   make setup PYTHON=/path/to/python3.12       for a new environment

PYTHON := $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1; then \
	echo "$$python"; break; fi; done)

.PHONY: report setup test lock clean

report setup test lock:
	@if [ -z "$(PYTHON)" ]; then \
	echo "plumbline: no Python runs here; install Python 3.11, 3.12 or 3.13," \
	"or name it: make $@ PYTHON=/path/to/python3.12" >&2; exit 2; fi
	@"$(PYTHON)" scripts/bootstrap.py $@ $(ARGS)

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
