#!/usr/bin/env bash
# The treatment None of a text file is a missing value, and "none" or "no" is not: every row of the control is gone
# in a model that leaves missing rows out. R's read.csv keeps the word.
# Guess: None is missing (so it is); that "none" stays was not thought of.
# What helps: pd.read_csv(path, keep_default_na=False, na_values=[""]).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pandas==3.1.1
run <<'PROGRAM'
import io

import pandas as pd

text = "treatment,mass\nNone,1.5\nnone,1.6\nno,1.7\ndrug,\n"
print("read:", pd.read_csv(io.StringIO(text))["treatment"].tolist())
kept = pd.read_csv(io.StringIO(text), keep_default_na=False, na_values=[""])
print("kept:", kept["treatment"].tolist(), kept["mass"].tolist())
PROGRAM
expect <<'SEEN'
read: [nan, 'none', 'no', 'drug']
kept: ['None', 'none', 'no', 'drug'] [1.5, 1.6, 1.7, nan]
SEEN
