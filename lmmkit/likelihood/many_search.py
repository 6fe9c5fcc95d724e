"""The search for the best parameters of many responses, side by side; the few that are difficult one by one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from ..errors import ModelError
from ..numerics.arrays import Array, Flags, Index
from ..numerics.threads import threads_for
from ..numerics.trust_region import POLISHED, minimise
from ..numerics.trust_regions import Trials, minimise_many
from .fit_lmm import fit_criterion
from .grid import Grid, beyond, valleys
from .lmm import ENDLESS, LITTLE_LEFT, VALLEYS
from .many_criterion import ManyCriterion, Points, Responses
from .scoring import scored_many
from .search import LOWER, WORTH, descend
from .theta import LACKING

__all__ = ["ManyOptima", "fit_responses"]

#: Rounds of the searches side by side; what has not arrived by then goes on alone.
ROUNDS = 25

#: The best ``theta`` (B, m) of each response, its objective (B,), and whether the search converged (B,).
Optima = tuple[Array, Array, Flags]


@dataclass(frozen=True)
class ManyOptima:
    """The fits of responses to which the model can be fitted.

    Attributes
    ----------
    criterion : ManyCriterion
    points : Points
        The criterion at the best ``theta`` of each response.
    objective : array of shape (B,)
    converged : array of shape (B,)
        Whether the search ended at a minimum, with some residual variance left.
    """

    criterion: ManyCriterion
    points: Points
    objective: Array
    converged: Flags

    @cached_property
    def endless(self) -> Flags:
        """Where next to no residual variance is left."""
        return np.asarray(self.points.r2 < ENDLESS**2 * self.criterion.nu)

    @cached_property
    def open(self) -> Flags:
        """Where no one value of the residual variance fits best, as ``Estimate.is_open`` tells."""
        return self.endless | (self.criterion.undivided is not None)

    @cached_property
    def sigma(self) -> Array:
        """Residual standard deviations, (B,)."""
        return np.asarray(np.sqrt(self.points.r2 / self.criterion.nu) * self.points.y.unit)

    @cached_property
    def beta(self) -> Array:
        """Fixed effects, (B, p)."""
        y = self.points.y
        return np.linalg.solve(self.criterion.R, (y.ols + y.unit[:, None] * self.points.gamma).T).T

    @cached_property
    def half(self) -> Array:
        """``H`` with ``H'H = (X'V^-1 X)^-1``, (B, p, p)."""
        return np.asarray(self.points.root @ np.linalg.inv(self.criterion.R).T)

    @cached_property
    def se(self) -> Array:
        """Standard errors of the fixed effects, (B, p)."""
        return self.sigma[:, None] * np.sqrt(np.einsum("bij,bij->bj", self.half, self.half))

    @cached_property
    def par(self) -> list[Array]:
        """Covariance parameters in the units of the data and lme4's order, (B, m) for each term."""
        return self.criterion.to_par(self.points.theta)

    def readings(self) -> list[Array]:
        """Standard deviations and then correlations of the random effects as people read them, (B, m) for each term."""
        out = []
        for structure, own in zip(self.criterion.structures, self.par, strict=True):
            values = structure.reading(own)
            values[:, : structure.n_sds] *= self.sigma[:, None]
            out.append(values)
        return out


def fit_responses(criterion: ManyCriterion, Y: Array) -> tuple[Flags, ManyOptima | None]:
    """Fit responses of shape (B, n).

    Parameters
    ----------
    criterion : ManyCriterion
    Y : array of shape (B, n)

    Returns
    -------
    tuple
        Which responses can be fitted, as they are finite and leave something to explain, (B,); and the fits of
        those, None if there are none.
    """
    finite: Flags = np.asarray(np.isfinite(Y).all(axis=1))
    with threads_for(criterion.layout.width), np.errstate(all="ignore"):
        responses, varied = criterion.responses(np.where(finite[:, None], Y, 0.0))
        fitted: Flags = np.asarray(finite & varied)
        if not fitted.any():
            return fitted, None
        theta, objective, converged = _search(criterion, responses.take(fitted), Y[fitted])
        points = Points(criterion, theta, responses.take(fitted)).by_rows()
    return fitted, ManyOptima(criterion, points, objective, converged)


