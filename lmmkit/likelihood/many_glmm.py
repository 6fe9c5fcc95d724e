"""The Laplace criterion of :mod:`lmmkit.likelihood.glmm` for many responses of one design, side by side.

All formulas are those of :mod:`lmmkit.likelihood.laplace`, written for rows: with ``K`` as in
:mod:`lmmkit.likelihood.many_modes`, ``c_i = w_i' z_i' K z_i`` and ``d = Z K Z'c``, adding to row i's fixed part
changes the objective by ``c_i - 2 g_i + g_i' d_i``.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..design.design import Design
from ..families.family import Family
from ..numerics.arrays import Array
from .many_modes import Modes, Precisions, Rows, find_modes
from .pirls import CONCAVE
from .row_sums import ByColumn, RowSums
from .theta import Terms

__all__ = ["LaplacePoints", "ManyGlmmCriterion"]

#: Links that bound neither the linear predictor nor its natural unit.
FREE_LINKS = ("log", "logit", "probit", "cloglog")


class ManyGlmmCriterion(Terms):
    """The Laplace criterion of a design for many responses, each at parameters of its own.

    Parameters
    ----------
    design : Design
        Its response is not looked at.
    family : Family
        With its dispersion left out, it is searched with the rest.

    Notes
    -----
    As :class:`~lmmkit.likelihood.glmm.GlmmCriterion`: ``x = (theta, gamma, log dispersion)`` in whitened units.
    """

    #: Numbers in the products of two columns, for each response, beyond which responses are fitted one by one.
    LARGEST = 200_000

    def __init__(self, design: Design, family: Family) -> None:
        self.family = family
        self.n, self.p = design.X.shape
        super().__init__(design, np.ones(self.n))
        Q, R = np.linalg.qr(design.X)
        self.Q, self.R = Q * np.sqrt(self.n), R / np.sqrt(self.n)
        self.m = self.n_theta
        self.size = self.m + self.p + family.estimates_dispersion

    @property
    def suits(self) -> bool:
        """Whether all responses can be fitted at once: a small design, and one mode whatever the parameters."""
        lead, R = self.layout.lead, self.layout.width
        small = lead.q * lead.k * (lead.k + R) + R**2 <= self.LARGEST
        link = self.family.link.name
        return small and link in FREE_LINKS and (self.family.name, link) in CONCAVE - {("binomial", "log")}

    @property
    def chunk(self) -> int:
        """Responses at a time, so that what is worked on stays in cache."""
        lead, R = self.layout.lead, self.layout.width
        each = 4 * self.n + lead.q * lead.k * (lead.k + R) + R**2
        return int(np.clip(200_000 // each, 16, 500))

    @cached_property
    def sums(self) -> RowSums:
        """Sums over the rows."""
        return RowSums(self.layout)

    def sigmas(self, theta: Array) -> tuple[list[Array], list[Array]]:
        """Lower triangles (B, k, k) per term, and covariances (k, k, B) per grouping factor."""
        factors, roots = self.many_roots(theta)
        return factors, [(root @ root.transpose(0, 2, 1)).transpose(1, 2, 0) for root in roots]

    def at_dispersion(self, x: Array) -> Family:
        """The family, with the dispersion of each of the points (B, ...)."""
        return self.family.at_rows(x[:, -1]) if self.family.estimates_dispersion else self.family

    def nothing(self, B: int) -> ByColumn:
        """No effects."""
        return ByColumn(
            np.zeros((self.layout.lead.q, self.layout.lead.k, B)), np.zeros((self.layout.width, B))
        )


class LaplacePoints:
    """The criterion of many responses, each at parameters of its own.

    Parameters
    ----------
    criterion : ManyGlmmCriterion
    x : array of shape (B, m + p (+ 1))
    y, weights : arrays of shape (n, B), or (n, 1) or None for the weights
    constant : array of shape (B,) or None
        What does not depend on the parameters; None where the family's dispersion is one of these.
    start : ByColumn
        Where the search for the modes begins.

    Attributes
    ----------
    objective : array of shape (B,)
        -2 log-likelihood; infinite where no mode is found.
    """

    def __init__(
        self,
        criterion: ManyGlmmCriterion,
        x: Array,
        data: tuple[Array, Array | None, Array | None],
        start: ByColumn,
    ) -> None:
        y, weights, constant = data
        self.criterion, self.x = criterion, x
        m, p = criterion.m, criterion.p
        self.theta = x[:, :m]
        self.factors, self.sigmas = criterion.sigmas(self.theta)
        self.rows = Rows(y, weights, criterion.at_dispersion(x))
        fixed = criterion.design.offset[:, None] + criterion.Q @ x[:, m : m + p].T
        self.mode: Modes = find_modes(criterion.sums, self.rows, fixed, self.sigmas, start)
        with np.errstate(all="ignore"):
            self.newton = self.mode.precisions
            self.precision = (
                self.newton
                if self.rows.newton_in_determinant
                else Precisions(criterion.sums, self.sigmas, self._expected[0])
            )
            if constant is None:
                constant = self.rows.family.constant_rows(y, weights).sum(axis=0)
            value = self.mode.penalised + self.precision.logdet - 2 * constant
        self.objective = np.where(self.mode.found & np.isfinite(value), value, np.inf)

    @cached_property
    def doubt_left(self) -> Array:
        """Of binomial responses, the variance of an outcome given its row beside that of all outcomes, (B,)."""
        y, weights = self.rows.y, self.rows.weights
        shared = None if weights is None else np.broadcast_to(weights, y.shape)
        mu, mean = self.rows.family.linkinv(self.mode.eta), np.average(y, axis=0, weights=shared)
        with np.errstate(all="ignore"):
            return np.asarray(np.average(mu * (1 - mu), axis=0, weights=shared) / (mean * (1 - mean)))

    @cached_property
    def _expected(self) -> tuple[Array, Array]:
        return self.rows.expected(self.mode.eta)

    @cached_property
    def _information(self) -> tuple[Array, Array]:
        """Weight of each row in the determinant, and its derivative."""
        _, _, second, third = self.mode.rows
        return (-second, -third) if self.rows.newton_in_determinant else self._expected

    @cached_property
    def leverages(self) -> Array:
        """Variance of each row's linear predictor given the data, (n, B)."""
        return self.criterion.sums.quadratic(self.precision.covariances)

    @cached_property
    def _determinant_slopes(self) -> Array:
        return np.asarray(self._information[1] * self.leverages)

    @cached_property
    def _mode_slopes(self) -> Array:
        """``Z K Z'c``: derivative of ``log |M|`` by each row's score, through the modes."""
        sums = self.criterion.sums
        return sums.rows(self.newton.times(sums.sums(self._determinant_slopes)))

    @cached_property
    def row_slopes(self) -> Array:
        """Derivative by an addition to each row's fixed part, (n, B)."""
        _, first, second, _ = self.mode.rows
        return np.asarray(self._determinant_slopes - 2 * first + second * self._mode_slopes)

    @cached_property
    def slopes(self) -> list[Array]:
        """``d objective / d Sigma``, one (B, k, k) array per grouping factor."""
        sums = self.criterion.sums
        totals = sums.sums(self.row_slopes)
        answers = self.newton.shrunk(sums.sums(self._determinant_slopes), self._mode_slopes)
        out = []
        for f, block in enumerate(self.precision.block_sums()):
            total, score, answer = (self._of_factor(part, f) for part in (totals, self.scores, answers))
            both = block + np.einsum("qib,qjb->ijb", total, score) / 2
            both = (both + np.einsum("qib,qjb->ijb", score, answer) / 2).transpose(2, 0, 1)
            out.append((both + both.transpose(0, 2, 1)) / 2)
        return out

    @cached_property
    def scores(self) -> ByColumn:
        """``Z'g``."""
        return self.criterion.sums.sums(self.mode.rows[1])

    def _of_factor(self, part: ByColumn, f: int) -> Array:
        """A grouping factor's share, (levels, k, B)."""
        if f == 0:
            return part.lead
        return part.rest[self.criterion.layout.columns(f - 1)]

    def gradient(self) -> Array:
        """Derivative by ``x``, (B, m + p (+ 1))."""
        criterion, out = self.criterion, np.empty_like(self.x)
        m, p = criterion.m, criterion.p
        with np.errstate(all="ignore"):
            for f, t, own in criterion.owned:
                part = criterion.of_term[t]
                slope = self.slopes[f][:, own, own]
                out[:, part] = criterion.structures[t].gradient(self.theta[:, part], self.factors[t], slope)
            out[:, m : m + p] = self.row_slopes.T @ criterion.Q
            if criterion.family.estimates_dispersion:
                density, score, weight = self._nuisance
                slope = -2 * density + self.leverages * weight + self._mode_slopes * score
                out[:, -1] = slope.sum(axis=0)
        return out

    @cached_property
    def _nuisance(self) -> tuple[Array, Array, Array]:
        """Derivatives of the rows by the log dispersion."""
        return self.rows.family.nuisance(self.rows.y, self.mode.eta, self.rows.weights)

    def curvature(self) -> Array:
        """A cheap approximation of the Hessian, as ``GlmmCriterion.curvature``, (B, …, …).

        Notes
        -----
        For columns ``e`` with rows in ``Z dSigma Z'g`` and in ``Q``, it is ``e' V^-1 e``.
        """
        criterion, size = self.criterion, self.criterion.size
        m, p = criterion.m, criterion.p
        with np.errstate(all="ignore"):
            directions = self._directions()
            weight = self._information[0]
            columns = [*directions, *(np.broadcast_to(q[:, None], weight.shape) for q in criterion.Q.T)]
            images = [self._v_inverse(column) for column in columns]
            out = np.zeros((len(self.x), size, size))
            for i, image in enumerate(images):
                for j in range(i + 1):
                    out[:, i, j] = out[:, j, i] = np.einsum("nb,nb->b", columns[j], image)
            out[:, m : m + p, m : m + p] *= 2
            for f, t, own in criterion.owned:
                part, slope = criterion.of_term[t], self.slopes[f][:, own, own]
                out[:, part, part] += criterion.structures[t].second_order(
                    self.theta[:, part], self.factors[t], slope
                )
            if criterion.family.estimates_dispersion:
                self._bend_by_dispersion(out, directions)
        return out

    def _v_inverse(self, column: Array) -> Array:
        """``V^-1 e`` with ``V = W^-1 + Z Sigma Z'``."""
        sums, weighted = self.criterion.sums, self._information[0] * column
        return np.asarray(
            weighted - self._information[0] * sums.rows(self.precision.times(sums.sums(weighted)))
        )

    def _directions(self) -> list[Array]:
        """``Z dSigma/dtheta_i Z'g``, (n, B) for each covariance parameter."""
        criterion, sums = self.criterion, self.criterion.sums
        moved = [
            (np.zeros((sums.q, sums.k, len(self.x))), np.zeros((sums.R, len(self.x))))
            for _ in range(criterion.m)
        ]
        for f, t, own in criterion.owned:
            part, structure = criterion.of_term[t], criterion.structures[t]
            score = self._of_factor(self.scores, f)[:, own].transpose(2, 0, 1)
            ways = structure.directions(self.theta[:, part], self.factors[t], score)  # (B, levels, k, m)
            for i in range(part.stop - part.start):
                way = ways[..., i].transpose(1, 2, 0)
                lead, rest = moved[part.start + i]
                if f == 0:
                    lead[:, own] = way
                else:
                    rest[criterion.layout.columns(f - 1)[:, own]] = way
        return [sums.rows(ByColumn(*parts)) for parts in moved]

    def _bend_by_dispersion(self, out: Array, directions: list[Array], step: float = 1e-5) -> None:
        """Second derivatives in the log dispersion, the modes following, in place."""
        sums, rows = self.criterion.sums, self.rows
        ahead = rows.family.at_rows(self.x[:, -1] + step)
        further = ahead.nuisance(rows.y, self.mode.eta, rows.weights).density
        image = sums.rows(self.newton.times(sums.sums(self._nuisance[1])))
        change = (further - self._nuisance[0]).sum(axis=0)
        out[:, -1, -1] = -2 * change / step - 2 * np.einsum("nb,nb->b", self._nuisance[1], image)
        shift = self._nuisance[1] - self.newton.weights * image
        for i, direction in enumerate(directions):
            out[:, i, -1] = out[:, -1, i] = -np.einsum("nb,nb->b", direction, shift)
