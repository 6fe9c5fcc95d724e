"""Complete and quasi-complete separation: parameters whose maximum-likelihood estimate is infinite."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from ..design.design import Design
from ..families.family import Family
from ..numerics.arrays import Array
from .estimate import REPRODUCED

#: Families of shares, and of counts and amounts with the smallest value that they give.
SHARES = ("binomial", "beta_binomial")
LOWEST = {
    "poisson": 0, "negative_binomial": 0, "negative_binomial_1": 0, "tweedie": 0,
    "truncated_poisson": 1, "truncated_negative_binomial": 1,
}  # fmt: skip
#: Said of coefficients that run off to infinity.
SEPARATED = (
    "The outcomes are separated: some combination of {} predicts part of them without error, so the likelihood "
    "rises for ever, and these estimates and their standard errors mean no more than 'very large'. Merge rare "
    "factor levels or leave the predictor out; a likelihood ratio test of it (lk.anova) still holds."
)
#: Part of the outcomes' variance within rows below which a model reproduces them.
CERTAIN = 0.25


def separated_columns(X: Array, y: Array, weights: Array | None, family: Family) -> list[int]:
    """Columns of a direction along which the likelihood rises for ever.

    Parameters
    ----------
    X : array of shape (n, p)
    y : array of shape (n,)
    weights : array of shape (n,) or None
        Rows of weight zero do not count.
    family : Family
        Shares: rows of 0 and of 1 can get better for ever. Counts and amounts with a log link: rows of the
        smallest value can. Other families and links: none.

    Returns
    -------
    list of int
        Empty when the estimates are finite.

    Notes
    -----
    Is there a direction ``d`` with ``X d = 0`` in every row that would hold it back, and ``X d`` never of the
    wrong sign in the others? A linear programme tells (Konis 2007; R's ``detectseparation``). Random effects
    do not change the answer, since such a direction improves the likelihood whatever their values.

    Examples
    --------
    >>> from lmmkit.families import Binomial
    >>> X = np.column_stack([np.ones(6), [1, 2, 3, 4, 5, 6]])
    >>> separated_columns(X, np.array([0, 0, 0, 1, 1, 1.0]), None, Binomial())
    [0, 1]
    >>> separated_columns(X, np.array([0, 1, 0, 1, 1, 1.0]), None, Binomial())
    []
    """
    shares = family.name in SHARES
    if not shares and (family.name not in LOWEST or family.link.name != "log"):
        return []
    used = np.ones(len(y), bool) if weights is None else weights > 0
    X, y = X[used], y[used]
    push = np.where(y == LOWEST.get(family.name, 0), -1.0, 0.0)
    if shares:
        push = np.where(y == 1, 1.0, push)
    size = np.sqrt((X**2).mean(axis=0))
    free = null_space(X[push == 0] / size)
    if free.shape[1] == 0:
        return []
    away = (X[push != 0] / size) @ free * push[push != 0, None]
    answer = linprog(-away.sum(axis=0), A_ub=-away, b_ub=np.zeros(len(away)), bounds=(-1, 1), method="highs")
    if answer.x is None or (away @ answer.x).max(initial=0.0) < 1e-7:
        return []
    direction = np.abs(free @ answer.x)
    return [int(j) for j in np.flatnonzero(direction > 1e-6 * direction.max())]


def null_space(A: Array) -> Array:
    """Orthonormal directions that ``A`` maps to zero, as columns.

    Parameters
    ----------
    A : array of shape (n, p)

    Examples
    --------
    >>> null_space(np.ones((3, 2))).shape
    (2, 1)
    """
    if not len(A):
        return np.eye(A.shape[1])
    _, size, axes = (
        np.linalg.svd(A, full_matrices=True) if len(A) < A.shape[1] else np.linalg.svd(A, full_matrices=False)
    )
    rank = int((size > 1e-9 * max(1.0, size.max(initial=0.0))).sum())
    return np.asarray(axes[rank:].T)


def pure_groups(design: Design, y: Array, family: Family) -> list[str]:
    """Grouping factors in each of whose levels all outcomes are failures, or all successes.

    Parameters
    ----------
    design : Design
    y : array of shape (n,)
        Proportions of successes.
    family : Family
        Others than the binomial have none.

    Returns
    -------
    list of str
        Those whose levels have an intercept and, on average, more than a single trial.

    Notes
    -----
    The larger their standard deviation, the better each such level is predicted, without end.
    """
    if family.name != "binomial":
        return []
    used = design.row_weights > 0
    if (used & (y > 0) & (y < 1)).any():
        return []
    trials = np.ones(len(y)) if design.row_trials is None else design.row_trials
    found = []
    for term in design.terms:
        counts = np.bincount(term.codes[used], minlength=len(term.levels))
        hits = np.bincount(term.codes[used], y[used], len(term.levels))
        pure = (hits == 0) | (hits == counts)
        if pure.all() and "(Intercept)" in term.names and trials[used].sum() > len(term.levels):
            found.append(term.group)
    return list(dict.fromkeys(found))


def _same_outcome(group: str) -> str:
    return (
        f"Within each level of {group} all outcomes are the same, so the standard deviation between the levels "
        "runs off to infinity: what is shown is where the approximation stops, and nothing can be learned from "
        f"rows that repeat one another. Keep one row for each level of {group}, and leave its random effects out."
    )


def _is_certain(y: Array, mu: Array) -> bool:
    """Whether so little of the outcomes' variance is left within rows that the fit reproduces them."""
    spread = float(y.mean() * (1 - y.mean()))
    return float(np.mean(mu * (1 - mu))) < CERTAIN * spread


def runaways(design: Design, y: Array, eta: Array, family: Family, converged: bool, free: bool) -> list[str]:
    """Parameters whose likelihood rises for ever, in a sentence each.

    Parameters
    ----------
    design : Design
    y, eta : arrays of shape (n,)
        Response, and linear predictor where the search ended.
    family : Family
        At its estimated dispersion.
    converged, free : bool
        Whether the search converged, and whether it estimated the dispersion.
    """
    found = [_same_outcome(group) for group in pure_groups(design, y, family)]
    mu = family.linkinv(eta)
    extreme = (y == 0) & (mu < 1e-5) | (family.name == "binomial") & (y == 1) & (mu > 1 - 1e-5)
    if extreme.any() or not converged:
        columns = separated_columns(design.X, y, design.weights, family)
        names = ", ".join(design.x_names[j] for j in columns)
        if columns:
            found.append(SEPARATED.format(names))
    if not found and family.name == "binomial" and design.terms and _is_certain(y, mu):
        found.append(REPRODUCED)
    if family.name == "negative_binomial" and free:
        most = float(mu.max())
        if family.dispersion is not None and family.dispersion > 1e4 * max(1.0, most):
            found.append(
                "The negative binomial's theta runs off to infinity (stopped at "
                f"{family.dispersion:.3g}): the counts vary no more than a Poisson's around their means, "
                "so fit family='poisson'."
            )
    return found
