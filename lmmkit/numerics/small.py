"""Factors of one small matrix, straight from LAPACK: NumPy's checks around it cost more than the work."""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import lapack

from .arrays import Array, Flags

#: Columns that a QR decomposition works on at a time.
BLOCK = 32


#: Columns up to which many matrices are factorised side by side, column by column (measured).
FEW = 8


def inverse_root(matrix: Array) -> tuple[Array, float]:
    """``L^-1`` for a positive definite matrix ``L L'``, and its log determinant.

    Parameters
    ----------
    matrix : array of shape (m, m)

    Returns
    -------
    tuple
        A lower triangle (m, m), and a float.

    Raises
    ------
    numpy.linalg.LinAlgError
        If it is not positive definite.

    Examples
    --------
    >>> root, logdet = inverse_root(np.diag([4.0, 16.0]))
    >>> root.diagonal(), round(float(np.exp(logdet)), 9)
    (array([0.5 , 0.25]), 64.0)
    """
    if not len(matrix):  # LAPACK would say on the screen that it knows no matrix without rows
        return np.zeros((0, 0)), 0.0
    lower, failed = lapack.dpotrf(matrix, lower=1, clean=1)
    if failed:
        raise np.linalg.LinAlgError("matrix is not positive definite")
    return inverse_of_triangle(lower)


def inverse_of_triangle(lower: Array) -> tuple[Array, float]:
    """``L^-1`` for a lower triangle ``L`` without zeros on its diagonal, and the log determinant of ``L L'``.

    Parameters
    ----------
    lower : array of shape (m, m)

    Examples
    --------
    >>> root, logdet = inverse_of_triangle(np.diag([2.0, 4.0]))
    >>> root.diagonal(), round(float(np.exp(logdet)), 9)
    (array([0.5 , 0.25]), 64.0)
    """
    if not len(lower):
        return np.zeros((0, 0)), 0.0
    return np.asarray(lapack.dtrtri(lower, lower=1)[0]), 2 * float(np.log(lower.diagonal()).sum())


def inverse_of_upper(upper: Array) -> Array:
    """``R^-1`` for an upper triangle ``R`` (p, p) without zeros on its diagonal.

    Examples
    --------
    >>> inverse_of_upper(np.diag([2.0, -4.0])).tolist()
    [[0.5, 0.0], [0.0, -0.25]]
    """
    return np.asarray(lapack.dtrtri(upper)[0]) if len(upper) else np.zeros((0, 0))


