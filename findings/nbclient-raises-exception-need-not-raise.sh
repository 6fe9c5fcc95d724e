#!/usr/bin/env bash
# A cell tagged raises-exception that raises nothing passes without a word, in nbclient and in nbval.
# Guess: the run fails: the cell was to raise.
# What helps: let the cell itself check: else: raise AssertionError.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install nbclient==0.11.0 nbformat==5.11.1 ipykernel==7.4.0 nbval==0.11.0 pytest==9.2.0
run <<'PROGRAM'
import subprocess
import sys

import nbclient
import nbformat
from nbformat.v4 import new_code_cell, new_notebook

cell = new_code_cell("x = 1\nx", metadata={"tags": ["raises-exception"]})
metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}
done = nbclient.NotebookClient(new_notebook(cells=[cell], metadata=metadata)).execute()
print("nbclient: ran, outputs", [output.output_type for output in done.cells[0].outputs])
nbformat.write(done, "done.ipynb")
command = [sys.executable, "-m", "pytest", "--nbval", "done.ipynb", "-q"]
last = subprocess.run(command, capture_output=True, text=True).stdout.strip().splitlines()[-1]
print("nbval:", last.split(" in ")[0])
PROGRAM
expect <<'SEEN'
nbclient: ran, outputs ['execute_result']
nbval: 1 passed
SEEN
