"""Parametric bootstrap: simulate responses from the fitted model, fit again, and look at the spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..errors import DataError, ModelError
from ..fitted.fit import Fit
from ..fitted.refits import GeneralizedRefits, LinearRefits, refit_or_none, refits_of
from ..formatting.noted_table import Table
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from ..numerics.r_names import answered
from ..numerics.workers import interrupted
from .parameters import parameter_values
from .simulated_fits import from_simulated

__all__ = ["Bootstrap", "bootstrap"]


@answered
@dataclass(frozen=True)
class Bootstrap:
    """Statistics of a model and of its refits to simulated responses.

    Attributes
    ----------
    estimate : Series
        The statistics of the model itself.
    replicates : DataFrame
        One row per simulation, one column per statistic; NaN where the refit failed.
    asked : int or None
        How many simulations were asked for: more than there are rows when it was interrupted.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    >>> boot = fit.bootstrap(20, seed=1, progress=False)
    >>> boot.summary.round(1)
                            estimate  bias  std_error
    sd_(Intercept)|Subject      37.1   0.3        7.0
    sigma                       31.0  -0.0        1.8
    (Intercept)                251.4   2.3        9.9
    Days                        10.5  -0.4        0.7
    """

    estimate: pd.Series
    replicates: pd.DataFrame
    asked: int | None = None

    @property
    def n_failed(self) -> int:
        """How many refits failed."""
        return int(self.replicates.isna().all(axis=1).sum())

    @property
    def summary(self) -> pd.DataFrame:
        """``estimate bias std_error`` of each statistic."""
        columns = {
            "estimate": self.estimate,
            "bias": self.replicates.mean() - self.estimate,
            "std_error": self.replicates.std(),
        }
        return Table(columns, index=self.estimate.index, notes=self._notes())

    def interval(
        self, level: float = 0.95, kind: Literal["percentile", "basic", "normal"] = "percentile"
    ) -> pd.DataFrame:
        """Confidence intervals.

        Parameters
        ----------
        level : float
            Coverage.
        kind : {"percentile", "basic", "normal"}
            Quantiles of the replicates; the same mirrored at the estimate; or estimate less bias ± a normal
            quantile times the standard error.

        Returns
        -------
        DataFrame
            Columns ``conf_low conf_high``.

        Raises
        ------
        ModelError
            For another kind, or a level outside (0, 1).

        Notes
        -----
        As ``boot::boot.ci`` (Davison and Hinkley 1997, *Bootstrap Methods and their Application*, chapter 5).

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> boot = fit.bootstrap(20, seed=1, progress=False)
        >>> boot.interval(kind="normal").round(1).loc["Days"].tolist()
        [9.5, 12.3]
        """
        level = arguments.level(level)
        kind = arguments.one_of("kind", kind, ("percentile", "basic", "normal"), {"perc": "percentile"})
        tails = [(1 - level) / 2, (1 + level) / 2]
        if kind == "normal":
            center = 2 * self.estimate - self.replicates.mean()
            ends = [center + stats.norm.ppf(tail) * self.replicates.std() for tail in tails]
        else:
            values = self.replicates.dropna(how="all")
            quantiles = np.nanquantile(values, tails, axis=0, method="weibull")
            ends = (
                list(quantiles)
                if kind == "percentile"
                else list(2 * self.estimate.to_numpy() - quantiles[::-1])
            )
        columns = {"conf_low": ends[0], "conf_high": ends[1]}
        return Table(columns, index=self.estimate.index, notes=self._notes())

    def _notes(self) -> list[str]:
        notes = interrupted(len(self.replicates), self.asked or 0)
        if not self.n_failed:
            return notes
        return [*notes, f"{self.n_failed} of {len(self.replicates)} refits failed and are left out."]

    def __repr__(self) -> str:
        return f"Parametric bootstrap, {len(self.replicates)} simulations\n{self.summary!r}"


def bootstrap(
    fit: Fit,
    n_sim: int,
    stat: Callable[[Any], Any] | None = None,
    *,
    seed: Any = None,
    n_jobs: int = 1,
    progress: bool | None = None,
) -> Bootstrap:
    """A fit's parameters, refitted to responses simulated from it: `fit.bootstrap`."""
    n_sim = arguments.whole("n_sim", n_sim)
    stat = parameter_values if stat is None else arguments.function("stat", stat)
    estimate = _as_series(stat(fit))

    def one(again: Fit | None) -> pd.Series | None:
        try:
            return None if again is None else _as_series(stat(again))
        except (DataError, ModelError, np.linalg.LinAlgError):
            return None  # a simulated response that has no such statistic

    refits, default = refits_of(fit), stat is parameter_values
    many: Callable[[Array], list[Any]] | None = None
    if refits is not None:
        many = _parameters(refits) if default else _of_models(refits, one)
    results = from_simulated(
        fit, lambda y: one(refit_or_none(fit, y)), many, n_sim, seed, n_jobs, progress, "bootstrap",
        at_once=1 if refits is None else refits.at_once, models=not default,
    )  # fmt: skip
    nothing = np.full(len(estimate), np.nan)
    rows = [nothing if result is None else _in_order(result, estimate) for result in results]
    return Bootstrap(estimate, pd.DataFrame(rows, columns=estimate.index), n_sim)


def _parameters(refits: LinearRefits | GeneralizedRefits) -> Callable[[Array], list[Any]]:
    """The values of :func:`parameter_values` for many refits; NaN where one fails."""
    return lambda Y: list(refits.parameters(Y))


def _of_models(
    refits: LinearRefits | GeneralizedRefits, one: Callable[[Any], Any]
) -> Callable[[Array], list[Any]]:
    """A statistic of one's own of many refits."""
    return lambda Y: list(map(one, refits.models(Y)))


def _in_order(result: pd.Series | Array, estimate: pd.Series) -> Array:
    """A refit's values in the order of the model's own."""
    if isinstance(result, np.ndarray):
        return result
    if not result.index.equals(estimate.index):
        if len(result) != len(estimate) or set(result.index) != set(estimate.index):
            names = [", ".join(map(str, each.index[:5])) or "none" for each in (estimate, result)]
            raise ModelError(
                f"stat gives {len(estimate)} values for the model ({names[0]}) but {len(result)} for a refit "
                f"({names[1]}); it must give the same ones for both"
            )
        result = result[estimate.index]
    return result.to_numpy()


def _as_series(value: Any) -> pd.Series:
    """What a statistic gave, as a Series of numbers."""
    try:
        if isinstance(value, pd.Series):
            return value.astype(float)
        if isinstance(value, Mapping):
            return pd.Series(dict(value), dtype=float)
        numbers = np.atleast_1d(np.asarray(value, dtype=float)).ravel()
    except (TypeError, ValueError):
        raise ModelError(
            "stat must give a number, a Series, a dict or an array of numbers; "
            f"it gave {type(value).__name__}"
        ) from None
    return pd.Series(
        numbers, index=["stat"] if len(numbers) == 1 else [f"stat_{i + 1}" for i in range(len(numbers))]
    )
