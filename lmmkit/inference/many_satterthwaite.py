"""Satterthwaite's degrees of freedom for many responses of one design."""

from __future__ import annotations

import numpy as np

from ..likelihood.many_search import ManyOptima
from ..numerics.arrays import Array

__all__ = ["information_inverse", "many_df"]


def many_df(optima: ManyOptima, contrasts: Array | None = None, covariance: Array | None = None) -> Array:
    """Satterthwaite's degrees of freedom of every coefficient of many fits of one design, (B, p).

    Parameters
    ----------
    optima : ManyOptima
    contrasts : array of shape (r, p), optional
        Contrasts of the coefficients in their place; the result is (B, r).
    covariance : array of shape (B, m + 1, m + 1), optional
        What :func:`information_inverse` gives, if it is known.

    Notes
    -----
    As :func:`lmmkit.inference.satterthwaite.degrees_of_freedom` has them, fit by fit.
    """
    criterion, points, p = optima.criterion, optima.points, optima.criterion.p
    half = optima.half if contrasts is None else optima.half @ contrasts.T
    variance = np.einsum("bij,bij->bj", half, half)
    right = points.root.transpose(0, 2, 1) @ half
    sensitivities = np.empty((len(half), criterion.m + 1, half.shape[2]))
    sensitivities[:, -1] = 1.0  # d log V / d log sigma²
    for f, t, own in criterion.owned:
        crossed = points.images[f][:, :, own, :p] @ right[:, None]
        for r in range(half.shape[2]):
            slope = crossed[..., r].transpose(0, 2, 1) @ crossed[..., r]
            sensitivities[:, criterion.of_term[t], r] = (
                points.gradient_of_term(t, slope) / variance[:, r, None]
            )
    covariance = information_inverse(optima) if covariance is None else covariance
    return np.asarray(2.0 / np.einsum("bir,bij,bjr->br", sensitivities, covariance, sensitivities))


def information_inverse(optima: ManyOptima) -> Array:
    """Asymptotic covariance of (theta, log sigma²), (B, m + 1, m + 1), as ``Optimum`` has it.

    Parameters
    ----------
    optima : ManyOptima
    """
    criterion, points = optima.criterion, optima.points
    m, nu = criterion.m, criterion.nu
    hessian = np.empty((len(points.theta), m + 1, m + 1))
    hessian[:, :m, :m] = points.hessian()
    mixed = np.empty_like(points.theta)
    for f, t, own in criterion.owned:
        score = points.scores[f][..., own]
        mixed[:, criterion.of_term[t]] = points.gradient_of_term(t, score.transpose(0, 2, 1) @ score)
    mixed *= (nu / points.r2)[:, None]
    hessian[:, :m, :m] += mixed[:, :, None] * mixed[:, None, :] / nu
    hessian[:, :m, m] = hessian[:, m, :m] = mixed
    hessian[:, m, m] = nu
    values, vectors = np.linalg.eigh(hessian)
    weight = np.where(values > 1e-8 * values[:, -1:], 2 / values, 0.0)
    return np.asarray((vectors * weight[:, None, :]) @ vectors.transpose(0, 2, 1))
