"""Two arms of equally many units, each measured equally often: three sums of squares say everything.

In this design the estimates of ``y ~ arm + (1 | unit)`` and all tests of `arm` are functions of the sums of
squares of the arms, between the units of an arm, and within units, which are independent and chi-squared. So
thousands of studies can be drawn without a single row (Searle, Casella and McCulloch 1992, *Variance
Components*, section 3.8). The explorers' tests hold these formulas against `lmmkit.lmer`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Sums:
    """Sums of squares of one study or (arrays) of many."""

    arms: Array
    between: Array
    within: Array

    def first(self, n: int) -> Sums:
        """Of the first `n` studies."""
        return Sums(self.arms[:n], self.between[:n], self.within[:n])


def _chi_square(rng: np.random.Generator, df: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return 2 * rng.standard_gamma(df / 2, shape, dtype=np.float32)  # 0 for 0 degrees of freedom


@dataclass(frozen=True)
class TwoArms:
    """`units` units in each arm, each measured `times` times."""

    units: int
    times: int

    @property
    def between_df(self) -> int:
        """Degrees of freedom between the units of an arm."""
        return 2 * (self.units - 1)

    @property
    def within_df(self) -> int:
        """Degrees of freedom within units."""
        return 2 * self.units * (self.times - 1)

    @property
    def rows(self) -> int:
        """Observations in all."""
        return 2 * self.units * self.times

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...], unit: ArrayLike, error: ArrayLike
    ) -> Sums:
        """Sums of squares of studies without a difference between the arms.

        `unit` is the variance of a unit's mean times `times`, `error` the variance within units. Seven digits
        are enough for a simulation, and are had in half the time.
        """
        unit, error = np.asarray(unit, dtype=np.float32), np.asarray(error, dtype=np.float32)
        return Sums(
            np.asarray(unit * rng.standard_normal(shape, dtype=np.float32) ** 2),
            unit * _chi_square(rng, self.between_df, shape),
            error * _chi_square(rng, self.within_df, shape),
        )

    def sums(self, y: Array) -> Sums:
        """Of data, the rows of a unit together, and the units of the first arm first."""
        table = y.reshape(2, self.units, self.times)
        units, arms = table.mean(2), table.mean((1, 2))
        return Sums(
            np.asarray(self.rows / 4 * (arms[1] - arms[0]) ** 2),
            np.asarray(self.times * ((units - arms[:, None]) ** 2).sum()),
            np.asarray(((table - units[:, :, None]) ** 2).sum()),
        )

    def pooled(self, s: Sums) -> Array:
        """Mean square when units are ignored, as lm on all rows has it."""
        return np.asarray((s.between + s.within) / (self.rows - 2))

    def reml(self, s: Sums) -> tuple[Array, Array]:
        """Mean square that REML puts under the arms' difference, and Satterthwaite's df.

        Where the mean square between units is below that within, their variance is estimated as zero and
        everything is pooled.
        """
        own = s.between / self.between_df
        inside = own * self.within_df > s.within
        mean_square = np.where(inside, own, self.pooled(s))
        return mean_square, np.where(inside, self.between_df, self.rows - 2)

    def ml_deviance(self, between: Array, within: Array) -> Array:
        """-2 log-likelihood at its maximum, up to a constant, given the sum of squares around the model's
        means.
        """
        units = 2 * self.units
        inside = between / units * self.within_df > within
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = units * np.log(between / units) + self.within_df * np.log(within / self.within_df)
            together = self.rows * np.log((between + within) / self.rows)
        return np.where(inside, apart, together)

    def lrt(self, s: Sums) -> Array:
        """Likelihood-ratio statistic of `arm`, both models fitted by ML."""
        return np.maximum(
            0.0, self.ml_deviance(s.between + s.arms, s.within) - self.ml_deviance(s.between, s.within)
        )

    def null_variances(self, s: Sums) -> tuple[Array, Array]:
        """`unit` and `error` of `draw` as ML estimates them without `arm`: where a bootstrap simulates
        from.
        """
        units = 2 * self.units
        own, error = (s.between + s.arms) / units, s.within / self.within_df
        pooled = (s.between + s.arms + s.within) / self.rows
        inside = own > error
        return np.where(inside, own, pooled), np.where(inside, error, pooled)
