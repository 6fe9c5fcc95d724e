#!/usr/bin/env bash
# Two laboratories' tables have a factor with the levels placebo, low and placebo, high. pd.concat makes text of it
# and says nothing: a formula then compares with high, the first word of the alphabet.
# Guess: text, the order is gone; so it is.
# What helps: pandas.api.types.union_categoricals, or set_categories with one list before concat.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pandas==3.1.1 formulaic==1.2.2
run <<'PROGRAM'
import warnings

import pandas as pd
from formulaic import model_matrix


def laboratory(*levels):
    return pd.DataFrame({"dose": pd.Categorical(levels, categories=levels)})


with warnings.catch_warnings():
    warnings.simplefilter("error")
    for name, tables in {
        "same levels": [laboratory("placebo", "low"), laboratory("placebo", "low")],
        "other levels": [laboratory("placebo", "low"), laboratory("placebo", "high")],
    }.items():
        both = pd.concat(tables, ignore_index=True)
        print(f"{name}: {both['dose'].dtype}, {list(model_matrix('~ dose', both).columns)}")
PROGRAM
expect <<'SEEN'
same levels: category, ['Intercept', 'dose[T.low]']
other levels: str, ['Intercept', 'dose[T.low]', 'dose[T.placebo]']
SEEN
