"""`ar1(0 + time | g)`: effects one step apart are correlated by rho, two steps apart by its square, and so on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..numerics.arrays import Array
from .diagonal import Diagonal
from .patterned import Patterned
from .structure import Structure
from .unstructured import Unstructured

__all__ = ["Autoregressive"]


@dataclass(frozen=True)
class Autoregressive(Patterned):
    """Correlation ``rho^|i - j|`` between effects ``i`` and ``j``, counted in columns.

    Examples
    --------
    >>> Autoregressive(3, homogeneous=True).factor(np.array([2.0, 0.5])).round(4)
    array([[2.    , 0.    , 0.    ],
           [1.    , 1.7321, 0.    ],
           [0.5   , 0.866 , 1.7321]])
    """

    tag = "ar1"
    title = "autoregressive of order 1"
    homogeneous_by_default = True
    rho_bounds = (-1.0, 1.0)

    def correlation(self, rho: Array) -> tuple[Array, Array, Array]:
        rho = np.asarray(rho)[..., None, None]
        at = np.arange(self.k)
        lag = np.abs(at[:, None] - at)
        once, twice = np.maximum(lag - 1, 0), np.maximum(lag - 2, 0)
        return rho**lag, lag * rho**once, lag * (lag - 1) * rho**twice

    def triangle(self, rho: Array) -> Array:
        rho = np.asarray(rho)
        at = np.arange(self.k)
        L = np.tril(rho[..., None, None] ** np.maximum(at[:, None] - at, 0))
        L[..., :, 1:] *= np.sqrt(np.maximum(1 - rho**2, 0.0))[..., None, None]
        return L

    def is_distinct(self, row: int, column: int) -> bool:
        return not self.homogeneous or column <= 1

    def hull(self) -> Array:
        if not self.homogeneous:
            return Unstructured(self.k).hull()
        at = np.arange(self.k)
        return np.stack([np.abs(at[:, None] - at) == lag for lag in at]).astype(float)

    def simpler(self) -> list[Structure]:
        alike = [] if self.homogeneous else [Autoregressive(self.k, homogeneous=True)]
        return [Diagonal(self.k, self.homogeneous), *alike]
