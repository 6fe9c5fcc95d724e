"""Pictures of residuals, and of random effects as if they were residuals: are the assumptions fulfilled?"""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..fitted.mixed import MixedFit
from ..fitted.parts import require_effects
from ..formatting.wording import listed
from ..numerics.arrays import Array
from . import style
from .checks import warnings_of
from .picture import AxesPicture, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Residuals(AxesPicture):
    """Residuals against fitted values, with a smoother (Tukey and Anscombe's picture).

    Residuals are scaled: 1 is one residual standard deviation. Points around zero everywhere, and spread
    equally wide everywhere, are as they should be. ``describe()`` says in a sentence what the picture shows.

    Notes
    -----
    The smoother is lowess (Cleveland 1979, *Journal of the American Statistical Association* 74:829), with
    two thirds of the points in each window. For a GLMM the fitted values are linear predictors. As the first
    picture of ``plot(lm)`` in R.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> ax = fit.plot.residuals()
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('Fitted Reaction', 'Scaled residual')
    >>> fit.plot.residuals.describe()[:48]
    'Residuals of Reaction against its fitted values:'
    """

    def _draw(self, ax: Axes) -> None:
        fitted, scaled = _points(self.fit)
        ax.axhline(0, color=style.GREY, linestyle="--", linewidth=1)
        ax.plot(fitted, scaled, "o", color=style.BLUE, markersize=4.5, alpha=style.alpha(len(fitted)))
        ax.plot(*style.smoother(fitted, scaled), color=style.RED, linewidth=2.5, label="smoother")
        ax.set(xlabel=_fitted_label(self.fit), ylabel="Scaled residual")
        style.legend_above(ax)

    def describe(self) -> str:
        fitted, scaled = _points(self.fit)
        y = style.smoother(fitted, scaled)[1]
        return (
            f"Residuals of {self.fit.design.response} against its fitted values: {len(fitted)} points from "
            f"{scaled.min():.1f} to {scaled.max():.1f} residual standard deviations, with a smoother that "
            f"runs between {y.min():.2f} and {y.max():.2f}."
        )


class QQ(AxesPicture):
    """Quantiles of the residuals against those of a normal distribution, with a 95% band for each point.

    Points on the line are as they should be. Residuals are scaled: 1 is one residual standard deviation.
    ``describe()`` says in a sentence what the picture shows.

    Notes
    -----
    The line goes through the quartiles, as R's ``qqline``; the band is that of the order statistics of so
    many independent normal values, so that one point in twenty is expected outside.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> ax = fit.plot.qq()
    >>> ax.get_ylabel()
    'Scaled residual of Reaction'
    """

    def _draw(self, ax: Axes) -> None:
        scaled = np.sort(_points(self.fit)[1])
        _qq_frame(ax, scaled)
        ax.plot(style.normal_quantiles(len(scaled)), scaled, "o", color=style.BLUE, markersize=4.5,
                alpha=max(0.5, style.alpha(len(scaled))))  # fmt: skip
        ax.set(xlabel="Normal quantile", ylabel=f"Scaled residual of {style.response(self.fit)}")

    def describe(self) -> str:
        scaled = np.sort(_points(self.fit)[1])
        outside = _outside(scaled)
        return (
            f"Quantiles of the {len(scaled)} residuals of {self.fit.design.response} against normal "
            f"quantiles: {outside} of them ({outside / len(scaled):.0%}) lie outside the 95% band around "
            "the line."
        )


class ScaleLocation(AxesPicture):
    """Root of the absolute scaled residual against the fitted value, with a smoother.

    A level smoother means that the spread is the same everywhere, as it should be. ``describe()`` says in a
    sentence what the picture shows.

    Notes
    -----
    As the third picture of ``plot(lm)`` in R; the root makes the distribution of the sizes less skewed.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> ax = fit.plot.scale_location()
    >>> ax.get_ylabel()
    '√|scaled residual|'
    """

    def _draw(self, ax: Axes) -> None:
        fitted, scaled = _points(self.fit)
        root = np.sqrt(np.abs(scaled))
        ax.plot(fitted, root, "o", color=style.BLUE, markersize=4.5, alpha=style.alpha(len(fitted)))
        ax.plot(*style.smoother(fitted, root), color=style.RED, linewidth=2.5, label="smoother")
        ax.set(xlabel=_fitted_label(self.fit), ylabel="√|scaled residual|")
        ax.set_ylim(bottom=0)
        style.legend_above(ax)

    def describe(self) -> str:
        fitted, scaled = _points(self.fit)
        ends = np.quantile(fitted, [1 / 3, 2 / 3])
        low, high = (np.median(np.abs(scaled[part])) for part in (fitted <= ends[0], fitted >= ends[1]))
        return (
            f"Size of the residuals of {self.fit.design.response} against its fitted values: half of them "
            f"exceed {low:.2f} residual standard deviations in the lowest third of fitted values, "
            f"{high:.2f} in the highest."
        )


