"""The fit of a linear mixed model: where the search goes, and the estimate carried back to the units of the data."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from ..crossprod.elimination import Elimination
from ..crossprod.layout import Layout
from ..design.design import Design
from ..design.undivided import undivided
from ..errors import ModelError
from ..numerics.arrays import Array
from ..numerics.small import solved
from ..numerics.threads import threads_for
from ..numerics.trust_region import POLISHED, Search, Trial, minimise, polish
from ..partitions.design import SummedDesign
from .estimate import Estimate
from .lmm import LEVEL, ROUGH, SMALL, Criterion, rounding
from .point import Point
from .scoring import scored
from .search import WORTH, Descent, Visit, best_of
from .theta import checked_par

#: Standard deviations, relative to the residuals', to which the search comes back where the criterion is as low.
SMOOTH = (ROUGH, 2 * ROUGH, 4 * ROUGH, 8 * ROUGH, 16 * ROUGH)
#: What may be left of the fall towards infinitely large effects where the search comes back to.
LEFT = 5e-7
#: Steps after which the Hessian takes the place of the cheap curvature, from places where structured terms are
#: nearly what they will be.
TRUST = 2
#: Evaluations after which the search strides out, and how often it may.
STRETCH, STRIDES = 40, 25
LARGE = 2000  # columns of the largest dense matrix from which on an evaluation takes seconds
#: Standard deviation, relative to the residuals', from which what is known of an effect is no small part of a
#: difference.
CANCELLING = 30.0
HOPELESS = (
    "the criterion has no finite value anywhere near the start of the search; check the units of the predictors "
    "and of the response (scale() brings them to size one)"
)


def fit_lmm(design: Design, reml: bool = True, start: Array | None = None, optimize: bool = True) -> Estimate:
    """Fit a linear mixed model, or evaluate it at given parameters.

    Parameters
    ----------
    design : Design
        Response, model matrix and random-effects terms.
    reml : bool
        Restricted maximum likelihood (True) or maximum likelihood (False).
    start : array of shape (m,), optional
        First covariance parameters (``Estimate.par``), in lme4's order and units.
    optimize : bool
        With False the criterion is evaluated at ``start`` and nothing is searched.

    Returns
    -------
    Estimate

    Raises
    ------
    ModelError
        If ``start`` has the wrong length, or the response leaves no variation to explain.

    Notes
    -----
    Agrees with ``lme4::lmer``.
    """
    with threads_for(sum(len(term.levels) * term.k for term in design.terms)):
        criterion = Criterion(design, reml)
    return fit_criterion(criterion, start, optimize)


def fit_criterion(
    criterion: Criterion, start: Array | None = None, optimize: bool = True, guess: bool = False
) -> Estimate:
    """The same for a criterion already made: a refit with a new response costs no pass over the design.

    With `guess` the start is the estimate for a similar response (:meth:`Criterion.places`).
    """
    with threads_for(criterion.layout.width):
        return _fit(criterion, start, optimize, guess)


def _fit(criterion: Criterion, start: Array | None, optimize: bool, guess: bool) -> Estimate:
    given = None if start is None else criterion.from_original(checked_par(criterion, start))
    if not optimize:
        theta = criterion.moments() if given is None else given
        return _estimate(criterion, _evaluated(criterion, theta), [])
    width = criterion.layout.width
    # Where an evaluation is expensive, the parameters are known to far fewer digits than these: at the last of
    # them to two thousandths of a standard error.
    tolerance = 1e-10 if width <= SMALL else 1e-8 if width <= LARGE else 3e-6
    downhill = partial(minimise, criterion.trial, tolerance=tolerance, expensive=width > SMALL)
    places = criterion.places(given, guess)
    if criterion.structured:
        downhill = partial(_striding, criterion, partial(downhill, trust=TRUST))
    if len(places) == 1 and criterion.has_hessian and criterion.fills_hulls:
        downhill = partial(_by_scoring, criterion, downhill)
    best, visits = best_of(criterion, places, downhill, HOPELESS)
    if width <= SMALL and best.converged and best.curvature is not None:
        polish(criterion.trial, best, best.curvature)
    return _estimate(criterion, best, visits)


def _by_scoring(
    criterion: Criterion, downhill: Descent, start: Array, first: Trial | None = None, **known: Any
) -> Search:
    """Downhill after a step of Fisher scoring, where that goes down: in balanced data it arrives at once."""
    trial = criterion.trial(start) if first is None else first
    step = scored(criterion, trial.state) if math.isfinite(trial.value) else None
    if step is None:
        return downhill(start, first=trial, **known)
    after = criterion.trial(step.theta)
    if not after.value < trial.value:
        search = downhill(start, first=trial, **known)
    else:
        gradient = after.gradient()
        if step.left(gradient) < POLISHED and not after.endless:
            before = [(start, trial.value), (step.theta, after.value)]
            return Search(step.theta, after.value, gradient, 2, before, converged=True, state=after.state)
        search = downhill(step.theta, first=after, **known)
        search.trail.insert(0, (start, trial.value))
    search.evaluations += 1
    return search


def estimate_at(criterion: Criterion, theta: Array, converged: bool) -> Estimate:
    """The estimate for a criterion whose search has ended elsewhere.

    Parameters
    ----------
    criterion : Criterion
    theta : array of shape (m,)
        Where it ended, whitened.
    converged : bool
        Whether it arrived.
    """
    with threads_for(criterion.layout.width):
        search = _evaluated(criterion, theta)
        search.converged = converged
        search.trail = [(theta, search.value)]
        return _estimate(criterion, search, [])


def _striding(criterion: Criterion, downhill: Descent, x: Array, **known: Any) -> Search:
    """Go downhill, and with long strides where all effects grow together and leave ever less to the residuals.

    There the way is bent in ``theta`` if some terms are structured and others not, and single steps are short.
    """
    search = downhill(x, max_evaluations=STRETCH, **known)
    done, trail = search.evaluations, search.trail
    for _ in range(STRIDES):
        if search.converged or search.evaluations < STRETCH:
            break
        before, (x, trial) = search.value, _farther(criterion, search)
        search = downhill(x, max_evaluations=STRETCH, first=trial)
        done, trail = done + search.evaluations, trail + search.trail
        if search.value > before - WORTH:
            search.converged = True
            break
    search.evaluations, search.trail = done, trail
    if search.state is not None:
        _take_smooth(criterion, search)
    return search


def _farther(criterion: Criterion, search: Search) -> tuple[Array, Trial]:
    """The lowest of points with effects twice, four times, … as large."""
    x, lowest, share = search.x, criterion.trial(search.x), 2.0
    while not lowest.endless and lowest.state.largest < 2 * ROUGH:
        farther = criterion.nearer_zero(search.x, share)
        trial = criterion.trial(farther)
        if not trial.value < lowest.value:
            break
        x, lowest, share = farther, trial, 2 * share
    return x, lowest


def _take_smooth(criterion: Criterion, best: Search) -> None:
    """Where the criterion is level, come back to where rounding does not make it rough."""
    largest = best.state.largest
    best.converged |= criterion.levelled(best.state)
    if largest <= ROUGH:
        return
    before = criterion.trial(criterion.nearer_zero(best.x, 0.5 * ROUGH / largest)).value
    for size in SMOOTH:
        if largest <= size:
            return
        x = criterion.nearer_zero(best.x, size / largest)
        trial = criterion.trial(x)
        # It falls as one over the square of the size.
        level = before - trial.value < 3 * LEFT or criterion.slope(trial.state) < 10 * LEVEL
        before = trial.value
        if (size == SMOOTH[-1] or level) and trial.value < best.value + 10 * rounding(largest):
            best.x, best.value, best.state = x, trial.value, trial.state
            best.gradient, best.curvature = trial.gradient(), trial.curvature()
            return


def _evaluated(criterion: Criterion, theta: Array) -> Search:
    """The criterion where it is, without a search."""
    trial = criterion.trial(theta)
    if not np.isfinite(trial.value):
        raise ModelError(
            "the criterion cannot be computed at this start: the random effects are so large there that it "
            "overflows; give a theta nearer to 1"
        )
    return Search(theta, trial.value, np.empty(0), 1, state=trial.state)


def _estimate(criterion: Criterion, search: Search, visits: list[Visit]) -> Estimate:
    """Carry the optimum back to the units of the data."""
    criterion.reached = point = search.state
    endless = criterion.endless(search.x, point)
    apart = undivided(criterion.design) if criterion.reml else None
    sigma2 = point.r2 / criterion.nu * criterion.unit**2
    beta = solved(criterion.R, criterion.ols + criterion.unit * point.gamma)
    half = point.root @ criterion.inverse_of_R.T  # half' half = (X'V^-1 X)^-1
    modes = _modes(criterion, point)
    thetas = np.array([search.x, *(theta for theta, _ in search.trail), *(visit.x for visit in visits)])
    par_of_terms = criterion.to_par(thetas)
    factors = [
        structure.factor(own[0]) for structure, own in zip(criterion.structures, par_of_terms, strict=True)
    ]
    par, *pars = np.concatenate(par_of_terms, axis=-1)
    trail = [(own, value) for own, (_, value) in zip(pars, search.trail, strict=False)]
    return Estimate(
        design=criterion.design,
        reml=criterion.reml,
        par=par,
        theta=np.concatenate(
            [structure.theta(T) for structure, T in zip(criterion.structures, factors, strict=True)]
        ),
        factors=factors,
        beta=beta,
        cov_unscaled=half.T @ half,
        sigma=float(np.sqrt(sigma2)),
        objective=search.value,
        modes=modes,
        fitted_eta=_eta(criterion.design, beta, modes),
        n_evaluations=search.evaluations,
        trail=trail,
        visits=[visit._replace(x=own) for visit, own in zip(visits, pars[len(trail) :], strict=True)],
        converged=(search.converged or criterion.levelled(point)) and not endless and apart is None,
        endless=endless,
        undivided=apart,
        gradient=partial(criterion.gradient, point),
        warnings=[],
        family=None,
        conditional_cov=partial(_conditional_cov, criterion, point),
    )


def _eta(design: Design, beta: Array, modes: list[Array]) -> Array:
    """Linear predictor of each row; of none where the design holds sums only."""
    if isinstance(design, SummedDesign):
        return np.empty(0)
    eta = design.X @ beta + design.offset
    for mode, term in zip(modes, design.terms, strict=True):
        eta = eta + np.einsum("nk,nk->n", term.Z, mode[term.codes])
    return np.asarray(eta)


def _modes(criterion: Criterion, point: Point) -> list[Array]:
    """Conditional modes ``Sigma Z'V^-1 (y - X beta)``, one (q, k) array per term."""
    modes: list[Array] = [np.empty(0)] * len(criterion.ks)
    scores = point.scores
    for f, t, own in criterion.owned:
        T = point.factors[t]
        whitened = scores[f][:, own] @ (T @ T.T)
        modes[t] = criterion.unit * whitened @ criterion.whitenings[t].matrix.T
    return modes


