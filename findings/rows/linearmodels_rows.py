"""RandomEffects of linearmodels on lme4's sleepstudy."""

import warnings

from common import say, sleepstudy, versions
from linearmodels.panel import RandomEffects

warnings.simplefilter("ignore")
versions("linearmodels")


def panel(data):
    """The index that linearmodels wants: subject and day."""
    codes = data["Subject"].astype("category").cat.codes
    return data.assign(i=codes, t=data["Days"]).set_index(["i", "t"])


data = panel(sleepstudy())
fit = RandomEffects.from_formula("Reaction ~ 1 + Days", data).fit()
say("sleep1.slope.without.1", lambda: RandomEffects.from_formula("Reaction ~ Days", data).fit().params["Days"])
say("sleep1.slope", lambda: fit.params["Days"])
say("sleep1.var.intercept", lambda: fit.variance_decomposition["Effects"])
say("sleep1.df.slope", lambda: fit.df_resid)