def _search(criterion: ManyCriterion, responses: Responses, Y: Array) -> Optima:
    """The best ``theta`` (B, m) of each response, its objective, and whether the search converged.

    The plan of :mod:`lmmkit.likelihood.search`, side by side; where a way down must go on from beside a
    stationary point, the response is fitted by itself.
    """
    if not criterion.suits or criterion.grid is None:
        return _one_by_one(criterion, Y)
    theta, value, converged = best = _from_the_grid(criterion, criterion.grid, responses)
    _otherwise(criterion, responses, best)
    _off_the_edge(criterion, responses, best)
    shielded = criterion.shielded(theta) | beyond(criterion, theta)
    hard = np.flatnonzero(~converged & ~shielded | _may_escape(criterion, theta, responses))
    left = [b for b in hard.tolist() if not _settled(criterion, Y[b], b, best)]
    hard = np.union1d(np.flatnonzero(shielded), left).astype(np.intp)
    if len(hard):
        theta[hard], value[hard], converged[hard] = _one_by_one(criterion, Y[hard])
    return theta, value, converged


def _otherwise(criterion: ManyCriterion, responses: Responses, best: Optima) -> None:
    """Other valleys of structured terms (:meth:`Terms.otherwise`), and those without a residual variance."""
    theta, value, _ = best
    if criterion.single.may_leave_nothing:
        far = criterion.nearer_zero(criterion.identity(), LITTLE_LEFT)
        starts = [far, *(place.x for place in criterion.single.most_of_each(far))]
        everyone = np.arange(len(theta))
        _improve(criterion, responses, [(everyone, np.tile(x, (len(theta), 1))) for x in starts], best)
    for _, moved in criterion.otherwise(theta):
        there = Points(criterion, moved, responses).objective
        which = np.flatnonzero(there < value + criterion.single.worth_a_try)
        _improve(criterion, responses, [(which, moved[which])], best)


def _settled(criterion: ManyCriterion, y: Array, b: int, best: Optima) -> bool:
    """Go on from the end of a response by the ordinary way down: whether nothing else is found; noted in place."""
    theta, value, converged = best
    single = criterion.single.with_response(y)
    end = descend(single, theta[b], partial(minimise, single.trial))
    if end is None or not end.converged or end.value < value[b] - LOWER:
        return False
    theta[b], value[b], converged[b] = end.x, end.value, True
    return True


def _from_the_grid(criterion: ManyCriterion, grid: Grid, responses: Responses) -> Optima:
    """Down from the lowest valley of the grid, and from the others of those that have several."""
    lowest = _lowest_valleys(grid, responses)
    best = _down_the_valley(criterion, responses, grid.thetas[lowest[:, 0]])
    starts = [(several, grid.thetas[further[several]]) for further, several in _there(lowest[:, 1:])]
    if criterion.seen_coarsely:
        starts.append((np.arange(len(lowest)), np.tile(criterion.identity(), (len(lowest), 1))))
    _improve(criterion, responses, starts, best)
    return best


def _there(numbers: Index) -> list[tuple[Index, Index]]:
    """Each column of (B, valleys), and the rows in which it has a number."""
    return [(column, np.flatnonzero(column >= 0)) for column in numbers.T]


def _down_the_valley(criterion: ManyCriterion, responses: Responses, start: Array) -> Optima:
    """Down from one place each, in balanced designs by a step of Fisher scoring, which arrives at once."""
    everyone = np.arange(len(start))
    if not (criterion.fills_hulls and criterion.is_balanced):
        return _minimise(criterion, responses, everyone, start)
    before = Points(criterion, start, responses)
    step = scored_many(before)
    after = Points(criterion, step.theta, responses)
    lower = after.objective < before.objective
    theta, value = (
        np.where(lower[:, None], after.theta, start),
        np.where(lower, after.objective, before.objective),
    )
    endless = after.r2 < ENDLESS**2 * criterion.nu
    converged: Flags = np.asarray(lower & ~endless & (step.left(after.gradient()) < POLISHED))
    left = np.flatnonzero(~converged)
    theta[left], value[left], converged[left] = _minimise(criterion, responses, left, theta[left])
    return theta, value, converged


