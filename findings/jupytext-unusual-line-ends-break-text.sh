#!/usr/bin/env bash
# A text within quotes that holds a Unicode line separator, a form feed or a next-line character (as pasted
# from a PDF or a word processor) is cut there by the way to a .py file: the code is no longer Python.
# Guess: the cell comes back as it was.
# What helps: take such characters out: text.replace("\u2028", " ").
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install jupytext==1.19.6 nbformat==5.11.1
run <<'PROGRAM'
import jupytext
from nbformat.v4 import new_code_cell, new_notebook

for name, mark in (("line separator", "\u2028"), ("form feed", "\x0c"), ("next line", "\x85"), ("tab", "\t")):
    source = f"s = 'a{mark}b'"
    compile(source, name, "exec")
    text = jupytext.writes(new_notebook(cells=[new_code_cell(source)]), "py:percent")
    back = jupytext.reads(text, "py:percent").cells[0].source
    try:
        compile(back, name, "exec")
        said = "as it was" if back == source else "changed"
    except SyntaxError as error:
        said = error.msg.split(" (")[0]
    print(f"{name}: {said}")
PROGRAM
expect <<'SEEN'
line separator: unterminated string literal
form feed: unterminated string literal
next line: unterminated string literal
tab: as it was
SEEN
