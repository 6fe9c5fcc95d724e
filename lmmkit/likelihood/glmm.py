"""Generalised linear mixed models: the marginal likelihood of everything unknown.

The parameters are searched together: covariance parameters, fixed effects, and the logarithm of the
dispersion where the family has one. The objective at a point is the Laplace approximation
(:mod:`~lmmkit.likelihood.laplace`) or adaptive Gauss-Hermite quadrature (:mod:`~lmmkit.likelihood.quadrature`).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..crossprod.blocks import inner
from ..crossprod.conditional_variances import VariancePattern
from ..crossprod.elimination import DenseElimination
from ..crossprod.layout import Sums
from ..design.design import Design
from ..errors import DataError, ModelError
from ..families.family import Family
from ..numerics.arguments import shown
from ..numerics.arrays import Array
from ..numerics.small import orthonormal, solved
from ..numerics.trust_region import Search, Trial
from .copies import copied_search, followed_along, suits
from .far_theta import far_out
from .glm_start import start_without_random_effects
from .grid import Grid, dense_parts, valleys
from .laplace import LaplacePoint
from .pirls import TOLERANCE, Effects, Mode, ModeSearch, Observations, Precision
from .quadrature import QuadraturePoint
from .search import LOWER, SHRUNK, Place
from .theta import Terms

#: Most quadrature nodes; more gain nothing in double precision.
MOST_NODES = 100
#: Columns along which predictors may change sign, at most.
MOST_SIGNS = 6
#: Valleys of the working linear model from which the search goes downhill, at most.
VALLEYS = 3
#: Size of effects, in units of the linear predictor, beyond which there may be valleys even farther out.
LARGE = 2.0
#: Step of the differences that give the Hessian: only rounding errors of the gradient can be felt.
WIDTH = 1e-6
#: Squared Newton decrement at which modes are known well enough for the working linear model of the first look.
ROUGHLY = 1e-2
#: Change of the parameters up to which the modes are where they are followed to, about.
NEARBY = 0.3
#: How much higher the objective may be at larger effects for a way down from there.
NEARLY_AS_WELL = 1.0
#: Dispersion below which the likelihood rises for ever.
ENDLESS = 1e-10


class GlmmCriterion(Terms):
    """-2 log-likelihood of a GLMM as a function of ``x = (theta, gamma, log dispersion)``.

    ``theta`` is in whitened units and ``gamma`` multiplies orthogonal columns of the same mean square as the
    whitened random-effects columns, so that one unit means as much in every direction.

    Parameters
    ----------
    design : Design
    family : Family
    n_agq : int
        0 or 1 for the Laplace approximation, more for quadrature nodes.

    Raises
    ------
    DataError
        If the response cannot come from the family, or the offset is not finite.
    ModelError
        If ``n_agq`` does not suit the random effects, or the model has no admissible start.
    """

    def __init__(self, design: Design, family: Family, n_agq: int = 1) -> None:
        _check_nodes(design, n_agq)
        _check_offset(design)
        self.design, self.family, self.n_agq = design, family, n_agq
        self.n, self.p = design.X.shape
        eta = self.set_response(design.y)
        # Where the link bounds the predictor, its own size is the natural unit.
        bounded = family.link.name in ("sqrt", "identity", "inverse")
        self.unit = 0.3 * float(np.median(np.abs(eta))) if bounded else 1.0
        super().__init__(design, np.ones(self.n), self.unit)
        self.pattern = VariancePattern(self.layout)
        Q, R = orthonormal(design.X)
        size = np.sqrt(self.n) * self.unit
        self.Q, self.R = Q * size, R / size

    def set_response(self, y: Array) -> Array:
        """Replace the response; nothing that depends on the design alone is done again.

        Parameters
        ----------
        y : array of shape (n,)

        Returns
        -------
        array of shape (n,)
            Linear predictor of the fit without random effects, where the search will start.

        Raises
        ------
        DataError
            If the family cannot have produced it.
        """
        design, family = self.design, self.family
        family.check_response(y, design.row_trials, design.response)
        self.y = y
        self._start_beta, eta, self._start_dispersion = start_without_random_effects(design, y, family)
        self._constant = (
            None if family.estimates_dispersion else family.constant(y, design.weights, design.row_trials)
        )
        self._last: tuple[Array, LaplacePoint] | None = None
        return eta

    @property
    def estimates_dispersion(self) -> bool:
        """Whether the log dispersion is the last parameter."""
        return self.family.estimates_dispersion

    def searched(self, x: Array) -> Array:
        """Of all parameters those that are searched.

        Parameters
        ----------
        x : array
        """
        return x

    def everything(self, search: Search) -> Array:
        """All parameters at the end of a search.

        Parameters
        ----------
        search : Search
        """
        return search.x

    def pack(self, beta: Array, dispersion: float) -> Array:
        """Fixed effects and dispersion in the units of the search."""
        return np.concatenate([self.R @ beta, [np.log(dispersion)] if self.estimates_dispersion else []])

    def unpack(self, x: Array) -> tuple[Array, Array, Family]:
        """Whitened ``theta``, ``gamma``, and the family at its dispersion.

        Parameters
        ----------
        x : array
            Parameters in the units of the search.
        """
        m, family = self.n_theta, self.family
        if self.estimates_dispersion:
            family = family.with_dispersion(float(np.exp(np.clip(x[-1], -300, 300))))
        return x[:m], x[m : m + self.p], family

    def beta(self, gamma: Array) -> Array:
        """Fixed effects in the units of the data."""
        return solved(self.R, gamma)

    def start(self) -> Array:
        """Independent effects of one unit on the linear predictor, and the fit without random effects."""
        return np.concatenate([self.identity(), self.pack(self._start_beta, self._start_dispersion)])

    def places(self) -> list[Place]:
        """Where the search begins: the valleys of the working linear model on a coarse grid.

        Notes
        -----
        At :meth:`start` each row has a weight and a working response, whose linear mixed model (with residual
        variance one) resembles this one. A large design begins at :meth:`start`.
        """
        usual, small = Place("effects of one unit", self.start()), Grid.suits(self, self.p)
        shares = [share for share in SHRUNK if share > 1e-3]
        near = ROUGHLY if small else TOLERANCE
        points = ((share, self.point(self.nearer_zero(usual.x, share), tolerance=near)) for share in shares)
        share, point = next(((share, point) for share, point in points if point is not None), (0.0, None))
        if point is None or not small:
            return [usual if share < 1 else usual._replace(trial=self._trial_of(usual.x, point))]
        weights, _ = point.search.rows.expected(point.mode.eta)
        if not np.isfinite(weights.sum()) or (weights <= 0).any():
            return [usual]
        response = point.mode.eta - self.design.offset + point.mode.rows[1] / weights
        if not np.isfinite(response.sum()):
            return [usual]
        sums = self.layout.sums(np.column_stack([self.Q, response]), weights)
        grid = Grid(self, dense_parts(self.layout, sums, self.p), reml=False, nu=None)
        values = grid.value(dense_parts(self.layout, sums, self.p + 1))
        lowest = valleys(values[None], grid.shape, VALLEYS)[0]
        rest = usual.x[self.n_theta :]
        seen = [self._working_fit(sums, grid.thetas[g], rest) for g in lowest if g >= 0]
        places = [Place("a valley of the working linear model", x) for x in seen]
        sizes = {1.0: "effects of one unit"} if not places else {}
        if self.has_slopes:
            sizes[3.0] = "effects of three units"
        if not point.search.rows.single_mode:  # then the objective itself has more valleys
            sizes |= {0.1: "effects of a tenth of a unit", 1.0: "effects of one unit"}
        if point.search.rows.heavy_tails:
            sizes |= {3.0: "effects of three units", 10.0: "effects of ten units"}
        if point.search.rows.heavy_tails and len(self.ks) > 1:
            places += self.without_each(usual.x)
        theta = usual.x[: self.n_theta]
        places += [Place(why, np.concatenate([size * theta, rest])) for size, why in sizes.items()]
        if point.search.rows.two_branches:
            places += self._other_branches(theta, rest)
        return places

    def _working_fit(self, sums: Sums, theta: Array, rest: Array) -> Array:
        """A start with the fixed effects of the working linear model; those given, if it has none."""
        try:
            gamma = DenseElimination(self.layout, sums, self.roots(self.split(theta))).fixed_part().gamma
        except np.linalg.LinAlgError:
            gamma = rest[: self.p]
        return np.concatenate([theta, gamma, rest[self.p :]])

    def _other_branches(self, theta: Array, rest: Array) -> list[Place]:
        """Where the mean is the same on both sides of zero: predictors near it, or changing sign along a column."""
        near = "fixed effects near zero, effects of {} units"
        places = [Place(near.format(n), np.concatenate([n * theta, 0.2 * rest])) for n in (1, 5)]
        size = np.abs(self.family.linkfun(self.family.start_mean(self.y, self.design.weights)))
        for name, column in zip(self.design.x_names[:MOST_SIGNS], self.design.X.T, strict=False):
            sign = np.sign(column - np.median(column))
            if sign.any():
                turned = rest.copy()
                turned[: self.p] = np.linalg.lstsq(self.Q, size * sign, rcond=None)[0]
                places.append(Place(f"predictors that change sign along {name}", np.append(theta, turned)))
        return places

    def second_opinions(self, search: Search) -> list[Place]:
        """Beside a singular end (:meth:`Terms.second_opinions`), and with slopes next to none of each term.

        Where groups are nearly all zeros or all ones, effects are very large, and there are more valleys.
        """
        others = super().second_opinions(search)
        if not self.has_slopes:
            if not (Grid.suits(self, self.p) and search.state.nearly_certain):
                return others
            sizes = {"effects of ten units": (10, 1), "effects of five units, far out": (5, 10)}
            theta, rest = self.identity(), search.x[self.n_theta :]
            places = [Place(why, np.append(a * theta, b * rest)) for why, (a, b) in sizes.items()]
            return [*others, *places]
        several = len(self.ks) > 1
        others += self.without_each(search.x) if several else []
        if max(np.abs(T).max() for T in self.split(search.x[: self.n_theta])) > LARGE:
            afar = self.nearer_zero(self.start(), 10.0)
            others += [Place("effects of ten units", afar), *(self.without_each(afar) if several else [])]
        return others

    def further_opinions(self, search: Search) -> list[Place]:
        """As :meth:`Terms.further_opinions`; and larger effects of structured terms, where they fit nearly as well.

        An outcome that is nearly certain hardly tells how large an effect is.
        """
        places = super().further_opinions(search)
        if not max((np.abs(T).max() for T in self.split(search.x[: self.n_theta])), default=0.0) > LARGE:
            return places
        for (own, structure), term in zip(self.by_term, self.design.terms, strict=True):
            for moved in structure.grown(search.x[own]):
                x = search.x.copy()
                x[own] = moved
                trial = self.trial(x)
                if trial.value < search.value + NEARLY_AS_WELL:
                    places.append(Place(f"a larger effect in {term.bar.term}", x, trial))
        return places

    def point(
        self, x: Array, starts: list[Effects] | None = None, tolerance: float = TOLERANCE
    ) -> LaplacePoint | None:
        """Evaluate the objective; None where no mode is found.

        Parameters
        ----------
        x : array
            Parameters in the units of the search.
        starts : list, optional
            Spherical effects from which to look for the modes; by default those of the last point.
        tolerance : float
            Squared decrement at which they are found.
        """
        search, factors = self._modes_at(x)
        mode = search.find(self._starts(x, search) if starts is None else starts, tolerance)
        point = None if mode is None or mode.precision is None else self._with_mode(x, factors, search, mode)
        if point is not None:
            self._last = (x, point)
        return point

    def hessian(self, search: Search) -> Array | None:
        """The Hessian at the end of a search by differences of the gradient, not finite where a neighbour has none.

        The modes are followed to the neighbours to first order, not searched: as much is left out as by the
        difference of two gradients itself, a share in proportion to the step.

        Parameters
        ----------
        search : Search
        """
        m, p, hessian = self.n_theta, self.p, np.empty((len(search.x), len(search.x)))
        if not len(search.x):
            return hessian
        widths = WIDTH * np.maximum(1.0, np.abs(search.x))
        fixed = slice(m, m + p)
        others = [*range(m), *range(m + p, len(widths))]
        for i in others:
            point = self._beside(search, search.x + widths[i] * (np.arange(len(widths)) == i))
            if point is None:
                return np.full_like(hessian, np.nan)
            hessian[i] = (self.gradient(point) - search.gradient) / widths[i]
        slopes = self._slopes_beside(search, self.Q * widths[fixed])
        if slopes is None:
            return np.full_like(hessian, np.nan)
        hessian[fixed, fixed] = ((self.Q.T @ slopes).T - search.gradient[fixed]) / widths[fixed, None]
        hessian[fixed, others] = hessian[others, fixed].T
        return np.asarray((hessian + hessian.T) / 2)

    def _slopes_beside(self, search: Search, changes: Array) -> Array | None:
        """Each row's slope next to the end of a search, (n, c), its fixed part changed by each of (n, c)."""
        point: LaplacePoint = search.state
        if suits(self.layout, changes.shape[1]):
            copies = copied_search(point, changes)
            beside = self._settled(search.x, point.factors, copies, followed_along(point, changes))
            return None if beside is None else beside.row_slopes.reshape(-1, self.n).T
        slopes = np.empty_like(changes)
        for i, change in enumerate(changes.T):
            moved = replace(point.search, fixed=point.search.fixed + change)
            u = point.search.follow(point.mode, point.newton, moved, 0.0)
            beside = self._settled(search.x, point.factors, moved, u)
            if beside is None:
                return None
            slopes[:, i] = beside.row_slopes
        return slopes

    def _beside(self, search: Search, x: Array) -> LaplacePoint | None:
        """A point next to the end of a search, its modes followed there."""
        beside, factors = self._modes_at(x)
        return self._settled(x, factors, beside, self._followed(search.state, search.x, x, beside))

    def _settled(self, x: Array, factors: list[Array], search: ModeSearch, u: Effects) -> LaplacePoint | None:
        """A point whose effects are taken for the modes."""
        with np.errstate(all="ignore"):
            mode = search.at(u)
        try:
            return None if mode is None else self._with_mode(x, factors, search, search.settled(mode))
        except np.linalg.LinAlgError:
            return None

    def _modes_at(self, x: Array) -> tuple[ModeSearch, list[Array]]:
        """Where the modes at these parameters are to be searched, and each term's covariance factor there."""
        theta, gamma, family = self.unpack(x)
        factors = self.split(theta)
        rows = Observations(self.y, self.design.weights, family)
        fixed = self.design.offset + self.Q @ gamma
        return ModeSearch(self.layout, rows, fixed, self.roots(factors)), factors

    def _with_mode(
        self, x: Array, factors: list[Array], search: ModeSearch, mode: Mode
    ) -> LaplacePoint | None:
        """The objective with its modes; None where it cannot be differentiated."""
        rows, newton = search.rows, mode.precision
        assert newton is not None
        observed = mode.rows[2:]
        expected = () if rows.newton_in_determinant else rows.expected(mode.eta)
        if not math.isfinite(sum(part.sum() for part in (*observed, *expected))):
            return None  # too near the edge of the link's range to be differentiated
        try:
            if (observed[0] > 0).any():
                newton = Precision(search.layout, search.roots, -observed[0])
            precision = Precision(search.layout, search.roots, expected[0]) if expected else newton
        except np.linalg.LinAlgError:
            return None
        constant = self._constant if self._constant is not None else rows.family.constant(*rows[:2])
        theta = x[: self.n_theta]
        pattern = self.pattern if search.layout is self.layout else VariancePattern(search.layout)
        given = (pattern, theta, factors, search, mode, precision, newton, constant)
        return LaplacePoint(*given) if self.n_agq < 2 else QuadraturePoint(*given, n_agq=self.n_agq)

    def _starts(self, x: Array, search: ModeSearch) -> list[Effects]:
        """Modes to start from: those of the last point, and where they go from there."""
        if self._last is None:
            return []
        before, point = self._last
        followed = self._followed(point, before, x, search)
        if search.rows.single_mode and np.abs(x - before).max() < NEARBY:
            return [followed]  # no other start leads elsewhere
        return [point.mode.u, followed]

    def _followed(self, point: LaplacePoint, before: Array, x: Array, search: ModeSearch) -> Effects:
        """Where the modes of a point go, to first order, when the parameters change."""
        scores: Array | float = 0.0
        if self.estimates_dispersion and x[-1] != before[-1]:
            scores = point.nuisance.score * (x[-1] - before[-1])
        return point.search.follow(point.mode, point.newton, search, scores)

    def better_modes(self, search: Search) -> bool:
        """Whether the end of a search has better conditional modes than it found; the next one begins with them."""
        point: LaplacePoint = search.state
        if not point.search.rows.heavy_tails:
            return False
        mode = point.search.from_aside(point.mode)
        found = None if mode is point.mode else self.point(search.x, [mode.u])
        if found is not None and found.objective < search.value - LOWER:
            return True
        self._last = (search.x, point)
        return False

    def gradient(self, point: LaplacePoint) -> Array:
        """Derivative of the objective with respect to ``x``."""
        theta: list[Array] = [np.empty(0)] * len(self.ks)
        if isinstance(point, QuadraturePoint):
            theta[0] = point.root_slope
        else:
            for f, t, own in self.owned:
                here, slope = point.theta[self.of_term[t]], point.slopes[f][own, own]
                theta[t] = self.structures[t].gradient(here, point.factors[t], slope)
        rest = [self.Q.T @ point.row_slopes]
        if self.estimates_dispersion:
            rest.append(np.array([point.dispersion_slope]))
        return np.concatenate([*theta, *rest])

    def curvature(self, point: LaplacePoint) -> Array:
        """A cheap approximation of the Hessian with respect to ``x``.

        Notes
        -----
        The average information of the working linear model, whose response has variance
        ``V = W^-1 + Z Sigma Z'`` (Gilmour, Thompson and Cullis 1995), with the exact second derivative of
        ``Sigma = T T'``.
        """
        m, p = self.n_theta, self.p
        directions = self.directions(point.theta, point.factors, point.scores)
        images, fixed_images, within = point.images(self.Q, *self.spread(directions))
        size = m + p + self.estimates_dispersion
        hessian = np.zeros((size, size))
        hessian[:m, :m] = self.second_order(point.theta, point.factors, point.slopes)
        hessian[m : m + p, m : m + p] = 2 * within
        for direction, image, fixed in zip(directions, images, fixed_images, strict=True):
            hessian[:m, :m] += inner(direction, image)
            hessian[:m, m : m + p] += inner(direction, fixed)
        if self.estimates_dispersion:
            hessian[-1, -1], moved = point.dispersion_curvature()
            for direction, part in zip(directions, moved, strict=True):
                hessian[:m, -1] -= inner(direction, part[:, :, None])[:, 0]
        hessian[m:, :m] = hessian[:m, m:].T
        return hessian

    def trial(self, x: Array) -> Trial:
        """The objective as the optimiser wants it; points without a mode count as infinitely bad."""
        return self._trial_of(x, self.point(x))

    def _trial_of(self, x: Array, point: LaplacePoint | None) -> Trial:
        if point is None or not np.isfinite(point.objective):
            return Trial(np.inf, lambda: np.full_like(x, np.nan), lambda: np.eye(len(x)))
        derivatives = (lambda: self.gradient(point), lambda: self.curvature(point))
        ends = self.endless(x) or far_out(point.search.rows.family, point.mode.eta)
        return Trial(point.objective, *derivatives, point, ends)

    def endless(self, x: Array) -> bool:
        """Whether a gamma family's dispersion has gone to zero, where the likelihood rises for ever."""
        return self.estimates_dispersion and self.family.name == "gamma" and bool(x[-1] < np.log(ENDLESS))


def _check_nodes(design: Design, n_agq: int) -> None:
    if isinstance(n_agq, bool) or not isinstance(n_agq, int | np.integer) or not 0 <= n_agq <= MOST_NODES:
        raise ModelError(
            f"n_agq must be a whole number: 0 or 1 (Laplace) or up to {MOST_NODES}, not {shown(n_agq)}"
        )
    if n_agq > 1 and (len(design.terms) > 1 or design.terms[0].Z.shape[1] > 1):
        bars = " + ".join(term.bar.term for term in design.terms)
        raise ModelError(
            f"n_agq={n_agq} needs one random effect per group of one grouping factor, such as (1 | g), but "
            f"the model has {bars}; use n_agq=1, the Laplace approximation"
        )


def _check_offset(design: Design) -> None:
    bad = ~np.isfinite(design.offset)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"the offset is {design.offset[row]} in row {row + 1} (is it the log of an exposure of 0?); "
            "leave such rows out or correct the exposure"
        )
