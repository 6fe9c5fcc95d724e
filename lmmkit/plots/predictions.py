"""The model over the data: observed values, the fixed part with its confidence band, and each group's own line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..design.predictors import column_behind, factors_of, is_number, predictors_of, seen_levels
from ..design.values import label
from ..errors import ModelError
from ..formula.functions import columns_of
from ..formula.syntax import read
from ..numerics import arguments
from . import style
from .picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MOST_LINES = 60  # groups with a line of their own
MOST_COLOURS = 7


class FitPlot(Picture):
    """The data and the fitted model against a predictor.

    Thick lines are the fixed part with its 95% confidence band, thin grey ones the levels of a grouping factor.
    Other predictors stand at their means, or at their most frequent level. ``describe()`` says in a sentence what
    the picture shows.

    Notes
    -----
    Lines and bands are those of ``fit.predict(..., interval="confidence")``, on the scale of the response.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> ax = fit.plot.fit(x="Days")
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('Days', 'Reaction')
    """

    def __call__(
        self, x: str | None = None, hue: str | None = None, group: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Draw it.

        Parameters
        ----------
        x : str, optional
            Predictor on the horizontal axis; the first numeric one otherwise, else the first.
        hue : str, optional
            Predictor told apart by colour and marker; the first other factor with at most seven levels
            otherwise.
        group : str, optional
            Grouping factor whose levels have lines; the one with the most levels, up to 60, otherwise.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.axes.Axes
            What has been drawn, in the units of the predictor and of the response.

        Raises
        ------
        ModelError
            When `x` or `hue` is no predictor, `group` no grouping factor, or there is no predictor to show.
        """
        x, hue = self._chosen(x, hue)
        numeric = x not in factors_of(self.fit.design)
        with style.look():
            ax = style.axes(ax)
            place = None if numeric else _levels(self.fit.design.frame[x])
            levels = [None] if hue is None else list(_levels(self.fit.design.frame[hue]))
            self._points(ax, x, hue, levels, place)
            self._group_lines(ax, x, self._group(group), place)
            for number, level in enumerate(levels):
                self._fixed_part(ax, x, hue, level, number, len(levels), place)
            ax.set(xlabel=x, ylabel=self._response())
            if place is not None:
                ax.set_xticks(range(len(place)), [label(value) for value in place])
            ax.legend(title=hue, loc="best", fontsize=10)
        return ax

    def describe(self, x: str | None = None, hue: str | None = None, group: str | None = None) -> str:
        """What the picture shows, in a sentence.

        Parameters
        ----------
        x, hue, group : str, optional
            As when drawing.

        Returns
        -------
        str
            Between which values the fixed part runs.
        """
        x, hue = self._chosen(x, hue)
        lines = self._group(group)
        each = f", with a line for each level of {lines}" if lines else ""
        apart = f", by {hue}" if hue else ""
        ends = self._predicted(self._grid(x, hue, None, 2))["fit"]
        change = f"goes from {ends.iloc[0]:.4g} to {ends.iloc[-1]:.4g}"
        return (
            f"{self._response()} against {x}{apart}: {self.fit.nobs} observations and the fitted fixed part, "
            f"which {change} over the range of {x}{each}."
        )

    # ---- choosing ----

    def _predictors(self) -> list[str]:
        return predictors_of(self.fit.design)

    def _chosen(self, x: str | None, hue: str | None) -> tuple[str, str | None]:
        known, frame = self._predictors(), self.fit.design.frame
        x, hue = (
            None if name is None else column_behind(self.fit.design, arguments.name("x", name))
            for name in (x, hue)
        )
        for name in (x, hue):
            if name is not None:
                arguments.one_in_model(name, known, "predictor")
        if not known:
            raise ModelError("this model has no predictor to draw it against; see plot.ranef()")
        factors = factors_of(self.fit.design)
        numeric = [name for name in known if name not in factors]
        x = x or (numeric or known)[0]
        others = [name for name in known if name != x and name in factors]
        few = [name for name in others if frame[name].nunique() <= MOST_COLOURS]
        return x, hue or (few[0] if few else None)

    def _group(self, group: str | None) -> str | None:
        terms = self.fit.design.terms
        known = [term.group for term in terms]
        if group is not None:
            return arguments.one_in_model(group, known, "grouping factor")
        sizes = {term.group: len(term.levels) for term in terms if len(term.levels) <= MOST_LINES}
        return max(sizes, key=sizes.__getitem__) if sizes else None

    def _response(self) -> str:
        response = style.response(self.fit)
        return response.capitalize() if self.fit.design.trials is not None else response

    # ---- drawing ----

    def _predicted(self, grid: pd.DataFrame) -> pd.DataFrame:
        """The fixed part with its confidence limits."""
        without: Any = {"re_form": "~0"} if self.fit.design.terms else {}
        return pd.DataFrame(self.fit.predict(grid, interval="confidence", **without))

    def _grid(self, x: str, hue: str | None, level: Any, points: int = 80) -> pd.DataFrame:
        """Rows along x, everything else at its mean or most frequent level."""
        frame, factors = self.fit.design.frame, factors_of(self.fit.design)
        values = _levels(frame[x]) if x in factors else np.linspace(frame[x].min(), frame[x].max(), points)
        grid = pd.DataFrame({x: _as_column(values, frame[x])})
        offsets = [column for text in self.fit.design.formula.offsets for column in columns_of(read(text))]
        for name in [*self._predictors(), *offsets]:
            if name not in grid:
                counted = name not in factors and is_number(frame[name])
                typical = frame[name].mean() if counted else frame[name].mode().iloc[0]
                grid[name] = _as_column([typical] * len(grid), frame[name])
        if hue is not None and level is not None:
            grid[hue] = _as_column([level] * len(grid), frame[hue])
        return grid

    def _points(self, ax: Axes, x: str, hue: str | None, levels: list[Any], place: Any) -> None:
        frame, y = self.fit.design.frame, self.fit.design.y
        rng = np.random.default_rng(0)
        for number, level in enumerate(levels):
            rows = np.ones(len(frame), dtype=bool) if hue is None else (frame[hue] == level).to_numpy()
            at = _place(frame[x][rows], place)
            if place is not None:
                at = at + rng.uniform(-0.12, 0.12, len(at)) + _dodge(number, len(levels))
            ax.plot(at, y[rows], linestyle="", marker=style.MARKERS[number % 7], markersize=4.5,
                    color=style.COLOURS[number % 7], alpha=style.alpha(len(frame)), zorder=1)  # fmt: skip

    def _group_lines(self, ax: Axes, x: str, group: str | None, place: Any) -> None:
        """A line for each level, over the range of its own rows."""
        if group is None:
            return
        design = self.fit.design
        own = [term for term in design.terms if term.group == group]
        drawn = False
        codes, re_form = own[0].codes, "~" + " + ".join(term.bar.term for term in own)
        for level in range(len(own[0].levels)):
            rows = design.frame[codes == level]
            values = np.linspace(rows[x].min(), rows[x].max(), 30) if place is None else _levels(rows[x])
            if len(values) < 2 or (place is None and values[0] == values[-1]):
                continue
            newdata = pd.concat([rows.iloc[:1]] * len(values), ignore_index=True)
            newdata[x] = _as_column(values, design.frame[x])
            line = self.fit.predict(newdata, re_form=re_form)
            look: Any = {"color": style.GREY, "linewidth": 0.8, "alpha": 0.6, "zorder": 2}
            ax.plot(_place(newdata[x], place), line, label=None if drawn else f"each {group}", **look)
            drawn = True

    def _fixed_part(
        self, ax: Axes, x: str, hue: str | None, level: Any, number: int, count: int, place: Any
    ) -> None:
        grid = self._grid(x, hue, level)
        table = self._predicted(grid)
        colour, called = style.COLOURS[number % 7], "fixed part" if level is None else label(level)
        at = _place(grid[x], place)
        if place is None:
            ax.fill_between(at, table["conf_low"], table["conf_high"], color=colour, alpha=0.2, linewidth=0)
            line: Any = {"linestyle": style.LINES[number % 7], "linewidth": 2.8, "zorder": 4}
            ax.plot(at, table["fit"], color=colour, label=called, **line)
            return
        half = np.abs(table[["conf_low", "conf_high"]].to_numpy().T - table["fit"].to_numpy())
        marker: Any = {
            "fmt": style.MARKERS[number % 7],
            "markersize": 9,
            "markeredgecolor": "black",
            "zorder": 4,
        }
        at = at + _dodge(number, count)
        ax.errorbar(at, table["fit"], yerr=half, color=colour, capsize=4, label=called, **marker)


def _levels(column: pd.Series) -> list[Any]:
    return list(seen_levels(column))


def _as_column(values: Any, like: pd.Series) -> Any:
    return (
        pd.Categorical(values, dtype=like.dtype)
        if isinstance(like.dtype, pd.CategoricalDtype)
        else list(values)
    )


def _place(values: pd.Series, place: Any) -> np.ndarray:
    """Numbers as they are, levels by their position."""
    if place is None:
        return values.to_numpy(dtype=float)
    position = {label(level): i for i, level in enumerate(place)}
    return np.array([position[label(value)] for value in values], dtype=float)


def _dodge(number: int, count: int) -> float:
    """Beside each other, not on top."""
    return 0.22 * (number - (count - 1) / 2)