class RanefQQ(AxesPicture):
    """Quantiles of the random effects against those of a normal distribution, each effect over its own spread.

    Points on the line are as they should be. ``describe()`` says in a sentence what the picture shows.

    Notes
    -----
    Drawn are the conditional modes (``fit.ranef()``), each kind of effect divided by its own standard deviation
    over the levels; the band holds 95% of such values, one at a time. Effects estimated as zero are left out.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> ax = fit.plot.ranef_qq()
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['(Intercept) | Subject', 'Days | Subject']
    """

    def _refuse(self) -> None:
        require_effects(self.fit, "to draw")

    def _draw(self, ax: Axes) -> None:
        effects = standardised_effects(self.fit)
        for values in {len(values): values for values in effects.values()}.values():
            _qq_frame(ax, values, standard=True)
        for number, (name, values) in enumerate(effects.items()):
            look: Any = {"color": style.COLOURS[number % 7], "marker": style.MARKERS[number % 7]}
            ax.plot(style.normal_quantiles(len(values)), values, linestyle="", markersize=6, label=name,
                    markerfacecolor=look["color"] if number == 0 else "none", **look)  # fmt: skip
        ax.set(xlabel="Normal quantile", ylabel="Random effect / its spread")
        if effects:
            ax.legend(loc="upper left", fontsize=9.5)
        else:
            ax.set(xticks=[], yticks=[])
            ax.text(0.5, 0.5, "all random effects are zero", ha="center", transform=ax.transAxes)

    def describe(self) -> str:
        self._refuse()
        effects = standardised_effects(self.fit)
        if not effects:
            return "All random effects are estimated as zero, so there are no quantiles to show."
        parts = [
            f"{name} ({len(values)} levels, {_outside(values)} outside)" for name, values in effects.items()
        ]
        return f"Quantiles of the random effects against normal quantiles with a 95% band: {listed(parts)}."


class Leverage(AxesPicture):
    """Standardised residuals of a model without random effects against leverage, with lines of equal Cook's distance.

    A row beyond the lines of Cook's distance (Cook's D) decides much by itself. ``describe()`` says in a sentence
    what the picture shows.

    Notes
    -----
    As the fifth picture of ``plot(lm)`` in R. Leverage is the diagonal of the hat matrix, from 0 to 1.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lm("Weight ~ Dose", lk.load_data("mouse"))
    >>> ax = fit.plot.leverage()
    >>> ax.get_xlabel()
    'Leverage'
    """

    def _draw(self, ax: Axes) -> None:
        hat, residual = self._points()
        p = len(self.fit.fixef)
        ax.axhline(0, color=style.GREY, linestyle="--", linewidth=1)
        ax.plot(hat, residual, "o", color=style.BLUE, markersize=4.5, alpha=style.alpha(len(hat)))
        limits, x = ax.get_ylim(), np.linspace(1e-3, min(1.15 * hat.max(), 0.999), 200)
        for level, line in ((0.5, "--"), (1.0, ":")):
            y = np.sqrt(level * p * (1 - x) / x)
            ax.plot(x, y, line, color=style.RED, linewidth=1.3, label=f"Cook's D {level:g}")
            ax.plot(x, -y, line, color=style.RED, linewidth=1.3)
        ax.set(xlabel="Leverage", ylabel="Standardised residual", xlim=(0, 1.15 * hat.max()), ylim=limits)
        style.legend_above(ax)

    def describe(self) -> str:
        hat, residual = self._points()
        cooksd = residual**2 * hat / (1 - hat) / len(self.fit.fixef)
        row = self.fit.design.frame.index[int(np.nanargmax(cooksd))]
        return (
            f"Standardised residuals of {self.fit.design.response} against leverage: the largest Cook's "
            f"distance is {np.nanmax(cooksd):.2g}, of row {row}."
        )

    def _points(self) -> tuple[Array, Array]:
        hat = self.fit.influence()["hat"].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            return hat, self.fit.row_residuals("scaled") / np.sqrt(1 - hat)


class _Last(NamedTuple):
    """The fourth picture of :class:`Diagnostics`, its title, and what it shows in words."""

    picture: type[AxesPicture]
    title: str
    words: str


