"""The Laplace approximation for a model with several linear predictors, at one point, and its exact gradient.

With ``u`` the conditional modes of all random effects, ``W`` minus the second derivatives of the rows' log
density in the parts that have effects, and ``M = Lambda'Z'WZ Lambda + I``,

    objective = -2 sum_i log f(y_i | eta_i) + |u|^2 + log |M|.

As in :mod:`~lmmkit.likelihood.laplace`, the motion of the modes with the parameters follows from their own
equation by one solve with ``M``; here every derivative may be taken in any of the linear predictors.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..crossprod.blocks import inner
from ..crossprod.passes import passes_of
from ..families.jets import Jet
from ..numerics.arrays import Array
from .mode_point import ModePoint
from .part_modes import PartMode, PartModeSearch
from .pirls import Effects, Precision, rows_of, sums_of

__all__ = ["ConvexPoint", "PartPoint"]

#: Precision given the data, as a share of that without data, below which a mode is too flat.
FLAT = 0.1
#: Step of differences in a linear predictor.
WIDTH = 1e-4


class PartPoint(ModePoint[PartModeSearch, PartMode]):
    """The objective at one set of parameters, with what is needed to differentiate it."""

    @property
    def newton(self) -> Precision:
        """Half the Hessian at the mode, which governs how the modes move."""
        assert self.mode.precision is not None
        return self.mode.precision

    @property
    def precision(self) -> Precision:
        """``M``, whose determinant is taken."""
        return self.newton

    @cached_property
    def objective(self) -> float:
        """-2 log-likelihood, all constants included."""
        return self.mode.penalised + self.precision.logdet

    @cached_property
    def flatness(self) -> float:
        """How precisely the least known level's effects are known at their mode, as a share of before the data.

        Rows that are no hill can flatten the top of the density, up to the point where two modes merge. There
        the determinant goes to zero, and the approximation promises a likelihood that does not exist.
        """
        precision = self.precision
        spread = (precision.root_inverse**2).sum(axis=(1, 2)).max(initial=1.0)
        k = precision.root_inverse.shape[1]
        lead = k / float(spread) if k else 1.0
        if not self.search.layout.rest:
            return lead
        return min(lead, float((precision.rest_cholesky.lower.diagonal(axis1=1, axis2=2) ** 2).min()))

    @property
    def is_flat(self) -> bool:
        """Whether the mode is too flat for the approximation."""
        return self.flatness < FLAT

    @cached_property
    def jet(self) -> Jet:
        """Log density of the rows with the derivatives in all linear predictors that the gradient asks for."""
        etas, random = self.mode.etas, tuple(self.search.stack.random)
        return self.search.rows.at(etas, range(len(etas)), order=3, focus=random)

    @cached_property
    def covariances(self) -> dict[tuple[int, int], Array]:
        """Covariances of each row's linear predictors given the data, (n,) per pair of parts."""
        return self.search.stack.covariances(self.pattern.leverages(self.variances))

    @cached_property
    def scores(self) -> Effects:
        """``Z'g``; at the mode ``b = Lambda Lambda' Z'g``."""
        return self._sums([self.jet[number] for number in self.search.stack.random])

    def _sums(self, values: list[Array]) -> Effects:
        return sums_of(self.search.layout, self.search.stack.join(values))

    # --- the gradient -------------------------------------------------------------------------------------

    def determinant_slopes(self, t: int) -> Array:
        """Derivative of ``log |M|`` by each row's linear predictor t, with the modes held, (n,)."""
        total = np.zeros(self.search.stack.n)
        for (r, s), covariance in self.covariances.items():
            total -= (1 if r == s else 2) * self.jet[r, s, t] * covariance
        return total

    @cached_property
    def _solved_slopes(self) -> Effects:
        """``(I + Z'WZ Lambda Lambda')^-1 Z'c`` per grouping factor."""
        return self.precision.shrunk(
            self._sums([self.determinant_slopes(r) for r in self.search.stack.random])
        )

    @cached_property
    def _mode_slopes(self) -> list[Array]:
        """Derivative of ``log |M|`` by each row's scores, through the modes: (n,) per part with effects."""
        pairs = zip(self._solved_slopes, self.search.roots, strict=True)
        spread = [part @ (root @ root.T) for part, root in pairs]
        return self.search.stack.cut(rows_of(self.search.layout, spread))

    def row_slopes(self, t: int) -> Array:
        """Derivative of the objective by an addition to each row's linear predictor t, (n,)."""
        through = sum(
            self.jet[r, t] * slope
            for r, slope in zip(self.search.stack.random, self._mode_slopes, strict=True)
        )
        return np.asarray(self.determinant_slopes(t) - 2 * self.jet[t] + through)

    @cached_property
    def slopes(self) -> list[Array]:
        """``d objective / d Sigma`` (symmetric), one ``(k, k)`` array per grouping factor."""
        totals = self._sums([self.row_slopes(r) for r in self.search.stack.random])
        return self.by_covariance(totals, self.scores, self._solved_slopes)

    # --- an approximate Hessian ---------------------------------------------------------------------------

    def fixed_images(self, Qs: list[Array]) -> tuple[list[Array], Array]:
        """``Z'V^-1 Q`` per grouping factor and ``Q'V^-1 Q``, for the columns of all parts side by side.

        ``V^-1 = W - W Z Lambda M^-1 Lambda'Z' W`` is the precision of the working model, in which the rows have
        one response per linear predictor.
        """
        layout, stack = self.search.layout, self.search.stack
        weighted = np.concatenate(
            [stack.join([-self.jet[r, t][:, None] * Q for r in stack.random]) for t, Q in enumerate(Qs)],
            axis=1,
        )
        lead, rest = passes_of(layout).column_sums(weighted)
        images = self.precision.z_vinv(lead, rest)
        within = np.block([[-(Q.T * self.jet[s, t]) @ P for t, P in enumerate(Qs)] for s, Q in enumerate(Qs)])
        sums = [lead, *(rest[layout.columns(f)] for f in range(len(layout.rest)))]
        for total, image, root in zip(sums, images, self.search.roots, strict=True):
            within = within - inner(total, (root @ root.T) @ image)
        return images, (within + within.T) / 2


class ConvexPoint(PartPoint):
    """A relative of the objective that leads a search past places where the approximation breaks down.

    Its determinant takes of ``W`` only what makes a hill, so it never goes to zero. Near a good optimum the two
    objectives hardly differ; far from one this relative is the better guide.
    """

    @cached_property
    def precision(self) -> Precision:
        search = self.search
        return Precision(search.layout, search.roots, search.stack.convex_weights(self.mode.jet))

    def determinant_slopes(self, t: int) -> Array:
        search, leverages = self.search, self.pattern.leverages(self.variances)
        up, down = (self._weights_beside(t, h) for h in (WIDTH, -WIDTH))
        moved = (up - down) / (2 * WIDTH) * leverages
        return np.asarray(moved.reshape(-1, search.stack.n).sum(axis=0))

    def _weights_beside(self, t: int, h: float) -> Array:
        etas = [eta + h if number == t else eta for number, eta in enumerate(self.mode.etas)]
        return self.search.stack.convex_weights(self.search.rows.at(etas, self.search.stack.random, order=2))
