"""lme-python on lme4's data."""

import lme_python as lme
import numpy as np
import polars as pl
from common import few, other, say, sleepstudy, versions

versions("lme-python")


def frame(data):
    return pl.DataFrame({name: data[name].to_list() for name in data.columns})


def flat(value):
    return str(value).replace("\n", " / ").replace("\t", " ")


data, rest = frame(sleepstudy()), frame(few())
formula = "Reaction ~ Days + (Days | Subject)"
fit, ml = lme.lmer(formula, data=data, reml=True), lme.lmer(formula, data=data, reml=False)
say("sleep.reml.criterion", lambda: fit.reml_criterion)
say("sleep.reml.aic", lambda: fit.aic)
say("sleep.reml.bic", lambda: fit.bic)
say("sleep.ml.loglik", lambda: ml.log_likelihood)
say("sleep.var.intercept", lambda: fit.var_corr[0][3])
say("sleep.predict.1", lambda: fit.predict(data)[0])
say("sleep.fitted.1", lambda: fit.fitted[0])
say("sleep.wald.slope.low", lambda: fit.confint().lower[1])
say("sleep.profile.slope.low", lambda: fit.confint(method="profile", data=data).lower[1])
fit.with_satterthwaite(data)
say("sleep.df.slope", lambda: fit.satterthwaite_dfs[1])
fit.with_kenward_roger(data)
say("sleep.kr.df.slope", lambda: fit.kenward_roger_dfs[1])
part = lme.lmer(formula, data=rest, reml=True)
part.with_satterthwaite(rest)
part.with_kenward_roger(rest)
say("few.df.slope", lambda: part.satterthwaite_dfs[1])
say("few.kr.df.slope", lambda: part.kenward_roger_dfs[1])
say(
    "sleep.boot.se.intercept",
    lambda: np.std(
        [r.coefficients[0] for r in ml.boot(formula, data, nsim=500, reml=False, seed=1).replicates], ddof=1
    ),
)
weighted = lme.lmer_weighted("Reaction ~ Days + (1 | Subject)", data, weights=data["w"].to_list())
say("sleepw.slope", lambda: weighted.coefficients[1])
say("sleepw.sigma", lambda: np.sqrt(weighted.sigma2))
say("sleepw.loglik.reml", lambda: weighted.log_likelihood)
say(
    "dyestuff2.var",
    lambda: lme.lmer("Yield ~ 1 + (1 | Batch)", data=frame(other("Dyestuff2", "Batch")), reml=True).var_corr[
        0
    ][3],
)
say(
    "penicillin.ml.loglik",
    lambda: (
        lme.lmer(
            "diameter ~ 1 + (1 | plate) + (1 | sample)", data=frame(other("Penicillin")), reml=False
        ).log_likelihood
    ),
)
cbpp = other("cbpp", "herd", "period")
cbpp["prop"] = cbpp["incidence"] / cbpp["size"]
binomial = lme.glmer_weighted(
    "prop ~ period + (1 | herd)", frame(cbpp), "binomial", weights=cbpp["size"].astype(float).to_list()
)
say("cbpp.intercept", lambda: binomial.coefficients[0])
say("cbpp.se.intercept", lambda: binomial.std_errors[0])
say("cbpp.loglik", lambda: binomial.log_likelihood)
ticks = other("grouseticks", "YEAR", "BROOD")
ticks["h"] = (ticks["HEIGHT"] - 460) / 100
poisson = lme.glmer("TICKS ~ h + YEAR + (1 | BROOD)", data=frame(ticks), family_name="poisson")
say("ticks.h", lambda: poisson.coefficients[1])
say("ticks.se.h", lambda: poisson.std_errors[1])
better = lme.glmer("TICKS ~ h + YEAR + (1 | BROOD)", data=frame(ticks), family_name="poisson", n_agq=9)
say("ticks.nagq9.h", lambda: better.coefficients[1])
say("ticks.levels", lambda: flat(poisson.fixed_names))
say("ticks.loglik", lambda: poisson.log_likelihood)
made = lme.lmer("angle ~ recipe * temp + (1 | recipe:replicate)", data=frame(other("cake")), reml=True)
made.with_satterthwaite(frame(other("cake")))
made.with_kenward_roger(frame(other("cake")))
anova = made.anova()
say("cake.F.recipe", lambda: anova.f_value[0])
means = made.emmeans("recipe", frame(other("cake")))
say("cake.emmeans.A", lambda: means.estimate[0])
say("cake.emmeans.df.A", lambda: means.den_df[0])
