"""The Laplace approximation of a GLMM's -2 log-likelihood at one point, and its exact gradient.

With ``u`` the conditional modes, ``W`` the weights and ``M = Lambda'Z'WZ Lambda + I``,

    objective = -2 sum_i log f(y_i | eta_i) + |u|^2 + log |M|.

The modes move with the parameters, and ``M`` moves with the modes. Differentiating the modes' own equation
``u = Lambda'Z'g`` gives that motion in closed form: one solve with ``M`` and the third derivative of the log
density are all that the gradient costs beyond the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..crossprod.blocks import by_rows, inner, times
from ..crossprod.passes import passes_of
from ..families.rows import Nuisance
from ..numerics.arrays import Array
from .mode_point import ModePoint
from .pirls import Effects, Mode, ModeSearch, Precision, dot, rows_of, sums_of

#: Share of the variance of an outcome that the model leaves, below which there may be a valley of very large effects.
NEARLY_CERTAIN = 0.75


@dataclass
class LaplacePoint(ModePoint[ModeSearch, Mode]):
    """The objective at one set of parameters, with what is needed to differentiate it.

    Attributes
    ----------
    determinant : Precision
        ``M`` with the weights of the determinant.
    newton : Precision
        ``M`` with the observed information, which governs how the modes move.
    constant : float
        The part of the log-likelihood that does not depend on the linear predictor.
    """

    determinant: Precision
    newton: Precision
    constant: float

    @property
    def precision(self) -> Precision:
        return self.determinant

    @cached_property
    def objective(self) -> float:
        """-2 log-likelihood, all constants included."""
        return self.mode.penalised + self.precision.logdet - 2 * self.constant

    # --- what the mode says about each row --------------------------------------------------------------

    @cached_property
    def information(self) -> tuple[Array, Array]:
        """Weight of each row in the determinant, and its derivative in ``eta``."""
        rows, mode = self.search.rows, self.mode
        return (-mode.rows[2], -mode.rows[3]) if rows.newton_in_determinant else rows.expected(mode.eta)

    @cached_property
    def leverages(self) -> Array:
        """Variance of each row's linear predictor given the data, shape (n,)."""
        return self.precision.leverages(self.pattern)

    @cached_property
    def scores(self) -> Effects:
        """``Z'g``; at the mode ``b = Lambda Lambda' Z'g``."""
        return sums_of(self.layout, self.mode.rows[1])

    @property
    def nearly_certain(self) -> bool:
        """Whether the model takes much of the doubt about single trials away, so that groups may be without any."""
        rows = self.search.rows
        if rows.family.name != "binomial":
            return False
        weights = np.ones(len(rows.y)) if rows.weights is None else rows.weights
        mu, total = rows.family.link.inverse(self.mode.eta), float(weights.sum())
        mean, left = float(weights @ rows.y) / total, float(weights @ (mu * (1 - mu))) / total
        return bool(left < NEARLY_CERTAIN * mean * (1 - mean))

    # --- the gradient -------------------------------------------------------------------------------------

    @cached_property
    def _determinant_slopes(self) -> Array:
        """``c_i = d log |M| / d eta_i = w_i' z_i' K z_i``, with the modes held, shape (n,)."""
        return np.asarray(self.information[1] * self.leverages)

    @cached_property
    def _solved_slopes(self) -> Effects:
        """``(I + Z'WZ Lambda Lambda')^-1 Z'c`` per grouping factor."""
        return self.newton.shrunk(sums_of(self.layout, self._determinant_slopes))

    @cached_property
    def _mode_slopes(self) -> Array:
        """``Z Lambda Lambda' (I + Z'WZ Lambda Lambda')^-1 Z'c``: ``d log |M| / d g_i`` through the modes, (n,)."""
        spread = [
            by_rows(part, times(root, root.T))
            for part, root in zip(self._solved_slopes, self.search.roots, strict=True)
        ]
        return rows_of(self.layout, spread)

    @cached_property
    def row_slopes(self) -> Array:
        """``c - 2 g + g' (d log |M| / d g)``: derivative by an addition to each row's fixed part, shape (n,)."""
        _, first, second, _ = self.mode.rows
        return np.asarray(self._determinant_slopes - 2 * first + second * self._mode_slopes)

    @cached_property
    def slopes(self) -> list[Array]:
        """``d objective / d Sigma`` (symmetric), one ``(k, k)`` array per grouping factor."""
        return self.by_covariance(sums_of(self.layout, self.row_slopes), self.scores, self._solved_slopes)

    @cached_property
    def nuisance(self) -> Nuisance:
        """Derivatives of the rows with respect to the log dispersion."""
        rows = self.search.rows
        return rows.family.nuisance(rows.y, self.mode.eta, rows.weights)

    @property
    def dispersion_slope(self) -> float:
        """Derivative with respect to the log dispersion."""
        density, score, weight = self.nuisance
        return float(-2 * density.sum() + self.leverages @ weight + self._mode_slopes @ score)

    # --- an approximate Hessian ---------------------------------------------------------------------------

    def fixed_images(self, Q: Array) -> tuple[list[Array], Array]:
        """``Z'V^-1 Q`` per grouping factor and ``Q'V^-1 Q``, with ``V = W^-1 + Z Sigma Z'``."""
        return self._images(Q, self.information[0], self.precision)

    def moving_images(self, Q: Array) -> tuple[list[Array], Array]:
        """The same with the observed information, which governs how the modes move."""
        return self._images(Q, -self.mode.rows[2], self.newton)

    def images(self, Q: Array, lead: Array, rest: Array) -> tuple[list[Array], list[Array], Array]:
        """``Z'V^-1 Z w`` per grouping factor, and :meth:`fixed_images`.

        Parameters
        ----------
        Q : array of shape (n, p)
        lead, rest : arrays of shape (q, k, d) and (R, d)
            ``w``.
        """
        before, weighted = (
            self.layout.z_dot(self.precision.sums, lead, rest),
            Q * self.information[0][:, None],
        )
        after = passes_of(self.layout).column_sums(weighted)
        images = self.precision.z_vinv(
            *(np.concatenate(pair, axis=-1) for pair in zip(before, after, strict=True))
        )
        d = lead.shape[2]
        fixed = [image[..., d:] for image in images]
        return [image[..., :d] for image in images], fixed, self._within(Q, weighted, after, fixed)

    def _images(self, Q: Array, weight: Array, precision: Precision) -> tuple[list[Array], Array]:
        weighted = Q * weight[:, None]
        sums = passes_of(self.layout).column_sums(weighted)
        images = precision.z_vinv(*sums)
        return images, self._within(Q, weighted, sums, images)

    def _within(self, Q: Array, weighted: Array, sums: tuple[Array, Array], images: list[Array]) -> Array:
        """``Q'V^-1 Q`` given ``W Q``, ``Z'WQ`` and ``Z'V^-1 Q``."""
        lead, rest = sums
        parts = [lead, *(rest[self.layout.columns(f)] for f in range(len(self.layout.rest)))]
        within = Q.T @ weighted
        for total, image, root in zip(parts, images, self.search.roots, strict=True):
            within = within - inner(total, times(times(root, root.T), image))
        return (within + within.T) / 2

    def dispersion_curvature(self, step: float = 1e-3) -> tuple[float, Effects]:
        """Second derivative in the log dispersion, the modes following; and how far it moves ``Z'g``."""
        rows = self.search.rows
        value = rows.family.dispersion
        assert value is not None
        ends = [rows.family.with_dispersion(value * np.exp(h)) for h in (step, -step)]
        up, down = (end.nuisance(rows.y, self.mode.eta, rows.weights).density.sum() for end in ends)
        shift = sums_of(self.layout, self.nuisance.score)
        moved = self.newton.shrunk(shift)
        spread = [part @ (root @ root.T) for part, root in zip(moved, self.search.roots, strict=True)]
        return float(-(up - down) / step - 2 * dot(shift, spread)), moved
