#!/usr/bin/env bash
# With treatment * age in the model, contrast("treatment", "A", "B") compares the treatments at age 0, wherever the
# ages are, and says nothing; with log(age) in the model it is not a number.
# Guess: at age 0, nothing said; so it is. For log(age) none was written down.
# What helps: subtract two conditions with an age: cond(treatment="B", age=40) - cond(treatment="A", age=40).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install formulaic-contrasts==1.0.0 formulaic==1.2.2 pandas==3.1.1
run <<'PROGRAM'
import warnings

import pandas as pd
from formulaic_contrasts import FormulaicContrasts

data = pd.DataFrame({"treatment": list("AABBAB"), "age": [30.0, 40, 50, 60, 35, 45]})
model = FormulaicContrasts(data, "~ treatment * age")
with warnings.catch_warnings():
    warnings.simplefilter("error")
    print("contrast:", model.contrast("treatment", "A", "B").to_dict())
    at = model.cond(treatment="B", age=40) - model.cond(treatment="A", age=40)
    print("at age 40:", at.to_dict())
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    print("log(age):", FormulaicContrasts(data, "~ treatment * log(age)").contrast("treatment", "A", "B").to_dict())
PROGRAM
expect <<'SEEN'
contrast: {'Intercept': 0.0, 'treatment[T.B]': 1.0, 'age': 0.0, 'treatment[T.B]:age': 0.0}
at age 40: {'Intercept': 0.0, 'treatment[T.B]': 1.0, 'age': 0.0, 'treatment[T.B]:age': 40.0}
log(age): {'Intercept': 0.0, 'treatment[T.B]': 1.0, 'log(age)': nan, 'treatment[T.B]:log(age)': nan}
SEEN
