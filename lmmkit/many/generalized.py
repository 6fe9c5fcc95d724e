"""Generalised linear mixed models of a chunk of responses, as tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ..diagnostics.explained_variance import latent_variance, variance_on_link_scale
from ..diagnostics.variance_fractions import fractions
from ..families.family import Family
from ..likelihood.many_glmm import ManyGlmmCriterion
from ..likelihood.many_glmm_fit import Numbers, fit_responses
from ..numerics.arrays import Array
from .chunk import Found, contrasts_of, ran_pars, singular, status_table

__all__ = ["fit_generalized"]


def fit_generalized(
    criterion: ManyGlmmCriterion,
    Y: Array,
    weights: Array | None,
    shares: bool = False,
    contrasts: pd.DataFrame | None = None,
) -> Found:
    """Fit responses of shape (B, n).

    Parameters
    ----------
    criterion : ManyGlmmCriterion
    Y : array of shape (B, n)
        Without missing values.
    weights : array of shape (B, n) or None
        Prior weights of each response's own; those of the design where it is None.
    shares : bool
        Whether variance fractions are wanted, on the scale of the linear predictor.
    contrasts : DataFrame, optional
        As in :func:`lmmkit.many.chunk.fit_chunk`.
    """
    weights = criterion.design.weights if weights is None else weights
    numbers = fit_responses(criterion, Y, weights)
    table = _fractions(criterion, Y, weights, numbers) if shares else pd.DataFrame(index=range(len(Y)))
    return _tables(criterion, numbers, table, contrasts)


def _fractions(
    criterion: ManyGlmmCriterion, Y: Array, weights: Array | None, numbers: Numbers
) -> pd.DataFrame:
    """Variance fractions on the scale of the linear predictor, as `fit.r2` of each response has them."""
    design, family = criterion.design, criterion.family
    known = family.at_rows(np.log(numbers.dispersion)) if family.dispersion_name else family
    if family.name == "binomial":
        residual = np.full(len(Y), latent_variance(family))
    else:
        eta = _typical_predictors(criterion, Y, weights)
        residual = variance_on_link_scale(known, _sigma(family, numbers.dispersion), eta)
    labels, parts = fractions(design, numbers.beta, _covariances_of_terms(criterion, numbers), residual)
    return pd.DataFrame(parts, columns=pd.Index(labels))


def _typical_predictors(criterion: ManyGlmmCriterion, Y: Array, weights: Array | None) -> Array:
    """Linear predictor of each response's mean, by the model without predictors, (B,)."""
    design, family = criterion.design, criterion.family
    ones = np.ones((criterion.n, 1))
    null = replace(design, X=ones, x_names=["(Intercept)"], dropped=[], assign=[0], term_labels=[])
    without = ManyGlmmCriterion(null, family)
    numbers = fit_responses(without, Y, weights)
    half = np.zeros(len(Y))
    if family.link.name == "log":  # the mean of exp(eta + b) over effects b of variance v is exp(eta + v / 2)
        for term, cov in zip(design.terms, _covariances_of_terms(without, numbers), strict=True):
            half += np.einsum("kl,bkl->b", term.Z.T @ term.Z / len(term.Z), cov) / 2
    mean = family.linkinv(numbers.beta[:, :1] + half[:, None] + design.offset).mean(axis=1)
    return family.linkfun(mean)


def _covariances_of_terms(criterion: ManyGlmmCriterion, numbers: Numbers) -> list[Array]:
    """Covariance (B, k, k) of each term's effects."""
    variance = _sigma(criterion.family, numbers.dispersion)[:, None, None] ** 2
    return [variance * structure.covariance(numbers.par[:, own]) for own, structure in criterion.by_term]


def _sigma(family: Family, dispersion: Array) -> Array:
    """The family's scale at each dispersion."""
    if family.dispersion_name is None:
        return np.ones(len(dispersion))
    known = np.where(np.isnan(dispersion), 1.0, dispersion)
    return np.array([family.with_dispersion(float(value)).sigma for value in known])


def _tables(
    criterion: ManyGlmmCriterion, numbers: Numbers, shares: pd.DataFrame, contrasts: pd.DataFrame | None
) -> Found:
    """The numbers as tables, a row for each response."""
    design, family = criterion.design, criterion.family
    sigma = _sigma(family, numbers.dispersion)
    par = [numbers.par[:, own] for own, _ in criterion.by_term]
    names, values = ran_pars(criterion, par, sigma)
    status = status_table(len(sigma), len(design.y), numbers.objective, sigma)
    if family.dispersion_name is not None:
        status.insert(3, family.dispersion_name, numbers.dispersion)
    status["converged"], status["failed"] = numbers.converged & ~numbers.failed, numbers.failed
    status["singular"] = singular(criterion, par) & ~numbers.failed
    status["message"] = numbers.messages
    own, L = contrasts_of(design.x_names, contrasts)
    beta = pd.DataFrame(numbers.beta @ L.T, columns=pd.Index(own))
    se = pd.DataFrame(np.sqrt(np.einsum("ri,bij,rj->br", L, numbers.cov, L)), columns=pd.Index(own))
    df = beta.where(beta.isna(), np.inf).mask(np.broadcast_to(numbers.endless[:, None], beta.shape))
    df_sigma = pd.DataFrame({"df_sigma": np.full(len(sigma), np.nan)})
    return Found(beta, se, df, pd.DataFrame(values, columns=pd.Index(names)), shares, df_sigma, status)
