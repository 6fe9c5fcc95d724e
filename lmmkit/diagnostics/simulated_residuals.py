"""Is the model's distribution right? Residuals by simulation, and their tests.

The residuals of counts and of yes/no answers look odd even when the model is right. Simulation gives them
a shape that the eye can judge: each observation is replaced by the share of responses simulated for its row
that lie below it. If the model is right, these shares are spread evenly between 0 and 1, whatever the family.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..fitted.fit import Fit
from ..fitted.predict import predict
from ..fitted.simulate import respond, simulate
from ..formatting.colours import BLACK, BLUE, GREY, PALE, RED
from ..formatting.noted_table import Table
from ..formatting.wording import p_value
from ..numerics import arguments
from ..numerics.arrays import Array
from ..numerics.r_names import answered
from .residual_patterns import PatternTests, shares_below
from .simulation_test import SimulationTest, dispersion_in_words, two_sided

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SimulatedResiduals", "simulate_residuals"]


#: Fewer simulations cannot tell a p-value of 0.05.
FEWEST = 40


@answered
@dataclass(frozen=True)
class SimulatedResiduals(PatternTests):
    """Residuals by simulation, with their tests and their picture; made by :func:`simulate_residuals`.

    Attributes
    ----------
    residuals : Series
        One share between 0 and 1 per row; evenly spread when the model is right.
    simulations : DataFrame (n, n_sim)
        The simulated responses; numbers of hits for ``cbind(hits, misses)``.
    observed : Series
        The response on the same scale.
    predicted : Series
        Means by the fixed effects alone.
    counts_zeros : bool
        Whether a response of zero is possible, so that their number can be tested.
    data : DataFrame
        The rows that the model used.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.glmer("ticks ~ year + (1 | park)", lk.load_data("ticks"), "poisson")
    >>> list(simulate_residuals(fit, seed=1).table.index)
    ['uniformity', 'dispersion', 'outliers', 'zero inflation']
    """

    residuals: pd.Series
    simulations: pd.DataFrame = field(repr=False)
    observed: pd.Series = field(repr=False)
    predicted: pd.Series = field(repr=False)
    counts_zeros: bool = True
    data: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)

    @cached_property
    def _distances(self) -> tuple[float, Array]:
        """Largest distance from an even spread, observed and in each simulation."""
        n = len(self.residuals)
        edges = np.arange(n + 1)[:, None] / n

        def distance(columns: Array) -> Array:
            ordered = np.sort(columns, axis=0)
            return np.maximum(np.abs(edges[1:] - ordered), np.abs(ordered - edges[:-1])).max(axis=0)

        return float(distance(self.residuals.to_numpy()[:, None])[0]), distance(self.by_chance)

    @cached_property
    def uniformity(self) -> SimulationTest:
        """Kolmogorov and Smirnov's distance from an even spread.

        Rows of the same group go together, so the p-value compares with the distances of the simulations.
        """
        own, simulated = self._distances
        p_value = float((1 + (simulated >= own).sum()) / (len(simulated) + 1))
        word = "The residuals are no less evenly spread than chance makes them."
        if p_value < 0.05:
            word = (
                "The residuals are not evenly spread: the responses do not follow the model's distribution."
            )
        return SimulationTest("uniformity", own, p_value, word)

    @cached_property
    def variances(self) -> tuple[float, Array]:
        """Variance around the rows' means, observed and in each simulation."""
        draws = self.simulations.to_numpy()
        centre = draws.mean(axis=1)
        return float(np.var(self.observed.to_numpy() - centre)), np.var(draws - centre[:, None], axis=0)

    @cached_property
    def dispersion(self) -> SimulationTest:
        """Variance of the observed responses around their means, over that of simulated ones."""
        own, simulated = self.variances
        ratio, p_value = own / float(simulated.mean()), two_sided(own, simulated)
        return SimulationTest("dispersion", ratio, p_value, dispersion_in_words(ratio, p_value))

    @cached_property
    def outliers(self) -> SimulationTest:
        """Number of observations outside all of their simulations."""
        draws = self.simulations.to_numpy()
        ordered = np.sort(draws, axis=1)
        observed = self.observed.to_numpy()
        own = int(((observed < ordered[:, 0]) | (observed > ordered[:, -1])).sum())
        # Each simulation in turn plays the observation: is it alone beyond all the others?
        lowest = (draws == ordered[:, :1]) & (ordered[:, 1] > ordered[:, 0])[:, None]
        highest = (draws == ordered[:, -1:]) & (ordered[:, -2] < ordered[:, -1])[:, None]
        simulated = (lowest | highest).sum(axis=0)
        p_value = two_sided(own, simulated)
        verdict = "as chance would have it"
        if p_value < 0.05:
            verdict = f"where chance would put about {simulated.mean():.1f}"
        return SimulationTest(
            "outliers", float(own), p_value, f"{own} responses lie outside all their simulations, {verdict}."
        )

    @cached_property
    def zero_inflation(self) -> SimulationTest:
        """Number of zeros, over the mean number in the simulations.

        Raises
        ------
        ModelError
            For a family that has no zeros.
        """
        if not self.counts_zeros:
            raise ModelError("zeros can only be counted where the family can have them, such as in counts")
        own = int((self.observed == 0).sum())
        simulated = (self.simulations == 0).to_numpy().sum(axis=0)
        expected, p_value = float(simulated.mean()), two_sided(own, simulated)
        ratio = own / expected if expected > 0 else (1.0 if own == 0 else np.inf)
        word = f"There are {own} zeros where the model expects about {expected:.0f}"
        word += "." if p_value < 0.05 else ", as chance has it."
        return SimulationTest("zero inflation", ratio, p_value, word)

    @property
    def table(self) -> pd.DataFrame:
        """All tests: index test, columns ``statistic p_value meaning``."""
        tests = [self.uniformity, self.dispersion, self.outliers]
        if self.counts_zeros:
            tests.append(self.zero_inflation)
        rows = [(test.statistic, test.p_value, test.meaning) for test in tests]
        index = pd.Index([test.name for test in tests], name="test")
        return Table(rows, index=index, columns=["statistic", "p_value", "meaning"])

    def __str__(self) -> str:
        head = f"Residuals of {len(self.residuals)} rows by {self.simulations.shape[1]} simulations"
        body = [f"  {name:<15}{row.statistic:>8.3f}   {p_value(row.p_value):<10} {row.meaning}"
                for name, row in self.table.iterrows()]  # fmt: skip
        return "\n".join([head, *body])

    __repr__ = __str__

    def plot(self) -> Figure:
        """Two panels: quantiles against an even spread, and residuals along the predictions.

        Returns
        -------
        matplotlib Figure
            Left: the residuals in order against an even spread; the band holds 95 % of the curves that chance
            would draw. Right: residuals against the rank of their prediction, with the quartiles of
            consecutive groups of rows; those outside 99 % of what the simulations give are diamonds.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> figure = simulate_residuals(fit, seed=1).plot()
        >>> figure.axes[0].get_xlabel()
        'Even spread'
        """
        import matplotlib.pyplot as plt

        figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
        self._draw_quantiles(left)
        self._draw_along_predictions(right)
        return figure

    def _draw_quantiles(self, ax: Any) -> None:
        n = len(self.residuals)
        even = np.arange(1, n + 1) / (n + 1)
        width = float(np.quantile(self._distances[1], 0.95))
        band = ([0, 1], [-width, 1 - width], [width, 1 + width])
        ax.fill_between(*band, color=PALE, lw=0)
        ax.plot([0, 1], [0, 1], color=GREY, lw=1)
        ax.plot(even, np.sort(self.residuals), ".", ms=4, color=BLUE)
        ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="Even spread", ylabel="Residual")
        _head(ax, "Are the residuals evenly spread?", "the grey band holds 95 % of what chance draws")
        tests = [("KS", self.uniformity), ("dispersion", self.dispersion), ("outliers", self.outliers)]
        if self.counts_zeros:
            tests.append(("zeros", self.zero_inflation))
        for line, (label, test) in enumerate(tests):
            bad = test.p_value < 0.05
            ax.text(
                0.03, 0.96 - 0.065 * line, f"{label}: {p_value(test.p_value)}{'  ◆' if bad else ''}", fontsize=9,
                color=RED if bad else BLACK, transform=ax.transAxes, va="top",
            )  # fmt: skip

    def _draw_along_predictions(self, ax: Any) -> None:
        from scipy.stats import rankdata

        order = rankdata(self.predicted, method="ordinal")
        place = (order - 0.5) / len(order)
        residuals = self.residuals.to_numpy()
        ax.plot(place, residuals, ".", ms=4, color=BLUE, alpha=min(0.7, 150 / len(order) + 0.15))
        groups = int(np.clip(len(order) // 25, 1, 10))
        member = np.minimum((place * groups).astype(int), groups - 1)
        middles = (np.arange(groups) + 0.5) / groups
        for share in (0.25, 0.5, 0.75):
            ax.axhline(share, color=GREY, lw=1, ls="--")
            values = np.array([np.quantile(residuals[member == g], share) for g in range(groups)])
            chance = np.array(
                [np.quantile(self.by_chance[member == g], share, axis=0) for g in range(groups)]
            )
            low, high = np.quantile(chance, (0.005, 0.995), axis=1)
            ax.plot(middles, values, color=BLACK, lw=1.5)
            for x, y, bad in zip(middles, values, (values < low) | (values > high), strict=True):
                ax.plot(x, y, "D" if bad else "o", ms=7 if bad else 5, color=RED if bad else BLACK)
        ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="Rank of the prediction (fixed effects)", ylabel="Residual")
        ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
        _head(
            ax,
            "Does the spread depend on the prediction?",
            "quartiles; diamonds are beyond 99 % of chance",
        )


def _head(ax: Any, question: str, key: str) -> None:
    """A title with a smaller line under it."""
    ax.set_title(question, loc="center", pad=20)
    ax.text(0.5, 1.02, key, transform=ax.transAxes, ha="center", fontsize=9, color=GREY)


@answered
def simulate_residuals(
    fit: Fit, n_sim: int = 250, *, conditional: bool = False, seed: Any = None
) -> SimulatedResiduals:
    """Compute residuals by simulation from the fitted model.

    Parameters
    ----------
    fit : fitted model
        Of `lmer`, `glmer`, `lm` or `glm`.
    n_sim : int
        Number of simulated responses, at least 40.
    conditional : bool
        Keep the random effects, if there are any, at their conditional modes. The default draws them anew,
        which tests the whole model; with them kept, the tests look at the distribution of the rows alone, and
        see overdispersion within groups far better.
    seed : int or numpy.random.Generator, optional
        For the same residuals again.

    Returns
    -------
    SimulatedResiduals
        The residuals with their tests (``.table``) and their picture (``.plot()``).

    Raises
    ------
    ModelError
        For too few simulations, or a response that cannot be simulated (weights that are no whole trials).

    Notes
    -----
    As R's DHARMa (Hartig). A response that equals some of its simulations gets a random place among them
    (Dunn and Smyth 1996, *Journal of Computational and Graphical Statistics* 5:236). Unlike DHARMa's, all
    p-values come from the simulations themselves, each in turn playing the data: rows of one group are not
    independent, and for counts no other reference is exact. So none is below 1 / (n_sim + 1).

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> checked = simulate_residuals(fit, seed=1)
    >>> bool(checked.uniformity.p_value > 0.05)
    True
    """
    n_sim, conditional = arguments.whole("n_sim", n_sim, FEWEST), arguments.flag("conditional", conditional)
    arguments.fitted("fit", fit)
    rng = np.random.default_rng(arguments.seed(seed))
    simulations = _conditional_draws(fit, n_sim, rng) if conditional else simulate(fit, n_sim, rng)
    index = fit.design.frame.index
    trials = fit.design.trials
    observed = fit.design.y if trials is None else np.round(fit.design.y * trials)
    draws = simulations.to_numpy()
    residuals = shares_below(observed, draws, rng)
    used = fit.design.used
    return SimulatedResiduals(
        pd.Series(residuals, index=index, name="residual"),
        simulations,
        pd.Series(observed, index=index, name=fit.design.response),
        pd.Series(predict(fit, re_form="~0"), name="predicted"),
        fit.family is not None and (fit.family.has_zeros or "zero_inflation" in fit.design.components),
        fit.call.data if used is None else fit.call.data[used],
    )


def _conditional_draws(fit: Fit, n_sim: int, rng: np.random.Generator) -> pd.DataFrame:
    """Responses for the same groups: the random effects stay at their modes."""
    eta = np.asarray(predict(fit, kind="link"))
    draws = {f"sim_{i + 1}": respond(fit, eta, rng) for i in range(n_sim)}
    return pd.DataFrame(draws, index=fit.design.frame.index)
