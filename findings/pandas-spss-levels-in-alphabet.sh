#!/usr/bin/env bash
# The labels of an SPSS column become levels in the order of the alphabet, not of their codes: the first level,
# against which a model compares, is another one than in SPSS and in R.
# Guess: the levels come in the order of the codes.
# What helps: pyreadstat's meta.variable_value_labels, and data["dose"].cat.reorder_categories.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pandas==3.1.1 pyreadstat==1.3.7
run <<'PROGRAM'
import pandas as pd
import pyreadstat

labels = {1: "placebo", 2: "low", 3: "high"}
data = pd.DataFrame({"dose": [2.0, 1.0, 3.0]})
pyreadstat.write_sav(data, "data.sav", variable_value_labels={"dose": labels})
print("in the file:", *labels.values())
print("levels:", *pd.read_spss("data.sav")["dose"].cat.categories)
labels = pyreadstat.read_sav("data.sav")[1].variable_value_labels["dose"]
mended = pd.read_spss("data.sav")["dose"].cat.reorder_categories([labels[code] for code in sorted(labels)])
print("mended:", *mended.cat.categories)
PROGRAM
expect <<'SEEN'
in the file: placebo low high
levels: high low placebo
mended: placebo low high
SEEN
