"""The profiled (RE)ML criterion of a linear mixed model, its gradient, and the fit.

With ``V = I + Z Lambda(theta) Lambda(theta)' Z'``, the fixed effects and the residual variance have closed
forms given ``theta``; what is left to minimise is

    REML:  log|V| + log|X'V^-1 X| + (n - p) (1 + log(2 pi r2 / (n - p)))
    ML:    log|V|                 +  n      (1 + log(2 pi r2 / n))

where ``r2 = y'P y`` is the penalised residual sum of squares (Bates et al. 2015, eqs. 34 and 42).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from .covariance import Whitening, canonical, factor_from_theta, lower_indices, n_theta, theta_from_factor
from .crossprod import Elimination, Layout, Sums, factors_of, level_sums
from .design import Design
from .errors import ModelError
from .estimate import Estimate
from .optimize import minimise

Array = NDArray[np.float64]


@dataclass
class Point:
    """The criterion at one ``theta``, with what is needed to differentiate it.

    Attributes
    ----------
    objective : float
        REML criterion or -2 log-likelihood.
    gamma : array of shape (p,)
        Fixed effects in the units of the orthonormal columns.
    chol : array of shape (p, p)
        Lower Cholesky factor of ``Q'V^-1 Q``.
    r2 : float
        Penalised residual sum of squares.
    """

    elimination: Elimination
    factors: list[Array]
    objective: float
    gamma: Array
    chol: Array
    r2: float


class Criterion:
    """The (RE)ML criterion of a design as a function of ``theta``.

    Parameters
    ----------
    design : Design
    reml : bool
        Restricted likelihood (True) or likelihood (False).

    Notes
    -----
    The search runs in whitened units (:class:`~lmmkit.covariance.Whitening`): ``theta`` given to
    :meth:`value`, :meth:`gradient` and :meth:`curvature` is in those units, unconstrained. The criterion does not change
    when a column of ``T`` changes its sign, so no bounds are needed.
    """

    def __init__(self, design: Design, reml: bool = True) -> None:
        self.design, self.reml = design, reml
        self.n, self.p = design.X.shape
        self.root_weights = None if design.weights is None else np.sqrt(design.weights)
        scale = np.ones(self.n) if self.root_weights is None else self.root_weights
        self.Q, self.R = np.linalg.qr(design.X * scale[:, None])
        self.ks = [term.Z.shape[1] for term in design.terms]
        self.whitenings, columns = [], []
        for term in design.terms:
            Z = term.Z * scale[:, None]
            whitening = Whitening.of(Z.T @ Z / self.n)
            self.whitenings.append(whitening)
            columns.append(Z @ whitening.matrix)
        self.layout = Layout(factors_of(design.terms, columns))
        self._where = [(f, t, s) for f, factor in enumerate(self.layout.factors) for t, s in factor.terms]
        self.sums = self.layout.sums(np.column_stack([self.Q, np.zeros(self.n)]))
        self.log_weights = 0.0 if design.weights is None else float(np.log(design.weights[design.weights > 0]).sum())
        self.set_response(design.y)

    def set_response(self, y: Array) -> None:
        """Replace the response; nothing that depends on the design alone is done again.

        Parameters
        ----------
        y : array of shape (n,)

        Raises
        ------
        ModelError
            If the fixed effects leave nothing to explain.
        """
        self.y = y
        target = y - self.design.offset
        if self.root_weights is not None:
            target = target * self.root_weights
        # Least-squares residuals are small where y may be large: no digits are lost in y'y.
        self.ols = self.Q.T @ target
        residual = target - self.Q @ self.ols
        total = float(residual @ residual)
        if total <= 1e-24 * float(target @ target) or total == 0.0:
            raise ModelError(
                f"the response '{self.design.response}' is reproduced exactly by the fixed effects, so there is no "
                "variation left for random effects; check that it is not constant and that the model is not saturated"
            )
        self.unit = np.sqrt(total / self.n)  # the response is measured in its own residual SD during the search
        column = (residual / self.unit)[:, None]
        lead = self.layout.lead
        sums = self.sums
        response = level_sums(lead, column)
        self.sums = Sums(
            sums.lead, sums.cross, sums.rest,
            np.concatenate([sums.lead_d[..., :-1], response], axis=2),
            np.concatenate([sums.rest_d[:, :-1], self.layout.rest_sums(column)], axis=1),
            np.block([[sums.dd[:-1, :-1], self.Q.T @ column], [column.T @ self.Q, column.T @ column]]),
        )

    @property
    def nu(self) -> int:
        """Degrees of freedom of the residual variance: n - p (REML) or n."""
        return self.n - self.p if self.reml else self.n

    @cached_property
    def _log_det_R(self) -> float:
        return float(np.log(np.abs(np.diag(self.R))).sum())

    def split(self, theta: Array) -> list[Array]:
        """One lower triangle per term."""
        stops = np.cumsum([n_theta(k) for k in self.ks])
        return [factor_from_theta(part, k) for part, k in zip(np.split(theta, stops[:-1]), self.ks, strict=True)]

    def to_original(self, theta: Array) -> list[Array]:
        """Relative covariance factors in the units of the data, lme4's convention, one per term."""
        return [w.original(T) for w, T in zip(self.whitenings, self.split(theta), strict=True)]

    def from_original(self, theta: Array) -> Array:
        """Whitened ``theta`` for a ``theta`` in lme4's units."""
        pairs = zip(self.whitenings, self.split(theta), strict=True)
        return np.concatenate([theta_from_factor(w.whitened(T)) for w, T in pairs])

    def point(self, theta: Array) -> Point:
        """Evaluate the criterion.

        Parameters
        ----------
        theta : array of shape (m,)
            Whitened covariance parameters.
        """
        factors = self.split(theta)
        roots = [np.zeros((factor.k, factor.k)) for factor in self.layout.factors]
        for f, t, own in self._where:
            roots[f][own, own] = factors[t]
        elimination = Elimination(self.layout, self.sums, roots)
        p = self.p
        chol = np.linalg.cholesky(elimination.dd[:p, :p])
        half = np.linalg.solve(chol, elimination.dd[:p, p])
        r2 = float(elimination.dd[p, p] - half @ half)
        objective = elimination.logdet + self.nu * (1 + np.log(2 * np.pi * r2 / self.nu)) + 2 * self.nu * np.log(self.unit)
        if self.reml:
            objective += 2 * (float(np.log(np.diag(chol)).sum()) + self._log_det_R)
        gamma = np.linalg.solve(chol.T, half)
        return Point(elimination, factors, objective - self.log_weights, gamma, chol, r2)

    def slopes(self, point: Point) -> tuple[list[Array], list[Array]]:
        """Derivatives with respect to each factor's relative covariance, and ``Z'P y`` per factor.

        Returns
        -------
        list of arrays (k, k)
            ``d objective / d Sigma`` (symmetric), one per grouping factor.
        list of arrays (levels, k)
            ``Z'P y``: the score of each level; the conditional modes are ``T T'`` times it.
        """
        p = self.p
        slopes, scores = [], []
        for block, image in zip(point.elimination.block_sums(), point.elimination.z_vinv_d(), strict=True):
            score = image[..., p] - image[..., :p] @ point.gamma
            slope = block - (self.nu / point.r2) * (score.T @ score)
            if self.reml:
                half = np.linalg.solve(point.chol, image[..., :p].reshape(-1, p).T)
                half = half.reshape(p, len(image), -1)
                slope = slope - np.tensordot(half, half, axes=([0, 1], [0, 1]))
            slopes.append((slope + slope.T) / 2)
            scores.append(score)
        return slopes, scores

    def gradient(self, point: Point, slopes: list[Array]) -> Array:
        """Derivative of the criterion with respect to whitened ``theta``, shape (m,)."""
        parts: list[Array] = [np.empty(0)] * len(self.ks)
        for f, t, own in self._where:
            parts[t] = theta_from_factor(2 * slopes[f][own, own] @ point.factors[t])
        return np.concatenate(parts)

    def curvature(self, point: Point, slopes: list[Array], scores: list[Array]) -> Array:
        """Average-information approximation of the Hessian, shape (m, m).

        Notes
        -----
        Gilmour, Thompson and Cullis (1995): the traces of the observed and the expected information are
        averaged away, and only quadratic forms in ``P V_i P y`` remain. The exact second derivative of
        ``Sigma = T T'`` is added, which matters at the boundary.
        """
        directions = self._directions(point, scores)
        lead, rest = self._spread(directions)
        images = point.elimination.z_vinv(*point.elimination.z_dot(lead, rest))
        p, m = self.p, lead.shape[2]
        quadratic, cross = np.zeros((m, m)), np.zeros((p, m))
        first = np.zeros(m)
        d_images = point.elimination.z_vinv_d()
        for f, image in enumerate(images):
            w = directions[f]
            quadratic += np.tensordot(w, image, axes=([0, 1], [0, 1]))
            cross += np.tensordot(d_images[f][..., :p], w, axes=([0, 1], [0, 1]))
            first += np.tensordot(scores[f], w, axes=([0, 1], [0, 1]))
        half = np.linalg.solve(point.chol, cross)
        ratio = self.nu / point.r2
        hessian = ratio * (quadratic - half.T @ half) - ratio * np.outer(first, first) / point.r2
        return hessian + self._second_order(slopes)

    def _directions(self, point: Point, scores: list[Array]) -> list[Array]:
        """``dSigma/dtheta_i`` times the scores: (levels, k, m) per factor."""
        m = sum(n_theta(k) for k in self.ks)
        starts = np.concatenate([[0], np.cumsum([n_theta(k) for k in self.ks])])
        out = [np.zeros((*score.shape, m)) for score in scores]
        for f, t, own in self._where:
            T, score = point.factors[t], scores[f][:, own]
            image = score @ T
            rows, columns = lower_indices(self.ks[t])
            for i, (a, b) in enumerate(zip(rows, columns, strict=True)):
                target = out[f][:, own, starts[t] + i]
                target[:, a] += image[:, b]
                target += score[:, a, None] * T[:, b]
                out[f][:, own, starts[t] + i] = target
        return out

    def _spread(self, per_factor: list[Array]) -> tuple[Array, Array]:
        """Split per-factor columns into the leading factor's and the rest's."""
        m = per_factor[0].shape[2]
        rest = [part.reshape(-1, m) for part in per_factor[1:]]
        return per_factor[0], np.concatenate(rest) if rest else np.zeros((0, m))

    def _second_order(self, slopes: list[Array]) -> Array:
        """``<slope, d2(T T')>``: couples entries of the same column of the same ``T``."""
        starts = np.concatenate([[0], np.cumsum([n_theta(k) for k in self.ks])])
        hessian = np.zeros((starts[-1], starts[-1]))
        for f, t, own in self._where:
            rows, columns = lower_indices(self.ks[t])
            same = columns[:, None] == columns[None, :]
            block = 2 * slopes[f][own, own][np.ix_(rows, rows)] * same
            hessian[starts[t] : starts[t + 1], starts[t] : starts[t + 1]] = block
        return hessian
