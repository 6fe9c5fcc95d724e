"""Generalised linear mixed models whose fixed effects follow the covariance parameters (lme4: ``nAGQ = 0``).

At given covariance parameters the fixed effects maximise, together with the random ones, the penalised density
``sum_i log f(y_i | eta_i) - |u|^2 / 2``. The Laplace approximation there is a function of the covariance
parameters (and the dispersion) alone: fewer to search, for estimates that are a little off.
"""

from __future__ import annotations

import numpy as np

from ..crossprod.blocks import inner
from ..crossprod.passes import passes_of
from ..design.design import Design
from ..families.family import Family
from ..numerics.arrays import Array
from ..numerics.trust_region import Search, Trial
from .far_theta import far_out
from .glmm import GlmmCriterion
from .laplace import LaplacePoint
from .pirls import Effects, sums_of
from .search import Place

__all__ = ["ProfiledCriterion"]

#: Newton steps of the fixed effects, halvings of one, and the squared decrement at which they are found.
MOST_STEPS, MOST_HALVINGS, TOLERANCE = 60, 20, 1e-20


class ProfiledCriterion(GlmmCriterion):
    """The Laplace approximation as a function of ``x = (theta, log dispersion)``.

    Parameters
    ----------
    design : Design
    family : Family

    Raises
    ------
    DataError
        If the response cannot come from the family, or the offset is not finite.
    ModelError
        If the model has no admissible start.
    """

    def __init__(self, design: Design, family: Family) -> None:
        super().__init__(design, family, 0)
        self._gamma = self.R @ self._start_beta

    def whole(self, x: Array, gamma: Array) -> Array:
        """All parameters, the fixed effects in their place.

        Parameters
        ----------
        x : array
            Covariance parameters and log dispersion.
        gamma : array of shape (p,)
            Fixed effects in the units of the search.
        """
        return np.concatenate([x[: self.n_theta], gamma, x[self.n_theta :]])

    def searched(self, x: Array) -> Array:
        return np.delete(x, slice(self.n_theta, self.n_theta + self.p))

    def everything(self, search: Search) -> Array:
        point: LaplacePoint = search.state
        fixed = point.search.fixed - self.design.offset
        return self.whole(search.x, self.Q.T @ fixed / (self.n * self.unit**2))

    def places(self) -> list[Place]:
        return [place._replace(x=self.searched(place.x), trial=None) for place in super().places()]

    def second_opinions(self, search: Search) -> list[Place]:
        size = len(search.x)
        found = super().second_opinions(search)
        return [
            place if len(place.x) == size else place._replace(x=self.searched(place.x)) for place in found
        ]

    def trial(self, x: Array) -> Trial:
        found = self._profiled(x)
        if found is None or not np.isfinite(found[0].objective):
            return Trial(np.inf, lambda: np.full_like(x, np.nan), lambda: np.eye(len(x)))
        point, self._gamma = found
        moves = self._moves(point)
        block = self.n_theta + np.arange(self.p)

        def gradient() -> Array:
            slope = self.gradient(point)
            return self.searched(slope) + moves @ slope[block]

        def curvature() -> Array:
            jacobian = np.insert(np.eye(len(x)), self.n_theta * np.ones(self.p, int), 0.0, axis=1)
            jacobian[:, block] = moves
            return np.asarray(jacobian @ self.curvature(point) @ jacobian.T)

        ends = self.endless(x) or far_out(point.search.rows.family, point.mode.eta)
        return Trial(point.objective, gradient, curvature, point, ends)

    def hessian(self, search: Search) -> None:
        """None: the fixed effects have to be searched for."""

    def _profiled(self, x: Array) -> tuple[LaplacePoint, Array] | None:
        """The point at the fixed effects of highest penalised density, and these."""
        gamma, previous = self._gamma, np.inf
        point = self.point(self.whole(x, gamma))
        if point is None:
            gamma = self.R @ self._start_beta
            point = self.point(self.whole(x, gamma))
        for _ in range(MOST_STEPS):
            if point is None:
                return None
            pull = self.Q.T @ point.mode.rows[1]
            step = np.linalg.lstsq(point.moving_images(self.Q)[1], pull, rcond=None)[0]
            decrement = float(pull @ step)
            if decrement < TOLERANCE or (decrement < 1e-9 and decrement > 0.5 * previous):
                return point, gamma
            previous = decrement
            found = self._advance(x, gamma, step, point)
            if found is None:
                return (point, gamma) if decrement < 1e-9 else None
            point, gamma = found
        return None

    def _advance(
        self, x: Array, gamma: Array, step: Array, point: LaplacePoint
    ) -> tuple[LaplacePoint, Array] | None:
        """One step of the fixed effects, halved until the penalised density is higher."""
        for halving in range(MOST_HALVINGS):
            moved = gamma + step / 2**halving
            other = self.point(self.whole(x, moved))
            if other is not None and other.mode.penalised <= point.mode.penalised + 1e-12 * (
                1 + abs(point.mode.penalised)
            ):
                return other, moved
        return None

    def _moves(self, point: LaplacePoint) -> Array:
        """How the fixed effects move with each of the parameters, (m, p): from their equation ``Q'g = 0``."""
        images, within = point.moving_images(self.Q)
        directions = self.directions(point.theta, point.factors, point.scores)
        change = -sum(inner(direction, image) for direction, image in zip(directions, images, strict=True))
        rows = [change]
        if self.estimates_dispersion:
            score = point.nuisance.score
            shift = point.newton.shrunk(sums_of(self.layout, score))
            rows.append((self.Q.T @ score - self._through(point, shift))[None, :])
        return np.asarray(np.linalg.lstsq(within, np.concatenate(rows).T, rcond=None)[0].T)

    def _through(self, point: LaplacePoint, shift: Effects) -> Array:
        """``Q'W Z Lambda Lambda' shift``: what the motion of the random effects takes away."""
        layout, weighted = self.layout, self.Q * -point.mode.rows[2][:, None]
        lead, rest = passes_of(layout).column_sums(weighted)
        sums = [lead, *(rest[layout.columns(f)] for f in range(len(layout.rest)))]
        parts = zip(sums, shift, point.search.roots, strict=True)
        total = np.zeros(self.p)
        for own, moved, root in parts:
            total += inner(own, (moved @ (root @ root.T))[:, :, None])[:, 0]
        return total
