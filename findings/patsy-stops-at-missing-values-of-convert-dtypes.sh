#!/usr/bin/env bash
# After convert_dtypes a missing value (pd.NA) in text or in whole numbers stops every formula of statsmodels:
# boolean value of NA is ambiguous. Before, the row was left out.
# Guess: the row with missing text is left out; for whole numbers an error (so it is).
# What helps: drop missing rows first, or do without convert_dtypes.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install statsmodels==0.15.0 patsy==1.0.3 pandas==2.3.3
run <<'PROGRAM'
import pandas as pd
import statsmodels.formula.api as smf

data = pd.DataFrame({"y": [1.0, 3, 2, 5, 4, 6], "g": ["a", "b", None, "b", "a", "b"], "n": [1, 2, 3, None, 5, 6]})
for name, table in (("as read", data), ("convert_dtypes", data.convert_dtypes())):
    for term in ("g", "n"):
        try:
            said = f"{smf.ols(f'y ~ {term}', table).fit().nobs:.0f} rows"
        except TypeError as error:
            said = f"TypeError {error}"
        print(f"{name}, {term} ({table[term].dtype}): {said}")
PROGRAM
expect <<'SEEN'
as read, g (object): 5 rows
as read, n (float64): 5 rows
convert_dtypes, g (string): TypeError boolean value of NA is ambiguous
convert_dtypes, n (Int64): TypeError boolean value of NA is ambiguous
SEEN
