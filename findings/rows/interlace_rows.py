"""interlace-lme on lme4's data."""

import warnings

import interlace
import numpy as np
from common import few, other, say, sleepstudy, versions

warnings.simplefilter("ignore")
versions("interlace-lme")
data, rest = sleepstudy(), few()
full = ["(1 + Days | Subject)"]
fit = interlace.fit("Reaction ~ Days", data, random=full)
short = interlace.fit("Reaction ~ Days", data, random=["(Days | Subject)"])
ml = interlace.fit("Reaction ~ Days", data, random=full, method="ML")
say("sleep.reml.loglik", lambda: fit.llf)
say("sleep.reml.aic", lambda: fit.aic)
say("sleep.reml.bic", lambda: fit.bic)
say("sleep.ml.loglik", lambda: ml.llf)
say("sleep.ml.aic", lambda: ml.aic)
say("sleep.short.loglik", lambda: short.llf)
say("sleep.short.se.slope", lambda: short.fe_bse["Days"])
say("sleep.se.slope", lambda: fit.fe_bse["Days"])
say("sleep.df.slope", lambda: np.asarray(fit.fe_df)[1])
say(
    "sleep.kr.df.slope",
    lambda: np.asarray(interlace.fit("Reaction ~ Days", data, random=full, df_method="kenward-roger").fe_df)[
        1
    ],
)
one = interlace.fit("Reaction ~ Days", data, groups="Subject")
say("sleep1.df.slope", lambda: np.asarray(one.fe_df)[1])
say(
    "sleep1.kr.df.intercept",
    lambda: np.asarray(
        interlace.fit("Reaction ~ Days", data, groups="Subject", df_method="kenward-roger").fe_df
    )[0],
)
say("few.df.slope", lambda: np.asarray(interlace.fit("Reaction ~ Days", rest, random=full).fe_df)[1])

say(
    "few.kr.df.slope",
    lambda: np.asarray(interlace.fit("Reaction ~ Days", rest, random=full, df_method="kenward-roger").fe_df)[
        1
    ],
)
weighted = interlace.fit("Reaction ~ Days", data, groups="Subject", weights=data["w"].to_numpy())
say("sleepw.slope", lambda: weighted.fe_params["Days"])
say("sleepw.loglik.reml", lambda: weighted.llf)
say("sleepw.sigma", lambda: np.sqrt(weighted.scale))
say("sleepw.df.slope", lambda: np.asarray(weighted.fe_df)[1])
say("sleep.predict.1", lambda: np.asarray(fit.predict(data.iloc[:1]))[0])
say("sleep.predict.new", lambda: np.asarray(fit.predict(data.iloc[4:5].assign(Subject="none")))[0])
say("sleep.fitted.1", lambda: np.asarray(fit.fittedvalues)[0])
say(
    "sleep.boot.names",
    lambda: " ".join(n for n in dir(interlace.bootMer(ml, B=20, seed=1)) if not n.startswith("_")),
)
say(
    "dyestuff2.var",
    lambda: interlace.fit("Yield ~ 1", other("Dyestuff2", "Batch"), groups="Batch").variance_components[
        "Batch"
    ],
)
say(
    "penicillin.ml.loglik",
    lambda: interlace.fit("diameter ~ 1", other("Penicillin"), groups=["plate", "sample"], method="ML").llf,
)
cbpp = other("cbpp", "herd", "period")
binomial = interlace.glmer(
    "prop ~ period",
    cbpp.assign(prop=cbpp.incidence / cbpp["size"]),
    family="binomial",
    groups="herd",
    weights=cbpp["size"].to_numpy(),
)
say("cbpp.intercept", lambda: np.asarray(binomial.fe_params)[0])
say("cbpp.loglik", lambda: binomial.llf)
say("cbpp.se.intercept", lambda: np.asarray(binomial.fe_bse)[0])
ticks = other("grouseticks", "YEAR", "BROOD")
ticks["h"] = (ticks["HEIGHT"] - 460) / 100
poisson = interlace.glmer("TICKS ~ h + YEAR", ticks, family="poisson", groups="BROOD")
say("ticks.h", lambda: poisson.fe_params["h"])
say("ticks.se.h", lambda: poisson.fe_bse["h"])
say("ticks.loglik", lambda: poisson.llf)
cake = other("cake")
cake["unit"] = cake["recipe"] + cake["replicate"].astype(str)
made = interlace.fit("angle ~ recipe * temp", cake, groups="unit")
table = interlace.anova_type3(made)
say("cake.numdf.recipe", lambda: table["df1"][0])
say("cake.F.recipe", lambda: table["F"][0])
means = interlace.emmeans(made, "recipe")
say("cake.emmeans.A", lambda: means["estimate"][0])
say("cake.emmeans.df.A", lambda: means["df"][0])
