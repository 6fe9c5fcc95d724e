"""Linear and mixed models by brute force: whole matrices, grids and restarts, and nothing of the library's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize

Array = np.ndarray


class Line(NamedTuple):
    """Least squares: coefficients, their standard errors, residual sum of squares and degrees of freedom."""

    beta: Array
    se: Array
    rss: float
    df: int


def least_squares(X: Array, y: Array) -> Line:
    """Coefficients by lstsq, standard errors from the inverse of X'X."""
    beta = np.linalg.lstsq(X, y)[0]
    rss, df = float(((y - X @ beta) ** 2).sum()), len(y) - X.shape[1]
    se = np.sqrt(np.diag(np.linalg.inv(X.T @ X)) * rss / df) if df else np.full(X.shape[1], np.inf)
    return Line(beta, se, rss, df)


def dummies(codes: Array) -> Array:
    """One column for each level."""
    return np.asarray(codes[:, None] == np.unique(codes), float)


class Gls(NamedTuple):
    """Generalised least squares under the covariance V."""

    beta: Array
    cov: Array
    criterion: float  # -2 log restricted likelihood, or -2 log-likelihood
    sigma2: float  # factor that V was multiplied by to make the likelihood largest


def gls(y: Array, X: Array, V: Array, *, reml: bool = True, profile: bool = True) -> Gls:
    """The criterion of Harville (1977) with whole matrices; with `profile` V is known up to a factor."""
    n, p = X.shape
    solved = np.linalg.solve(V, np.column_stack([X, y]))
    A = X.T @ solved[:, :p]
    beta = np.linalg.solve(A, X.T @ solved[:, p])
    left = y - X @ beta
    quad = float(left @ np.linalg.solve(V, left))
    df = n - p if reml else n
    sigma2 = quad / df if profile else 1.0
    value = np.linalg.slogdet(V)[1] + n * np.log(sigma2) + quad / sigma2
    if reml:
        value += np.linalg.slogdet(A)[1] - p * np.log(sigma2)
    return Gls(beta, sigma2 * np.linalg.inv(A), float(value + df * np.log(2 * np.pi)), sigma2)


class Intercepts(NamedTuple):
    """``y ~ X + (1 | group)`` at its best theta."""

    theta: float
    beta: Array
    cov: Array
    criterion: float
    sigma2: float


def criterion_of_intercepts(y: Array, X: Array, codes: Array, reml: bool = True) -> Callable[[float], Gls]:
    """The criterion as a function of theta; V^-1 group by group, by the formula of Sherman and Morrison."""
    sizes = np.bincount(codes)
    W = np.column_stack([X, y])
    sums = np.stack([np.bincount(codes, column) for column in W.T], 1)
    n, p = X.shape

    def at(theta: float) -> Gls:
        weight = theta**2 / (1 + sizes * theta**2)
        A = W.T @ W - (sums * weight[:, None]).T @ sums
        beta = np.linalg.solve(A[:p, :p], A[:p, p])
        quad = A[p, p] - beta @ A[:p, p]
        df = n - p if reml else n
        sigma2 = quad / df
        value = np.log1p(sizes * theta**2).sum() + df * (1 + np.log(2 * np.pi * sigma2))
        if reml:
            value += np.linalg.slogdet(A[:p, :p])[1]
        return Gls(beta, sigma2 * np.linalg.inv(A[:p, :p]), float(value), float(sigma2))

    return at


def intercepts(y: Array, X: Array, codes: Array, reml: bool = True) -> Intercepts:
    """The lowest point of the criterion: a grid over all sizes of theta, then a search around each valley."""
    at = criterion_of_intercepts(y, X, codes, reml)
    grid = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 160)])
    values = np.array([at(theta).criterion for theta in grid])
    best = (values[0], 0.0)
    for i in range(1, len(grid) - 1):
        if values[i] <= min(values[i - 1], values[i + 1]):
            search = optimize.minimize_scalar(
                lambda t: at(t).criterion, bounds=(grid[i - 1], grid[i + 1]), method="bounded",
                options={"xatol": 1e-9},
            )  # fmt: skip
            best = min(best, (float(search.fun), float(search.x)))
    there = at(best[1])
    return Intercepts(best[1], there.beta, there.cov, there.criterion, there.sigma2)


def components(
    y: Array, X: Array, kernels: Sequence[Array], *, reml: bool = True, starts: Sequence[Sequence[float]] = ()
) -> tuple[Array, Gls]:
    """SDs over the residual's for V = I + sum sd_k² K_k that make the criterion lowest, from several starts."""

    def value(sds: Array) -> float:
        V = np.eye(len(y)) + sum(s**2 * K for s, K in zip(sds, kernels, strict=True))
        return gls(y, X, V, reml=reml).criterion

    begins = [*starts, np.full(len(kernels), 1.0), np.full(len(kernels), 0.1)]
    best = min(
        (optimize.minimize(value, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000})
         for start in begins), key=lambda search: search.fun,
    )  # fmt: skip
    sds = np.abs(best.x)
    V = np.eye(len(y)) + sum(s**2 * K for s, K in zip(sds, kernels, strict=True))
    return sds, gls(y, X, V, reml=reml)


def satterthwaite(y: Array, X: Array, kernels: Sequence[Array], variances: Array, contrast: Array) -> float:
    """Degrees of freedom 2 v² / g' A g of a contrast, all derivatives by differences.

    `variances` are those of the kernels, then the residual's.
    """

    def parts(values: Array) -> tuple[float, float]:
        V = values[-1] * np.eye(len(y)) + sum(v * K for v, K in zip(values, kernels, strict=False))
        there = gls(y, X, V, profile=False)
        return there.criterion, float(contrast @ there.cov @ contrast)

    k, h = len(variances), 1e-3 * variances
    g, H = np.zeros(k), np.zeros((k, k))
    for i in range(k):
        e = np.zeros(k)
        e[i] = h[i]
        g[i] = (parts(variances + e)[1] - parts(variances - e)[1]) / (2 * h[i])
        for j in range(i + 1):
            f = np.zeros(k)
            f[j] = h[j]
            second = sum(s * t * parts(variances + s * e + t * f)[0] for s in (-1, 1) for t in (-1, 1))
            H[i, j] = H[j, i] = second / (4 * h[i] * h[j])
    v = parts(variances)[1]
    return float(2 * v**2 / (g @ (2 * np.linalg.inv(H)) @ g))
