"""`ar1(0 + time | g)`: effects one step apart are correlated by rho, two steps apart by its square, and so on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..numerics.arrays import Array, Index
from .diagonal import Diagonal
from .patterned import Patterned
from .structure import Structure
from .unstructured import Unstructured

__all__ = ["Autoregressive"]


@cache
def _lags(k: int) -> tuple[Index, Index, Index, Index]:
    """Steps between effects, one and two fewer but no less than none, and what a second derivative multiplies."""
    lag = np.abs(np.arange(k)[:, None] - np.arange(k))
    return lag, np.maximum(lag - 1, 0), np.maximum(lag - 2, 0), lag * (lag - 1)


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
        powers, (lag, once, twice, second) = np.asarray(rho)[..., None] ** np.arange(self.k), _lags(self.k)
        return powers[..., lag], lag * powers[..., once], second * powers[..., twice]

    def triangle(self, rho: Array) -> Array:
        rho = np.asarray(rho)
        L = (rho[..., None] ** np.arange(self.k))[..., _lags(self.k)[0]] * np.tri(self.k)
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
