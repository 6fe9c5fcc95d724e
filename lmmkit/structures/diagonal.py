"""`diag(x | g)`: effects without any correlation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..numerics.arrays import Array
from .patterned import Patterned
from .structure import Structure

__all__ = ["Diagonal"]


@dataclass(frozen=True)
class Diagonal(Patterned):
    """A standard deviation for each effect, or one for all, and no correlation.

    Examples
    --------
    >>> Diagonal(2).factor(np.array([1.0, 2.0]))
    array([[1., 0.],
           [0., 2.]])
    """

    tag = "diag"
    title = "diagonal"
    homogeneous_by_default = False
    has_rho = False
    rho_bounds = (0.0, 0.0)

    def correlation(self, rho: Array) -> tuple[Array, Array, Array]:
        R = np.broadcast_to(np.eye(self.k), (*rho.shape, self.k, self.k))
        return R, np.zeros_like(R), np.zeros_like(R)

    def triangle(self, rho: Array) -> Array:
        return np.eye(self.k)

    def is_distinct(self, row: int, column: int) -> bool:
        return row == column and not (self.homogeneous and row)

    def hull(self) -> Array:
        return (
            np.eye(self.k)[None] if self.homogeneous else np.eye(self.k)[:, :, None] * np.eye(self.k)[:, None]
        )

    def simpler(self) -> list[Structure]:
        return [] if self.homogeneous else [Diagonal(self.k, homogeneous=True)]
