"""Denominator degrees of freedom that are counted from the design: containment, and between and within groups.

They need no variances. For balanced designs they are those of the classical analysis of variance.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from ..errors import ModelError
from ..formatting.noted_table import Table
from ..formula.functions import columns_of
from ..formula.syntax import read
from ..numerics.arrays import Array, Index
from .contrasts import uncorrelated
from .satterthwaite import singular_notes, t_table

if TYPE_CHECKING:
    from ..fitted.mixed import MixedFit

__all__ = ["between_within", "coef_tests", "containment", "f_test"]

#: Columns of ``[X Z]`` up to which their rank is counted.
MOST_COLUMNS = 4000


def between_within(fit: MixedFit) -> Array:
    """Degrees of freedom of each coefficient, by the groups between which its term's columns change.

    Parameters
    ----------
    fit : MixedFit
        With nested grouping factors.

    Returns
    -------
    array of shape (p,)
        A term whose columns change within the finest groups has the rows, less these groups, less the
        coefficients of such terms. One whose columns change only between the groups of some level has these
        groups, less those of the next coarser level (1 at the outermost), less the coefficients there. The
        intercept has the most of all. NaN where nothing is left.

    Raises
    ------
    ModelError
        When the grouping factors are crossed.

    Notes
    -----
    Agrees with nlme's ``anova`` and ``summary`` of ``lme`` (Pinheiro and Bates 2000, section 2.4.2, "inner"
    and "outer" terms). With one grouping factor it is SAS's ``DDFM=BETWITHIN``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> between_within(fit)
    array([161., 161.])
    """
    design = fit.design
    levels = _nested_groups(fit)
    sizes = [1, *(int(codes.max()) + 1 for codes in levels), len(design.y)]
    assign = np.array(design.assign)
    stratum = {}
    for number in set(assign.tolist()) - {0}:
        columns = design.X[:, assign == number]
        inner = [level + 1 for level, codes in enumerate(levels) if _changes_within(columns, codes)]
        stratum[number] = max(inner, default=0)
    left = [float(after - before) for before, after in pairwise(sizes)]
    for number, where in stratum.items():
        left[where] -= float((assign == number).sum())
    if not (assign == 0).any():
        # A factor without an intercept stands for it as well; where none does, no mean is taken off.
        ones = np.ones(len(design.y))
        instead = [n for n in stratum if _spans(design.X[:, assign == n], ones)]
        left[stratum[instead[0]] if instead else 0] += 1.0
    most = max(left)
    found = np.array([most if number == 0 else left[stratum[number]] for number in assign])
    return np.where(found > 0, found, np.nan)


def _spans(columns: Array, target: Array) -> bool:
    """Whether a vector is a combination of columns."""
    rest = target - columns @ np.linalg.lstsq(columns, target, rcond=None)[0]
    return bool(np.abs(rest).max() < 1e-8)


def _nested_groups(fit: MixedFit) -> list[Index]:
    """Codes of the grouping factors, the coarsest first."""
    distinct = {term.group: term for term in fit.design.terms}.values()
    ordered = sorted(distinct, key=lambda term: len(term.levels))
    for coarse, fine in pairwise(ordered):
        pairs = np.unique(np.column_stack([coarse.codes, fine.codes]), axis=0)
        if len(pairs) > len(fine.levels):
            raise ModelError(
                f"ddf='between_within' is for nested groups, but {fine.group} and {coarse.group} are crossed; "
                "use ddf='satterthwaite' or 'kenward_roger'"
            )
    return [term.codes for term in ordered]


def _changes_within(columns: Array, codes: Index) -> bool:
    """Whether a column takes several values in some group."""
    first = np.zeros(int(codes.max()) + 1, dtype=np.intp)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    away = np.abs(columns - columns[first[codes]]).max(axis=0)
    return bool((away > 1e-9 * np.maximum(np.abs(columns).max(axis=0), 1e-300)).any())


def containment(fit: MixedFit) -> Array:
    """Degrees of freedom of each coefficient, by the random effects whose names contain its term's.

    Parameters
    ----------
    fit : MixedFit

    Returns
    -------
    array of shape (p,)
        The random effect ``a:g`` contains the term ``a``, and so does the slope ``a`` of ``(a | g)``; every
        random effect contains the intercept. A term has the smallest of what these add to the rank of
        ``[X Z]``, coarser groups before finer ones; a term that none contains has the rows less that rank.
        NaN where nothing is left.

    Raises
    ------
    ModelError
        When there are too many random effects to count ranks.

    Notes
    -----
    SAS's ``DDFM=CONTAIN``, the default of PROC MIXED with a RANDOM statement. It goes by names: whether a
    term changes within groups does not matter.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> containment(fit)
    array([17., 17.])
    """
    design = fit.design
    effects = _random_effects(fit)
    if sum(Z.shape[1] for _, Z in effects) + design.X.shape[1] > MOST_COLUMNS:
        raise ModelError(
            f"ddf='containment' counts ranks of at most {MOST_COLUMNS} columns, and this model has more; use "
            "ddf='satterthwaite'"
        )
    scaled = design.X / np.sqrt((design.X**2).sum(axis=0))
    every = sparse.csr_array(scaled)
    ranks = [design.X.shape[1]]
    for _, Z in effects:
        every = sparse.hstack([every, Z], format="csr")
        ranks.append(int(np.linalg.matrix_rank((every.T @ every).toarray(), hermitian=True, tol=1e-8)))
    added = np.diff(ranks)
    terms = design.model_matrix.terms
    names: list[set[str]] = [set()]
    names += [set().union(*(columns_of(terms.variables[i]) for i in term.variables)) for term in terms.terms]
    found = []
    for number in design.assign:
        own = [
            float(gain)
            for (held, _), gain in zip(effects, added, strict=True)
            if names[number] <= held and gain
        ]
        found.append(min(own, default=float(len(design.y) - ranks[-1])))
    return np.where(np.array(found) > 0, found, np.nan)


def _random_effects(fit: MixedFit) -> list[tuple[set[str], sparse.csr_array]]:
    """The columns of the data in each random effect's name, and its indicator columns; coarser groups first."""
    effects = []
    for term in sorted(fit.design.terms, key=lambda term: len(term.levels)):
        grouping = set().union(*(columns_of(read(factor)) for factor in term.bar.factors))
        recipe = term.model_matrix
        labels: list[set[str]] = [set()]
        labels += [
            set().union(*(columns_of(recipe.terms.variables[i]) for i in part.variables))
            for part in recipe.terms.terms
        ]
        assign = np.array(recipe.assign)
        for number in dict.fromkeys(assign.tolist()):
            columns = [_indicators(term.Z[:, j], term.codes) for j in np.flatnonzero(assign == number)]
            effects.append((grouping | labels[number], sparse.hstack(columns, format="csr")))
    return effects


