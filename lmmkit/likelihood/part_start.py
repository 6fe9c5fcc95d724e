"""A model with several parts, without its random effects: is it possible at all, and where its search starts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..design.design import Design
from ..errors import DataError, ModelError
from ..families.family import Family
from ..numerics.arrays import Array, Flags
from ..numerics.trust_region import Trial, minimise
from .parts import DISPERSION, ZERO_INFLATION, Part, PartRows

__all__ = [
    "HARDLY",
    "check_parts",
    "every_zero_extra",
    "start_of_parts",
    "turned_round",
    "without_zeros",
    "zeros_elsewhere",
]

#: Logit of the probability of extra zeros where there are to be hardly any, fewer still, and none.
HARDLY, BARELY, NONE = -4.0, -8.0, -20.0
#: Largest logit, and largest distance from it, of extra zeros that are turned round.
MODERATE = 2.0
#: Levels of a term of which each is tried without extra zeros, rounds of that, and how many other minima are kept:
#: those that are not much higher, and differ.
MOST_LEVELS, AGAIN, FEW, NEAR, DISTINCT = 12, 3, 3, 10.0, 0.02
#: Logarithms of dispersions that are tried for the start.
SPREADS = np.linspace(-20.0, 20.0, 81)
#: How far that of a count or share may be from 1 at the start.
FAR = 4.0


def check_parts(design: Design, family: Family) -> None:
    """Refuse parts that the family does not have, and responses that the model cannot have produced.

    Raises
    ------
    ModelError, DataError
        In one sentence.
    """
    response, name = design.y, design.response
    for part in (design, *design.components.values()):
        if not np.isfinite(part.offset).all():
            row = int(np.argmax(~np.isfinite(part.offset)))
            raise DataError(
                f"the offset is {part.offset[row]} in row {row + 1} (is it the log of an exposure of 0?); "
                "leave such rows out or correct the exposure"
            )
    if DISPERSION in design.components:
        _check_dispersion(design.components[DISPERSION], family)
    if ZERO_INFLATION not in design.components:
        family.check_response(response, design.row_trials, name)
        return
    if family.name in ("gaussian",):
        raise ModelError(
            "zero_inflation= is for counts, amounts and shares; a measurement with normal errors is never "
            "exactly zero"
        )
    zero = response == 0
    if not zero.any():
        raise ModelError(f"'{name}' has no zeros, so it has no extra ones; leave out zero_inflation=")
    if zero.all():
        raise DataError(f"every value of '{name}' is 0, so there is nothing to explain; check the column")
    if not family.has_zeros:
        trials = None if design.row_trials is None else design.row_trials[~zero]
        family.check_response(response[~zero], trials, name)
    else:
        family.check_response(response, design.row_trials, name)


def _check_dispersion(part: Design, family: Family) -> None:
    if family.dispersion_name is None:
        raise ModelError(
            f"the {family.name} family has no dispersion parameter, so dispersion= has nothing to describe; for "
            "counts try negative_binomial, for hits out of trials beta_binomial"
        )
    if family.dispersion is not None:
        raise ModelError(
            f"the dispersion of the family is given as {family.dispersion:g}, and dispersion= would estimate it; "
            "give one of the two"
        )
    if part.terms:
        raise ModelError(
            "random effects in dispersion= cannot be fitted here; leave "
            f"({part.terms[0].bar.text}) out, or put the grouping factor in as a fixed one"
        )


def start_of_parts(rows: PartRows, parts: Sequence[Part]) -> list[Array]:
    """Coefficients of the model without random effects.

    Parameters
    ----------
    rows : PartRows
    parts : sequence of Part

    Returns
    -------
    list of arrays (p,)
        One per part.

    Raises
    ------
    ModelError
        If no coefficients give every row a possible mean.
    """
    first = [_first_guess(rows, part) for part in parts]
    if rows.names[1:2] == (DISPERSION,) or DISPERSION in rows.names:
        place = rows.names.index(DISPERSION)
        first[place] = _constant(parts[place], _log_dispersion(rows, parts[0], first[0]))
    return _downhill(rows, parts, first)[0]


def without_zeros(rows: PartRows, parts: Sequence[Part]) -> tuple[list[Array], list[Array]]:
    """The same for hardly any extra zeros, and for none, which the other parts must then explain.

    Parameters
    ----------
    rows : PartRows
    parts : sequence of Part
    """
    place = rows.names.index(ZERO_INFLATION)
    none = Part(ZERO_INFLATION, np.empty((len(rows.y), 0)), [], np.full(len(rows.y), HARDLY), [])
    others = [none if number == place else part for number, part in enumerate(parts)]
    found = start_of_parts(rows, others)
    few, zero = list(found), list(found)
    few[place], zero[place] = _constant(parts[place], HARDLY), _constant(parts[place], NONE)
    return few, zero


def every_zero_extra(rows: PartRows, parts: Sequence[Part], betas: Sequence[Array]) -> list[Array]:
    """Coefficients with as many extra zeros as there are zeros, whatever the covariates; the others as given.

    Parameters
    ----------
    rows : PartRows
    parts : sequence of Part
    betas : sequence of arrays (p,)
        One per part.
    """
    place = rows.names.index(ZERO_INFLATION)
    many = list(betas)
    many[place] = _constant(parts[place], _logit_of_zeros(rows, 1.0))
    return many


def zeros_elsewhere(
    rows: PartRows, parts: Sequence[Part], betas: list[Array], groups: Design
) -> list[list[Array]]:
    """Other minima of the model without random effects: hardly any extra zeros for one level of some term.

    A level's zeros are extra ones, or its other values are so low that zeros are to be expected: each may be a
    minimum. From the lowest that is found the search begins again, for two levels and more.

    Parameters
    ----------
    rows : PartRows
    parts : sequence of Part
    betas : list of arrays (p,)
        The minimum that is known, one array per part.
    groups : Design
        Of the extra zeros.

    Returns
    -------
    list of lists of arrays (p,)
        The lowest few, the lowest first.
    """
    place = rows.names.index(ZERO_INFLATION)
    part, levels = parts[place], _levels(groups)
    found = [_downhill(rows, parts, betas)]
    for _ in range(AGAIN):
        lowest = min(found, key=lambda end: end[1])
        eta = part.offset + part.X @ lowest[0][place]
        for level in levels:
            start = list(lowest[0])
            target = np.where(level, BARELY, eta) - part.offset
            start[place] = np.asarray(np.linalg.lstsq(part.X, target, rcond=None)[0])
            end = _downhill(rows, parts, start)
            if np.isfinite(end[1]) and all(abs(end[1] - value) > DISTINCT for _, value in found):
                found.append(end)
        if min(value for _, value in found) >= lowest[1]:
            break
    others = sorted(found[1:], key=lambda end: end[1])[:FEW]
    return [end for end, value in others if value < found[0][1] + NEAR]


def _levels(design: Design) -> list[Flags]:
    """The rows of each level of each term that has few."""
    assign, levels = np.array(design.assign), list[Flags]()
    for term in range(1, len(design.term_labels) + 1):
        of_row = np.unique(design.X[:, assign == term], axis=0, return_inverse=True)[1].ravel()
        if of_row.max(initial=0) < MOST_LEVELS:
            levels += [np.asarray(of_row == level) for level in range(of_row.max(initial=0) + 1)]
    return levels if len(levels) > 1 else []


def turned_round(part: Part, beta: Array) -> Array:
    """Coefficients of extra zeros that are many where they were few, about a moderate level.

    Parameters
    ----------
    part : Part
    beta : array (p,)
    """
    eta = part.offset + part.X @ beta
    turned = np.clip(eta.mean(), -MODERATE, MODERATE) + np.clip(eta.mean() - eta, -MODERATE, MODERATE)
    return np.asarray(np.linalg.lstsq(part.X, turned - part.offset, rcond=None)[0])


def _logit_of_zeros(rows: PartRows, part: float) -> float:
    """Logit of a part of the share of zeros."""
    share = float(np.clip(part * np.mean(rows.y == 0), 0.02, 0.98))
    return float(np.log(share / (1 - share)))


def _first_guess(rows: PartRows, part: Part) -> Array:
    """Coefficients that give every row much the same linear predictor."""
    family = rows.family
    if part.name == ZERO_INFLATION:
        return _constant(part, _logit_of_zeros(rows, 0.5))
    if part.name != rows.names[0]:
        return _constant(part, 0.0)
    seen = rows.y > 0 if ZERO_INFLATION in rows.names and not family.has_zeros else np.ones(len(rows.y), bool)
    trials = None if rows.trials is None else rows.trials[seen]
    near = family.linkfun(family.start_mean(rows.y[seen], trials))
    level = family.linkfun(np.asarray(family.start_mean(rows.y[seen], trials).mean()))
    candidates = [
        np.linalg.lstsq(part.X[seen], near - part.offset[seen], rcond=None)[0],
        _constant(part, float(level)),
    ]
    for beta in candidates:
        mean = family.linkinv(part.offset + part.X @ beta)
        possible = np.isfinite(mean).all() and (family.name == "gaussian" or (mean > 0).all())
        if possible:
            return np.asarray(beta)
    raise ModelError(
        f"no fixed effects give every row a possible mean under the {family.link.name} link; "
        "try the family's log link, or check the response and the offset"
    )


def _constant(part: Part, value: float) -> Array:
    """Coefficients that come nearest to one value in every row."""
    return np.asarray(np.linalg.lstsq(part.X, value - part.offset, rcond=None)[0])


def _log_dispersion(rows: PartRows, part: Part, beta: Array) -> float:
    """Logarithm of the dispersion with which the variances of the rows fit."""
    family = rows.family
    mu = family.linkinv(part.offset + part.X @ beta)
    squares = (rows.y - family.response_mean(mu)) ** 2
    ratios = []
    for spread in SPREADS:
        with np.errstate(all="ignore"):
            variance = family.at_rows(np.full(len(mu), spread)).row_variance(mu, rows.trials)
            ratios.append(abs(np.log(np.mean(squares) / np.mean(variance))))
    best = float(SPREADS[int(np.nanargmin(np.where(np.isfinite(ratios), ratios, np.inf)))])
    scaled = family.name in ("gaussian", "inverse_gaussian", "tweedie", "gamma")
    return best if scaled else float(np.clip(best, -FAR, FAR))


def _downhill(rows: PartRows, parts: Sequence[Part], betas: list[Array]) -> tuple[list[Array], float]:
    """Maximum likelihood without random effects, from a first guess, and -2 log-likelihood there."""
    bases = [part.basis() for part in parts]
    Qs = [Q for Q, _ in bases]
    stops = np.cumsum([Q.shape[1] for Q in Qs])[:-1]
    start = np.concatenate([R @ beta for (_, R), beta in zip(bases, betas, strict=True)])
    every = range(len(parts))

    def trial(x: Array) -> Trial:
        gammas = np.split(x, stops)
        etas = [part.offset + Q @ gamma for part, Q, gamma in zip(parts, Qs, gammas, strict=True)]
        jet = rows.at(etas, every, order=2)
        value = -2 * float(jet.value.sum())

        def gradient() -> Array:
            return np.concatenate([-2 * Q.T @ jet[t] for t, Q in enumerate(Qs)])

        def curvature() -> Array:
            blocks = [[-2 * (Q.T * jet[s, t]) @ P for t, P in enumerate(Qs)] for s, Q in enumerate(Qs)]
            return np.asarray(np.block(blocks))

        return Trial(value if np.isfinite(value) else np.inf, gradient, curvature)

    found = minimise(trial, start, tolerance=1e-3, max_evaluations=40)
    if not np.isfinite(found.value):
        return betas, np.inf
    gammas = np.split(found.x, stops)
    ends = [
        np.asarray(np.linalg.solve(R, gamma), dtype=float)
        for (_, R), gamma in zip(bases, gammas, strict=True)
    ]
    return ends, found.value
