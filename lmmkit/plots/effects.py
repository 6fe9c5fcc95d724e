"""Pictures of random effects, of what they do to estimates, and of how well parameters are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from ..fitted.mixed import MixedFit
from ..fitted.parts import require_effects
from ..formatting.wording import listed
from ..numerics import arguments
from ..numerics.arrays import Array
from . import style
from .picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


MOST_LABELS = 40  # levels whose names can be read beside the picture


class Ranef(Picture):
    """Random effects of each level with 95% intervals, in order of size (a caterpillar).

    ``describe()`` says in a sentence what the picture shows.

    Notes
    -----
    Conditional modes, with 1.96 conditional standard deviations on either side, as ``dotplot(ranef(fit))`` of
    lme4. Intervals clear of zero are red diamonds.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> figure = fit.plot.ranef("Subject")
    >>> [ax.get_xlabel() for ax in figure.axes]
    ['(Intercept) (deviation)', 'Days (deviation)']
    """

    def __call__(self, group: str | None = None) -> Figure:
        """Draw it.

        Parameters
        ----------
        group : str, optional
            A grouping factor; all of them otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            One panel for each effect; the levels of a grouping factor stand in the order of its first effect.

        Raises
        ------
        ModelError
            When `group` is no grouping factor of the model.
        """
        require_effects(self.fit, "to draw")
        effects, sds = self.fit.ranef(), self.fit.ranef_sd()
        groups = _chosen(group, list(effects))
        jobs = [(name, i) for name in groups for i in range(effects[name].shape[1])]
        tallest = max(min(len(effects[name]), MOST_LABELS) for name in groups)
        with style.look():
            figure, every = style.panels(len(jobs), width=3.5, height=max(2.8, 0.9 + 0.17 * tallest))
            for ax, (name, i) in zip(every, jobs, strict=True):
                order = np.argsort(effects[name].iloc[:, 0].to_numpy(), kind="stable")
                _caterpillar(ax, effects[name].iloc[order, i], sds[name].iloc[order, i].to_numpy())
                ax.set(xlabel=f"{effects[name].columns[i]} (deviation)", title=name)
        return figure

    def describe(self, group: str | None = None) -> str:
        """What the picture shows, in a sentence.

        Parameters
        ----------
        group : str, optional
            A grouping factor; all of them otherwise.

        Returns
        -------
        str
            How many levels have an interval clear of zero.
        """
        effects, sds = self.fit.ranef(), self.fit.ranef_sd()
        parts = []
        for name in _chosen(group, list(effects)):
            clear = np.abs(effects[name].to_numpy()) > stats.norm.ppf(0.975) * sds[name].to_numpy()
            counts = clear.sum(axis=0)
            parts += [
                f"{effect} for {len(clear)} levels of {name} ({count} clear of zero)"
                for effect, count in zip(effects[name].columns, counts, strict=True)
            ]
        return f"Random effects with 95% intervals: {listed(parts)}."


def _chosen(group: str | None, known: list[str]) -> list[str]:
    return known if group is None else [arguments.one_in_model(group, known, "grouping factor")]


def _caterpillar(ax: Axes, values: pd.Series, sds: Array) -> None:
    half = stats.norm.ppf(0.975) * sds
    place = np.arange(len(values))
    clear = np.abs(values.to_numpy()) > half
    ax.axvline(0, color=style.GREY, linestyle="--", linewidth=1)
    looks = ((~clear, style.BLUE, "o", None), (clear, style.RED, "D", "clear of zero"))
    for chosen, colour, marker, label in looks:
        if chosen.any():
            ax.errorbar(
                values.to_numpy()[chosen], place[chosen], xerr=half[chosen], color=colour, fmt=marker,
                markersize=4.5, linewidth=1.2, label=label,
            )  # fmt: skip
    if clear.any():
        ax.legend(*ax.get_legend_handles_labels(), loc="lower right", fontsize=8.5, handletextpad=0.2)
    if len(values) <= MOST_LABELS:
        ax.set_yticks(place, [str(level) for level in values.index], fontsize=9)
    else:
        ax.set_yticks([])
        ax.set_ylabel(f"{len(values)} levels")
    ax.set_ylim(-0.8, len(values) - 0.2)


class Pooling(Picture):
    """How far each level's own estimate is drawn towards the mean of all (partial pooling, shrinkage).

    *No pooling* estimates a level from its own rows alone, with everything else in the model as estimated;
    *partial pooling* is the mixed model's estimate; *complete pooling* the fixed effects, the same for all.
    ``describe()`` says in a sentence what the picture shows.

    Notes
    -----
    Gelman and Hill 2007, *Data Analysis Using Regression and Multilevel/Hierarchical Models*, chapter 12. For
    a GLMM the estimates without pooling are those of the working response.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> ax = fit.plot.pooling("Subject")
    >>> ax.get_ylabel()
    'Slope of Reaction on Days'
    """

    def __call__(self, group: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw it.

        Parameters
        ----------
        group : str, optional
            A grouping factor; the first otherwise. Of a term with more than two effects the first two are
            shown.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.axes.Axes
            A line for each level from its own estimate to the model's: against the number of rows for one
            effect, in the plane of both for two.

        Raises
        ------
        ModelError
            When `group` is no grouping factor of the model.
        """
        t = self._term(group)
        own, partial, complete = pooled(self.fit, t)
        term = self.fit.design.terms[t]
        with style.look():
            ax = style.axes(ax)
            if len(term.names) == 1:
                self._against_rows(ax, t, own, partial)
                ax.axhline(
                    complete[0], color=style.BLACK, linestyle="--", linewidth=1.4, label="complete pooling"
                )
            else:
                _arrows(ax, own[:, :2], partial[:, :2])
                look: Any = {"marker": "*", "markersize": 17, "color": style.BLACK, "linestyle": ""}
                ax.plot(*complete[:2], label="complete pooling", **look)
                labels = [_coefficient_label(self.fit, name) for name in term.names[:2]]
                ax.set(xlabel=labels[0], ylabel=labels[1])
            ax.set_title(f"Partial pooling over {term.group}")
            ax.legend(loc="best", fontsize=10)
        return ax

    def _against_rows(self, ax: Axes, t: int, own: Array, partial: Array) -> None:
        """A single effect against the number of rows, or side by side where all levels have as many."""
        term = self.fit.design.terms[t]
        rows = np.bincount(term.codes, minlength=len(term.levels))
        spread = _spread_ties(rows.astype(float))
        _arrows(ax, np.column_stack([spread, own]), np.column_stack([spread, partial]))
        ax.set(xlabel=f"Rows per level of {term.group}", ylabel=_coefficient_label(self.fit, term.names[0]))
        ax.locator_params(axis="x", integer=True)
        if len(np.unique(rows)) == 1:
            ax.set_xlabel(f"Levels of {term.group} ({rows[0]} rows each)")
            ax.set_xticks([])

    def describe(self, group: str | None = None) -> str:
        """What the picture shows, in a sentence.

        Parameters
        ----------
        group : str, optional
            A grouping factor; the first otherwise.

        Returns
        -------
        str
            How much partial pooling narrows the spread between the levels.
        """
        t = self._term(group)
        own, partial, complete = pooled(self.fit, t)
        term = self.fit.design.terms[t]
        before = np.nanstd(own, axis=0, ddof=1)
        after = np.std(partial[np.isfinite(own).all(axis=1)], axis=0, ddof=1)
        parts = [
            f"the spread of {name} goes from {b:.3g} to {a:.3g} around {c:.3g}"
            for name, b, a, c in zip(term.names, before, after, complete, strict=True)
        ]
        return (
            f"Own estimates of {len(term.levels)} levels of {term.group} and what partial pooling makes of "
            f"them: {listed(parts)}."
        )

    def _term(self, group: str | None) -> int:
        require_effects(self.fit, "to pool")
        groups = [term.group for term in self.fit.design.terms]
        if group is None:
            return int(np.argmax([len(term.names) for term in self.fit.design.terms]))
        return groups.index(_chosen(group, groups)[0])


