"""Do simulated residuals follow a pattern: along a predictor, in time, in space, or one that you think of?"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from ..errors import DataError, ModelError
from ..numerics import arguments
from ..numerics.arrays import Array, Flags, Index
from .simulation_test import SimulationTest, two_sided

__all__ = ["PatternTests", "shares_below"]

#: Rows in a stretch of the predictor, and the most of such stretches.
ROWS, MOST = 25, 10
#: So many rows have a table of all distances that fits into memory.
MOST_PLACES = 10_000


def shares_below(observed: Array, draws: Array, rng: np.random.Generator) -> Array:
    """The share of its simulations that lie below each observation; ties get a random place.

    Parameters
    ----------
    observed : array of shape (n,)
    draws : array of shape (n, n_sim)
    rng : Generator
    """
    below = (draws < observed[:, None]).mean(axis=1)
    up_to = (draws <= observed[:, None]).mean(axis=1)
    return below + rng.random(len(observed)) * (up_to - below)


class PatternTests:
    """What simulated residuals can be asked besides their standard tests; p-values are simulated as theirs are."""

    residuals: pd.Series
    simulations: pd.DataFrame
    observed: pd.Series
    predicted: pd.Series
    data: pd.DataFrame

    @cached_property
    def by_chance(self) -> Array:
        """Residuals of each simulation among all of them, (n, n_sim): what chance does under the model."""
        draws = self.simulations.to_numpy()
        # Ties in random order: shuffle each row, then sort it stably.
        shuffled = np.argsort(np.random.default_rng(0).random(draws.shape), axis=1)
        order = np.argsort(np.take_along_axis(draws, shuffled, axis=1), axis=1, kind="stable")
        ranks = np.empty(draws.shape)
        places = np.broadcast_to(np.arange(draws.shape[1]) + 0.5, draws.shape)
        np.put_along_axis(ranks, np.take_along_axis(shuffled, order, axis=1), places, axis=1)
        return ranks / draws.shape[1]

    def quantiles(self, along: Any = None) -> SimulationTest:
        """Test whether the quartiles of the residuals stay level along a predictor.

        Parameters
        ----------
        along : column name, array or Series, optional
            Numbers, which are cut into stretches of equally many rows, or a factor; the prediction by the fixed
            effects otherwise.

        Returns
        -------
        SimulationTest
            The statistic is the mean squared distance of the quartiles from those that are expected, in
            standard deviations; about 1 for a model that is right.

        Raises
        ------
        DataError
            For an unknown column or another number of values.

        Notes
        -----
        As ``DHARMa::testQuantiles``, which draws smooth curves in the place of stretches.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> lk.simulate_residuals(fit, seed=1).quantiles("Days").name
        'quantiles'
        """
        values = self.predicted if along is None else self._column(along, "along")
        codes = _stretches(values)
        shares = (0.25, 0.5, 0.75)
        parts: list[Flags] = [codes == code for code in range(codes.max() + 1)]
        own = np.array([np.quantile(self.residuals.to_numpy()[part], shares) for part in parts])
        chance = np.array([np.quantile(self.by_chance[part], shares, axis=0) for part in parts])
        spread = np.maximum(chance.std(axis=2), 1e-12)
        apart = (own - chance.mean(axis=2)) / spread
        simulated = (((chance - chance.mean(axis=2)[:, :, None]) / spread[:, :, None]) ** 2).mean(axis=(0, 1))
        statistic = float((apart**2).mean())
        p_value = float((1 + (simulated >= statistic).sum()) / (len(simulated) + 1))
        what = "the prediction" if along is None else str(values.name or "these values")
        word = f"The quartiles of the residuals stay as level along {what} as chance leaves them."
        if p_value < 0.05:
            word = f"The residuals change along {what}: look at its picture, and at its shape in the formula."
        return SimulationTest("quantiles", statistic, p_value, word)

    def recalculate(self, group: Any, seed: Any = None) -> Self:
        """Sum the rows of each group, and compute the residuals of these sums.

        Parameters
        ----------
        group : column name, array or Series
            One value for each row.
        seed : int, optional
            For the same places among ties again.

        Returns
        -------
        SimulatedResiduals
            A residual for each group, with all tests. Its `data` have the first row of each.

        Raises
        ------
        DataError
            For an unknown column or another number of values, or with fewer than two groups.

        Notes
        -----
        As ``DHARMa::recalculateResiduals``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> len(lk.simulate_residuals(fit, seed=1).recalculate("Subject", seed=1).residuals)
        18
        """
        codes, levels = pd.factorize(self._column(group, "group"), sort=True)
        if len(levels) < 2:
            raise DataError("group must tell two groups of rows or more")
        rng = np.random.default_rng(arguments.seed(seed))
        index = pd.Index(levels)
        observed = self.observed.groupby(codes).sum().set_axis(index)
        simulations = self.simulations.groupby(codes).sum().set_axis(index)
        first = np.unique(codes, return_index=True)[1]
        shares = shares_below(observed.to_numpy(dtype=float), simulations.to_numpy(dtype=float), rng)
        changed: dict[str, Any] = {
            "residuals": pd.Series(shares, index=index, name="residual"),
            "simulations": simulations,
            "observed": observed,
            "predicted": self.predicted.groupby(codes).mean().set_axis(index),
            "data": self.data.iloc[first].set_axis(index),
        }
        return replace(self, **changed)  # type: ignore[type-var]

    def temporal(self, time: Any = None) -> SimulationTest:
        """Test whether residuals that follow each other in time resemble each other (Durbin and Watson).

        Parameters
        ----------
        time : column name, array or Series, optional
            When each row was observed; the order of the rows otherwise. Where several rows have one time, sum
            them first: ``.recalculate(time)``.

        Returns
        -------
        SimulationTest
            The statistic is 2 where neighbours have nothing in common, nearer 0 where they are alike, nearer 4
            where they alternate.

        Raises
        ------
        DataError
            For an unknown column, another number of values, or times that are not all different.

        Notes
        -----
        As ``DHARMa::testTemporalAutocorrelation``; the statistic is that of ``lmtest::dwtest(residuals ~ 1)``.
        The p-value is two-sided.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> by_day = lk.simulate_residuals(fit, seed=1).recalculate("Days", seed=1)
        >>> bool(0 < by_day.temporal("Days").statistic < 4)
        True
        """
        if time is None:
            order = np.arange(len(self.residuals))
        else:
            when = self._column(time, "time")
            if not when.is_unique:
                raise DataError("several rows have one time; sum them first, .recalculate(time)")
            order = np.argsort(when.to_numpy(), kind="stable")
        own = float(_durbin_watson(self.residuals.to_numpy()[order, None])[0])
        p_value = two_sided(own, _durbin_watson(self.by_chance[order]))
        word = "Residuals next to each other in time have no more in common than chance gives them."
        if p_value < 0.05:
            how = "resemble each other" if own < 2 else "alternate"
            word = f"Residuals next to each other in time {how}: think of an ar1() term, or of what changes in time."
        return SimulationTest("temporal autocorrelation", own, p_value, word)

    def spatial(self, x: Any, y: Any) -> SimulationTest:
        """Test whether residuals of places near each other resemble each other (Moran's I).

        Parameters
        ----------
        x, y : column name, array or Series
            Where each row was observed. Where several rows have one place, sum them first:
            ``.recalculate(place)``.

        Returns
        -------
        SimulationTest
            The statistic is Moran's I, with weights of one over the distance; a little below 0 where
            neighbours have nothing in common, above it where they are alike.

        Raises
        ------
        DataError
            For an unknown column, another number of values, or places that are not all different.
        ModelError
            For more than 10 000 rows.

        Notes
        -----
        As ``DHARMa::testSpatialAutocorrelation``. The p-value is two-sided.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lm("Weight ~ Dose", lk.load_data("mouse"))
        >>> place = range(50)
        >>> lk.simulate_residuals(fit, seed=1).spatial(place, place).name
        'spatial autocorrelation'
        """
        places = np.column_stack([self._numbers(one, name) for one, name in ((x, "x"), (y, "y"))])
        if len(places) > MOST_PLACES:
            raise ModelError(
                f"more than {MOST_PLACES} rows have too many distances; sum rows by place first, .recalculate(place)"
            )
        from scipy.spatial.distance import pdist, squareform

        distances = pdist(places)
        if not (distances > 0).all():
            raise DataError("several rows have one place; sum them first, .recalculate(place)")
        weights = squareform(1 / distances)
        own = float(_moran(self.residuals.to_numpy()[:, None], weights)[0])
        p_value = two_sided(own, _moran(self.by_chance, weights))
        word = "Residuals of neighbouring places have no more in common than chance gives them."
        if p_value < 0.05:
            word = (
                "Residuals of neighbouring places resemble each other: think of a predictor that depends on the "
                "place, or of a correlation that fades with distance."
            )
            if own < -1 / (len(places) - 1):
                word = "Residuals of neighbouring places differ more than those of places far apart."
        return SimulationTest("spatial autocorrelation", own, p_value, word)

    def generic(
        self,
        statistic: Callable[[Array], float],
        alternative: Literal["two_sided", "greater", "less"] = "two_sided",
    ) -> SimulationTest:
        """Test any number that you compute from the responses.

        Parameters
        ----------
        statistic : callable
            Takes the responses of all rows, (n,), and gives a number, such as ``numpy.max``.
        alternative : {"two_sided", "greater", "less"}
            Whether the observed number may be too large or too small, too large, or too small.

        Returns
        -------
        SimulationTest
            The statistic is the observed number.

        Raises
        ------
        ModelError
            For a statistic that gives no finite number, or another `alternative`.

        Notes
        -----
        As ``DHARMa::testGeneric``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.glmer("ticks ~ year + (1 | park)", lk.load_data("ticks"), "poisson")
        >>> found = lk.simulate_residuals(fit, seed=1).generic(max)
        >>> bool(found.statistic == fit.design.y.max())
        True
        """
        kind = arguments.one_of("alternative", alternative, ("two_sided", "greater", "less"))
        arguments.function("statistic", statistic)
        responses = [self.observed.to_numpy(), *self.simulations.to_numpy().T]
        try:
            numbers = np.array([float(statistic(one)) for one in responses])
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"the statistic must give one number for an array of responses ({error})"
            ) from None
        if not np.isfinite(numbers).all():
            raise ModelError("the statistic must give finite numbers, for simulated responses as well")
        own, simulated = float(numbers[0]), numbers[1:]
        sides: dict[str, Flags] = {"greater": simulated >= own, "less": simulated <= own}
        p_value = two_sided(own, simulated)
        if kind != "two_sided":
            p_value = float((1 + sides[kind].sum()) / (len(simulated) + 1))
        word = f"The model expects about {simulated.mean():.4g}, which chance explains."
        if p_value < 0.05:
            word = f"The model expects about {simulated.mean():.4g}: more than chance."
        return SimulationTest("statistic", own, p_value, word)

    def _column(self, given: Any, name: str) -> pd.Series:
        """A value for each row: a column of the data, or what was given."""
        n = len(self.residuals)
        if isinstance(given, Hashable) and given in self.data.columns:
            column = self.data[given]
            return pd.Series(column.to_numpy(), index=self.residuals.index, name=given)
        if isinstance(given, str):
            raise DataError(
                f"{name}: column {arguments.shown(given)} is not in the data; it has {', '.join(map(str, self.data))}"
            )
        values = pd.Series(given.to_numpy() if isinstance(given, pd.Series) else np.asarray(given).ravel())
        if len(values) != n:
            raise DataError(f"{name} needs one value for each of the {n} rows, not {len(values)}")
        return values.set_axis(self.residuals.index).rename(getattr(given, "name", None))

    def _numbers(self, given: Any, name: str) -> Array:
        """The same where it must be numbers."""
        values = self._column(given, name)
        if not pd.api.types.is_numeric_dtype(values):
            raise DataError(f"{name} must be numbers, where each row was observed")
        return values.to_numpy(dtype=float)


def _stretches(values: pd.Series) -> Index:
    """Numbers of stretches of rows, ten or fewer, equally long; or of the levels of a factor."""
    numbers = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if not numbers or values.nunique() <= MOST:
        return np.asarray(pd.factorize(values, sort=True)[0], dtype=np.intp)
    place = values.rank(method="average").to_numpy() / (len(values) + 1)
    count = int(np.clip(len(values) // ROWS, 1, MOST))
    return np.asarray(pd.factorize((place * count).astype(int), sort=True)[0], dtype=np.intp)


def _durbin_watson(columns: Array) -> Array:
    """Durbin and Watson's statistic of each column."""
    centred = columns - columns.mean(axis=0)
    return np.asarray((np.diff(columns, axis=0) ** 2).sum(axis=0) / (centred**2).sum(axis=0))


def _moran(columns: Array, weights: Array) -> Array:
    """Moran's I of each column."""
    centred = columns - columns.mean(axis=0)
    alike = (centred * (weights @ centred)).sum(axis=0)
    return np.asarray(len(columns) / weights.sum() * alike / (centred**2).sum(axis=0))
