"""kamino-lme on lme4's data."""

from common import few, other, say, sleepstudy, versions
from kamino import lmer

versions("kamino-lme", "formulae")
data, rest = sleepstudy(), few()
formula = "Reaction ~ Days + (1 + Days | Subject)"
fit = lmer(formula, data, reml=True)

say("sleep.reml.loglik", lambda: fit.log_likelihood)
say("sleep.df.slope", lambda: fit.satterthwaite().test([0.0, 1.0]).denominator_df)
say("sleep.kr.df.slope", lambda: fit.kenward_roger().test([0.0, 1.0]).denominator_df)
part = lmer(formula, rest, reml=True)
say("few.df.slope", lambda: part.satterthwaite().test([0.0, 1.0]).denominator_df)
say("few.kr.df.slope", lambda: part.kenward_roger().test([0.0, 1.0]).denominator_df)
weighted = lmer("Reaction ~ Days + (1 | Subject)", data, weights=data["w"].to_numpy(), reml=True)
say("sleepw.kr", lambda: weighted.kenward_roger().test([1.0, 0.0]).message)
say("sleepw.df.intercept", lambda: weighted.satterthwaite().test([1.0, 0.0]).denominator_df)
say("sleepw.sigma", lambda: weighted.sigma)
say(
    "dyestuff2.var",
    lambda: lmer("Yield ~ 1 + (1 | Batch)", other("Dyestuff2", "Batch"), reml=True).random_variance,
)
say("sleep.profile.slope.low", lambda: fit.profile(targets=["Days"]).interval("Days", level=0.95).lower)
