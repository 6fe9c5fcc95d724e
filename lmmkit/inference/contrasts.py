"""Which hypothesis the test of a term is: contrasts of types I, II and III.

lmerTest's definitions (Kuznetsova et al. 2017), which are those of SAS: type I adds the terms one by one;
type II tests a term after all others that do not contain it; type III tests a term in a way that does not
depend on how many rows there are per cell, nor on the coding of the factors.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..design.design import Design
from ..design.model_matrix import ModelMatrix, code, independent_columns, names_and_assign
from ..design.values import Categorical, Value
from ..errors import ModelError
from ..numerics.arrays import Array

__all__ = ["contained_in", "term_contrasts", "uncorrelated"]


def term_contrasts(design: Design, type: int = 3) -> dict[str, Array]:
    """The contrasts whose vanishing is the hypothesis of each fixed term.

    Parameters
    ----------
    design : Design
    type : {1, 2, 3}

    Returns
    -------
    dict
        Term label -> array (r, p), one contrast per row. Terms of which no column is left have no rows.

    Raises
    ------
    ModelError
        For another type.

    Notes
    -----
    Agrees with ``lmerTest::show_tests``, except where an interaction stands without one of its main effects
    (``a + a:b``): lmerTest then does not count `a` as contained in ``a:b``, and its test of `a` depends on
    the coding.

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
    if type not in (1, 2, 3):
        raise ModelError(f"type must be 1, 2 or 3, not {type!r}")
    labels = design.term_labels
    if type == 1 or len(labels) <= 1:
        return _sequential(design.X, np.array(design.assign), labels)
    return _type_two(design) if type == 2 else _type_three(design)


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


def _type_two(design: Design) -> dict[str, Array]:
    containers, assign = contained_in(design), np.array(design.assign)
    p, numbers = design.X.shape[1], {label: i for i, label in enumerate(design.term_labels, start=1)}
    out = {}
    for label, number in numbers.items():
        if not containers[label]:
            out[label] = np.eye(p)[assign == number]
            continue
        last = np.isin(assign, [number, *(numbers[other] for other in containers[label])])
        order = np.argsort(last, kind="stable")
        triangle = _triangle(design.X[:, order])
        rows = np.zeros_like(triangle)
        rows[:, order] = triangle
        out[label] = rows[assign[order] == number]
    return out


def _type_three(design: Design) -> dict[str, Array]:
    values, containers = design.variables, contained_in(design)
    n = len(design.y)
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
    place = {name: row for row, name in enumerate(complete.names)}
    L = L[[place[name] for name in names]]
    recoded = _zap(np.linalg.solve(R, Q.T @ design.X))  # from treatment contrasts to those of the fit
    out = {}
    for label, number in numbers.items():
        rows = L[:, assign == number].T
        out[label] = rows[np.abs(rows).sum(axis=1) > 1e-8] @ recoded
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
