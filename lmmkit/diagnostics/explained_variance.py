"""How much a model explains: R² and the intraclass correlation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..families.family import Family
from ..fitted.mixed import MixedFit
from ..fitted.parts import refuse_parts
from ..numerics.arrays import Array


def variance_shares(fit: MixedFit) -> pd.Series:
    """Where the variance of the response comes from, on the scale of the linear predictor.

    Parameters
    ----------
    fit : MixedFit

    Returns
    -------
    Series
        ``fixed``: variance of the fixed part over the rows; ``random``: mean over the rows of the variance of
        the random part (Johnson 2014, for random slopes); ``residual``: the residual variance, and for a GLMM
        the variance that its distribution and link imply, with that of effects that have one level per row.

    Notes
    -----
    Nakagawa and Schielzeth (2013), *Methods in Ecology and Evolution* 4:133-142; Nakagawa, Johnson and
    Schielzeth (2017), *J. R. Soc. Interface* 14:20170213, for the other distributions.
    """
    beta, n = fit.estimate.beta, fit.nobs
    fixed = float(beta @ fit.design.column_covariance @ beta) * n / (n - 1)
    random, per_row = 0.0, 0.0
    for term, variance in zip(fit.design.terms, _term_variances(fit), strict=True):
        if fit.family is not None and len(term.levels) == fit.nobs:
            per_row += variance  # one level per row is extra dispersion, not grouping
        else:
            random += variance
    own = fit.sigma**2 if fit.family is None else _distribution_variance(fit, fit.family)
    return pd.Series({"fixed": fixed, "random": random, "residual": own + per_row})


def _term_variances(fit: MixedFit) -> Iterator[float]:
    """Mean over the rows of ``z' Sigma z``, for each term."""
    for term, part in zip(fit.design.terms, fit.varcorr.components, strict=True):
        yield float((term.mean_squares * part.cov).sum())


def _distribution_variance(fit: MixedFit, family: Family) -> float:
    """Variance that distribution and link add on the scale of the linear predictor."""
    refuse_parts(fit, "R² and shares of variance are not defined")
    if family.name == "binomial":
        return latent_variance(family)
    eta = _typical_predictor(fit, family)
    return float(variance_on_link_scale(family, family.sigma, eta))


def latent_variance(family: Family) -> float:
    """Variance of the distribution whose distribution function is a binomial family's inverse link.

    Parameters
    ----------
    family : Family

    Raises
    ------
    ModelError
        For a link whose distribution has no variance.
    """
    known = {"logit": np.pi**2 / 3, "probit": 1.0, "cloglog": np.pi**2 / 6}
    link = family.link.name
    if link not in known:
        raise ModelError(f"there is no R² for the {link} link, whose distribution has no variance")
    return float(known[link])


def variance_on_link_scale(family: Family, sigma: Array | float, eta: Array) -> Array:
    """Variance of a count or an amount, carried over to the scale of the linear predictor.

    Parameters
    ----------
    family : Family
    sigma : float or array
        The family's scale.
    eta : array
        Typical linear predictor.

    Returns
    -------
    array of the same shape
        Of the logarithm of a lognormal variable with that mean and variance; with other links by the delta method
        (Nakagawa, Johnson and Schielzeth 2017).
    """
    mu = family.linkinv(eta)
    variance = sigma**2 * family.variance(mu)
    if family.link.name == "log":
        return np.asarray(np.log1p(variance / mu**2))
    return np.asarray(variance / family.mu_eta(eta) ** 2)


def _typical_predictor(fit: MixedFit, family: Family) -> Array:
    """Linear predictor of the mean response, by the model without predictors, averaged over its groups."""
    ones = np.ones((fit.nobs, 1))
    null = replace(fit.design, X=ones, x_names=["(Intercept)"], dropped=[], assign=[0], term_labels=[])
    model = type(fit).of(null, fit.call)
    # The mean of exp(eta + b) over effects b of variance v is exp(eta + v / 2).
    half = sum(_term_variances(model)) / 2 if family.link.name == "log" else 0.0
    mean = family.linkinv(model.beta[0] + null.offset + half).mean()
    return np.asarray(family.linkfun(mean))


def r2(fit: MixedFit) -> pd.Series:
    """Variance that the fixed effects explain, alone and with the random ones: `fit.r2`."""
    shares = variance_shares(fit)
    total = shares.sum()
    return pd.Series(
        {"marginal": shares["fixed"] / total, "conditional": (shares["fixed"] + shares["random"]) / total}
    )


def icc(fit: MixedFit) -> pd.Series:
    """Share of the variance that is between groups: `fit.icc`."""
    shares = variance_shares(fit)
    random = shares["random"]
    return pd.Series(
        {"adjusted": random / (random + shares["residual"]), "unadjusted": random / shares.sum()}
    )
