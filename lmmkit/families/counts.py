"""What all distributions of counts share."""

from __future__ import annotations

import numpy as np

from ..errors import DataError
from ..numerics.arrays import Array
from .family import Family, first_offender, refuse_constant

LARGEST_COUNT = 2.0**53  # beyond it a float cannot tell a count from the next


class CountFamily(Family):
    """What all distributions of counts share: where the search starts, and which responses are refused."""

    has_zeros = True

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return y + 0.1

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        kind = self.name.replace("_", " ")
        if (y < 0).any():
            offender = first_offender(y < 0, y)
            raise DataError(f"a {kind} response cannot be negative, but '{name}' has {offender}")
        broken = np.abs(y - np.round(y)) > 1e-7 * np.maximum(1.0, y)
        if broken.any():
            raise DataError(
                f"a {kind} response must be whole counts, but '{name}' has {first_offender(broken, y)}; for rates "
                "give the counts and offset(log(exposure)), for continuous amounts try the gamma family"
            )
        refuse_constant(y, weights, name, {0.0: "0"}, "its mean cannot be estimated (the log of 0)")


def poisson_counts(mu: Array, rng: np.random.Generator) -> Array:
    """Poisson counts; beyond the whole numbers that a float tells apart, their normal limit."""
    small = mu < LARGEST_COUNT
    counts = rng.poisson(np.where(small, mu, 0.0)).astype(float)
    if small.all():
        return counts
    with np.errstate(invalid="ignore"):
        large = np.where(np.isinf(mu), np.inf, mu + np.sqrt(mu) * rng.standard_normal(mu.shape))
    return np.where(small, counts, large)
