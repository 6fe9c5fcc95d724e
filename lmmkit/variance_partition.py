"""How much of the variance of a response each term of a model explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .errors import ModelError

if TYPE_CHECKING:
    from .result import MixedModel

__all__ = ["variance_fractions"]


def variance_fractions(fit: MixedModel) -> pd.Series:
    """Share of the variance that each term of a linear mixed model explains.

    Parameters
    ----------
    fit : MixedModel

    Returns
    -------
    Series
        Random terms (named as :attr:`MixedModel.varcorr` prints them), fixed terms, ``Residuals``; they add
        up to 1. A random term counts with the variance that it gives to an average row (for a random
        intercept, its variance), a fixed term with the variance, over the rows, of its part of the linear
        predictor.

    Raises
    ------
    ModelError
        For a GLMM, whose residual variance depends on the mean.

    Notes
    -----
    As ``variancePartition::calcVarPart`` (Hoffman and Schadt 2016, *BMC Bioinformatics* 17:483), which has no
    random slopes; for those see Johnson (2014), *Methods in Ecology and Evolution* 5:944.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Weight ~ Dose + (1 | Strain)", lk.load_data("mouse"))
    >>> variance_fractions(fit).round(3).to_dict()
    {'Strain': 0.503, 'Dose': 0.442, 'Residuals': 0.055}
    """
    if fit.family is not None:
        raise ModelError(
            "variance fractions are about a linear mixed model; for a GLMM see .r2() and .icc(), which take "
            "the variance of the distribution into account"
        )
    design, beta, assign = fit.design, fit.fixef.to_numpy(), np.array(fit.design.assign)
    parts: dict[str, float] = {}
    for term, component in zip(design.terms, fit.varcorr.components, strict=True):
        parts[component.group] = float(np.einsum("ij,jk,ik->i", term.Z, component.cov, term.Z).mean())
    for number, label in enumerate(design.term_labels, start=1):
        own = assign == number
        parts[label] = parts.get(label, 0.0) + float(np.var(design.X[:, own] @ beta[own]))
    parts["Residuals"] = fit.sigma**2
    shares = pd.Series(parts, name="fraction")
    return shares / shares.sum()
