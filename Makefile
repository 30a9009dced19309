# make book · serve · test · notebooks · benchmark · lint · clean
# Each line below also works as a plain command, on systems without make.
PYTHON ?= python3
BOOK_PYTHON := .venv/bin/python
export OMP_NUM_THREADS ?= 1

.PHONY: book serve test notebooks benchmark lint clean ready

book: ready
	@$(BOOK_PYTHON) tools/build.py

serve: ready
	@$(BOOK_PYTHON) tools/serve.py

test: ready
	@$(BOOK_PYTHON) tools/browser.py
	@$(BOOK_PYTHON) -m pytest -n 2

notebooks: ready
	@$(BOOK_PYTHON) tools/notebooks.py

benchmark: ready
	@$(BOOK_PYTHON) -m benchmarks

lint: ready
	@$(BOOK_PYTHON) -m ruff check .

clean:
	rm -rf _build .pytest_cache .ruff_cache

ready:
	@$(PYTHON) tools/bootstrap.py
