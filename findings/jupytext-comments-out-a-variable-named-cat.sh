#!/usr/bin/env bash
# A last line that shows a variable named cat, ls or rm is taken for a shell command: in the .py file it is a
# comment; man and more are left alone.
# Guess: the line is Python and stays as it is.
# What helps: set comment_magics to false, or do not give variables such names.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install jupytext==1.19.6
run <<'PROGRAM'
import jupytext
from nbformat.v4 import new_code_cell, new_notebook

for name in ("cat", "ls", "rm", "man", "more", "dog"):
    cell = new_code_cell(f"{name} = 3\n{name}")
    text = jupytext.writes(new_notebook(cells=[cell], metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}), "py:percent")
    print(f"{name}: last line {text.rstrip().splitlines()[-1]!r}")
PROGRAM
expect <<'SEEN'
cat: last line '# cat'
ls: last line '# ls'
rm: last line '# rm'
man: last line 'man'
more: last line 'more'
dog: last line 'dog'
SEEN
