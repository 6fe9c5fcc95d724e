"""PyMixEF on lme4's data."""

import warnings

import pymixef
from common import other, say, sleepstudy, versions

warnings.simplefilter("ignore")
versions("pymixef")
data = sleepstudy()
fit = pymixef.fit("Reaction ~ Days + (Days | Subject)", data=data, method="reml")
say("sleep.reml.loglik", lambda: fit.log_likelihood)
say("sleep.var.intercept", lambda: float(fit.parameters["sd(Subject:Intercept)"]) ** 2)
square = "Reaction ~ Days + I(Days^2) + (1 | Subject)"
say("sleep.square", lambda: list(pymixef.fit(square, data=data, method="reml").parameters.values())[2])
ticks = other("grouseticks", "YEAR", "BROOD")
ticks["h"] = (ticks["HEIGHT"] - 460) / 100
poisson = pymixef.families.Poisson()
made = "TICKS ~ h + YEAR + (1 | BROOD)"
say("ticks.h", lambda: pymixef.fit(made, data=ticks, family=poisson, method="laplace").parameters["h"])
say("ticks.loglik", lambda: pymixef.fit(made, data=ticks, family=poisson, method="laplace").log_likelihood)