class Diagnostics(Picture):
    """Four pictures at a glance: residuals, their quantiles, their spread, quantiles of the random effects.

    Without random effects the fourth is that of leverage, and a model with several parts has three.

    Beside the pictures stands in plain words what looks wrong, and what to try. ``describe()`` says the same
    in a sentence.

    Notes
    -----
    The pictures are those of ``residuals``, ``qq``, ``scale_location`` and ``ranef_qq`` (without random effects
    ``leverage``). The words come from tests that must find p < 0.01 and something large enough to matter.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> figure = fit.plot.diagnostics()
    >>> [ax.get_title(loc="left") for ax in figure.axes][:2]
    ['Residuals', 'Normal QQ of residuals']
    """

    @property
    def _last(self) -> _Last | None:
        """The fourth picture; a model with several parts but without random effects has none."""
        if self.fit.design.terms:
            return _Last(RanefQQ, "Normal QQ of random effects", "quantiles of the random effects")
        return None if isinstance(self.fit, MixedFit) else _Last(Leverage, "Leverage", "leverage")

    def __call__(self) -> Figure:
        """Draw them.

        Returns
        -------
        matplotlib.figure.Figure
            Four panels and one of text; ``figure.savefig("picture.png")`` saves it.
        """
        import matplotlib.pyplot as plt

        with style.look():
            figure = plt.figure(figsize=(11.5, 7.4))
            grid = figure.add_gridspec(2, 3, width_ratios=(1, 1, 0.72))
            panels: list[Any] = [
                (Residuals, "Residuals", grid[0, 0]),
                (QQ, "Normal QQ of residuals", grid[0, 1]),
                (ScaleLocation, "Scale–location", grid[1, 0] if self._last else grid[1, :2]),
            ]
            if self._last:
                panels.append((self._last.picture, self._last.title, grid[1, 1]))
            for picture, title, place in panels:
                picture(self.fit)(figure.add_subplot(place)).set_title(title)
            _write(figure.add_subplot(grid[:, 2]), warnings_of(self.fit))
        return figure

    def describe(self) -> str:
        found = warnings_of(self.fit)
        verdict = (
            "nothing looks wrong" if not found else f"{len(found)} finding{'s' if len(found) > 1 else ''}"
        )
        last = f", and {self._last.words}" if self._last else ""
        return (
            f"Residuals, their quantiles and spread{last} of the model for "
            f"{self.fit.design.response}: {verdict}{': ' + ' '.join(found) if found else '.'}"
        )


def _write(ax: Axes, found: list[str]) -> None:
    """The warnings, as text in a panel of their own."""
    ax.axis("off")
    ax.set_title("What to look at" if found else "Nothing looks wrong")
    text = "\n\n".join(fill("• " + sentence, 36, subsequent_indent="  ") for sentence in found)
    if not found:
        text = fill("No bend, no change of spread, no heavy tails or outliers beyond what chance makes.", 36)
    ax.text(0.0, 0.98, text, va="top", ha="left", fontsize=10.5, transform=ax.transAxes, linespacing=1.35)


def _points(fit: MixedFit) -> tuple[Array, Array]:
    """Fitted values (on the link's scale for a GLMM) and scaled residuals."""
    return style.predictor(fit), fit.row_residuals("scaled")


def _fitted_label(fit: MixedFit) -> str:
    if fit.family is None:
        return f"Fitted {style.response(fit)}"
    return f"Linear predictor of {style.response(fit)} ({fit.family.link.name})"


def _qq_frame(ax: Axes, ordered: Array, standard: bool = False) -> None:
    """Line and band of a QQ picture."""
    n = len(ordered)
    low, high = style.qq_band(n)
    center, slope = (0.0, 1.0) if standard else style.qq_line(ordered)
    x = style.normal_quantiles(n)
    ax.fill_between(x, center + slope * low, center + slope * high, color=style.PALE, alpha=0.6, linewidth=0)
    ax.plot(x[[0, -1]], center + slope * x[[0, -1]], color=style.BLACK, linestyle="--", linewidth=1.2)


def _outside(ordered: Array) -> int:
    """How many ordered values leave their band."""
    low, high = style.qq_band(len(ordered))
    center, slope = style.qq_line(ordered)
    return int(((ordered < center + slope * low) | (ordered > center + slope * high)).sum())


def standardised_effects(fit: MixedFit) -> dict[str, Array]:
    """Conditional modes of each effect, sorted, over their own standard deviation; without those that are zero."""
    out: dict[str, Array] = {}
    for term, modes in zip(fit.design.terms, fit.estimate.modes, strict=True):
        for name, values in zip(term.names, modes.T, strict=True):
            spread = float(np.std(values))
            if spread > 1e-8 * max(1.0, float(np.abs(values).max())) and len(values) > 2:
                key = f"{name} | {term.group}"
                out[key if key not in out else f"{key} ({len(out) + 1})"] = np.sort(values) / spread
    return out
