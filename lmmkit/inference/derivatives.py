"""A linear mixed model's criterion at its own estimate: what every approximate test differentiates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import ModelError
from ..fitted.mixed import MixedFit
from ..likelihood.covariance import lower_indices, theta_from_factor
from ..likelihood.lmm import Criterion, Point
from ..numerics.arrays import Array
from ..numerics.threads import threads_for
from ..numerics.trust_region import differenced_hessian


@dataclass
class Optimum:
    """The fitted point and derivatives of the covariance of the fixed effects there.

    Everything is in the whitened units of :class:`~lmmkit.likelihood.lmm.Criterion`. The approximations built on it do
    not depend on how the variances are parametrised, so they need not be carried back.

    Attributes
    ----------
    fit : MixedFit
    theta : array of shape (m,)
        Whitened covariance parameters.
    point : Point
        The criterion evaluated there.
    """

    fit: MixedFit
    theta: Array
    point: Point

    @classmethod
    def of(cls, fit: MixedFit) -> Optimum:
        """Make it for a fit, once.

        Raises
        ------
        ModelError
            For a GLMM, whose tests are the z tests of its coefficient table.
        """
        if fit.family is not None:
            raise ModelError(
                "denominator degrees of freedom exist for linear mixed models only; "
                "a generalised one has z tests"
            )
        known = fit.__dict__.get("_optimum")
        if known is None:
            theta = fit.criterion.from_original(fit.theta)
            with threads_for(fit.criterion.layout.width):
                known = fit.__dict__["_optimum"] = cls(fit, theta, fit.criterion.point(theta))
        return known

    @property
    def criterion(self) -> Criterion:
        """The fit's criterion; other fits may share it, so it is asked for whenever it is needed."""
        return self.fit.criterion

    @cached_property
    def covariance_root(self) -> Array:
        """``H`` with ``H'H = (X'V^-1 X)^-1``, shape (p, p)."""
        return np.asarray(np.linalg.solve(self.criterion.R, self.point.root.T).T)

    def crossed(self, L: Array) -> list[Array]:
        """``Z'V^-1 X (X'V^-1 X)^-1 L'``, one (levels, k, r) array per grouping factor."""
        p = self.criterion.p
        right = self.point.root.T @ (self.covariance_root @ L.T)
        return [image[..., :p] @ right for image in self.point.images]

    def sensitivities(self, L: Array) -> Array:
        """Derivatives by theta of the variance of each row of ``L beta``, over ``sigma**2``: (m, r)."""
        crossed = self.crossed(L)
        out = np.empty((len(self.theta), len(L)))
        for f, t, own in self.criterion.owned:
            images = crossed[f][:, own]
            products = np.einsum("lar,lbr->abr", images, images)
            slope = 2 * np.einsum("abr,bc->acr", products, self.point.factors[t])
            out[self.criterion.of_term[t]] = slope[lower_indices(self.criterion.ks[t])]
        return out

    @cached_property
    def information_inverse(self) -> Array:
        """Asymptotic covariance of (theta, log sigma²), shape (m + 1, m + 1).

        Twice the inverse Hessian of the criterion before the residual variance is profiled out. Directions in
        which the criterion does not curve (a singular fit has them) are left out, as lmerTest does.
        """
        criterion, point = self.criterion, self.point
        profiled = differenced_hessian(criterion.trial, self.theta)
        # r2 / sigma² is the only part of the criterion in which theta and sigma meet.
        mixed = np.empty(len(self.theta))
        for f, t, own in criterion.owned:
            score = point.scores[f][:, own]
            mixed[criterion.of_term[t]] = theta_from_factor(2 * score.T @ score @ point.factors[t])
        mixed *= point.nu / point.r2
        hessian = np.block([
            [profiled + np.outer(mixed, mixed) / point.nu, mixed[:, None]],
            [mixed[None, :], np.full((1, 1), float(point.nu))],
        ])  # fmt: skip
        values, vectors = np.linalg.eigh(hessian)
        curved = values > 1e-8 * values[-1]
        return np.asarray(2 * (vectors[:, curved] / values[curved]) @ vectors[:, curved].T)
