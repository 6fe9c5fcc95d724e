"""What follows from the mixed-model equations as a whole: their inverse, and studentized residuals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..numerics.arrays import Array
from ..numerics.memory import check_memory
from .henderson import MixedEquations, irls_weights
from .mixed import MixedFit

__all__ = ["studentized", "vcov_full"]


def vcov_full(fit: MixedFit) -> pd.DataFrame:
    """Joint covariance of the conditional modes and the fixed effects.

    Parameters
    ----------
    fit : MixedFit

    Returns
    -------
    DataFrame (q + p, q + p)
        The random effects first, term by term, each level's effects side by side, under names such as
        ``Subject.308.Days``; then the fixed effects. It is the covariance of ``b_hat - b`` and
        ``beta_hat - beta``.

    Raises
    ------
    ModelError
        When it would not fit into memory, and for a model with several parts.

    Notes
    -----
    Agrees with ``vcov(fit, full = TRUE)`` of lme4 2. For a GLMM the random effects' part is that of the working
    linear model at the modes, and the fixed effects' part is ``fit.vcov``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> vcov_full(fit).iloc[:2, :2].round(2)
                             Subject.308.(Intercept)  Subject.308.Days
    Subject.308.(Intercept)                   171.62            -19.72
    Subject.308.Days                          -19.72              6.97
    """
    _one_part(fit, "a joint covariance of random and fixed effects")
    equations = MixedEquations(fit)
    q, p = int(equations.starts[-1]), len(fit.beta)
    check_memory(8 * 4 * (q + p) ** 2, f"{q:,} columns")
    inverse = equations.factor.solve(np.eye(q))
    spread = equations.solved @ fit.cov_unscaled
    inverse += spread @ equations.solved.T
    joint = np.block([[inverse, -spread], [-spread.T, fit.cov_unscaled]])
    names: list[str] = []
    parts = zip(fit.design.terms, fit.estimate.factors, equations.starts[:-1], strict=True)
    for term, T, start in parts:
        k, levels = len(T), len(term.levels)
        own = slice(int(start), int(start) + k * levels)
        rows = joint[own].reshape(levels, k, -1)
        joint[own] = (T @ rows).reshape(k * levels, -1)
        columns = joint[:, own].reshape(-1, levels, k)
        joint[:, own] = (columns @ T.T).reshape(-1, k * levels)
        names += [f"{term.group}.{level}.{name}" for level in term.levels for name in term.names]
    index = pd.Index([*names, *fit.design.x_names])
    covariance = fit.sigma**2 * (joint + joint.T) / 2
    return pd.DataFrame(covariance, index=index, columns=index)


def _one_part(fit: MixedFit, what: str) -> None:
    if fit.has_parts:
        raise ModelError(
            f"there is no formula for {what} of a model with several parts (extra zeros, dispersion); for "
            "residuals take kind='pearson' or lk.simulate_residuals(fit), for uncertainty fit.bootstrap(...)"
        )


def studentized(fit: MixedFit) -> Array:
    """Pearson residuals over their standard errors, (n,): lme4 2's ``rstudent``."""
    _one_part(fit, "studentized residuals")
    leverage = MixedEquations(fit, irls_weights(fit)).leverage()
    left = np.where(leverage < 1 - 1e-12, 1 - leverage, np.nan)
    return np.asarray(fit.row_residuals("pearson") / (fit.sigma * np.sqrt(left)))
