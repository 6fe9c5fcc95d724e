"""How much of the variance of a response each term of a model explains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..design.design import Design
from ..design.names import free_name
from ..errors import ModelError
from ..fitted.mixed import MixedFit
from ..fitted.varcorr import distinct_names
from ..numerics.arrays import Array


def variance_fractions(fit: MixedFit) -> pd.Series:
    """Share of the variance that each term of a linear mixed model explains.

    Parameters
    ----------
    fit : MixedFit

    Returns
    -------
    Series
        Random terms by name (by their formula if a fixed term has that name), fixed terms, ``Residuals``
        (``.Residuals`` if a term has that name); they add up to 1. A random term counts with the
        variance that it gives to an average row (for a random intercept, its variance). A fixed term counts
        with the population variance of its part of the linear predictor; where there are several, they are
        scaled so that together they have the variance of the whole fixed part.

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
    covs = [component.cov[None] for component in fit.varcorr.components]
    labels, parts = fractions(fit.design, fit.estimate.beta[None], covs, np.array([fit.sigma**2]))
    return pd.Series(parts[0], index=labels, name="fraction")


def fractions(design: Design, beta: Array, covs: Sequence[Array], residual: Array) -> tuple[list[str], Array]:
    """Labels and variance fractions for many responses of one design.

    Parameters
    ----------
    design : Design
    beta : array of shape (B, p)
    covs : sequence of arrays of shape (B, k, k)
        Covariance of each term's effects.
    residual : array of shape (B,)
        Residual variance.
    """
    fixed = _fixed_parts(design, beta)
    groups = distinct_names([term.group for term in design.terms])
    random = {}
    for group, term, cov in zip(groups, design.terms, covs, strict=True):
        label = term.bar.term if group in fixed else group  # as in x + (1 | x)
        random[label] = np.einsum("kl,bkl->b", term.mean_squares, cov)
    parts = {label: random[label] for label in sorted(random)} | fixed
    parts[free_name("Residuals", parts)] = residual
    values = np.column_stack(list(parts.values()))
    return list(parts), values / values.sum(axis=1, keepdims=True)


def _fixed_parts(design: Design, beta: Array) -> dict[str, Array]:
    """Variance (B,) over the rows of each fixed term, scaled to add up to the variance of their sum."""
    moments = design.column_covariance
    assign = np.array(design.assign, dtype=int)
    parts = {}
    for number, label in enumerate(design.term_labels, start=1):
        own = beta * (assign == number)
        parts[label] = np.einsum("bi,ij,bj->b", own, moments, own)
    if len(parts) < 2:
        return parts
    total, whole = sum(parts.values()), np.einsum("bi,ij,bj->b", beta, moments, beta)
    scale = np.divide(whole, total, out=np.ones_like(whole), where=np.asarray(total) > 0)
    return {label: part * scale for label, part in parts.items()}