def _off_the_edge(criterion: ManyCriterion, responses: Responses, best: Optima) -> None:
    """Beside singular covariances of several effects, which is where criteria have several minima."""
    theta = best[0]
    doubtful = np.flatnonzero(criterion.vector_singular(theta))
    if not len(doubtful):
        return
    starts = [(doubtful, other) for other in criterion.beside_singular(theta[doubtful]).values()]
    if criterion.ring is not None:
        lowest = _lowest_valleys(criterion.ring, responses.take(doubtful))
        starts += [(doubtful[some], criterion.ring.thetas[column[some]]) for column, some in _there(lowest)]
    _improve(criterion, responses, starts, best)


def _lowest_valleys(grid: Grid, responses: Responses) -> Index:
    """Numbers of grid points, (B, VALLEYS); -1 where a response has fewer valleys."""
    at_points = grid.values(responses.lead, responses.rest, responses.q_y, responses.y_y)
    return valleys(at_points, grid.shape, VALLEYS)


def _improve(
    criterion: ManyCriterion, responses: Responses, starts: list[tuple[Index, Array]], best: Optima
) -> None:
    """Search from further places, each for some responses, all side by side, and keep in place what is better."""
    theta, value, converged = best
    which = np.concatenate([np.zeros(0, dtype=np.intp), *(some for some, _ in starts)])
    places = np.concatenate([theta[:0], *(place for _, place in starts)])
    rival, its_value, arrived = _minimise(criterion, responses, which, places)
    order = np.argsort(-its_value, kind="stable")  # the lowest of a response is written last
    better = order[its_value[order] < value[which[order]] - LOWER]
    where = which[better]
    theta[where], value[where], converged[where] = rival[better], its_value[better], arrived[better]


def _minimise(criterion: ManyCriterion, responses: Responses, which: Index, start: Array) -> Optima:
    if not len(which):
        return start, np.zeros(0), np.zeros(0, dtype=bool)

    def evaluate(theta: Array, active: Index) -> Trials:
        points = Points(criterion, theta, responses.take(which[active]))
        return Trials(points.objective, points.gradient, points.curvature, points.hessian)

    return minimise_many(evaluate, start, max_evaluations=ROUNDS)


def _may_escape(criterion: ManyCriterion, theta: Array, responses: Responses) -> Flags:
    """Whether some zero variance is a stationary point, but no minimum (:meth:`Terms.beside`)."""
    points = Points(criterion, theta, responses)
    flags = np.zeros(len(theta), dtype=bool)
    for f, t, own in criterion.owned:
        part, structure, T = criterion.of_term[t], criterion.structures[t], points.factors[t]
        lacking, slopes = np.linalg.svd(T, compute_uv=False)[:, -1] < LACKING, points.slopes[f][:, own, own]
        for b in np.flatnonzero(lacking & ~flags & structure.may_leave(slopes, WORTH)):
            ways = structure.beside(theta[b, part], T[b], slopes[b], LACKING, WORTH)
            flags[b] = next(ways, None) is not None
    return flags


def _one_by_one(criterion: ManyCriterion, Y: Array) -> Optima:
    """Each response by the ordinary search, the sums of the design made once."""
    theta, value = np.zeros((len(Y), criterion.m)), np.full(len(Y), np.inf)
    converged = np.zeros(len(Y), dtype=bool)
    if not len(Y):
        return theta, value, converged
    for b, y in enumerate(Y):
        try:
            estimate = fit_criterion(criterion.single.with_response(y))
        except (ModelError, np.linalg.LinAlgError):
            continue  # stays flagged as not converged
        theta[b] = criterion.single.from_original(estimate.par)
        value[b], converged[b] = estimate.objective, estimate.converged
    return theta, value, converged