def eigen(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues (m,), ascending, and eigenvectors (m, m), as `numpy.linalg.eigh`.

    Parameters
    ----------
    matrix : array of shape (m, m)
        Symmetric; its lower triangle is read.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the algorithm does not arrive, as for missing values.

    Examples
    --------
    >>> eigen(np.diag([3.0, 1.0]))[0]
    array([1., 3.])
    """
    if not len(matrix):
        return np.zeros(0), np.zeros((0, 0))
    values, vectors, failed = lapack.dsyevd(matrix, lower=1)
    if failed:
        raise np.linalg.LinAlgError("the eigenvalues did not converge")
    return values, vectors


def triangle_of(X: Array) -> Array:
    """``R`` of ``X = Q R``, as ``numpy.linalg.qr(X, mode="r")``.

    Parameters
    ----------
    X : array of shape (n, p)

    Returns
    -------
    array of shape (min(n, p), p)

    Examples
    --------
    >>> abs(triangle_of(np.array([[3.0, 0.0], [4.0, 5.0]]))).round(9)
    array([[5., 4.],
           [0., 3.]])
    """
    return np.triu(_reflections(X)[0][: X.shape[1]]) if X.size else np.zeros((min(X.shape), X.shape[1]))


def diagonal_of_triangle(X: Array) -> Array:
    """Size of the diagonal of ``R``, (min(n, p),): what is left of each column after those before it.

    Parameters
    ----------
    X : array of shape (n, p)

    Examples
    --------
    >>> diagonal_of_triangle(np.array([[3.0, 0.0], [4.0, 5.0]])).round(9).tolist()
    [5.0, 3.0]
    """
    return np.abs(_reflections(X)[0].diagonal()) if X.size else np.zeros(0)


def orthonormal(X: Array) -> tuple[Array, Array]:
    """``Q`` (n, p) and ``R`` (p, p) of ``X = Q R``, as `numpy.linalg.qr`.

    Parameters
    ----------
    X : array of shape (n, p)
        With no fewer rows than columns.

    Examples
    --------
    >>> Q, R = orthonormal(np.array([[3.0], [4.0]]))
    >>> (Q @ R).round(9).tolist()
    [[3.0], [4.0]]
    """
    if not X.shape[1]:
        return np.zeros(X.shape), np.zeros((0, 0))
    packed, scales = _reflections(X)
    Q = lapack.dorgqr(packed, scales, lwork=BLOCK * X.shape[1])[0]
    return Q, np.triu(packed[: X.shape[1]])


def _reflections(X: Array) -> tuple[Array, Array]:
    """Householder's reflections below the triangle, as LAPACK packs them, and their scales."""
    packed, scales = lapack.dgeqrf(X, lwork=BLOCK * X.shape[1])[:2]
    return packed, scales


def solved(upper: Array, right: Array) -> Array:
    """``R^-1 b`` for an upper triangle ``R`` (p, p) without zeros on its diagonal, and ``b`` (p,).

    Examples
    --------
    >>> solved(np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([4.0, 8.0]))
    array([1., 2.])
    """
    return np.asarray(lapack.dtrtrs(upper, right)[0]) if len(upper) else np.zeros(0)


def nearly_singular(lower: Array, size: float) -> bool:
    """Whether the smallest singular value of a lower triangle is below `size`.

    Parameters
    ----------
    lower : array of shape (m, m)
    size : float

    Raises
    ------
    numpy.linalg.LinAlgError
        If values are missing.

    Notes
    -----
    The determinant is at most the smallest singular value times the root sum of squares to the power m - 1, which
    settles most cases without the singular values.

    Examples
    --------
    >>> nearly_singular(np.array([[1.0, 0.0], [0.5, 1e-3]]), 0.01), nearly_singular(np.eye(2), 0.01)
    (True, False)
    """
    determinant = abs(math.prod(lower.diagonal().tolist()))
    if determinant > size * float(np.vdot(lower, lower)) ** ((len(lower) - 1) / 2):
        return False
    return bool(np.linalg.svd(lower, compute_uv=False)[-1] < size)


def cholesky_of_each(stack: Array) -> tuple[Array, Flags]:
    """Lower factors of a stack of matrices, and which have none: theirs is the identity.

    Parameters
    ----------
    stack : array of shape (B, m, m)

    Examples
    --------
    >>> cholesky_of_each(np.array([[[4.0]], [[-1.0]]]))[1]
    array([False,  True])
    """
    finite = np.asarray(np.isfinite(stack).all(axis=(1, 2)))
    if not finite.all():
        lower, broken = cholesky_of_each(np.where(finite[:, None, None], stack, np.eye(stack.shape[1])))
        return lower, broken | ~finite
    try:
        return np.asarray(np.linalg.cholesky(stack)), np.zeros(len(stack), dtype=np.bool_)
    except np.linalg.LinAlgError:
        pass
    out, broken = np.empty_like(stack), np.zeros(len(stack), dtype=np.bool_)
    for b, matrix in enumerate(stack):
        try:
            out[b] = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            out[b], broken[b] = np.eye(matrix.shape[-1]), True
    return out, broken


def pivots(stack: Array) -> Array:
    """Squared diagonals of the Cholesky factors of many matrices, (G, w); not positive where there is no factor.

    Parameters
    ----------
    stack : array of shape (G, w, w)

    Examples
    --------
    >>> pivots(np.array([[[4.0, 2.0], [2.0, 3.0]]]))
    array([[4., 2.]])
    """
    if stack.shape[1] > FEW:
        lower, broken = cholesky_of_each(stack)
        return np.where(broken[:, None], np.nan, lower.diagonal(axis1=1, axis2=2) ** 2)
    left = stack.transpose(1, 2, 0).copy()
    for j in range(len(left) - 1):
        left[j + 1 :, j + 1 :] -= left[j + 1 :, j, None] * (left[j, None, j + 1 :] / left[j, j])
    return left.diagonal()
