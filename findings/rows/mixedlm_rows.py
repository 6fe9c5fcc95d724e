"""mixedlm on lme4's data."""

import re
import warnings

import mixedlm
import numpy as np
from common import few, other, say, sleepstudy, versions

warnings.simplefilter("ignore")
versions("mixedlm")
data, rest = sleepstudy(), few()
formula = "Reaction ~ Days + (Days | Subject)"
fit, ml = mixedlm.lmer(formula, data), mixedlm.lmer(formula, data, REML=False)


def flat(value):
    return str(value).replace("\n", " / ").replace("\t", " ")


say("sleep.reml.criterion", lambda: fit.REMLcrit())
say("sleep.reml.aic", lambda: fit.AIC())
say("sleep.reml.bic", lambda: fit.BIC())
say("sleep.ml.loglik", lambda: ml.logLik().value)
say("sleep.df.slope", lambda: fit.tidy()["df"][1])
say("sleep.r2.marginal", lambda: mixedlm.r2_nakagawa(fit).marginal)
say("sleep.r2.conditional", lambda: mixedlm.r2_nakagawa(fit).conditional)
say("sleep.predict.1", lambda: np.asarray(fit.predict(data.iloc[:1]))[0])
say(
    "sleep.predict.new",
    lambda: np.asarray(fit.predict(data.iloc[4:5].assign(Subject="none"), allow_new_levels=True))[0],
)
say("sleep.profile.slope.low", lambda: ml.confint(method="profile")["Days"][0])
say(
    "sleep.boot.se.intercept",
    lambda: np.std(np.asarray(mixedlm.bootMer(ml, nsim=300, seed=1).beta_samples)[:, 0], ddof=1),
)


def slope_line(method):
    """The summary's line of the slope: estimate, standard error, df, t, p."""
    text = mixedlm.lmer(formula, rest).summary(ddf_method=method)
    return re.search(r"\nDays +([\d.]+) +([\d.]+) +([\d.]+)", text)


say("few.df.slope", lambda: float(slope_line("Satterthwaite")[3]))
say("few.kr.df.slope", lambda: float(slope_line("Kenward-Roger")[3]))
say("few.kr.se.slope", lambda: float(slope_line("Kenward-Roger")[2]))
weighted = mixedlm.lmer("Reaction ~ Days + (1 | Subject)", data, weights="w")
say("sleepw.slope", lambda: weighted.fixef()["Days"])
say("sleepw.sigma", lambda: weighted.sigma)
say("sleepw.loglik.reml", lambda: weighted.logLik().value)
say(
    "dyestuff2.text",
    lambda: flat(mixedlm.lmer("Yield ~ 1 + (1 | Batch)", other("Dyestuff2", "Batch")).VarCorr()),
)
say(
    "penicillin.ml.loglik",
    lambda: (
        mixedlm.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", other("Penicillin"), REML=False)
        .logLik()
        .value
    ),
)
cbpp = other("cbpp", "herd", "period")
for nodes in (0, 1, 9):
    binomial = mixedlm.glmer(
        "incidence / size ~ period + (1 | herd)", cbpp, family=mixedlm.families.Binomial(), nAGQ=nodes
    )
    say(f"cbpp.nagq{nodes}.intercept", lambda binomial=binomial: next(iter(binomial.fixef().values())))
    say(f"cbpp.nagq{nodes}.loglik", lambda binomial=binomial: binomial.logLik().value)
    say(f"cbpp.nagq{nodes}.se", lambda binomial=binomial: np.sqrt(np.asarray(binomial.vcov())[0, 0]))
ticks = other("grouseticks", "YEAR", "BROOD")
ticks["h"] = (ticks["HEIGHT"] - 460) / 100
poisson = mixedlm.glmer("TICKS ~ h + YEAR + (1 | BROOD)", ticks, family=mixedlm.families.Poisson())
say("ticks.h", lambda: poisson.fixef()["h"])
say("ticks.se.h", lambda: np.sqrt(np.asarray(poisson.vcov())[1, 1]))
say("ticks.loglik", lambda: poisson.logLik().value)
cake = other("cake")
made = mixedlm.lmer("angle ~ recipe * temp + (1 | recipe:replicate)", cake)
text = str(mixedlm.anova_type3(made))
say("cake.anova3.lines.of.recipe", lambda: len(re.findall(r"^recipe\.\d ", text, re.M)))
say(
    "cake.F.recipe.first.line",
    lambda: float(re.search(r"recipe\.1 +[\d.]+ +[\d.]+ +\d+ +[\d.]+ +([\d.]+)", text)[1]),
)
means = re.search(r"A +([\d.]+) +([\d.]+) +([\d.]+)", str(mixedlm.emmeans(made, "recipe")))
say("cake.emmeans.A", lambda: float(means[1]))
say("cake.emmeans.df.A", lambda: float(means[3]))
