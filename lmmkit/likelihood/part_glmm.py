"""Generalised linear mixed models with several parts: the marginal likelihood of everything unknown, and the fit.

The parameters are searched together: the covariance parameters of all random effects, and the coefficients of
every part (conditional mean, extra zeros, dispersion, shape). The objective is the Laplace approximation of
:mod:`~lmmkit.likelihood.part_laplace`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from scipy.linalg import block_diag

from ..crossprod.blocks import inner
from ..crossprod.conditional_variances import VariancePattern
from ..design.design import Design
from ..families.family import Family
from ..numerics.arrays import Array
from ..numerics.threads import threads_for
from ..numerics.trust_region import Search, Trial
from ..structures.structure import Structure
from .estimate import Estimate, PartEstimate
from .optimum import (
    conditional_covariances,
    conditional_modes,
    covariance_from,
    information_of_fixed,
    last_digits,
)
from .part_laplace import ConvexPoint, PartPoint
from .part_messages import FLATTENED, NEAR_ONE, SHARP, SPIKE, exact_warning, part_warnings
from .part_modes import PartModeSearch
from .part_opinions import Spread, other_ends
from .part_places import (
    HARDLY,
    every_zero_extra,
    few_zeros,
    has_end_without_zeros,
    plain_minima,
    turned_round,
    without_zeros,
)
from .part_residuals import exact_rows, spread_levels
from .part_search import NO_ZEROS, downhill, search_parts
from .part_start import check_parts, start_of_parts
from .parts import DISPERSION, SHAPE, ZERO_INFLATION, PartRows, Stack, parts_of
from .pirls import Effects
from .search import Place, Visit
from .theta import Terms

__all__ = ["PartCriterion", "estimate_at", "fit_parts"]

#: How much higher than an end a place may be where there are other extra zeros, or some random effects where none were.
FAR_ABOVE = 30.0
#: Rounds of the search, each from better modes than the one before.
ROUNDS = 3


class PartCriterion(Terms):
    """-2 log-likelihood as a function of ``x = (theta, gamma)``, with ``gamma`` part after part.

    ``theta`` is in whitened units, and ``gamma`` multiplies orthogonal columns of mean square one.

    Parameters
    ----------
    design : Design
        With the designs of the other parts in its ``components``.
    family : Family

    Raises
    ------
    DataError
        If the response cannot come from the model.
    ModelError
        If the parts do not suit the family, or the model has no admissible start.
    """

    def __init__(self, design: Design, family: Family) -> None:
        self.asked, self.family = design, family
        check_parts(design, family)
        self.parts = parts_of(design, family)
        self.stack = Stack(self.parts)
        self.n = len(design.y)
        bounded = family.link.name in ("sqrt", "inverse") or (
            family.link.name == "identity" and family.name != "gaussian"
        )
        self.rows = PartRows.of(design, design.y, family, self.parts)
        self.start_betas = start_of_parts(self.rows, self.parts)
        eta = self.parts[0].offset + self.parts[0].X @ self.start_betas[0]
        self.unit = 0.3 * float(np.median(np.abs(eta))) if bounded else self._spread_of(eta)
        # Stacked rows hold each effect twice.
        scale = self.unit * np.sqrt(2 / 3) if self.stack.paired else self.unit
        super().__init__(replace(design, terms=self.stack.terms), np.ones(self.stack.length), scale)
        self.pattern = VariancePattern(self.layout)
        self.Qs, roots = [], []
        for number, part in enumerate(self.parts):
            unit = self.unit if number == 0 else 1.0
            Q, R = part.basis()
            self.Qs.append(Q * unit)
            roots.append(R / unit)
        self.R = block_diag(*roots)
        stops = np.cumsum([part.X.shape[1] for part in self.parts])
        self.own = [
            slice(int(b - part.X.shape[1]), int(b)) for part, b in zip(self.parts, stops, strict=True)
        ]
        self.p = int(stops[-1])
        self.levels = spread_levels(design)  # rows with one dispersion each
        self._last: PartPoint | None = None
        self.without_zeros: float | None = None  # the lowest objective without extra zeros
        self.sharpens = False  # whether a way ran off to a power of one, which is not where the search ends
        self.convex = False  # whether the relative of the objective is searched that never breaks down

    def _spread_of(self, eta: Array) -> float:
        """One unit of the linear predictor; for measurements the spread of their errors."""
        gaussian = self.family.name == "gaussian" and self.family.link.name == "identity"
        return float(np.sqrt(np.mean((self.rows.y - eta) ** 2))) or 1.0 if gaussian else 1.0

    @property
    def paired(self) -> bool:
        """Whether two parts have random effects."""
        return self.stack.paired

    @property
    def peaked(self) -> bool:
        """Whether minima can be narrow and close to each other.

        A Tweedie density has peaks over its power; and a model without extra zeros, an end at infinity where
        nothing curves, takes in by its curvature minima that are far away and hardly higher on the way.
        """
        return not {SHAPE, ZERO_INFLATION}.isdisjoint(self.rows.names)

    @property
    def of_zeros(self) -> slice:
        """The coefficients of the extra zeros, where there are any."""
        own, m = self.own[self.rows.names.index(ZERO_INFLATION)], self.n_theta
        return slice(own.start + m, own.stop + m)

    @property
    def has_slopes(self) -> bool:
        """Whether some term has more than an intercept."""
        return any(bool((term.Z != 1).any()) for part in self.parts for term in part.terms)

    def start(self, betas: list[Array], size: float = 1.0) -> Array:
        """Independent effects of one size, and given coefficients."""
        usual = np.concatenate([self.identity(), self.R @ np.concatenate(betas)])
        return self.nearer_zero(usual, size)

    def places(self) -> list[Place]:
        """Where the search begins."""
        with_zeros = ZERO_INFLATION in self.rows.names and self.family.has_zeros
        groups = self.asked.components[ZERO_INFLATION] if with_zeros else None
        minima = plain_minima(self.rows, self.parts, self.start_betas, groups)
        usual = Place("effects of one unit", self.start(minima[0]))
        small = Place("effects of a third of a unit", self.start(minima[0], 0.3))
        usual, small = (place._replace(trial=self.trial(place.x)) for place in (usual, small))
        assert usual.trial is not None and small.trial is not None
        places = [small, usual] if small.trial.value < usual.trial.value else [usual, small]
        if not self.stack.paired:
            places = places[:1]
        places += [Place("another minimum without random effects", self.start(betas)) for betas in minima[1:]]
        if with_zeros and has_end_without_zeros(self.parts[self.rows.names.index(ZERO_INFLATION)]):
            places.insert(0, Place(NO_ZEROS, self.start(without_zeros(self.rows, self.parts))))
        return places

    def few_zeros(self, search: Search) -> Array | None:
        """A better place with few extra zeros beside the best one without any; None where there is no such."""
        number, point = self.rows.names.index(ZERO_INFLATION), search.state
        Q, eta = self.Qs[number], point.mode.etas[number]
        with np.errstate(all="ignore"):
            wanted = few_zeros(Q, point.row_slopes(number) * np.exp(-eta))
        if wanted is None:
            return None
        x = search.x.copy()
        x[self.of_zeros] = np.linalg.lstsq(Q, wanted - self.parts[number].offset, rcond=None)[0]
        return x

    def second_opinions(self, search: Search) -> list[Place]:
        """Beside a singular end (:meth:`Terms.second_opinions`), and with other extra zeros.

        Extra zeros can be many or few, and their covariates tell two stories: which fits better is not known before.
        """
        others = super().second_opinions(search)
        if ZERO_INFLATION not in self.rows.names or not self.family.has_zeros:
            return others
        number = self.rows.names.index(ZERO_INFLATION)
        part, m = self.parts[number], self.n_theta
        beta: Array = np.asarray(np.linalg.solve(self.R, search.x[m:]), dtype=float)
        stories = {"every zero an extra one": every_zero_extra(self.rows, part)}
        if part.X.shape[1] > 1:
            stories["extra zeros the other way round"] = turned_round(part, beta[self.own[number]])
        for why, story in stories.items():
            x, moved = search.x.copy(), beta.copy()
            moved[self.own[number]] = story
            x[m:] = self.R @ moved
            trial = self.trial(x)
            if trial.value < search.value + FAR_ABOVE:
                others.append(Place(why, x, trial))
        return others

    def further_opinions(self, search: Search) -> list[Place]:
        """Beside each lower end (:meth:`Terms.further_opinions`), and at other ends of the parameters' ranges.

        A Tweedie density has peaks where its power is near one, and so has the likelihood. Counts may vary less,
        and random effects be none, or some.
        """
        others = super().further_opinions(search)
        sharp = self.endless(search.state) or self.sharp(search.state)
        ends = () if sharp else other_ends(search.x, self.by_term, self.family, self._spread_at(search))
        for why, x, far in ends:
            trial = self.trial(x)
            if trial.value < search.value + (FAR_ABOVE if far else self.worth_a_try):
                others.append(Place(why, x, trial))
        if SHAPE not in self.rows.names:
            return others
        place = self.n_theta + self.own[self.rows.names.index(SHAPE)].start
        name, unit = self.family.shape_name, np.eye(len(search.x))[place]
        steps = (-1.0, -2.0, -3.0, 1.0, 2.0)
        return others + [Place(f"{name} moved by {step:+g}", search.x + step * unit) for step in steps]

    def _spread_at(self, search: Search) -> Spread | None:
        """The dispersion, if it is estimated."""
        if DISPERSION not in self.rows.names:
            return None
        number, m = self.rows.names.index(DISPERSION), self.n_theta
        own = slice(self.own[number].start + m, self.own[number].stop + m)
        Q = self.Qs[number]
        return Spread(Q, own, search.state.mode.etas[number]) if Q.shape[1] else None

    def point(self, x: Array, starts: list[Effects] | None = None) -> PartPoint | None:
        """Evaluate the objective; None where no mode is found.

        Parameters
        ----------
        x : array
            Parameters in the units of the search.
        starts : list of effects, optional
            Where the climb to the modes begins; by default at those of the last point.
        """
        m = self.n_theta
        factors, gamma = self.split(x[:m]), x[m:]
        fixed = [
            part.offset + Q @ gamma[own] for part, Q, own in zip(self.parts, self.Qs, self.own, strict=True)
        ]
        search = PartModeSearch(self.layout, self.stack, self.rows, fixed, self.roots(factors))
        if starts is None and self._last is not None:
            before = self._last
            starts = [before.search.follow(before.mode, search), before.mode.u]
        mode = search.find(starts or [])
        if mode is None:
            return None
        kind = ConvexPoint if self.convex else PartPoint
        self._last = kind(self.pattern, x[:m], factors, search, mode)
        return self._last

    def gradient(self, point: PartPoint) -> Array:
        """Derivative of the objective with respect to ``x``."""
        with np.errstate(all="ignore"):
            theta: list[Array] = [np.empty(0)] * len(self.ks)
            for f, t, own in self.owned:
                here, slope = point.theta[self.of_term[t]], point.slopes[f][own, own]
                theta[t] = self.structures[t].gradient(here, point.factors[t], slope)
            return np.concatenate([*theta, *(Q.T @ point.row_slopes(t) for t, Q in enumerate(self.Qs))])

    def curvature(self, point: PartPoint) -> Array:
        """A cheap approximation of the Hessian: the average information of the working model."""
        m = self.n_theta
        with np.errstate(all="ignore"):
            directions = self.directions(point.theta, point.factors, point.scores)
            lead, rest = self.spread(directions)
            images = point.precision.z_vinv(*self.layout.z_dot(point.precision.sums, lead, rest))
            fixed_images, within = point.fixed_images(self.Qs)
            hessian = np.zeros((m + self.p, m + self.p))
            hessian[:m, :m] = self.second_order(point.theta, point.factors, point.slopes)
            hessian[m:, m:] = 2 * within
            for direction, image, fixed in zip(directions, images, fixed_images, strict=True):
                hessian[:m, :m] += inner(direction, image)
                hessian[:m, m:] += inner(direction, fixed)
        hessian[m:, :m] = hessian[:m, m:].T
        return hessian if np.isfinite(hessian).all() else np.eye(len(hessian))

    def trial(self, x: Array) -> Trial:
        """The objective as the optimiser wants it; points without a mode count as infinitely bad."""
        point = self.point(x)
        if point is None or not np.isfinite(point.objective) or (point.is_flat and not self.convex):
            return Trial(np.inf, lambda: np.full_like(x, np.nan), lambda: np.eye(len(x)))
        derivatives = (lambda: self.gradient(point), lambda: self.curvature(point))
        exact = None if self.ks else derivatives[1]  # without random effects it is the Hessian
        return Trial(point.objective, *derivatives, point, self.dwindles(point) or self.endless(point), exact)

    def endless(self, point: PartPoint) -> bool:
        """Whether next to nothing is left of the residuals of a measurement, which is rewarded without end.

        So is a power of next to one, under which all amounts are multiples of one size.
        """
        if self._log_power(point) < SHARP:
            return True
        exact, _ = exact_rows(self.rows, self.family, point.mode.etas, self.levels)
        return bool(exact.any())

    def sharp(self, point: PartPoint) -> bool:
        """Whether the power is so near to one that amounts are multiples of one size."""
        return self._log_power(point) < NEAR_ONE

    def _log_power(self, point: PartPoint) -> float:
        """The logarithm of a power less one that is searched; infinite where there is none."""
        powers = [
            float(etas.max())
            for part, etas in zip(self.parts, point.mode.etas, strict=True)
            if part.name == SHAPE and part.X.shape[1]
        ]
        return min(powers, default=np.inf)

    def dwindles(self, point: PartPoint) -> bool:
        """Whether extra zeros go on becoming fewer for ever, towards the end without any, which is known."""
        if self.without_zeros is None:
            return False
        highest = point.mode.etas[self.rows.names.index(ZERO_INFLATION)].max()
        return bool(highest < HARDLY - 1 and point.objective > self.without_zeros)

    def better_modes(self, search: Search) -> Array | None:
        """Whether other conditional modes at the end of a search are better; then it should go on from there."""
        point: PartPoint = search.state
        mode = point.search.other_modes(point.mode)
        found = self.point(search.x, [mode.u])
        if found is None or not found.objective < search.value - 1e-7:
            self._last = point
            return None
        return search.x


def fit_parts(design: Design, family: Family) -> Estimate:
    """Fit a model with several parts by maximum likelihood (Laplace approximation).

    Parameters
    ----------
    design : Design
        With the designs of the other parts in its ``components``.
    family : Family

    Returns
    -------
    Estimate
        Its ``parts`` hold what was found beside the conditional part.

    Raises
    ------
    DataError
        If the response cannot come from the model.
    ModelError
        If the parts do not suit the family, or the model has no admissible start.

    Notes
    -----
    Agrees with ``glmmTMB`` (Brooks et al. 2017, *The R Journal* 9(2)).
    """
    with threads_for(sum(len(term.levels) * term.Z.shape[1] for term in design.terms)):
        criterion = PartCriterion(design, family)
        search, visits = search_parts(criterion)
        for _ in range(ROUNDS):
            again = criterion.better_modes(search)
            if again is None:
                break
            search = downhill(criterion, again)
        endless = criterion.endless(search.state)  # the last digits may lead away again
        exact = bool(search.converged and not criterion.ks)
        hessian = last_digits(criterion, search, criterion.curvature(search.state) if exact else None)
        hessian = criterion.curvature(search.state) if exact else hessian
    return _estimate(criterion, search, visits, hessian, endless)


def estimate_at(criterion: PartCriterion, search: Search) -> Estimate:
    """The estimate where a search has ended elsewhere; standard errors take the covariances as known.

    Parameters
    ----------
    criterion : PartCriterion
    search : Search
    """
    unknown = np.full((len(search.x), len(search.x)), np.nan)
    return _estimate(criterion, search, [], unknown, criterion.endless(search.state))


def _estimate(
    criterion: PartCriterion, search: Search, visits: list[Visit], hessian: Array, endless: bool
) -> Estimate:
    """Carry the optimum back to the units of the data."""
    point: PartPoint = search.state
    m, parts = criterion.n_theta, criterion.parts
    information, trouble = information_of_fixed(
        hessian, slice(m, None), lambda: point.fixed_images(criterion.Qs)[1]
    )
    covariance = covariance_from(information, criterion.R)
    beta: Array = np.asarray(np.linalg.solve(criterion.R, search.x[m:]), dtype=float)
    family = _known(criterion, beta)
    factors, modes = criterion.to_original(search.x[:m]), conditional_modes(criterion, point)
    own_terms = len(criterion.asked.terms)
    par = criterion.to_par(search.x[:m])
    others = (factors[own_terms:], modes[own_terms:], par[own_terms:])
    found = _part_estimates(criterion, point, beta, *others)
    sigma = family.sigma
    return Estimate(
        design=criterion.asked,
        reml=False,
        par=_par_at(criterion, search.x, sigma),
        theta=np.concatenate(
            [np.empty(0), *(s.theta(T / sigma) for s, T in _pairs(criterion, factors[:own_terms]))]
        ),
        factors=[factor / sigma for factor in factors[:own_terms]],
        beta=beta[criterion.own[0]],
        cov_unscaled=covariance[criterion.own[0], criterion.own[0]] / sigma**2,
        sigma=sigma,
        objective=search.value,
        modes=modes[:own_terms],
        fitted_eta=point.mode.etas[0],
        n_evaluations=search.evaluations,
        trail=[(_par_at(criterion, x, sigma), value) for x, value in search.trail],
        visits=[visit._replace(x=_par_at(criterion, visit.x, sigma)) for visit in visits],
        converged=search.converged and not endless,
        endless=endless,
        gradient=search.gradient.copy,
        conditional_cov=partial(conditional_covariances, criterion, point, sigma, slice(own_terms)),
        warnings=[
            *part_warnings(parts, criterion.rows, point.mode.etas, beta, criterion.own),
            *([] if search.converged or not criterion.paired else [FLATTENED]),
            *([SPIKE] if criterion.sharpens and not endless else []),
            *(
                exact_warning(*exact_rows(criterion.rows, family, point.mode.etas, criterion.levels))
                if endless
                else trouble
            ),
        ],
        family=family,
        parts=found,
        cov_parts=covariance,
    )


def _known(criterion: PartCriterion, beta: Array) -> Family:
    """The family at its estimated dispersion and shape, where these are the same in every row."""
    family = criterion.family
    for part, own in zip(criterion.parts, criterion.own, strict=True):
        if part.name == DISPERSION and DISPERSION not in criterion.asked.components and len(beta[own]):
            family = family.with_dispersion(float(np.exp(np.clip(beta[own][0], -300, 300))))
        if part.name == SHAPE and len(beta[own]):
            family = family.with_shape(float(beta[own][0]))
    return family


def _part_estimates(
    criterion: PartCriterion,
    point: PartPoint,
    beta: Array,
    factors: list[Array],
    modes: list[Array],
    par: list[Array],
) -> dict[str, PartEstimate]:
    found = {}
    for number, part in enumerate(criterion.parts[1:], start=1):
        own, k = criterion.own[number], len(part.terms)
        stop = len(criterion.ks) - len(factors) + k
        found[part.name] = PartEstimate(
            part.x_names,
            beta[own],
            own,
            point.mode.etas[number],
            factors[:k],
            modes[:k],
            np.concatenate([np.empty(0), *par[:k]]),
            partial(conditional_covariances, criterion, point, 1.0, slice(stop - k, stop)),
        )
        factors, modes, par = factors[k:], modes[k:], par[k:]
    return found


def _pairs(criterion: PartCriterion, values: list[Array]) -> list[tuple[Structure, Array]]:
    """The structures of the conditional terms with what belongs to each."""
    return list(zip(criterion.structures[: len(values)], values, strict=True))


def _par_at(criterion: PartCriterion, x: Array, sigma: float) -> Array:
    """Covariance parameters of the conditional part in the units of the data, relative to ``sigma``."""
    par = criterion.to_par(x[: criterion.n_theta])[: len(criterion.asked.terms)]
    parts = [s.in_units(own, np.eye(s.k) / sigma) for s, own in _pairs(criterion, par)] if sigma != 1 else par
    return np.concatenate([np.empty(0), *parts])
