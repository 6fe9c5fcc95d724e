#!/usr/bin/env bash
# Two cells with the same id are valid for nbformat, and reading the file gives the second another id: what
# refers to a cell by its id loses it.
# Guess: validate refuses the notebook.
# What helps: look for ids that come twice yourself, in the file as JSON.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install nbformat==5.11.1
run <<'PROGRAM'
import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

page = new_notebook(cells=[new_code_cell("1", id="same"), new_code_cell("2", id="same")])
print("validate:", nbformat.validate(page))
Path("page.ipynb").write_text(json.dumps(page))
first, second = (cell.id for cell in nbformat.read("page.ipynb", 4).cells)
print("first cell:", first)
print("second cell keeps its id:", second == "same")
PROGRAM
expect <<'SEEN'
validate: None
first cell: same
second cell keeps its id: False
SEEN
