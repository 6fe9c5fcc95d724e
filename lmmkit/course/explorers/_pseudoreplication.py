"""Pseudoreplication: the same sample pipetted again is not another sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.balanced import TwoArms
from lmmkit.course.explorers.controls import Number, Slider, number, p_value
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.fits import Coefficient, coefficient

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STUDIES = 4000
ANALYSES = ("lm, all rows", "lm, means", "mixed model")


@dataclass(frozen=True)
class Analysis:
    """One way to compare the arms: what it says of these data, and how often it is wrong when nothing
    differs.
    """

    name: str
    difference: float
    se: float
    df: float
    p: float
    false_positives: float  # share of 4000 studies without a difference in which p < 0.05


@dataclass(frozen=True)
class Replicates:
    """The data and the three analyses; those that the design does not allow are missing."""

    data: pd.DataFrame  # y, arm, sample, replicate
    bio: int
    tech: int
    analyses: tuple[Analysis, ...]
    note: str  # why an analysis is missing, or empty


def false_positive_rates(bio: int, tech: int, sd_bio: float, sd_tech: float) -> dict[str, float]:
    """Share of studies without a difference in which each analysis finds one at 5%.

    Drawn as sums of squares (see `balanced`), so that it is quick enough for a slider.
    """
    from lmmkit.numerics.distributions import t

    design = TwoArms(bio, tech)
    s = design.draw(np.random.default_rng(20), (_STUDIES,), tech * sd_bio**2 + sd_tech**2, sd_tech**2)

    def rate(mean_square: np.ndarray, df: np.ndarray | int) -> float:
        return float(np.mean(s.arms > mean_square * t.ppf(0.975, df) ** 2))

    rates = {}
    if design.rows > 2:
        rates[ANALYSES[0]] = rate(design.pooled(s), design.rows - 2)
    if bio > 1:
        rates[ANALYSES[1]] = rate(s.between / design.between_df, design.between_df)
        rates[ANALYSES[2]] = rate(*design.reml(s)) if tech > 1 else rates[ANALYSES[1]]
    return rates


def _compare(y: np.ndarray, bio: int) -> Coefficient:
    """Difference of the two arms' means with its SE, df and p, as lm has them; rows of arm A come first."""
    from lmmkit.numerics.distributions import t

    a, b = y[: len(y) // 2], y[len(y) // 2 :]
    df = len(y) - 2
    difference = float(b.mean() - a.mean())
    se = float(np.sqrt((a.var() + b.var()) / df * 2))
    p = 2 * t.sf(abs(difference) / se, df) if se else float(difference == 0)
    return Coefficient(difference, se, df, float(p))


def compute(
    bio: int = 4,
    tech: int = 6,
    sd_bio: float = 1.0,
    sd_tech: float = 0.6,
    effect: float = 0.0,
    seed: int = 2,
) -> Replicates:
    """Three analyses of `bio` samples an arm, each measured `tech` times."""
    from lmmkit import lmer

    rng = np.random.default_rng(seed)
    means = sd_bio * rng.standard_normal((2, bio)) + np.array([[10.0], [10.0 + effect]])
    y = (means[:, :, None] + sd_tech * rng.standard_normal((2, bio, tech))).ravel()
    samples = np.repeat([f"{arm}{s + 1}" for arm in "AB" for s in range(bio)], tech)
    data = pd.DataFrame({"y": y, "arm": np.repeat(["A", "B"], bio * tech), "sample": samples})
    if sd_bio == 0 and sd_tech == 0:
        return Replicates(data, bio, tech, (), "nothing varies here, so there is nothing to test")

    rates = false_positive_rates(bio, tech, sd_bio, sd_tech)
    rows = []
    if ANALYSES[0] in rates:
        rows.append(Analysis(ANALYSES[0], *_compare(y, bio), rates[ANALYSES[0]]))
    if bio == 1:
        why = "with one sample an arm nothing can tell the treatment from the sample; only more samples help"
        return Replicates(data, bio, tech, tuple(rows), why)
    averaged = _compare(y.reshape(-1, tech).mean(1), bio)
    rows.append(Analysis(ANALYSES[1], *averaged, rates[ANALYSES[1]]))
    if tech == 1 or sd_tech == 0:
        rows.append(Analysis(ANALYSES[2], *averaged, rates[ANALYSES[2]]))
        why = "measured once each, all three are the same analysis"
        if tech > 1:
            why = "replicates without error are copies, so the mixed model is the analysis of the means"
        return Replicates(data, bio, tech, tuple(rows), why)
    mixed = coefficient(lmer("y ~ arm + (1 | sample)", data), "armB")
    rows.append(Analysis(ANALYSES[2], *mixed, rates[ANALYSES[2]]))
    return Replicates(data, bio, tech, tuple(rows), "")


_LOOKS = ((style.RED, "s"), (style.GREEN, "D"), (style.BLUE, "o"))


def draw(r: Replicates, fig: Figure) -> None:
    """The measurements sample by sample; the difference with its interval; the false-positive rates."""
    from lmmkit.numerics.distributions import t

    left, middle, right = style.axes(
        fig, [(0.085, 0.16, 0.38, 0.73), (0.50, 0.16, 0.21, 0.73), (0.765, 0.16, 0.215, 0.73)]
    )
    y = r.data["y"].to_numpy().reshape(2 * r.bio, r.tech)
    at = np.arange(2 * r.bio) + np.repeat([0, 1], r.bio)
    shift = np.random.default_rng(0).uniform(-0.25, 0.25, y.shape)
    for arm, (colour, marker) in enumerate(((style.ORANGE, "o"), (style.SKY, "s"))):
        mine = slice(arm * r.bio, (arm + 1) * r.bio)
        across = (at[mine, None] + shift[mine]).ravel()
        style.dots(left, across, y[mine].ravel(), marker, color=colour, markersize=5)
        style.dots(left, at[mine], y[mine].mean(1), "_", color=style.BLACK, markersize=16, markeredgewidth=3)
        left.text(at[mine].mean(), -0.07, f"arm {'AB'[arm]}", ha="center", va="top", fontsize=15.5,
                  transform=left.get_xaxis_transform())  # fmt: skip
    reach = max(0.05 * np.ptp(y), 0.01)
    left.set(xlim=(at[0] - 0.6, at[-1] + 0.6), ylim=(y.min() - reach, y.max() + reach))
    left.set(xticks=[], ylabel="y", title="samples and their means")

    ends = [0.0]
    for place, name in enumerate(ANALYSES):
        colour, marker = _LOOKS[place]
        found = next((a for a in r.analyses if a.name == name), None)
        if found is None:
            for ax in (middle, right):
                ax.text(0.5, 0.80 - 0.31 * place, "not possible", color=style.GREY, ha="center",
                        transform=ax.transAxes)  # fmt: skip
            continue
        reach = found.se * t.ppf(0.975, found.df)
        low, high = found.difference - reach, found.difference + reach
        ends += [low, high]
        style.interval(middle, low, found.difference, high, -place, marker=marker, color=colour)
        wrong = 100 * found.false_positives
        style.bars(right, [-place], [wrong], 0.45, across=True, facecolor=colour)
        right.text(max(wrong, 5) + 1.5, -place, f"{wrong:.1f}%", va="center", color=colour)
    for place, name in enumerate(ANALYSES):
        middle.text(0.02, 0.90 - 0.31 * place, name, color=_LOOKS[place][0], transform=middle.transAxes)
        style.line(middle, [0, 0], [-place - 0.3, -place + 0.3], color=style.GREY, linestyle=":", zorder=0)
    room = 0.06 * (max(ends) - min(ends)) or 1.0
    middle.set(xlim=(min(ends) - room, max(ends) + room), ylim=(-2.45, 0.72), yticks=[])
    middle.set(xlabel="B − A", title="95% interval")
    style.line(right, [5, 5], [-2.4, 0.4], color=style.BLACK, linestyle="--")
    worst = max([20.0, *(100 * a.false_positives for a in r.analyses)])
    right.set(xlim=(0, 1.45 * worst), ylim=(-2.45, 0.72), yticks=[], xlabel="% of studies",
              title="false positives")  # fmt: skip


def sentence(r: Replicates) -> str:
    """Standard errors and error rates in words."""
    found = {a.name: a for a in r.analyses}
    note = r.note[:1].upper() + r.note[1:]
    if not found:
        return f"{note}."
    rows = found.get(ANALYSES[0])
    if len(found) == 1:
        assert rows is not None
        return (
            f"{note}; lm on all rows does not notice and is wrong in {100 * rows.false_positives:.0f}% of "
            "studies without a difference."
        )
    assert rows is not None
    mixed = found[ANALYSES[2]]
    if r.note:
        return (
            f"{note}: SE {number(mixed.se)}, {p_value(mixed.p)}, wrong in "
            f"{100 * mixed.false_positives:.1f}% of "
            f"studies without a difference (lm on all rows: {100 * rows.false_positives:.1f}%)."
        )
    return (
        f"lm on all {2 * r.bio * r.tech} rows claims an SE of {number(rows.se)} ({p_value(rows.p)}) and is "
        f"wrong in {100 * rows.false_positives:.0f}% of studies without a difference; the mixed model says "
        f"{number(mixed.se)} with {mixed.df:.0f} df ({p_value(mixed.p)}) and is wrong in "
        f"{100 * mixed.false_positives:.0f}%."
    )


EXPLORER = Explorer(
    name="pseudoreplication",
    title="Pseudoreplication: what counts as a replicate?",
    prompt="Pipette each sample more and more often (technical replicates): which analysis is taken in?",
    controls=(
        Slider("bio", "Samples per arm", 1, 20, 1),
        Slider("tech", "Technical replicates", 1, 20, 1),
        Slider("sd_bio", "SD between samples", 0.0, 3.0, 0.1),
        Slider("sd_tech", "SD within samples", 0.0, 3.0, 0.1),
        Slider("effect", "True difference", -3.0, 3.0, 0.1),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
)
