"""mixedlm-rs on lme4's data."""

import mixedlm_rs as mlm
import numpy as np
from common import few, other, say, sleepstudy, versions

versions("mixedlm-rs")
data, rest = sleepstudy(), few()
model = mlm.mixedlm("Reaction ~ Days", data, groups="Subject", re_formula="~Days")
fit = model.fit()
say("sleep.reml.loglik", lambda: fit.llf)
say("sleep.reml.aic", lambda: fit.aic)
say(
    "sleep.ml.loglik",
    lambda: mlm.mixedlm("Reaction ~ Days", data, groups="Subject", re_formula="~Days").fit(reml=False).llf,
)
say("sleep.se.slope", lambda: np.asarray(fit.bse_fe)[1])
say("sleep.fitted.1", lambda: np.asarray(fit.fittedvalues)[0])
say("sleep.predict.1", lambda: np.asarray(fit.predict(data.iloc[:1]))[0])
say(
    "few.se.slope",
    lambda: np.asarray(
        mlm.mixedlm("Reaction ~ Days", rest, groups="Subject", re_formula="~Days").fit().bse_fe
    )[1],
)
say(
    "dyestuff2.var",
    lambda: np.asarray(mlm.mixedlm("Yield ~ 1", other("Dyestuff2", "Batch"), groups="Batch").fit().cov_re)[
        0, 0
    ],
)
