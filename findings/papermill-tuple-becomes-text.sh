#!/usr/bin/env bash
# A tuple given as a parameter reaches the notebook as text, and the whole number that is a key of a
# dictionary as text, too.
# Guess: none written down; a tuple or a list was expected.
# What helps: give a list; give pairs instead of a dictionary with numbers as keys.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install papermill==2.7.0 nbformat==5.11.1
run <<'PROGRAM'
import nbformat
import papermill
from nbformat.v4 import new_code_cell, new_notebook

cell = new_code_cell("limits = None", metadata={"tags": ["parameters"]})
nbformat.write(new_notebook(cells=[cell], metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}), "in.ipynb")
for value in ((0, 10), [0, 10], {1: "a"}):
    made = papermill.execute_notebook("in.ipynb", None, {"limits": value}, prepare_only=True, progress_bar=False)
    print(repr(value), "->", made.cells[1].source.splitlines()[-1])
PROGRAM
expect <<'SEEN'
(0, 10) -> limits = "(0, 10)"
[0, 10] -> limits = [0, 10]
{1: 'a'} -> limits = {"1": "a"}
SEEN
