"""Counts in cells: a hundred cells of one donor are not a hundred donors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Number, Slider, Study, number, p_value
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.fits import Coefficient, coefficient

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmmkit.models.mixed import MixedModel

ANALYSES = ("Poisson GLM, all cells", "t test of log means", "Poisson GLMM")
_STUDIES = 2000
_SMALL = 12  # counts a sample, below which logs of totals mislead
_FOLDS = (0.2, 6.0)  # of the picture of intervals


@dataclass(frozen=True)
class Counts:
    """The cells' counts, three estimates of the log fold change, and how often each is wrong without one.

    Attributes
    ----------
    counts : numpy.ndarray, (2, samples, cells)
        Healthy, then diseased donors.
    found : dict
        Analysis to log fold change with its test; missing where it cannot be had.
    sd : float
        SD between samples on the log scale, as it was set.
    sd_found : float
        The same, of the GLMM.
    wrong : dict
        Analysis to the share of studies without a fold change in which p < 0.05; that of the GLMM is an
        approximation until it has been simulated.
    refitted : int
        Simulated studies behind the GLMM's share; 0 for the approximation.
    top : int
        Right end of the histograms.
    empty : int
        Cells without a count.
    expected : float
        How many the GLMM expects: each cell is Poisson about its sample's fitted mean.
    chance : float
        Standard deviation of their number, were the GLMM right.
    """

    counts: np.ndarray
    found: dict[str, Coefficient]
    sd: float
    sd_found: float
    wrong: dict[str, float]
    refitted: int
    top: int
    empty: int
    expected: float
    chance: float


def simulate(
    rng: np.random.Generator,
    rate: float,
    fold: float,
    sd: float,
    samples: int,
    cells: int,
    zeros: float = 0.0,
) -> np.ndarray:
    """Counts (2, samples, cells): a donor's rate varies by a normal deviation on the log scale.

    The share `zeros` of the cells has no count, whatever the rate.
    """
    rates = rate * np.array([1.0, fold])[:, None] * np.exp(sd * rng.standard_normal((2, samples)))
    counts = rng.poisson(rates[:, :, None], (2, samples, cells))
    return np.where(rng.random(counts.shape) < zeros, 0, counts)


def totals_of_studies(
    rng: np.random.Generator, shape: tuple[int, ...], rate: float, sd: float, cells: int, zeros: float
) -> np.ndarray:
    """Totals of samples that do not differ in their mean rate, as sums of what :func:`simulate` draws."""
    means = cells * rate * np.exp(sd * rng.standard_normal(shape))
    if zeros:
        means = means * rng.binomial(cells, 1 - zeros, shape) / cells
    return rng.poisson(means)


def totals(counts: np.ndarray) -> pd.DataFrame:
    """One row a sample: its total count and its number of cells.

    Given the samples, a total is Poisson and holds all that its cells say about the rate: the GLMM of totals
    with the offset log(cells) is the GLMM of all cells, with fewer rows.
    """
    samples = counts.shape[1]
    return pd.DataFrame({
        "count": counts.sum(2).ravel(),
        "cells": counts.shape[2],
        "disease": np.repeat(["no", "yes"], samples),
        "sample": [f"d{s + 1:02d}" for s in range(2 * samples)],
    })  # fmt: skip


def _glmm(data: pd.DataFrame) -> MixedModel:
    from lmmkit import glmer

    return glmer("count ~ disease + offset(log(cells)) + (1 | sample)", data, "poisson")


def _naive(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log fold change of the Poisson GLM of all cells, its SE and p, from totals (..., 2, samples)."""
    from lmmkit.numerics.distributions import norm

    arms = sums.sum(-1).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.log(arms[..., 1] / arms[..., 0])
        se = np.sqrt((1 / arms).sum(-1))
        return estimate, se, 2 * norm.sf(np.abs(estimate) / se)


