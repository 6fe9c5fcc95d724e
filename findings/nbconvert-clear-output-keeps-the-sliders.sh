#!/usr/bin/env bash
# A notebook cleared by nbconvert --clear-output keeps the state of its sliders and text fields, with what was
# typed there; nbstripout takes it out.
# Guess: the state stays; so it is.
# What helps: clear with nbstripout, or delete metadata.widgets.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install nbconvert==7.17.2 nbstripout==0.9.1
run <<'PROGRAM'
import json
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

module = {"model_module": "@jupyter-widgets/controls", "model_module_version": "2.0.0"}
field = {"model_name": "TextModel", **module, "state": {"description": "my guess", "value": "42"}}
state = {"version_major": 2, "version_minor": 0, "state": {"a1": field}}
book = new_notebook(metadata={"widgets": {"application/vnd.jupyter.widget-state+json": state}})
book.cells = [new_code_cell("print(1)", outputs=[new_output("stream", text="1\n")], execution_count=1)]
for name, command in {
    "nbconvert": ["nbconvert", "--clear-output", "--inplace"],
    "nbstripout": ["nbstripout"],
}.items():
    nbformat.write(book, "a.ipynb")
    subprocess.run([sys.executable, "-m", *command, "a.ipynb"], check=True, capture_output=True)
    left = json.loads(Path("a.ipynb").read_text())
    print(f"{name}: outputs {len(left['cells'][0]['outputs'])}, my guess is kept: {'42' in str(left['metadata'])}")
PROGRAM
expect <<'SEEN'
nbconvert: outputs 0, my guess is kept: True
nbstripout: outputs 0, my guess is kept: False
SEEN
