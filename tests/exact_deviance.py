"""The criterion of a linear mixed model in extended precision, from its definition: for n x n matrices of few rows."""

import numpy as np

from lmmkit.fitted.mixed import MixedFit

Wide = np.longdouble


def exact_objective(fit: MixedFit, factors: list[np.ndarray]) -> float:
    """-2 log-likelihood or REML criterion of the fit's data at any relative covariance factors, one per term."""
    design = fit.design
    n, p = design.X.shape
    V = np.eye(n, dtype=Wide)
    for term, T in zip(design.terms, factors, strict=True):
        Z = np.zeros((n, len(term.levels), len(T)), dtype=Wide)
        Z[np.arange(n), term.codes] = term.Z
        half = (Z @ T.astype(Wide)).reshape(n, -1)
        V += half @ half.T
    L = _cholesky(V)
    white = _solved(L, np.column_stack([design.X, design.y - design.offset]).astype(Wide))
    X, y = white[:, :-1], white[:, -1]
    L_X = _cholesky(X.T @ X)
    rotated = _solved(L_X, X.T)
    left = y - rotated.T @ (rotated @ y)
    nu = n - p if fit.is_reml else n
    value = 2 * np.log(L.diagonal()).sum() + nu * (1 + np.log(2 * Wide(np.pi) * (left @ left) / nu))
    return float(value + 2 * np.log(L_X.diagonal()).sum() if fit.is_reml else value)


def _cholesky(matrix: np.ndarray) -> np.ndarray:
    left = matrix.copy()
    for j in range(len(left)):
        left[j:, j] /= np.sqrt(left[j, j])
        left[j + 1 :, j + 1 :] -= np.outer(left[j + 1 :, j], left[j + 1 :, j])
    return np.tril(left)


def _solved(lower: np.ndarray, right: np.ndarray) -> np.ndarray:
    out = right.copy()
    for j in range(len(lower)):
        out[j] /= lower[j, j]
        out[j + 1 :] -= np.outer(lower[j + 1 :, j], out[j])
    return out
