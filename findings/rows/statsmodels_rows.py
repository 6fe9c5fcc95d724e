"""statsmodels' MixedLM on lme4's data."""

import warnings

import numpy as np
import statsmodels.formula.api as smf
from common import few, other, say, sleepstudy, versions
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM
from statsmodels.iolib.summary2 import summary_col

warnings.simplefilter("ignore")
versions("statsmodels")
data = sleepstudy()
model = smf.mixedlm("Reaction ~ Days", data, groups="Subject", re_formula="~Days")
fit = model.fit()
ml = smf.mixedlm("Reaction ~ Days", data, groups="Subject", re_formula="~Days").fit(reml=False)


def loglik_after_ml():
    """The REML fit's log likelihood, asked for after the same model was fitted by ML."""
    same = smf.mixedlm("Reaction ~ Days", data, groups="Subject", re_formula="~Days")
    first = same.fit()
    same.fit(reml=False)
    return first.llf


say("sleep.reml.loglik", lambda: fit.llf)
say("sleep.reml.aic", lambda: fit.aic)
say("sleep.ml.aic", lambda: ml.aic)
say("sleep.ml.bic", lambda: ml.bic)
say("sleep.se.slope", lambda: fit.bse["Days"])
say("sleep.df.slope", lambda: fit.df_resid)
say("sleep.p.slope.is.normal", lambda: str(bool(np.isclose(fit.pvalues["Days"], 1.515e-11, rtol=1e-2))))
say("sleep.ci.slope.low", lambda: fit.conf_int().loc["Days", 0])
say("sleep.var.intercept", lambda: fit.cov_re.iloc[0, 0])
say("sleep.params.group.var", lambda: fit.params["Subject Var"])
say("sleep.bse.group.var", lambda: fit.bse["Subject Var"])
say("sleep.predict.1", lambda: fit.predict(data.iloc[:1]).iloc[0])
say("sleep.fitted.1", lambda: fit.fittedvalues.iloc[0])
say("sleep.ranef.308.intercept", lambda: fit.random_effects["308"].iloc[0])
say("sleep.reml.loglik.after.ml", lambda: loglik_after_ml())
say(
    "sleep.weights",
    lambda: smf.mixedlm("Reaction ~ Days", data, groups="Subject", weights=data["w"]).fit().fe_params["Days"],
)
say("sleep.bar.slope", lambda: smf.ols("Reaction ~ Days + (1 | Days)", data).fit().params["Days"])
say(
    "sleep.square",
    lambda: smf.ols("Reaction ~ Days + I(Days^2)", data.astype({"Days": int})).fit().params.iloc[2],
)
say("sleep.square.right", lambda: smf.ols("Reaction ~ Days + I(Days**2)", data).fit().params.iloc[2])
rest = few()
say(
    "few.se.slope",
    lambda: smf.mixedlm("Reaction ~ Days", rest, groups="Subject", re_formula="~Days").fit().bse["Days"],
)
dye = other("Dyestuff2", "Batch")
say("dyestuff2.var", lambda: smf.mixedlm("Yield ~ 1", dye, groups="Batch").fit().cov_re.iloc[0, 0])
say("dyestuff2.loglik.reml", lambda: smf.mixedlm("Yield ~ 1", dye, groups="Batch").fit().llf)
pen = other("Penicillin").assign(one=1)
parts = {"plate": "0 + C(plate)", "sample": "0 + C(sample)"}
say(
    "penicillin.ml.loglik",
    lambda: (
        smf.mixedlm("diameter ~ 1", pen, groups="one", vc_formula=parts, re_formula="0").fit(reml=False).llf
    ),
)
cake = other("cake")
cake["unit"] = cake["recipe"] + cake["replicate"].astype(str)
made = smf.mixedlm("angle ~ recipe * temp", cake, groups="unit").fit()
say("cake.chisq.recipe.wald", lambda: made.wald_test_terms(scalar=True).table.loc["recipe", "statistic"])
table = fit.summary().tables[1]
say("sleep.summary.se.group.var", lambda: table.loc["Subject Var", "Std.Err."])
say("sleep.bse.times.scale", lambda: fit.bse["Subject Var"] * fit.scale)
say("sleep.summary.col.group.var", lambda: summary_col([fit]).tables[0].loc["Subject Var", "Reaction"])
herds = other("cbpp", "herd", "period")
animals = herds.loc[herds.index.repeat(herds["size"])]
ill = animals.groupby(level=0).cumcount() < animals["incidence"]
animals = animals.assign(y=ill.astype(float)).reset_index(drop=True)
bayes = BinomialBayesMixedGLM.from_formula("y ~ period", {"herd": "0 + C(herd)"}, animals)
top, mean = bayes.fit_map(), bayes.fit_vb()
say("cbpp.map.intercept", lambda: top.fe_mean[0])
say("cbpp.map.sd", lambda: np.exp(top.vcp_mean[0]))
say("cbpp.vb.intercept", lambda: f"{mean.fe_mean[0]:.4f}")
say("cbpp.vb.se.intercept", lambda: f"{mean.fe_sd[0]:.4f}")