def pooled(fit: MixedFit, t: int) -> tuple[Array, Array, Array]:
    """Coefficients of term t without, with partial and with complete pooling: (q, k), (q, k), (k,)."""
    term, modes = fit.design.terms[t], fit.estimate.modes[t]
    weights = fit.design.row_weights
    if fit.family is not None:
        from ..fitted.henderson import working_weights

        weights = working_weights(fit)
    # What is left of the (working) response for this term.
    left = fit.row_residuals("working") + np.einsum("nk,nk->n", term.Z, modes[term.codes])
    own = np.full(modes.shape, np.nan)
    order = np.argsort(term.codes, kind="stable")
    edges = np.searchsorted(term.codes[order], np.arange(1, len(term.levels)))
    for level, rows in enumerate(np.split(order, edges)):
        Z = term.Z[rows] * weights[rows, None]
        cross = term.Z[rows].T @ Z
        if np.linalg.cond(cross) < 1e10:
            own[level] = np.linalg.solve(cross, Z.T @ left[rows])
    complete = np.array([fit.fixef.get(name, 0.0) for name in term.names])
    return own + complete, modes + complete, complete


def _arrows(ax: Axes, start: Array, end: Array) -> None:
    from matplotlib.collections import LineCollection

    segments = list(np.stack([start, end], axis=1))
    ax.add_collection(LineCollection(segments, color=style.GREY, linewidth=1, zorder=1))
    open_circle: Any = {"marker": "o", "color": style.RED, "markerfacecolor": "white", "markersize": 6}
    square: Any = {"marker": "s", "color": style.BLUE, "markersize": 5}
    ax.plot(*start.T, linestyle="", zorder=2, label="no pooling", **open_circle)
    ax.plot(*end.T, linestyle="", zorder=2, label="partial pooling", **square)


