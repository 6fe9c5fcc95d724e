"""Where the search of a model with several parts starts, and whether it may end where there are no extra zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize

from ..design.design import Design
from ..numerics.arrays import Array, Flags
from .part_plain import PlainModel, constant
from .part_start import logit_of_zeros, start_of_parts
from .parts import DISPERSION, ZERO_INFLATION, Part, PartRows

__all__ = [
    "FAR_OUT",
    "HARDLY",
    "every_zero_extra",
    "few_zeros",
    "has_end_without_zeros",
    "plain_minima",
    "turned_round",
    "without_zeros",
]

#: Logit of the probability of extra zeros where there are to be hardly any, fewer still, and none.
HARDLY, BARELY, NONE = -4.0, -8.0, -20.0
#: Largest logit, and largest distance from it, of extra zeros that are turned round.
MODERATE = 2.0
#: Levels of a term of which each is tried without extra zeros, rounds of that, and how many other minima are kept:
#: those that are not much higher, and differ.
MOST_LEVELS, AGAIN, FEW, NEAR, DISTINCT = 12, 3, 3, 10.0, 0.02
#: Logarithm of a dispersion where next to nothing is left of it: the family is then another one.
FAR_OUT = {
    "negative_binomial": 8.0,
    "truncated_negative_binomial": 8.0,
    "beta_binomial": 8.0,
    "negative_binomial_1": -8.0,
}
#: What some extra zeros must gain beside an end without any, for that to be no minimum.
GAIN = 1e-8
#: Largest logit of the few extra zeros from which the search goes on beside such an end.
MOST = -1.0

#: Coefficients, one array per part, and -2 log-likelihood there.
End = tuple[list[Array], float]


def has_end_without_zeros(part: Part) -> bool:
    """Whether coefficients can take the probability to zero in every row.

    Parameters
    ----------
    part : Part
        The extra zeros.
    """
    return bool((part.X @ constant(part, NONE) + part.offset < NONE / 2).all())


def without_zeros(rows: PartRows, parts: Sequence[Part]) -> list[Array]:
    """Coefficients of the model without random effects and without extra zeros.

    Parameters
    ----------
    rows : PartRows
    parts : sequence of Part
    """
    place = rows.names.index(ZERO_INFLATION)
    none = Part(ZERO_INFLATION, np.empty((len(rows.y), 0)), [], np.full(len(rows.y), HARDLY), [])
    others = [none if number == place else part for number, part in enumerate(parts)]
    return _with(start_of_parts(rows, others), place, constant(parts[place], NONE))


def few_zeros(Q: Array, slopes: Array) -> Array | None:
    """Logits of few extra zeros that are better than none; None where there are no such.

    For small probabilities ``p_i = t w_i`` the objective is ``t sum s_i w_i + t^2 sum (s_i w_i)^2 / 4``, where
    ``s_i`` is its slope at zero. So an end without extra zeros is a minimum if no admissible weights, which are
    ``log w = Q gamma``, have a negative sum.

    Parameters
    ----------
    Q : array of shape (n, p)
        Basis of the fixed effects of the extra zeros.
    slopes : array of shape (n,)
        Derivatives of the objective by each row's probability, where all are zero.

    Returns
    -------
    array of shape (n,) or None
    """

    def weights(gamma: Array) -> Array:
        eta = Q @ gamma
        whole = np.exp(eta - eta.max())
        return np.asarray(whole / whole.sum())

    def mean(gamma: Array) -> tuple[float, Array]:
        w = weights(gamma)
        level = float(w @ slopes)
        return level, Q.T @ (w * (slopes - level))

    gamma = np.zeros(Q.shape[1])
    if mean(gamma)[0] >= 0 and (slopes < 0).any():
        gamma = minimize(mean, gamma, jac=True, method="BFGS", options={"maxiter": 50}).x
    terms = slopes * weights(gamma)
    down, bend = -float(terms.sum()), float(terms @ terms) / 2
    if not down > 0 or down**2 / bend < 2 * GAIN:
        return None
    eta = np.log(weights(gamma)) + np.log(down / bend)
    return np.asarray(eta - max(0.0, float(eta.max()) - MOST))


def plain_minima(
    rows: PartRows, parts: Sequence[Part], betas: list[Array], groups: Design | None
) -> list[list[Array]]:
    """Minima of the model without random effects, the lowest first.

    A zero is an extra one, or the other values are so low that it is to be expected; counts vary because they
    do, or because some are extra zeros: several such stories may each be a minimum. From the lowest that is found
    the search begins again with hardly any extra zeros for one level of some term.

    Parameters
    ----------
    rows : PartRows
    parts : sequence of Part
    betas : list of arrays (p,)
        A minimum that is known, one array per part.
    groups : Design or None
        Of the extra zeros; None where there are none, or all zeros are.

    Returns
    -------
    list of lists of arrays (p,)
    """
    starts = [betas]
    if groups is not None:
        starts += _stories_of_zeros(rows, parts, betas)
    if rows.family.name in FAR_OUT and parts[rows.names.index(DISPERSION)].X.shape[1]:
        place = rows.names.index(DISPERSION)
        starts += [
            _with(start, place, constant(parts[place], FAR_OUT[rows.family.name])) for start in starts[:3]
        ]
    if len(starts) == 1:
        return starts
    plain = PlainModel(rows, parts)
    found = _distinct([], plain.downhill(starts))
    if groups is not None:
        place = rows.names.index(ZERO_INFLATION)
        found = _without_levels(plain, parts[place], place, _levels(groups), found)
    found = sorted(found, key=lambda end: end[1])[: FEW + 1]
    return [end for end, value in found if value < found[0][1] + NEAR] or [betas]


def _stories_of_zeros(rows: PartRows, parts: Sequence[Part], betas: list[Array]) -> list[list[Array]]:
    """Hardly any extra zeros, all zeros extra ones, and extra zeros where there were few."""
    place = rows.names.index(ZERO_INFLATION)
    part = parts[place]
    zeros = [constant(part, HARDLY), every_zero_extra(rows, part)]
    if part.X.shape[1] > 1:
        zeros.append(turned_round(part, betas[place]))
    return [_with(betas, place, beta) for beta in zeros]


def _with(betas: list[Array], place: int, beta: Any) -> list[Array]:
    return [beta if number == place else own for number, own in enumerate(betas)]


def _without_levels(
    plain: PlainModel, part: Part, place: int, levels: list[Flags], found: list[End]
) -> list[End]:
    """And what is found from the lowest with hardly any extra zeros for each level."""
    for _ in range(AGAIN if levels else 0):
        lowest = min(found, key=lambda end: end[1])
        eta = part.offset + part.X @ lowest[0][place]
        targets = [
            np.where(level, BARELY, eta) - part.offset for level in levels if eta[level].max() > HARDLY
        ]
        fits = [np.linalg.lstsq(part.X, target, rcond=None)[0] for target in targets]
        if not fits:
            break
        found = _distinct(found, plain.downhill([_with(lowest[0], place, beta) for beta in fits]))
        if min(value for _, value in found) >= lowest[1]:
            break
    return found


def _distinct(known: list[End], ends: list[End]) -> list[End]:
    """Those that are known, and others with another value."""
    found = list(known)
    for end in ends:
        if np.isfinite(end[1]) and all(abs(end[1] - value) > DISTINCT for _, value in found):
            found.append(end)
    return found or ends[:1]


def _levels(design: Design) -> list[Flags]:
    """The rows of each level of each term that has few."""
    assign, levels = np.array(design.assign), list[Flags]()
    for term in range(1, len(design.term_labels) + 1):
        of_row = np.unique(design.X[:, assign == term], axis=0, return_inverse=True)[1].ravel()
        if of_row.max(initial=0) < MOST_LEVELS:
            levels += [np.asarray(of_row == level) for level in range(of_row.max(initial=0) + 1)]
    return levels if len(levels) > 1 else []


def every_zero_extra(rows: PartRows, part: Part) -> Array:
    """Coefficients of as many extra zeros as there are zeros, whatever the covariates.

    Parameters
    ----------
    rows : PartRows
    part : Part
        The extra zeros.
    """
    return constant(part, logit_of_zeros(rows, 1.0))


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
