"""Henderson's mixed-model equations at the fitted theta: how well is each row's linear predictor known?

With ``A = [Z Lambda, X]`` and weights ``W`` the errors of ``(u_hat, beta_hat)`` have covariance
``sigma² (A'WA + diag(I, 0))^-1`` (Henderson 1975, *Biometrics* 31:423). It is used here through a sparse
factorisation of the random-effects part, so nothing of size rows × random effects is ever dense.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array, csr_array, identity
from scipy.sparse.linalg import SuperLU, splu

from ..numerics.arrays import Array, Index

if TYPE_CHECKING:
    from .mixed import MixedFit

BLOCK = 512  # columns of the inverse at a time


class MixedEquations:
    """The equations of one fit.

    Parameters
    ----------
    fit : MixedFit
    weights : ndarray (n,), optional
        `W`, if not :func:`working_weights`.

    Notes
    -----
    For a GLMM, `W` are the working weights at the conditional modes (the Laplace approximation).
    """

    def __init__(self, fit: MixedFit, weights: Array | None = None) -> None:
        self.fit = fit
        design = fit.design
        sizes = [mode.size for mode in fit.estimate.modes]
        self.starts = np.concatenate([[0], np.cumsum(sizes)])
        self.weights = working_weights(fit) if weights is None else weights
        columns, values = self.entries([(term.codes, term.Z) for term in design.terms])
        n, per_row = columns.shape
        pointers = np.arange(n + 1) * per_row
        spread = csr_array((values.ravel(), columns.ravel(), pointers), shape=(n, self.starts[-1]))
        weighted = spread.multiply(self.weights[:, None]).tocsr()
        self.factor: SuperLU = splu(
            csc_array(spread.T @ weighted + identity(self.starts[-1])),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        self.cross = weighted.T @ design.X
        self.solved = self.factor.solve(self.cross)

    def entries(self, terms: list[tuple[Index, Array]]) -> tuple[Array, Array]:
        """Each row's non-zero columns of ``Z Lambda`` and their values, (m, K); code -1 gives zeros."""
        columns, values = [], []
        parts = zip(terms, self.fit.estimate.factors, self.starts[:-1], strict=True)
        for (codes, Z), factor, start in parts:
            k = len(factor)
            known = (codes >= 0)[:, None]
            columns.append(start + np.maximum(codes, 0)[:, None] * k + np.arange(k))
            values.append(np.where(known, Z, 0.0) @ factor)
        return np.hstack(columns), np.hstack(values)

    @cached_property
    def cov_beta(self) -> Array:
        """Covariance of beta_hat over sigma², as these equations give it."""
        X = self.fit.design.X
        return np.linalg.inv(X.T @ (self.weights[:, None] * X) - self.cross.T @ self.solved)

    def variance(self, x: Array, terms: list[tuple[Index, Array]], cov_beta: Array | None = None) -> Array:
        """Variance over sigma² of ``x'(beta_hat - beta) + z'(b_hat - b)`` for each row.

        Parameters
        ----------
        x : ndarray (m, p)
        terms : list of (codes, Z)
            Of each term; a row with code -1 has no random effects of it.
        cov_beta : ndarray (p, p), optional
            Another covariance of beta_hat over sigma², such as the one from the Hessian of a GLMM.

        Returns
        -------
        ndarray (m,)
        """
        columns, values = self.entries(terms)
        total = np.zeros(len(x))
        for block in self._blocks(columns[values != 0]):
            unit = np.zeros((self.starts[-1], len(block)))
            unit[block, np.arange(len(block))] = 1.0
            inverse = self.factor.solve(unit)
            for j in range(columns.shape[1]):
                place = np.minimum(np.searchsorted(block, columns[:, j]), len(block) - 1)
                rows = np.flatnonzero((block[place] == columns[:, j]) & (values[:, j] != 0))
                meets = inverse[columns[rows], place[rows, None]]
                total[rows] += values[rows, j] * (values[rows] * meets).sum(axis=1)
        gradient = x.astype(float, copy=True)
        for j in range(columns.shape[1]):
            gradient -= values[:, j, None] * self.solved[columns[:, j]]
        cov = self.cov_beta if cov_beta is None else cov_beta
        return total + np.einsum("mp,pq,mq->m", gradient, cov, gradient)

    def leverage(self) -> Array:
        """Diagonal of the hat matrix, which maps the data to the fitted values (lme4: ``hatvalues``)."""
        design = self.fit.design
        return self.weights * self.variance(design.X, [(term.codes, term.Z) for term in design.terms])

    def _blocks(self, used: Array) -> Iterator[Array]:
        """The columns in use, sorted, a block at a time."""
        distinct = np.unique(used)
        return (distinct[i : i + BLOCK] for i in range(0, len(distinct), BLOCK))


def working_weights(fit: MixedFit) -> Array:
    """Weight of each row in the equations: the prior weights, times the information in a GLMM's row."""
    design, family = fit.design, fit.family
    if family is None or family.information != "observed":
        return irls_weights(fit)
    derivatives = family.derivatives(design.y, fit.estimate.fitted_eta, design.row_weights)
    return np.asarray(-(fit.sigma**2) * derivatives[2])


def irls_weights(fit: MixedFit) -> Array:
    """Weights of iteratively reweighted least squares, from the expected information: never negative.

    With them, and the working residuals, leaving out rows is what it is in a linear model (Pregibon 1981).
    """
    family, eta = fit.family, fit.estimate.fitted_eta
    if family is None:
        return fit.design.row_weights
    slope, variance = family.mu_eta(eta), family.variance(family.linkinv(eta))
    certain = (variance == 0) & (np.abs(slope) < 1e-8)  # rounded to it, as where groups are separated
    information = np.divide(slope**2, variance, out=np.zeros_like(slope), where=~certain)
    return np.asarray(fit.design.row_weights * information)


def error_variance(fit: MixedFit) -> float:
    """Residual variance with the divisor n - p, by which Cook's distances are measured; ML divides by n."""
    if fit.family is not None or fit.is_reml:
        return fit.sigma**2
    return fit.sigma**2 * fit.nobs / max(fit.nobs - len(fit.beta), 1)