def _conditional_cov(criterion: Criterion, point: Point) -> list[Array]:
    """``Sigma - Sigma C_l Sigma`` per level, (q, k, k) per term, in units of the residual variance."""
    elimination, largest = point.elimination, max(float(np.abs(T).max()) for T in point.factors)
    spherical = None
    if largest > CANCELLING and criterion.layout.width <= SMALL:
        spherical = _spherical_blocks(criterion.layout, elimination)
    covs: list[Array] = [np.empty(0)] * len(criterion.ks)
    for f, t, own in criterion.owned:
        T, A = point.factors[t], criterion.whitenings[t].matrix
        if spherical is not None:
            conditional = T @ spherical[f][:, own, own] @ T.T
        else:
            blocks = elimination.lead_blocks() if f == 0 else elimination.rest_blocks(f - 1)
            Sigma = T @ T.T
            conditional = Sigma - Sigma @ blocks[:, own, own] @ Sigma
        covs[t] = A @ conditional @ A.T
    return covs


def _spherical_blocks(layout: Layout, elimination: Elimination) -> list[Array]:
    """Diagonal blocks of ``(Lambda'Z'Z Lambda + I)^-1``, (levels, k, k) per grouping factor: nothing cancels."""
    lead, found = layout.lead, list[Array]()
    if not layout.rest:
        return elimination.solve_spherical(np.tile(np.eye(lead.k), (lead.q, 1, 1)), np.zeros((0, lead.k)))
    for f, factor in enumerate(layout.factors):
        blocks = np.empty((factor.q, factor.k, factor.k))
        for level in range(factor.q):
            unit = [np.zeros((other.q, other.k, factor.k)) for other in layout.factors]
            unit[f][level] = np.eye(factor.k)
            rest = [np.zeros((0, factor.k)), *(own.reshape(-1, factor.k) for own in unit[1:])]
            blocks[level] = elimination.solve_spherical(unit[0], np.concatenate(rest))[f][level]
        found.append(blocks)
    return found
