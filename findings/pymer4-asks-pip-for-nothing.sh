#!/usr/bin/env bash
# pip installs version 0.9.2 alone and calls it done: its wheel names no package that it needs, so that it cannot
# be imported, and none of the eleven R packages that it loads.
# Guess: it names its Python packages and leaves out only R's.
# What helps: its own channel of conda; without conda, version 0.8.2 with pandas 2.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pymer4==0.9.2
run <<'PROGRAM'
import importlib
from importlib.metadata import requires

print("it asks for:", requires("pymer4"))
try:
    importlib.import_module("pymer4")
except ModuleNotFoundError as error:
    print("import:", error)
PROGRAM
expect <<'SEEN'
it asks for: None
import: No module named 'polars'
SEEN
