"""The tests of single coefficients, by whichever degrees of freedom are asked for."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..fitted.call import DDF
from ..fitted.mixed import MixedFit
from ..numerics import distributions as stats


def coef_table(fit: MixedFit, ddf: str = "satterthwaite") -> pd.DataFrame:
    """Fixed effects with standard errors and tests; see :meth:`MixedModel.coef_table`."""
    if ddf not in DDF:
        raise ModelError(f"ddf must be one of {', '.join(DDF)}, not {ddf!r}")
    if fit.family is None and ddf in ("satterthwaite", "kenward_roger"):
        method = import_module(f".{ddf}", __package__)
        table: pd.DataFrame = method.coef_tests(fit, np.eye(len(fit.fixef))).set_axis(fit.fixef.index)
        return table
    table = pd.DataFrame({"estimate": fit.fixef, "std_error": fit.se})
    statistic = table["estimate"] / table["std_error"]
    if fit.family is None and ddf == "residual":
        table["df"] = float(fit.nobs - len(table))
    table["statistic"] = statistic
    if fit.family is not None:
        table["p_value"] = 2 * stats.norm.sf(np.abs(statistic))
    elif ddf == "residual":
        table["p_value"] = 2 * stats.t.sf(np.abs(statistic), table["df"])
    return table
