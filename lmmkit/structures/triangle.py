"""The relative covariance factor of one random-effects term, and its list of parameters ``theta``.

A term with ``k`` effects per level has covariance ``Sigma = sigma^2 T T'`` where ``T`` is a ``k x k`` lower
triangle. ``theta`` is that triangle read column by column, which is lme4's order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from ..numerics.arrays import Array, Index
from ..numerics.small import eigen, inverse_root


def n_theta(k: int) -> int:
    """Length of ``theta`` for a term with ``k`` effects per level.

    Parameters
    ----------
    k : int
        Number of effects per level.

    Returns
    -------
    int
        ``k (k + 1) / 2``.

    Examples
    --------
    >>> n_theta(2)
    3
    """
    return k * (k + 1) // 2


@cache
def lower_indices(k: int) -> tuple[Index, Index]:
    """Row and column of each entry of ``theta``, the lower triangle read down its columns."""
    columns, rows = np.triu_indices(k)
    return rows, columns


def factor_from_theta(theta: Array, k: int) -> Array:
    """Put ``theta`` into its lower triangle.

    Parameters
    ----------
    theta : array of shape (k (k + 1) / 2,)
        Entries in lme4's order.
    k : int
        Number of effects per level.

    Returns
    -------
    array of shape (k, k)
        The relative covariance factor ``T``.

    Notes
    -----
    Agrees with the blocks of ``getME(fit, "Lambda")`` in lme4 (Bates et al. 2015, eq. 15).

    Examples
    --------
    >>> factor_from_theta(np.array([1.0, 0.5, 2.0]), 2)
    array([[1. , 0. ],
           [0.5, 2. ]])
    """
    factor = np.zeros((k, k))
    factor[lower_indices(k)] = theta
    return factor


def theta_from_factor(factor: Array) -> Array:
    """Read ``theta`` back from a lower triangle; the inverse of :func:`factor_from_theta`.

    Parameters
    ----------
    factor : array of shape (k, k)
        Relative covariance factor.

    Returns
    -------
    array of shape (k (k + 1) / 2,)
        Entries in lme4's order.

    Examples
    --------
    >>> theta_from_factor(np.array([[1.0, 0.0], [0.5, 2.0]]))
    array([1. , 0.5, 2. ])
    """
    return np.asarray(factor[lower_indices(len(factor))])


def canonical(root: Array) -> Array:
    """The lower triangle with a non-negative diagonal that has the same ``T T'`` as ``root``.

    Parameters
    ----------
    root : array of shape (k, k)
        Any square root of a covariance matrix; it need not be triangular or of full rank.

    Returns
    -------
    array of shape (k, k)
        The factor in lme4's convention.

    Notes
    -----
    An LQ decomposition. Unlike a Cholesky factorisation it does not mind a singular covariance.

    Examples
    --------
    >>> canonical(np.array([[-2.0, 0.0], [1.0, -1.0]]))
    array([[ 2.,  0.],
           [-1.,  1.]])
    """
    if root.shape == (1, 1):
        return np.abs(root)
    lower = np.asarray(np.linalg.qr(root.T, mode="r")).T
    signs = np.where(lower.diagonal() < 0, -1.0, 1.0)
    return lower * signs + 0.0


@dataclass(frozen=True)
class Whitening:
    """A change of units in which the columns of one term are uncorrelated and of mean square one.

    The search for ``theta`` is easy in these units (a slope per milligram and a slope per kilogram look the
    same, and it does not matter where a covariate has its origin); the answer is then carried back.

    Attributes
    ----------
    matrix : array of shape (k, k)
        ``A``, lower triangular with a positive diagonal, such that ``Z A`` has mean cross-product ``I``.
        Effects map as ``b = A b_w``, covariance factors as ``T = A T_w``: a triangle stays a triangle.
    """

    matrix: Array

    def __getstate__(self) -> dict[str, Array]:
        """Without the inverse, which is soon computed again."""
        return {"matrix": self.matrix}

    @classmethod
    def of(cls, mean_crossproduct: Array) -> Whitening:
        """Make it from the mean of ``z z'`` over the rows; collinear columns are only scaled."""
        scale = np.sqrt(mean_crossproduct.diagonal())
        scale[~(scale > 0)] = 1.0
        if len(scale) == 1:
            return cls(1 / scale[:, None])
        correlation = mean_crossproduct / (scale[:, None] * scale)
        if eigen(correlation)[0][0] < 1e-10:
            return cls(np.diag(1 / scale))
        # The Cholesky factor from the bottom right corner up gives a lower triangular A.
        root = inverse_root(correlation[::-1, ::-1])[0]
        return cls(root[::-1, ::-1].T / scale[:, None])

    def original(self, factor: Array) -> Array:
        """Carry a factor back to the units of the data, its diagonal made non-negative."""
        back = self.matrix @ factor
        return back * np.where(back.diagonal() < 0, -1.0, 1.0) + 0.0

    @cached_property
    def inverse(self) -> Array:
        """``A^-1``."""
        return np.asarray(np.linalg.inv(self.matrix))

    def whitened(self, factor: Array) -> Array:
        """Carry a relative covariance factor into the units of the search."""
        return np.asarray(np.linalg.solve(self.matrix, factor))
