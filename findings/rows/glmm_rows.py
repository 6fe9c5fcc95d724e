"""glmm on lme4's data."""

import warnings

import glmm
import numpy as np
from common import few, other, say, sleepstudy, versions

warnings.simplefilter("ignore")
versions("glmm")


def flat(value):
    return str(value).replace("\n", " / ").replace("\t", " ")


data, rest = sleepstudy(), few()
formula = "Reaction ~ Days + (Days | Subject)"
fit, ml = glmm.fit(data, formula), glmm.fit(data, formula, reml=False)
say("sleep.reml.loglik", lambda: fit.loglik)
say("sleep.reml.aic", lambda: fit.aic)
say("sleep.reml.bic", lambda: fit.bic)
say("sleep.ml.loglik", lambda: ml.loglik)
say("sleep.df.slope", lambda: fit.coef_df[1])
say("sleep.confint.slope.low", lambda: np.asarray(fit.confint())[1, 0])
say("sleep.r2", lambda: flat((fit.r_squared, fit.adj_r_squared)))
say("sleep.fitted.1", lambda: fit.fitted[0])
say("sleep.df", lambda: flat(fit.df))
say("few.df.slope", lambda: glmm.fit(rest, formula).coef_df[1])
weighted = glmm.fit(data, "Reaction ~ Days + (1 | Subject)", weights=data["w"].to_numpy())
say("sleepw.slope", lambda: weighted.beta[1])
say("sleepw.sigma", lambda: np.sqrt(weighted.dispersion))
say("sleepw.loglik.reml", lambda: weighted.loglik)
say(
    "dyestuff2.var",
    lambda: np.asarray(glmm.fit(other("Dyestuff2", "Batch"), "Yield ~ 1 + (1 | Batch)").varcorr[0]).squeeze(),
)
say(
    "penicillin.ml.loglik",
    lambda: glmm.fit(other("Penicillin"), "diameter ~ 1 + (1 | plate) + (1 | sample)", reml=False).loglik,
)
cbpp = other("cbpp", "herd", "period")
cbpp["rest"] = cbpp["size"] - cbpp["incidence"]
binomial = glmm.fit(cbpp, "cbind(incidence, rest) ~ period + (1 | herd)", family="binomial")
say("cbpp.intercept", lambda: binomial.beta[0])
say("cbpp.se.intercept", lambda: binomial.se[0])
say("cbpp.loglik", lambda: binomial.loglik)
ticks = other("grouseticks", "YEAR", "BROOD")
ticks["h"] = (ticks["HEIGHT"] - 460) / 100
poisson = glmm.fit(ticks, "TICKS ~ h + YEAR + (1 | BROOD)", family="poisson")
say("ticks.h", lambda: poisson.beta[1])
say("ticks.se.h", lambda: poisson.se[1])
say("ticks.loglik", lambda: poisson.loglik)
made = glmm.fit(other("cake"), "angle ~ recipe * temp + (1 | recipe:replicate)")
say("cake.F.recipe", lambda: made.term_table_type3["statistic"][0])
say("sleep.square", lambda: glmm.fit(data, "Reaction ~ Days + I(Days^2) + (1 | Subject)").beta[2])