def _of_means(sums: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Difference of the arms' mean log rates, its SE and p by a t test with one value a sample."""
    from lmmkit.numerics.distributions import t

    logs = np.log((sums + 0.5) / cells)  # half a count keeps a sample of zeros finite
    samples = sums.shape[-1]
    estimate = logs[..., 1, :].mean(-1) - logs[..., 0, :].mean(-1)
    se = np.sqrt(logs.var(-1, ddof=1).sum(-1) / samples)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * t.sf(np.abs(estimate) / se, 2 * samples - 2)
    return estimate, se, np.where(np.isnan(p), 1.0, p)  # equal samples in equal arms differ in nothing


def glmm_error_rate(sums: np.ndarray) -> float:
    """About how often the z test of the Poisson GLMM has p < 0.05 in studies (n, 2, samples) of totals.

    Maximum likelihood divides the samples' sum of squares by their number and not by their degrees of freedom,
    and the z test takes the result for known. Totals that are large enough are analysed on the log scale, small
    ones by their overdispersion; the variance is no smaller than Poisson's.
    """
    samples = sums.shape[-1]
    if sums.mean() >= _SMALL:
        logs = np.log(sums + 0.5)
        difference = logs[:, 1].mean(-1) - logs[:, 0].mean(-1)
        spread = ((logs - logs.mean(-1, keepdims=True)) ** 2).sum((1, 2)) / (2 * samples)
        variance = 2 * np.maximum(spread, (1 / (sums + 0.5)).mean((1, 2))) / samples
    else:
        arms = sums.sum(-1)
        sums, arms = sums[arms.min(-1) > 0], arms[arms.min(-1) > 0]  # nothing is found where an arm is empty
        means = sums.mean(-1, keepdims=True)
        inflation = np.maximum(1.0, ((sums - means) ** 2 / means).sum((1, 2)) / (2 * samples))
        difference = np.log(arms[:, 1] / arms[:, 0])
        variance = inflation * (1 / arms).sum(-1)
    return float((np.abs(difference) > 1.959964 * np.sqrt(variance)).sum() / _STUDIES)


def compute(
    rate: float = 3.0,
    fold: float = 1.5,
    sd: float = 0.4,
    samples: int = 5,
    cells: int = 50,
    zeros: float = 0.0,
    seed: int = 1,
) -> Counts:
    """Three analyses of `samples` donors an arm with `cells` cells each, and their error rates."""
    counts = simulate(np.random.default_rng(seed), rate, fold, sd, samples, cells, zeros)
    sums = counts.sum(2)
    found: dict[str, Coefficient] = {}
    estimate, se, p = _naive(sums)
    if np.isfinite(estimate):
        found[ANALYSES[0]] = Coefficient(float(estimate), float(se), np.inf, float(p))
    estimate, se, p = _of_means(sums, cells)
    found[ANALYSES[1]] = Coefficient(float(estimate), float(se), 2.0 * samples - 2, float(p))
    sd_found = expected = chance = np.nan
    if ANALYSES[0] in found:
        fit = _glmm(totals(counts))
        found[ANALYSES[2]] = coefficient(fit, "diseaseyes")
        sd_found = float(fit.theta[0])
        none = np.exp(-fit.fitted.to_numpy() / cells)
        expected, chance = float(cells * none.sum()), float(np.sqrt(cells * (none * (1 - none)).sum()))

    rng = np.random.default_rng(40)
    nothing = totals_of_studies(rng, (_STUDIES, 2, samples), rate, sd, cells, zeros)
    shares = {
        ANALYSES[0]: float(np.mean(_naive(nothing)[2] < 0.05)),
        ANALYSES[1]: float(np.mean(_of_means(nothing, cells)[2] < 0.05)),
        ANALYSES[2]: glmm_error_rate(nothing),
    }
    # Wide enough for most cells at this rate, whatever the other handles say.
    top = int(np.ceil(6 * rate + 4))
    return Counts(counts, found, sd, sd_found, shares, 0, top, int((counts == 0).sum()), expected, chance)


def refit_studies(n: int, **state: Any) -> Iterator[Counts]:
    """The panel's result with the GLMM's error rate over 1, 2, ... `n` studies without a fold change."""
    start = compute(**state)
    rng = np.random.default_rng([state["seed"], 41])
    rate, sd, samples, cells, zeros = (state[name] for name in ("rate", "sd", "samples", "cells", "zeros"))
    fit: MixedModel | None = None
    hits = 0
    for done in range(1, n + 1):
        sums = totals_of_studies(rng, (2, samples), rate, sd, cells, zeros)
        if sums.sum(1).all():  # an arm of zeros has no finite estimate, and no analysis finds anything in it
            if fit is None:
                fit = _glmm(totals(sums[:, :, None]).assign(cells=cells))
            else:
                fit = fit.refit(sums.ravel().astype(float))
            hits += coefficient(fit, "diseaseyes").p < 0.05
        yield replace(start, wrong={**start.wrong, ANALYSES[2]: hits / done}, refitted=done)


_LOOKS = ((style.RED, "s"), (style.GREEN, "D"), (style.BLUE, "o"))


def _ridges(ax: Axes, counts: np.ndarray, top: int, colour: str, title: str) -> None:
    """A histogram for every sample, one above the other; the last bar holds all counts beyond the axis."""
    from matplotlib.collections import PolyCollection
    from matplotlib.ticker import MaxNLocator

    samples = len(counts)
    edges = np.arange(0, top + 2, max(1, int(np.ceil(top / 25))))
    shapes = []
    for place, sample in enumerate(counts):
        heights = np.histogram(np.minimum(sample, edges[-1] - 1e-9), edges)[0]
        heights = 0.9 * heights / max(heights.max(), 1)
        x = np.repeat(edges, 2)
        y = np.concatenate([[0], np.repeat(heights, 2), [0]]) + samples - 1 - place
        shapes.append(np.column_stack([x, y]))
    ridges = PolyCollection(shapes, facecolor=colour, edgecolor=style.BLACK, linewidth=0.8)
    ax.add_collection(ridges, autolim=False)
    means = counts.mean(1)
    at = np.minimum(means, edges[-1])
    style.dots(ax, at, np.arange(samples)[::-1] + 0.1, "v", color=style.BLACK, markersize=7)
    ax.set(xlim=(0, edges[-1]), ylim=(-0.1, samples + 0.05), yticks=[], xlabel="count in a cell", title=title)
    if counts.max() >= edges[-1]:
        below = [at for at in MaxNLocator(3, integer=True).tick_values(0, edges[-1]) if at < 0.6 * edges[-1]]
        ax.set_xticks([*below, edges[-1]], [*(f"{at:.0f}" for at in below), f"≥{edges[-2]}"])
        ax.get_xticklabels()[-1].set_horizontalalignment("right")


def draw(r: Counts, fig: Figure) -> None:
    """Histograms of all samples; the fold change by three analyses; how often each is wrong."""
    from lmmkit.numerics.distributions import t

    healthy, sick, middle, right, strip = style.axes(
        fig,
        [(0.02, 0.34, 0.20, 0.58), (0.255, 0.34, 0.20, 0.58), (0.49, 0.34, 0.285, 0.58),
         (0.81, 0.34, 0.175, 0.58), (0.29, 0.085, 0.675, 0.075)],
    )  # fmt: skip
    _zeros(strip, r)
    _ridges(healthy, r.counts[0], r.top, style.CONTROL, "healthy donors")
    _ridges(sick, r.counts[1], r.top, style.TREATED, "diseased donors")

    limits = (float(np.log(_FOLDS[0])), float(np.log(_FOLDS[1])))
    for place, name in enumerate(ANALYSES):
        colour, marker = _LOOKS[place]
        middle.text(0.02, 0.90 - 0.31 * place, name, color=colour, transform=middle.transAxes)
        style.line(middle, [0, 0], [-place - 0.3, -place + 0.25], color=style.GREY, linestyle=":", zorder=0)
        if name in r.found:
            one = r.found[name]
            reach = one.se * t.ppf(0.975, one.df)
            ends = one.estimate - reach, one.estimate, one.estimate + reach
            style.interval(middle, *ends, -place, marker=marker, color=colour, size=8, limits=limits)
        share = 100 * r.wrong[name]
        rough = "about " if place == 2 and not r.refitted else ""
        style.bars(right, [-place], [share], 0.45, across=True, facecolor=colour)
        right.text(
            max(share, 5) + 2, -place, f"{rough}{share:.{0 if rough else 1}f}%", va="center", color=colour
        )
    if ANALYSES[0] in r.found:  # what no number of cells can do away with
        floor = 1.96 * r.sd * np.sqrt(2 / r.counts.shape[1])
        low, high = np.clip(r.found[ANALYSES[0]].estimate + np.array([-floor, floor]), *limits)
        style.line(middle, [low, high], [-0.2, -0.2], color=style.BLACK, linewidth=4)
    # Logs on a plain scale: what a log scale does beside costs a tenth of the redraw.
    ticks = (0.25, 1, 4)
    middle.set(xticks=np.log(ticks), xticklabels=[f"{x:g}×" for x in ticks])
    middle.set(xlabel="fold change (thick: donors)")
    middle.set(xlim=limits, ylim=(-2.45, 0.72), yticks=[], title="95% intervals")
    style.line(right, [5, 5], [-2.4, 0.4], color=style.BLACK, linestyle="--")
    right.set(xlim=(0, 150), xticks=(0, 50, 100), ylim=(-2.45, 0.72), yticks=[], xlabel="% of studies")
    right.set(title="false positives")


def _zeros(ax: Axes, r: Counts) -> None:
    """How many cells have no count, and how many the GLMM expects."""
    cells = r.counts.size
    if np.isfinite(r.expected):
        low, high = 100 * np.clip((r.expected + np.array([-2.0, 2.0]) * r.chance) / cells, 0, 1)
        style.bars(ax, [0], [high - low], 1.0, base=low, across=True, facecolor=style.SKY)
        style.line(ax, [100 * r.expected / cells] * 2, [-0.5, 0.5], color=style.BLUE, linewidth=3)
    style.dots(ax, [100 * r.empty / cells], [0], "v", color=style.BLACK, markersize=12)
    ax.text(-0.015, 0.5, "cells without a count\n▼ seen,  | expected", ha="right", va="center",
            transform=ax.transAxes)  # fmt: skip
    ticks = (0, 25, 50, 75, 100)
    ax.set(xlim=(0, 100), ylim=(-0.5, 0.5), xticks=ticks, xticklabels=[f"{x}%" for x in ticks], yticks=[])


def _of_zeros(r: Counts) -> str:
    """Whether there are too many cells without a count."""
    away = (r.empty - r.expected) / r.chance if r.chance else 0.0
    verdict = "too many for chance" if away > 2 else "too few for chance" if away < -2 else "as chance has it"
    return (
        f"{r.empty} cells have no count where the GLMM expects {r.expected:.0f} (give or take "
        f"{2 * r.chance:.0f}): {verdict}."
    )


def sentence(r: Counts) -> str:
    """The naive analysis against the GLMM, and the zeros."""
    naive, glmm = r.found.get(ANALYSES[0]), r.found.get(ANALYSES[2])
    if naive is None or glmm is None:
        empty = "Neither arm has" if not r.counts.any() else "One arm has not"
        return f"{empty} a single count, so there is no fold change to estimate; read more cells."
    cells = r.counts.size
    wrong = {name: f"{100 * share:.1f}%" for name, share in r.wrong.items()}
    if not r.refitted:
        wrong[ANALYSES[2]] = f"about {100 * r.wrong[ANALYSES[2]]:.0f}%"
    sd = f"an SD of {number(r.sd_found)} between samples and"
    if r.sd_found < 5e-5:
        sd = "no variance between samples (its fit is singular, and says what the GLM says):"
    how = f"{r.refitted} simulated studies" if r.refitted else "such studies"
    return (
        f"The Poisson GLM of all {cells} cells finds a fold change of {number(np.exp(naive.estimate))} "
        f"({p_value(naive.p)}) and is wrong in {wrong[ANALYSES[0]]} of studies without one; the GLMM finds {sd} a "
        f"fold change of {number(np.exp(glmm.estimate))} ({p_value(glmm.p)}), and its z test is wrong in "
        f"{wrong[ANALYSES[2]]} of {how}; the t test of log means is wrong in {wrong[ANALYSES[1]]}. {_of_zeros(r)}"
    )


EXPLORER = Explorer(
    name="counts",
    title="Counts: cells are not donors",
    prompt="Set the fold change to 1, then read more cells per donor: who sees a difference? Are there too many zeros?",
    controls=(
        Slider("rate", "Mean count per cell", 0.2, 20.0, 0.1),
        Slider("fold", "Fold change", 0.25, 4.0, 0.05, unit="diseased over healthy"),
        Slider("sd", "SD of samples (log)", 0.0, 1.5, 0.05, unit="of the donors' log rates"),
        Slider("samples", "Samples per arm", 2, 10, 1),
        Slider("cells", "Cells per sample", 5, 300, 5),
        Slider("zeros", "Extra zeros", 0.0, 0.6, 0.01, unit="share of cells that are never counted"),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.counts.result(fold=1.0, cells=200)
>>> r.wrong["Poisson GLM, all cells"] > 0.5
True""",
    size=(10.0, 5.2),
    study=Study("Simulate 200 studies without a fold change", refit_studies, 200),
)