def _indicators(values: Array, codes: Index) -> sparse.csr_array:
    """One column for each level, of unit length."""
    n, q = len(codes), int(codes.max()) + 1
    size = np.sqrt(np.bincount(codes, values**2, minlength=q))
    scaled = values / np.where(size > 0, size, 1.0)[codes]
    return sparse.csr_array((scaled, (np.arange(n), codes)), shape=(n, q))


def _smallest(dfs: Array, L: Array) -> Array:
    """Of each contrast, the smallest degrees of freedom of the coefficients that it has part in."""
    part = np.abs(L) > 1e-10 * np.abs(L).max(axis=1, keepdims=True, initial=0.0)
    return np.where(part, dfs, np.inf).min(axis=1)


def coef_tests(fit: MixedFit, L: Array, dfs: Array) -> pd.DataFrame:
    """t test of each row of ``L beta = 0`` with degrees of freedom of single coefficients given.

    Parameters
    ----------
    fit : MixedFit
    L : array of shape (r, p)
    dfs : array of shape (p,)
        A contrast of several has the smallest of theirs.
    """
    L = np.atleast_2d(np.asarray(L, dtype=float))
    std_error = np.sqrt(np.einsum("ri,ij,rj->r", L, fit.vcov.to_numpy(), L))
    return Table(t_table(L @ fit.beta, std_error, _smallest(dfs, L)), notes=singular_notes(fit))


def f_test(fit: MixedFit, L: Array, dfs: Array, beta: Array | None = None) -> tuple[float, float, float]:
    """F test of ``L beta = 0`` in the same way: statistic, numerator and denominator degrees of freedom."""
    L = np.atleast_2d(np.asarray(L, dtype=float))
    rotated, variances = uncorrelated(L, fit.vcov.to_numpy())
    squares = (rotated @ (fit.beta if beta is None else beta)) ** 2 / variances
    return float(squares.mean()), float(len(squares)), float(_smallest(dfs, L).min())
