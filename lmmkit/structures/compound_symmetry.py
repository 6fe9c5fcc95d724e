"""`cs(f | g)`: compound symmetry, the same correlation between any two effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..numerics.arrays import Array
from .diagonal import Diagonal
from .patterned import Patterned
from .structure import Structure
from .unstructured import Unstructured

__all__ = ["CompoundSymmetry"]


@dataclass(frozen=True)
class CompoundSymmetry(Patterned):
    """Correlation ``rho`` between any two effects, from ``-1 / (k - 1)`` to 1.

    Notes
    -----
    lme4's lower triangle in closed form, without its division of zero by zero at ``rho = 1``.

    Examples
    --------
    >>> CompoundSymmetry(3).factor(np.array([1.0, 2.0, 3.0, 0.5])).round(4)
    array([[1.    , 0.    , 0.    ],
           [1.    , 1.7321, 0.    ],
           [1.5   , 0.866 , 2.4495]])
    """

    tag = "cs"
    title = "compound symmetry"
    homogeneous_by_default = False

    @property
    def rho_bounds(self) -> tuple[float, float]:
        return -1 / (self.k - 1), 1.0

    def correlation(self, rho: Array) -> tuple[Array, Array, Array]:
        one = np.eye(self.k)
        others = 1 - one
        R = np.asarray(rho)[..., None, None] * others + one
        return R, others if R.ndim == 2 else np.broadcast_to(others, R.shape), np.zeros_like(R)

    def triangle(self, rho: Array) -> Array:
        rho = np.asarray(rho)
        L = np.zeros((*rho.shape, self.k, self.k))
        L[..., :, 0] = rho[..., None]
        L[..., 0, 0] = 1.0
        rest = np.maximum(1 - rho, 0.0)
        for j in range(1, self.k):
            before, here = 1 + (j - 1) * rho, np.maximum(1 + j * rho, 0.0)
            L[..., j, j] = np.sqrt(rest * here / before)
            if j + 1 < self.k:
                L[..., j + 1 :, j] = (rho * np.sqrt(rest / (before * here)))[..., None]
        return L

    def is_distinct(self, row: int, column: int) -> bool:
        return not self.homogeneous or row - column <= 1

    def hull(self) -> Array:
        if not self.homogeneous:
            return Unstructured(self.k).hull()
        return np.stack([np.eye(self.k), 1 - np.eye(self.k)])

    def simpler(self) -> list[Structure]:
        alike = [] if self.homogeneous else [CompoundSymmetry(self.k, homogeneous=True)]
        return [Diagonal(self.k, self.homogeneous), *alike]
