"""Where the search of a model with extra zeros starts, and whether it may end where there are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from ..design.design import Design
from ..numerics.arrays import Array, Flags
from .part_plain import PlainModel, constant
from .part_start import logit_of_zeros, start_of_parts
from .parts import ZERO_INFLATION, Part, PartRows

__all__ = [
    "HARDLY",
    "every_zero_extra",
    "few_zeros",
    "has_end_without_zeros",
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
#: What some extra zeros must gain beside an end without any, for that to be no minimum.
GAIN = 1e-8
#: Largest logit of the few extra zeros from which the search goes on beside such an end.
MOST = -1.0


def has_end_without_zeros(part: Part) -> bool:
    """Whether coefficients can take the probability to zero in every row.

    Parameters
    ----------
    part : Part
        The extra zeros.
    """
    return bool((part.X @ constant(part, NONE) + part.offset < NONE / 2).all())


def without_zeros(rows: PartRows, parts: Sequence[Part]) -> tuple[list[Array], list[Array]]:
    """Coefficients of the model without random effects for hardly any extra zeros, and for none.

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
    few[place], zero[place] = constant(parts[place], HARDLY), constant(parts[place], NONE)
    return few, zero


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
    many[place] = constant(parts[place], logit_of_zeros(rows, 1.0))
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
    part, levels, plain = parts[place], _levels(groups), PlainModel(rows, parts)
    found = plain.downhill([betas])
    for _ in range(AGAIN if levels else 0):
        lowest = min(found, key=lambda end: end[1])
        eta = part.offset + part.X @ lowest[0][place]
        starts = []
        for level in levels:
            start, target = list(lowest[0]), np.where(level, BARELY, eta) - part.offset
            start[place] = np.asarray(np.linalg.lstsq(part.X, target, rcond=None)[0])
            if eta[level].max() > HARDLY:
                starts.append(start)
        for end in plain.downhill(starts) if starts else []:
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
