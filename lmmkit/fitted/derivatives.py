"""A linear mixed model's criterion at its own estimate: what every approximate test differentiates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..likelihood.lmm import Criterion
from ..likelihood.point import Point
from ..numerics.arrays import Array
from ..numerics.threads import threads_for
from ..numerics.trust_region import differenced_hessian


@dataclass(frozen=True, eq=False)
class Optimum:
    """The fitted point and derivatives of the covariance of the fixed effects there.

    Everything is in the whitened units of :class:`~lmmkit.likelihood.lmm.Criterion`. The approximations built on it do
    not depend on how the variances are parametrised, so they need not be carried back.

    Attributes
    ----------
    criterion : Criterion
        Of the fit.
    theta : array of shape (m,)
        Whitened covariance parameters.
    point : Point
        The criterion evaluated there.
    """

    criterion: Criterion
    theta: Array
    point: Point

    @classmethod
    def at(cls, criterion: Criterion, par: Array) -> Optimum:
        """Make it at covariance parameters in lme4's order and units."""
        whitened = criterion.from_original(par)
        with threads_for(criterion.layout.width):
            return cls(criterion, whitened, criterion.point(whitened))

    @cached_property
    def covariance_root(self) -> Array:
        """``H`` with ``H'H = (X'V^-1 X)^-1``, shape (p, p)."""
        return np.asarray(np.linalg.solve(self.criterion.R, self.point.root.T).T)

    def crossed(self, L: Array) -> list[Array]:
        """``Z'V^-1 X (X'V^-1 X)^-1 L'``, one (levels, k, r) array per grouping factor."""
        p = self.criterion.p
        right = self.point.root.T @ (self.covariance_root @ L.T)
        return [image[..., :p] @ right for image in self.point.images]

    def of_term(self, t: int) -> tuple[Array, Array]:
        """Theta's part of term t, and its factor."""
        return self.theta[self.criterion.of_term[t]], self.point.factors[t]

    def gradient_of_term(self, t: int, slope: Array) -> Array:
        """Derivative by theta's part of term t of what has this derivative by ``Sigma``, (..., k, k)."""
        return self.criterion.structures[t].gradient(*self.of_term(t), slope)

    def sensitivities(self, L: Array) -> Array:
        """Derivatives by theta of the variance of each row of ``L beta``, over ``sigma**2``: (m, r)."""
        crossed = self.crossed(L)
        out = np.empty((len(self.theta), len(L)))
        for f, t, own in self.criterion.owned:
            images = crossed[f][:, own]
            products = np.einsum("lar,lbr->rab", images, images)
            out[self.criterion.of_term[t]] = self.gradient_of_term(t, products).T
        return out

    @cached_property
    def information_inverse(self) -> Array:
        """Asymptotic covariance of (theta, log sigma²), shape (m + 1, m + 1).

        Twice the inverse Hessian of the criterion before the residual variance is profiled out. Directions in
        which the criterion does not curve (a singular fit has them) are left out, as lmerTest does.
        """
        criterion, point = self.criterion, self.point
        exact = criterion.has_hessian
        profiled = criterion.hessian(point) if exact else differenced_hessian(criterion.trial, self.theta)
        # r2 / sigma² is the only part of the criterion in which theta and sigma meet.
        mixed = np.empty(len(self.theta))
        for f, t, own in criterion.owned:
            score = point.scores[f][:, own]
            mixed[criterion.of_term[t]] = self.gradient_of_term(t, score.T @ score)
        mixed *= point.nu / point.r2
        hessian = np.block([
            [profiled + np.outer(mixed, mixed) / point.nu, mixed[:, None]],
            [mixed[None, :], np.full((1, 1), float(point.nu))],
        ])  # fmt: skip
        values, vectors = np.linalg.eigh(hessian)
        curved = values > 1e-8 * values[-1]
        return np.asarray(2 * (vectors[:, curved] / values[curved]) @ vectors[:, curved].T)
