"""pymer4 0.8.2 on lme4's data: it calls R, here Debian's R with lme4, lmerTest and emmeans.

Version 0.9.2 cannot be run beside Debian's R: `pymer4_09_rows.py` shows why.
"""

import warnings

import numpy as np
from common import few, other, say, sleepstudy, versions
from pymer4.models import Lm, Lmer
from rpy2.robjects.packages import importr

warnings.simplefilter("ignore")
versions("pymer4", "rpy2")
for name in ("lme4", "lmerTest", "emmeans"):
    print(f"version of R's {name}\t{importr(name).__version__}")


def fitted(formula, table, family="gaussian", **options):
    """A model, fitted in silence."""
    model = Lmer(formula, data=table, family=family)
    model.fit(summarize=False, **options)
    return model


data, rest = sleepstudy(), few()
formula = "Reaction ~ Days + (Days | Subject)"
fit = fitted(formula, data)
say("sleep.reml.loglik", lambda: fit.logLike)
say("sleep.reml.aic", lambda: fit.AIC)
say("sleep.var.intercept", lambda: fit.ranef_var["Var"].iloc[0])
say("sleep.df.slope", lambda: fit.coefs.loc["Days", "DF"])
say("few.se.slope", lambda: fitted(formula, rest).coefs.loc["Days", "SE"])
say("sleep.ci.slope.low", lambda: fit.coefs.loc["Days", "2.5_ci"])
say(
    "sleep.profile.slope.low",
    lambda: fitted(formula, data, REML=False, conf_int="profile").coefs.loc["Days", "2.5_ci"],
)
say("sleep.predict.1", lambda: np.asarray(fit.predict(data.iloc[:1]))[0])
say("sleep.fitted.1", lambda: fit.data["fits"].iloc[0])
say(
    "sleepw.loglik.reml",
    lambda: fitted("Reaction ~ Days + (1 | Subject)", data, weights=data["w"].to_numpy()).logLike,
)
say("sleep.reml.asked.as.reml", lambda: fitted(formula, data, reml=False).logLike)
say(
    "sleep.square",
    lambda: fitted("Reaction ~ Days + I(Days^2) + (1 | Subject)", data).coefs["Estimate"].iloc[2],
)


def by_least_squares():
    """The same terms without random effects, in pymer4's other class."""
    model = Lm("Reaction ~ Days + I(Days^2)", data=data.astype({"Days": int}))
    model.fit(summarize=False)
    return model.coefs["Estimate"].iloc[2]


say("sleep.lm.square", by_least_squares)
cake = other("cake").astype({"replicate": str})
made = fitted("angle ~ recipe * temp + (1 | recipe:replicate)", cake)
say("cake.F.recipe", lambda: made.anova().loc["recipe", "F-stat"])


def mean_of_a():
    """The estimated mean of recipe A, as post_hoc gives it: it wants the factor to be named in `fit`."""
    again = fitted(
        "angle ~ recipe * temp + (1 | recipe:replicate)", cake, factors={"recipe": ["A", "B", "C"]}
    )
    again.post_hoc(marginal_vars="recipe", summarize=False)
    return again.marginal_estimates["DF"].iloc[0]


say("cake.emmeans.df.A", mean_of_a)
cbpp = other("cbpp", "herd", "period")
cbpp["prop"] = cbpp["incidence"] / cbpp["size"]
binomial = fitted("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp, "binomial")
say("cbpp.intercept", lambda: binomial.coefs["Estimate"].iloc[0])
say("cbpp.se.intercept", lambda: binomial.coefs["SE"].iloc[0])
by_share = fitted("prop ~ period + (1 | herd)", cbpp, "binomial", weights=cbpp["size"].to_numpy(dtype=float))
say("cbpp.weights.intercept", lambda: by_share.coefs["Estimate"].iloc[0])
ticks = other("grouseticks", "YEAR", "BROOD")
ticks["h"] = (ticks["HEIGHT"] - 460) / 100
poisson = fitted("TICKS ~ h + YEAR + (1 | BROOD)", ticks, "poisson")
say("ticks.h", lambda: poisson.coefs.loc["h", "Estimate"])
say("ticks.se.h", lambda: poisson.coefs.loc["h", "SE"])
say(
    "dyestuff2.var",
    lambda: fitted("Yield ~ 1 + (1 | Batch)", other("Dyestuff2", "Batch")).ranef_var["Var"].iloc[0],
)
