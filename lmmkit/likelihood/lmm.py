"""The profiled (RE)ML criterion of a linear mixed model, and its derivatives.

With ``V = I + Z Lambda(theta) Lambda(theta)' Z'``, the fixed effects and the residual variance have closed
forms given ``theta``; what is left to minimise is

    REML:  log|V| + log|X'V^-1 X| + (n - p) (1 + log(2 pi r2 / (n - p)))
    ML:    log|V|                 +  n      (1 + log(2 pi r2 / n))

where ``r2 = y'P y`` is the penalised residual sum of squares (Bates et al. 2015, eqs. 34 and 42).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..crossprod.elimination import BlockElimination, DenseElimination, Elimination
from ..crossprod.layout import Sums
from ..crossprod.panel_elimination import PanelElimination
from ..crossprod.rest import DenseRest
from ..crossprod.small_elimination import Arrangement, SmallElimination
from ..design.design import Design
from ..errors import ModelError
from ..numerics.arrays import Array
from ..numerics.small import inverse_of_upper, orthonormal
from ..numerics.trust_region import Search, Trial
from ..structures.unstructured import Unstructured
from .balanced import has_one_valley
from .by_rows import LITTLE, solve_by_rows
from .faces import Faces, has_faces
from .grid import ENDS, FAR_ENDS, Grid, Parts, dense_parts, grid_thetas, ring_thetas, valleys
from .moments import moment_sds
from .point import Point, SmallPoint
from .search import Place
from .theta import FAR, Terms

#: How much higher than the lowest valley of the grid one is no more looked at, where there are dents.
DENT = 20.0
LEVEL_START = 1e-8  # slope at which the start is the end for the same response, whose valleys have been seen
#: Slope by the logarithm of a standard deviation at which the criterion is level: so long as rounding is not felt,
#: and where the search stops for effects too large.
LEVEL, LEVEL_AT_THE_END = 2e-7, 1e-2
ROUGH = 5e3  # standard deviation, relative to the residuals', from which rounding is felt
#: Standard deviation, relative to the residuals', from which the search looks for effects that leave them nothing.
LITTLE_LEFT = 30.0
#: How much higher than an end a point may be from which the search looks for another valley, where effects are
#: several and a way down is cheap.
WORSE = 15.0
SMALL = 300  # columns of the largest dense matrix up to which another evaluation costs next to nothing
VALLEYS = 3  # places of a coarse grid from which the search goes downhill, at most
#: Residual SD, relative to that of the fit without random effects or to that of an effect, below which the search
#: stops: the likelihood rises for ever, or as good as.
ENDLESS = 1e-5


class Criterion(Terms):
    """The (RE)ML criterion of a design as a function of ``theta``.

    Parameters
    ----------
    design : Design
    reml : bool
        Restricted likelihood (True) or likelihood (False).

    Notes
    -----
    The search runs in whitened units (:class:`~lmmkit.structures.triangle.Whitening`): ``theta`` given to
    :meth:`point`, :meth:`gradient` and :meth:`curvature` is in those units, unconstrained. The criterion
    does not change when a column of ``T`` changes its sign, so no bounds are needed.
    """

    sparse = True
    #: Where a search has ended: for this response, or until then for the one that this came from.
    reached: Point | None = None

    def __init__(self, design: Design, reml: bool = True) -> None:
        self.reml = reml
        rows = design.coordinates
        self.n, self.p = design.n, rows.X.shape[1]
        self.root_weights = None if rows.weights is None else np.sqrt(rows.weights)
        scale = np.ones(len(rows.y)) if self.root_weights is None else self.root_weights
        super().__init__(design, scale)
        self.knows_ends = self.structured
        small = Arrangement.suits(self.layout, self.p + 1)
        self.arrangement = Arrangement(self.layout, self.p + 1) if small else None
        self.Q, self.R = orthonormal(rows.X * scale[:, None])
        self.sums = self.layout.sums(self.Q)
        self.log_weights = design.log_weights
        if max(self.ks, default=0) > 2 and self.layout.width <= SMALL:
            self.worth_a_try = WORSE
        self._read(rows.y)

    def _eliminate(self, roots: list[Array]) -> Elimination:
        """Sweep out the random effects, in the way that suits the size and the storage of the design."""
        if self.arrangement is not None:
            return SmallElimination(self.arrangement, self.whole, roots)
        if isinstance(self.layout.rest_block, DenseRest):
            return DenseElimination(self.layout, self.sums, roots)
        if self.layout.by_panels:
            return PanelElimination(self.layout, self.sums, roots)
        from ..crossprod.sparse_elimination import SparseElimination  # few designs need it

        return SparseElimination(self.layout, self.sums, roots)

    def with_response(self, y: Array) -> Criterion:
        """The criterion of the same design with another response; what depends on the design is shared.

        Parameters
        ----------
        y : array of shape (n,)

        Returns
        -------
        Criterion
            A new one: a fit keeps the criterion that it was made with.

        Raises
        ------
        ModelError
            If the fixed effects leave nothing to explain.
        """
        other = object.__new__(Criterion)
        other.__dict__ |= {**self.__dict__, "design": self.design.with_y(y)}
        other._read(y)
        return other

    def _read(self, y: Array) -> None:
        """Sum the response over the rows."""
        self.y = y
        target = y - self.design.coordinates.offset
        if self.root_weights is not None:
            target = target * self.root_weights
        # Least-squares residuals are small where y may be large: no digits are lost in y'y.
        self.ols = self.Q.T @ target
        residual = target - self.Q @ self.ols
        total = float(residual @ residual)
        if total <= 1e-24 * float(target @ target) or total == 0.0:
            raise ModelError(
                f"the response '{self.design.response}' is reproduced exactly by the fixed effects, so no "
                "variation is left for random effects; check that it is not constant and that the model is "
                "not saturated"
            )
        # The response is measured in its own residual SD during the search.
        self.unit = float(np.sqrt(total / self.n))
        self.column = residual / self.unit
        column = self.column[:, None]
        sums, p = self.sums, self.p  # those of Q come first
        dd = np.empty((p + 1, p + 1))
        dd[:p, :p] = sums.dd[:p, :p]
        dd[:p, p] = dd[p, :p] = self.Q.T @ self.column
        dd[p, p] = self.column @ self.column
        self.sums = Sums(
            sums.lead,
            sums.cross,
            sums.rest,
            np.concatenate([sums.lead_d[..., :p], self.layout.lead_sums(column)], axis=2),
            np.concatenate([sums.rest_d[:, :p], self.layout.rest_sums(column)], axis=1),
            dd,
        )
        if self.arrangement is not None:
            self.whole = self.arrangement.side_by_side(self.sums)

    @property
    def nu(self) -> int:
        """Degrees of freedom of the residual variance: n - p (REML) or n."""
        return self.n - self.p if self.reml else self.n

    @cached_property
    def inverse_of_R(self) -> Array:
        """``R^-1`` for ``X = Q R``."""
        return inverse_of_upper(self.R)

    @cached_property
    def _log_det_R(self) -> float:
        return float(np.log(np.abs(np.diag(self.R))).sum())

    def point(self, theta: Array) -> Point:
        """Evaluate the criterion.

        Parameters
        ----------
        theta : array of shape (m,)
            Whitened covariance parameters.
        """
        factors = self.split(theta)
        before = self.reached if self.reached is not None and self.reached.theta is theta else None
        elimination = self._eliminate(self.roots(factors)) if before is None else self._again(before)
        root, logdet, gamma, r2 = elimination.fixed_part()
        known = factors, np.nan, gamma, root, r2, self.nu, self.reml
        point: Point
        if isinstance(elimination, SmallElimination):
            point = SmallPoint(elimination, theta, *known)
        else:
            point = Point(elimination, theta, *known)
        if before is not None:
            point.block_sums = before.block_sums  # they do not depend on the response
        if r2 < LITTLE * self.n and self.layout.has_rows:
            solve_by_rows(point, self, self.Q, self.column)
        log_scale = math.log(2 * np.pi * point.r2 / self.nu) if point.r2 > 0 else np.nan
        point.objective = elimination.logdet + self.nu * (1 + log_scale + 2 * math.log(self.unit))
        if self.reml:
            point.objective += logdet + 2 * self._log_det_R
        point.objective -= self.log_weights
        return point

    def _again(self, before: Point) -> Elimination:
        """The elimination at a point seen with another response, of which only the sums of the response are new."""
        assert isinstance(before.elimination, BlockElimination)
        return before.elimination.with_sums(self.sums)

    def gradient(self, point: Point) -> Array:
        """Derivative of the criterion with respect to whitened ``theta``, shape (m,)."""
        slopes = point.slopes
        parts: list[Array] = [np.empty(0)] * len(self.ks)
        for f, t, own in self.owned:
            theta = point.theta[self.of_term[t]]
            parts[t] = self.structures[t].gradient(theta, point.factors[t], slopes[f][own, own])
        return np.concatenate(parts)

    def curvature(self, point: Point) -> Array:
        """Average-information approximation of the Hessian, shape (m, m).

        Notes
        -----
        Gilmour, Thompson and Cullis (1995): the traces of the observed and the expected information are
        averaged away, and only quadratic forms in ``P V_i P y`` remain. The exact second derivative of
        ``Sigma = T T'`` is added, which matters at the boundary.
        """
        quadratic, rank_one = self._quadratic_forms(point)
        return quadratic - rank_one + self.second_order(point.theta, point.factors, point.slopes)

    @property
    def has_hessian(self) -> bool:
        """Whether :meth:`hessian` costs about as much as an evaluation."""
        return self.arrangement is not None or not self.layout.rest

    def hessian(self, point: Point) -> Array:
        """The Hessian itself, shape (m, m).

        Notes
        -----
        Second derivatives as in Lindstrom and Bates (1988): with ``V_i`` the derivatives of ``V``, those of the
        log determinants are ``-tr(P V_i P V_j)``, those of ``y'P y`` are ``2 y'P V_i P V_j P y``.
        """
        traces = point.trace_products(self.covariance_slopes(point.theta, point.factors))
        quadratic, rank_one = self._quadratic_forms(point)
        own = self.second_order(point.theta, point.factors, point.slopes)
        return np.asarray(2 * quadratic - rank_one - traces + own)

    def _quadratic_forms(self, point: Point) -> tuple[Array, Array]:
        """``y'P V_i P V_j P y`` and ``y'P V_i P y y'P V_j P y / r2``, relative to the residual variance."""
        directions = self.directions(point.theta, point.factors, point.scores)
        lead, rest = self.spread(directions)
        m = lead.shape[2]
        first = np.zeros(m)
        for score, own in zip(point.scores, directions, strict=True):
            first += score.ravel() @ own.reshape(-1, m)
        ratio = self.nu / point.r2
        return ratio * point.quadratic(directions, lead, rest), first[:, None] * (ratio / point.r2 * first)

    def trial(self, theta: Array) -> Trial:
        """The criterion for the search; points where ``V`` overflows count as infinitely bad."""
        try:
            with np.errstate(all="ignore"):
                point = self.point(theta)
        except np.linalg.LinAlgError:
            return Trial(np.inf, lambda: np.full_like(theta, np.nan), lambda: np.eye(len(theta)))
        value = point.objective if point.r2 > 0 and math.isfinite(point.objective) else np.inf
        derivatives = (lambda: self.gradient(point), lambda: self.curvature(point))
        ended = self.endless(theta, point) or self.levelled(point)
        hessian = (lambda: self.hessian(point)) if self.has_hessian else None
        return Trial(value, *derivatives, point, ended, hessian)

    def levelled(self, point: Point) -> bool:
        """Whether structured effects have taken all of the residual variance, and the criterion falls no more.

        Where each cell has one row, a structure can explain all there is; the criterion has its lowest value at
        a residual variance of zero, towards which it is level. (In :meth:`endless` it falls for ever.)
        """
        if not self.structured:
            return False
        largest = point.largest
        if largest < FAR:
            return False
        return self.slope(point) < (LEVEL_AT_THE_END if self._far_out(point) else rounding(largest))

    def slope(self, point: Point) -> float:
        """The largest derivative by the logarithm of a standard deviation."""
        gradient, slopes = self.gradient(point), [np.zeros(1)]
        for own, structure in self.by_term:
            if isinstance(structure, Unstructured):  # its entries are no logarithms
                slopes.append(gradient[own] * point.theta[own])
            else:
                slopes.append(gradient[own][: structure.n_sds])
        return max(float(np.abs(own).max()) for own in slopes)

    def endless(self, theta: Array, point: Point) -> bool:
        """Whether next to no residual variance is left, which the likelihood rewards without end."""
        return self._far_out(point) and not self.levelled(point)

    def _far_out(self, point: Point) -> bool:
        return bool(point.r2 < ENDLESS**2 * self.nu or point.largest > 1 / ENDLESS)

    def places(self, start: Array | None = None, guess: bool = False) -> list[Place]:
        """Where the search begins.

        Parameters
        ----------
        start : array of shape (m,), optional
            A whitened ``theta`` to begin from. Valleys that the grid shows are visited as well, unless it shows
            a single one and the start lies lower in it. A start at which the criterion overflows is passed over.
        guess : bool
            The start is no wish but the estimate for a similar response: of it and a single valley the lower is
            enough, and so is the start itself where the response is the same (but for units), or where a grid is
            expensive and valleys are rare.

        Notes
        -----
        A small design is looked at on a coarse grid, a middling one at fewer points of it, one by one; a large
        one begins at the estimate by moments.
        """
        if guess and start is not None and self.reached is not None and self.layout.width > SMALL:
            start = self.reached.theta  # the start itself, where all but the response's part is known
        trial = None if start is None else self.trial(start)
        value = np.inf if trial is None else trial.value
        given = [Place("the start given", start, trial)] if start is not None and np.isfinite(value) else []
        if self.layout.width > SMALL:
            return given or [Place("estimates by moments", self.moments())]
        if has_one_valley(self, self.sums.lead):
            return given or [Place("balanced data, whose criterion has one valley", self.identity())]
        if guess and trial is not None and given:
            same = float(np.abs(trial.gradient()).max(initial=0.0)) < LEVEL_START
            if same or (self._grid is None and not self.has_slopes):
                return given
        look = self._faces
        faces = [] if look is None else look.places(self._values_at(look.points))
        if faces and len(self.structures) == 1:
            return [*given, *faces]
        thetas, shape, values = self.on_grid(again=guess)
        lowest = [g for g in valleys(values[None], shape, VALLEYS)[0] if g >= 0]
        # Where effects are large, the axis of rho makes dents.
        if any(structure.has_rho for structure in self.structures):
            lowest = [g for g in lowest if values[g] < values[lowest[0]] + DENT]
        if given and len(lowest) == 1 and value < values[lowest[0]]:
            return [*given, *faces]
        seen = [Place("a valley on a coarse grid", *self.shaped(thetas[g])) for g in lowest]
        if guess and len(lowest) == 1:
            return seen + faces
        if self.seen_coarsely:
            seen.append(Place("effects as variable as the residuals", self.identity()))
        return [*given, *faces[:1], *seen, *faces[1:]]

    @cached_property
    def _faces(self) -> Faces | None:
        """Points at the faces of structured covariances, where there are any and a look at them is cheap."""
        if not any(has_faces(structure) for structure in self.structures):
            return None
        faces = Faces.of(self, self.moments(), self.sums.lead, self.may_leave_nothing, self.p)
        return faces if faces is not None and Grid.suits(self, self.p, faces.points) else None

    def _values_at(self, points: tuple[Array, tuple[int, ...]]) -> Array:
        """The criterion at points that are looked at together."""
        grid = Grid(self, dense_parts(self.layout, self.sums, self.p), self.reml, self.nu, points)
        return grid.value(self._parts()) + self._constant

    def evaluated(self, places: Sequence[Place]) -> list[Place]:
        """With the value at each; of several together where they are as good as on a grid."""
        if self._faces is None or not places:
            return super().evaluated(places)
        values = self._values_at((np.array([place.x for place in places]), (len(places),)))
        return [one._replace(value=float(value)) for one, value in zip(places, values, strict=True)]

    def shaped(self, theta: Array) -> tuple[Array, Trial | None]:
        """The effects of heterogeneous terms as variable as moments have them, where that is lower."""
        hetero = [s.has_rho and not s.homogeneous for s in self.structures]
        if not any(hetero):
            return theta, None
        moments, out = self.moments(), theta.copy()
        for (own, structure), is_meant in zip(self.by_term, hetero, strict=True):
            if is_meant:
                par, sds = structure.par(theta[own]), structure.par(moments[own])[: structure.n_sds]
                size = np.sqrt((par[: structure.n_sds] ** 2).mean() / (sds**2).mean())
                par[: structure.n_sds] = size * sds
                out[own] = structure.search(par)
        here, there = self.trial(theta), self.trial(out)
        return (out, there) if there.value < here.value else (theta, here)

    def second_opinions(self, search: Search) -> list[Place]:
        """Beside a singular end (:meth:`Terms.second_opinions`), and for one pair of effects all around.

        Where a term has vanished beside slopes, the others are taken away one by one. An end outside the grid
        says that the effects are far larger than the residuals: then there may be valleys that no grid point saw.
        """
        others = super().second_opinions(search)
        if others and self._ring is not None:
            values = self._ring.value(self._parts())
            lowest = valleys(values[None], self._ring.shape, VALLEYS)[0]
            others += [Place("a valley among singular ones", self._ring.thetas[g]) for g in lowest if g >= 0]
        if self.layout.width <= SMALL and len(self.ks) > 1 and self.shielded(search.x[None])[0]:
            others += self.without_each(search.x)
        if self.layout.width <= SMALL and not self.structured and search.state.largest > ENDS[1]:
            others += self._far_valleys()
        return others + (self.leaving_little() if self.layout.width <= SMALL else [])

    @cached_property
    def may_leave_nothing(self) -> bool:
        """Whether structured effects may explain every row, as where each cell has one."""
        effects = sum(factor.q * factor.k for factor in self.layout.factors)
        return self.structured and effects + self.p >= self.n

    def leaving_little(self) -> list[Place]:
        """Effects far larger than the residuals, where these may be left nothing."""
        if not self.may_leave_nothing:
            return []
        moments = self.moments()
        largest = max(float(np.abs(T).max()) for T in self.split(moments))
        far = self.nearer_zero(moments, LITTLE_LEFT / largest)
        return [Place("effects that leave little to the residuals", far), *self.most_of_each(far)]

    def _far_valleys(self) -> list[Place]:
        """From afar, and valleys of a grid that reaches to effects as large as the search may go."""
        points = grid_thetas(tuple(self.structures), self._grid is not None, FAR_ENDS)
        if self._grid is None:
            values = np.array([self.trial(theta).value for theta in points[0]])
        else:
            grid = Grid(self, dense_parts(self.layout, self.sums, self.p), self.reml, self.nu, points)
            values = grid.value(self._parts())
        lowest = valleys(values[None], points[1], VALLEYS)[0]
        found = [Place("a valley of large effects", points[0][g]) for g in lowest if g >= 0]
        return [
            *found,
            Place("effects a thousand times the residuals", self.nearer_zero(self.identity(), 1e3)),
        ]

    def on_grid(self, again: bool = False) -> tuple[Array, tuple[int, ...], Array]:
        """The criterion on a coarse grid: points (G, m), numbers along the axes, and values (G,).

        `again` says that more responses of the design may follow, for which it pays to prepare the grid.
        """
        if self._grid is None:
            points = grid_thetas(tuple(self.structures), fine=False)
            if not Grid.suits(self, self.p, points):
                return *points, np.array([self.trial(theta).value for theta in points[0]])
            parts = dense_parts(self.layout, self.sums, self.p)
            few = Grid(self, parts, self.reml, self.nu, points)
            return *points, few.value(self._parts()) + self._constant
        if again:
            sums, p = self.sums, self.p
            of_y = sums.lead_d[None, ..., p], sums.rest_d[None, :, p], sums.dd[None, :p, p], sums.dd[p, p:]
            values = self._grid.values(*of_y)[0]
        else:
            values = self._grid.value(self._parts())
        return self._grid.thetas, self._grid.shape, values + self._constant

    def _parts(self) -> Parts:
        """The sums of ``[rest Q y]``, as :meth:`Grid.value` takes them."""
        return dense_parts(self.layout, self.sums, self.p + 1)

    @cached_property
    def _grid(self) -> Grid | None:
        return Grid.of(self, self.sums, self.p, self.reml, self.nu)

    @cached_property
    def _ring(self) -> Grid | None:
        if tuple(self.structures) != (Unstructured(2),) or self._grid is None:
            return None
        return Grid(self, dense_parts(self.layout, self.sums, self.p), self.reml, self.nu, ring_thetas())

    @property
    def _constant(self) -> float:
        """What the grid leaves out of the criterion."""
        constant = self.nu * (1 + math.log(2 * math.pi * self.unit**2 / self.nu)) - self.log_weights
        return constant + 2 * self._log_det_R if self.reml else constant

    def moments(self) -> Array:
        """Estimates by moments (:func:`~lmmkit.likelihood.moments.moment_sds`), whitened, shape (m,)."""
        sds = moment_sds(self.layout, self.sums, self.n)
        parts: list[Array] = [np.empty(0)] * len(self.ks)
        for f, t, own in self.owned:
            parts[t] = self.structures[t].from_sds(sds[f][own])
        return np.concatenate(parts)

    def __getstate__(self) -> dict[str, Any]:
        """Without the grids, which are quickly made again."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_grid", "_ring")}


def rounding(largest: float) -> float:
    """Difference of the criterion that may be rounding only, where this is the largest standard deviation."""
    return float(LEVEL * (1 + (largest / ROUGH) ** 2))