def _spread_ties(rows: Array) -> Array:
    """Levels with as many rows stand beside each other."""
    order = np.argsort(rows, kind="stable")
    out = np.empty(len(rows))
    for value in np.unique(rows):
        tied = order[rows[order] == value]
        out[tied] = value + np.linspace(-0.35, 0.35, len(tied)) * (len(tied) > 1)
    return out


def _coefficient_label(fit: MixedFit, name: str) -> str:
    response = (
        style.response(fit) if fit.family is None else f"{fit.family.link.name} of {style.response(fit)}"
    )
    return f"Intercept of {response}" if name == "(Intercept)" else f"Slope of {response} on {name}"


class ProfilePlot(Picture):
    """Likelihood profiles: how much worse the model gets when a parameter is held at another value.

    A straight line means that a Wald interval is right; the vertical lines are the ends of the 95% profile
    interval. ``describe()`` says in a sentence what the picture shows.

    Notes
    -----
    As ``xyplot(profile(fit))`` of lme4. Drawn is zeta, the signed root of the rise of the deviance (Bates et
    al. 2015, *Journal of Statistical Software* 67(1), section 5.1).

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    >>> figure = fit.plot.profile("Days")
    >>> figure.axes[0].get_ylabel()
    'zeta'
    """

    def __call__(self, parm: str | list[str] | None = None) -> Figure:
        """Draw it.

        Parameters
        ----------
        parm : str or list of str, optional
            Parameters, as in ``fit.confint``; all otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            One panel for each parameter: zeta, the signed root of the rise of the deviance, against its
            value.

        Raises
        ------
        ModelError
            When the model has no parameter of that name.
        """
        from ..inference.profile import profile

        found = profile(self.fit, parm)
        with style.look():
            figure, every = style.panels(len(found.parameters), width=3.5, height=2.7)
            for ax, name in zip(every, found.parameters, strict=True):
                curve = found.frame[found.frame["parameter"] == name]
                _zeta(ax, curve, found.interval(name))
                ax.set_xlabel(name)
            for ax in every[::3]:
                ax.set_ylabel("zeta")
        return figure

    def describe(self, parm: str | list[str] | None = None) -> str:
        """What the picture shows, in a sentence.

        Parameters
        ----------
        parm : str or list of str, optional
            Parameters, as in ``fit.confint``; all otherwise.

        Returns
        -------
        str
            The 95% profile interval of each parameter.
        """
        from ..inference.confint import confint

        table = confint(self.fit, parm=parm)
        parts = [f"{name} from {low:.4g} to {high:.4g}" for name, (low, high) in table.iterrows()]
        return f"Likelihood profiles with 95% intervals: {listed(parts)}."


def _zeta(ax: Axes, curve: pd.DataFrame, limits: tuple[float, float]) -> None:
    value, zeta = curve["value"].to_numpy(), curve["zeta"].to_numpy()
    near = np.abs(zeta) < 0.8
    if near.sum() > 1:
        slope, start = np.polyfit(value[near], zeta[near], 1)
        ax.plot(value, start + slope * value, color=style.GREY, linestyle=":", linewidth=1.2)
    ax.plot(value, zeta, "-o", color=style.BLUE, markersize=3)
    for limit in limits:
        if value[0] <= limit <= value[-1]:
            ax.axvline(limit, color=style.RED, linestyle="--", linewidth=1.2)
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    ax.locator_params(axis="x", nbins=5)
    ax.set_ylim(min(-2.7, zeta.min() - 0.1), max(2.7, zeta.max() + 0.1))
