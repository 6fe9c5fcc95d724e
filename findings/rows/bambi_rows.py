"""bambi on lme4's data: means and standard deviations of its draws, with its own priors and a fixed seed."""

import bambi as bmb
from common import say, sleepstudy, versions

versions("bambi", "pymc", "formulae", "matplotlib")
data = sleepstudy()
model = bmb.Model("Reaction ~ Days + (Days | Subject)", data)
draws = model.fit(draws=2000, tune=1000, chains=4, cores=1, random_seed=1, progressbar=False).posterior

say("sleep.slope", lambda: draws["Days"].mean())
say("sleep.sd.slope", lambda: draws["Days"].std())
say("sleep.sd.intercept", lambda: draws["1|Subject_sigma"].mean())
say("sleep.sigma", lambda: draws["sigma"].mean())
say("sleep.correlations", lambda: str(sum("corr" in name for name in draws.data_vars)))
