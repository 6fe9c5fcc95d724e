"""Whether two fits are the same model of the same rows, however each was written, and what a printout says."""

from __future__ import annotations

from typing import Any

import numpy as np


def same_model(a: Any, b: Any) -> bool:
    """Whether two fits are the same model of the same rows.

    Compared is what does not change with the way in which the model is written: not the coefficients, which
    follow the basis of the model matrix (`poly(x, 2)`, `x + I(x^2)`, `scale(x)`, other contrasts), but the fitted
    values, with and without the random effects, and the likelihood. The REML criterion changes with the basis,
    too, by the logarithm of the determinant of X'X; that part is taken off.

    Parameters
    ----------
    a, b : fitted models

    Returns
    -------
    bool
    """
    if type(a) is not type(b) or a.nobs != b.nobs or a.npar != b.npar or a.is_reml != b.is_reml:
        return False
    if str(a.family) != str(b.family) or abs(free_of_basis(a) - free_of_basis(b)) > 1e-2:
        return False
    return bool(np.all([_alike(x, y) for x, y in zip(_rows(a), _rows(b), strict=True)]))


def what_differs(a: Any, b: Any) -> str:
    """The rest of a sentence: in which part of the formula a model is not the one that was asked for."""
    if type(a) is not type(b):
        return "; another kind of model is"
    if a.nobs == b.nobs and a.is_reml != b.is_reml:
        return f": it is fitted by {'REML' if a.is_reml else 'ML'}"
    if a.nobs == b.nobs and _same_space(a.design.X, b.design.X):
        return "; its fixed part is right, look at the part in brackets" if hasattr(a, "ranef") else ""
    return "; compare the formulas term by term"


def _same_space(X: Any, other: Any) -> bool:
    """Whether the columns of two model matrices span the same space, their rows in one order."""
    X, other = np.asarray(X, dtype=float), np.asarray(other, dtype=float)
    ranks = [np.linalg.matrix_rank(matrix) for matrix in (X, other, np.hstack([X, other]))]
    return ranks[0] == ranks[1] == ranks[2]


def free_of_basis(fit: Any) -> float:
    """The log-likelihood; of a REML fit the part that any basis of the fixed effects gives."""
    if not fit.is_reml:
        return float(fit.loglik)
    X = np.asarray(fit.design.X, dtype=float)
    return float(fit.loglik) + float(np.log(np.abs(np.diag(np.linalg.qr(X, mode="r")))).sum())


def _rows(fit: Any) -> np.ndarray:
    """Response, fitted values, and fitted values without random effects, one row each, in an order of their own."""
    fitted = np.asarray(fit.fitted, dtype=float)
    response = fitted + np.asarray(fit.resid("response"), dtype=float)
    fixed = np.asarray(fit.predict(re_form="~0") if hasattr(fit, "ranef") else fitted, dtype=float)
    table = np.vstack([response, fixed, fitted])
    return table[:, np.lexsort(np.round(table, 6))]


def _alike(x: np.ndarray, y: np.ndarray) -> bool:
    x, y = np.sort(x), np.sort(y)
    return bool(np.allclose(x, y, rtol=1e-3, atol=1e-3 * float(y.std()) + 1e-9))


def printed_numbers(fit: Any) -> dict[str, float]:
    """The numbers that a printout of a fit shows, each with its name in words.

    Examples
    --------
    >>> import lmmkit as lk
    >>> numbers = printed_numbers(lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy")))
    >>> round(numbers["the standard error of Days"], 3)
    1.546
    >>> round(numbers["the standard deviation of Days between levels of Subject"], 2)
    5.92
    """
    table = fit.coef_table()
    said: dict[str, float] = {}
    labels = {"estimate": "the estimate", "std_error": "the standard error", "df": "the degrees of freedom",
              "statistic": "the test statistic", "p_value": "the p-value"}  # fmt: skip
    for column, label in labels.items():
        for term, number in table[column].items() if column in table else ():
            said[f"{label} of {term}"] = float(number)
    if hasattr(fit, "varcorr"):
        for row in fit.varcorr.frame.itertuples():
            said |= _of_part(row)
        said |= {f"the number of levels of {name}": float(n) for name, n in fit.ngroups.items()}
    elif fit.sigma is not None:
        said |= {
            "the residual standard deviation": float(fit.sigma),
            "the residual variance": float(fit.sigma) ** 2,
        }
    return said | {"the number of rows": float(fit.nobs)}


def _of_part(row: Any) -> dict[str, float]:
    """The numbers of one row of the table of variances."""
    if row.grp == "Residual":
        return {"the residual standard deviation": row.sdcor, "the residual variance": row.vcov}
    if isinstance(row.var2, str) and row.var2:
        return {f"the correlation of {row.var1} and {row.var2} between levels of {row.grp}": row.sdcor}
    what = f"of {row.var1} between levels of {row.grp}"
    return {f"the standard deviation {what}": row.sdcor, f"the variance {what}": row.vcov}
