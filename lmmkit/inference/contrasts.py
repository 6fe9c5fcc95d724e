"""Which hypothesis the test of a term is: contrasts of types I, II and III.

lmerTest's definitions (Kuznetsova et al. 2017), which are those of SAS: type I adds the terms one by one;
type II tests a term after all others that do not contain it; type III tests a term in a way that does not
depend on how many rows there are per cell, nor on the coding of the factors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np

from ..design.design import Design
from ..design.model_matrix import ModelMatrix, code, independent_columns, names_and_assign
from ..design.values import Categorical, Value
from ..numerics import arguments
from ..numerics.arrays import Array

__all__ = ["AnovaType", "checked_type", "contained_in", "dropped_contrasts", "term_contrasts", "uncorrelated"]

AnovaType = Literal[1, 2, 3]


def term_contrasts(design: Design, type: AnovaType = 3, scale: Array | None = None) -> dict[str, Array]:
    """The contrasts whose vanishing is the hypothesis of each fixed term.

    Parameters
    ----------
    design : Design
    type : {1, 2, 3}
    scale : array of shape (n,), optional
        Roots of the rows' weights, by which they count in types 1 and 2 of a linear model.

    Returns
    -------
    dict
        Term label -> array (r, p), one contrast per row. Terms that cannot be tested, because the others
        already give all of their columns, have no rows.

    Raises
    ------
    ModelError
        For another type.

    Notes
    -----
    Agrees with ``lmerTest::show_tests``, except where an interaction stands without one of its main effects
    (``a + a:b``): lmerTest then does not count `a` as contained in ``a:b``, and its test of `a` depends on
    the coding. Where columns were dropped, the types 2 and 3 of lmerTest test what is left of a term, which
    depends on the order in which the terms were written; here they test what it adds to the others, as
    ``car::Anova`` (type 2) and ``drop1`` do.

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> columns = {"y": range(8), "a": list("kkllkkll"), "b": list("mnmnmnmn"), "g": list("ppppqqqq")}
    >>> design = build_design("y ~ a * b + (1 | g)", pd.DataFrame(columns))
    >>> design.x_names
    ['(Intercept)', 'al', 'bn', 'al:bn']
    >>> term_contrasts(design, type=3)["a"].round(6)
    array([[0. , 1. , 0. , 0.5]])
    """
    type = checked_type(type)
    labels = design.term_labels
    if type == 1 or len(labels) <= 1:
        X = design.plain_X if scale is None else design.X * scale[:, None]
        return _sequential(X, np.array(design.assign), labels)
    return _type_two(design, scale) if type == 2 else _type_three(design)


def checked_type(type: Any) -> AnovaType:
    """1, 2 or 3, in Roman figures as well."""
    number: AnovaType = arguments.one_of("type", type, get_args(AnovaType))
    return number


def contained_in(design: Design) -> dict[str, list[str]]:
    """For each fixed term the terms that contain it: the same covariates and more factors.

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> columns = {"y": range(8), "a": list("kkllkkll"), "b": list("mnmnmnmn"), "g": list("ppppqqqq")}
    >>> contained_in(build_design("y ~ a * b + (1 | g)", pd.DataFrame(columns)))
    {'a': ['a:b'], 'b': ['a:b'], 'a:b': []}
    """
    terms = design.model_matrix.terms
    values = design.variables
    # As in lmerTest, the columns of poly(), ns() or scale() do not count as covariates.
    covariates = {i for i, value in enumerate(values) if isinstance(value, np.ndarray)}

    def contains(big: set[int], small: set[int]) -> bool:
        return small < big and small & covariates == big & covariates

    sets = {term.label: set(term.variables) for term in terms.terms}
    return {
        label: [other for other, big in sets.items() if contains(big, small)] for label, small in sets.items()
    }


def _sequential(X: Array, assign: Array, labels: list[str]) -> dict[str, Array]:
    """Each column after those before it."""
    triangle = _triangle(X)
    return {label: triangle[assign == number] for number, label in enumerate(labels, start=1)}


def _triangle(X: Array) -> Array:
    """The triangle of ``X = QR`` with a diagonal of ones: row j tests column j after those before it."""
    triangle = np.linalg.qr(X, mode="r")
    return np.asarray(triangle / np.diag(triangle)[:, None])


def dropped_contrasts(design: Design, label: str, scale: Array | None = None) -> Array:
    """The contrasts whose vanishing is the hypothesis that a term adds nothing to those that do not contain it.

    Parameters
    ----------
    design : Design
    label : str
        Of a fixed term.
    scale : array of shape (n,), optional
        As in :func:`term_contrasts`.

    Returns
    -------
    array (r, p)
        No rows where the other terms already give all of the term's columns.

    Notes
    -----
    For a term that no other contains, usually its own coefficients. Where columns were dropped from X, the
    term's columns (the dropped ones included) are made orthogonal to those of the other terms: with an
    orthonormal basis T of what is left, ``L = T'X``.

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> data = pd.DataFrame({"y": range(6), "x": [1, 2, 4, 1, 3, 5], "g": list("aabbcc")})
    >>> design = build_design("y ~ x + z + (1 | g)", data.assign(z=2 * data["x"]))
    >>> len(dropped_contrasts(design, "x"))
    0
    """
    number = design.term_labels.index(label) + 1
    own = np.eye(len(design.x_names))[np.array(design.assign, dtype=int) == number]
    if not design.dropped:
        return own
    above = [design.term_labels.index(other) + 1 for other in contained_in(design)[label]]
    assign = np.array(design.model_matrix.assign, dtype=int)
    columns = design.all_columns
    R: Array = np.asarray(np.linalg.qr(columns if scale is None else columns * scale[:, None], mode="r"))
    others = R[:, ~np.isin(assign, [number, *above])]
    whole = np.column_stack([others, R[:, assign == number]])
    kept = np.array(independent_columns(whole), dtype=int)
    T = np.linalg.qr(whole[:, kept])[0][:, kept >= others.shape[1]]
    return own if T.shape[1] == len(own) else _zap(T.T @ R[:, design.kept])


def _type_two(design: Design, scale: Array | None) -> dict[str, Array]:
    containers, assign = contained_in(design), np.array(design.assign)
    X = design.plain_X if scale is None else design.X * scale[:, None]
    numbers = {label: i for i, label in enumerate(design.term_labels, start=1)}
    out = {}
    for label, number in numbers.items():
        adds = dropped_contrasts(design, label, scale)
        own = assign == number
        if not containers[label] or len(adds) < own.sum():
            out[label] = adds
            continue
        last = np.isin(assign, [number, *(numbers[other] for other in containers[label])])
        order = np.argsort(last, kind="stable")
        triangle = _triangle(X[:, order])
        rows = np.zeros_like(triangle)
        rows[:, order] = triangle
        out[label] = rows[assign[order] == number]
    return out


def _type_three(design: Design) -> dict[str, Array]:
    (values, own_X), containers = design.spanning, contained_in(design)
    n = len(own_X)
    terms = design.model_matrix.terms
    factors = [
        name for name, value in zip(terms.names, values, strict=True) if isinstance(value, Categorical)
    ]
    treatment = ModelMatrix.plan(terms, values, dict.fromkeys(factors, "treatment"))
    X = treatment.columns(values, n)
    kept = independent_columns(X)
    X, names, assign = X[:, kept], [treatment.names[i] for i in kept], np.array(treatment.assign)[kept]
    Q, R = np.linalg.qr(X)
    complete = _complete(treatment, values)
    # Each column: how one column of the complete, over-parametrised coding is made of those of X.
    L = _zap(np.linalg.solve(R, Q.T @ complete.columns(values, n))).T
    numbers = {label: i for i, label in enumerate(design.term_labels, start=1)}
    orders = [len(term.variables) for term in terms.terms]
    for i in sorted(range(len(orders)), key=lambda i: -orders[i]):  # interactions of highest order first
        label = design.term_labels[i]
        above = np.isin(assign, [numbers[other] for other in containers[label]])
        if above.any():
            own = assign == numbers[label]
            fitted = L[:, above] @ np.linalg.lstsq(L[:, above], L[:, own], rcond=1e-9)[0]
            L[:, own] = _zap(L[:, own] - fitted)
    place = {pair: row for row, pair in enumerate(zip(complete.assign, complete.names, strict=True))}
    L = L[[place[pair] for pair in zip(assign, names, strict=True)]]
    recoded = _zap(np.linalg.solve(R, Q.T @ own_X))  # from treatment contrasts to those of the fit
    out = {}
    for label, number in numbers.items():
        rows = L[:, assign == number].T
        out[label] = rows[np.abs(rows).sum(axis=1) > 1e-8] @ recoded
        adds = dropped_contrasts(design, label)
        if len(adds) == 0 or (not containers[label] and len(adds) < len(out[label])):
            out[label] = adds
    return out


def _complete(recipe: ModelMatrix, values: list[Value]) -> ModelMatrix:
    """The recipe with one dummy for each level of each factor in every term."""
    terms = recipe.terms
    codings = [[code(i, values[i], terms.names[i], {}, True) for i in term.variables] for term in terms.terms]
    names, assign = names_and_assign(terms, codings)
    return replace(recipe, codings=codings, names=names, assign=assign)


def _zap(values: Array) -> Array:
    """Zero for what is rounding error."""
    return np.where(np.abs(values) < 1e-9 * max(1.0, float(np.abs(values).max(initial=0.0))), 0.0, values)


def uncorrelated(L: Array, vcov: Array) -> tuple[Array, Array]:
    """Turn contrasts into as many uncorrelated ones as they have rank.

    Parameters
    ----------
    L : array of shape (r, p)
    vcov : array of shape (p, p)
        Covariance of the fixed effects.

    Returns
    -------
    tuple of arrays
        Contrasts (rank, p) and the variances (rank,) of their estimates.

    Examples
    --------
    >>> uncorrelated(np.array([[1.0, 0.0], [2.0, 0.0]]), np.eye(2))[1].round(6)
    array([5.])
    """
    variances, axes = np.linalg.eigh(L @ vcov @ L.T)
    used = variances > np.sqrt(np.finfo(float).eps) * variances[-1]
    return axes[:, used].T @ L, variances[used]
