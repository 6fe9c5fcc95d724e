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
_Y, _EFFECT = (3.0, 17.0), (-6.0, 6.0)  # of the pictures
ANALYSES = ("lm, all rows", "lm, means", "mixed model")


@dataclass(frozen=True)
class Analysis:
    """One way to compare the arms: what it says of these data, and how often it is wrong when nothing
    differs.

    Attributes
    ----------
    name : str
        "lm, all rows", "lm, means" or "mixed model".
    difference, se, df, p : float
        Arm B minus arm A with its test.
    false_positives : float
        Share of 4000 studies without a difference in which p < 0.05.
    """

    name: str
    difference: float
    se: float
    df: float
    p: float
    false_positives: float


@dataclass(frozen=True)
class Replicates:
    """The data and the three analyses; those that the design does not allow are missing.

    Attributes
    ----------
    data : pandas.DataFrame
        Columns `y`, `arm`, `sample`.
    bio, tech : int
        Samples an arm, replicates a sample.
    icc : float
        Share of the variance between samples, as it was set.
    analyses : tuple of Analysis
        Those that are possible.
    note : str
        Why an analysis is missing or the same as another, or empty.
    """

    data: pd.DataFrame
    bio: int
    tech: int
    icc: float
    analyses: tuple[Analysis, ...]
    note: str

    @property
    def rows(self) -> int:
        """Rows in the table."""
        return 2 * self.bio * self.tech

    @property
    def effective(self) -> float:
        """How many independent rows tell as much about the arms: rows / (1 + (tech - 1) ICC)."""
        return self.rows / (1 + (self.tech - 1) * self.icc)


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
        return Replicates(data, bio, tech, 0.0, (), "nothing varies here, so there is nothing to test")
    icc = sd_bio**2 / (sd_bio**2 + sd_tech**2)

    rates = false_positive_rates(bio, tech, sd_bio, sd_tech)
    rows = []
    if ANALYSES[0] in rates:
        rows.append(Analysis(ANALYSES[0], *_compare(y, bio), rates[ANALYSES[0]]))
    if bio == 1:
        why = "with one sample an arm nothing can tell the treatment from the sample; only more samples help"
        if sd_bio == 0:
            why = (
                "with one sample an arm nothing could tell the treatment from the sample, did samples differ"
            )
        return Replicates(data, bio, tech, icc, tuple(rows), why)
    averaged = _compare(y.reshape(-1, tech).mean(1), bio)
    rows.append(Analysis(ANALYSES[1], *averaged, rates[ANALYSES[1]]))
    if tech == 1 or sd_tech == 0:
        rows.append(Analysis(ANALYSES[2], *averaged, rates[ANALYSES[2]]))
        why = "measured once each, all three are the same analysis"
        if tech > 1:
            why = "replicates without error are copies, so the mixed model is the analysis of the means"
        return Replicates(data, bio, tech, icc, tuple(rows), why)
    mixed = coefficient(lmer("y ~ arm + (1 | sample)", data), "armB")
    rows.append(Analysis(ANALYSES[2], *mixed, rates[ANALYSES[2]]))
    return Replicates(data, bio, tech, icc, tuple(rows), "")


_LOOKS = ((style.RED, "s"), (style.GREEN, "D"), (style.BLUE, "o"))


def draw(r: Replicates, fig: Figure) -> None:
    """The measurements sample by sample; the difference with its interval; the false-positive rates."""
    from lmmkit.numerics.distributions import t

    left, middle, right = style.axes(
        fig, [(0.085, 0.16, 0.38, 0.73), (0.50, 0.16, 0.21, 0.73), (0.765, 0.16, 0.215, 0.73)]
    )
    y = r.data["y"].to_numpy().reshape(2 * r.bio, r.tech)
    at = np.arange(2 * r.bio) + np.repeat([0, 1], r.bio)
    xlim = (float(at[0]) - 0.6, float(at[-1]) + 0.6)
    shift = np.random.default_rng(0).uniform(-0.25, 0.25, y.shape)
    for arm, (colour, marker) in enumerate(((style.CONTROL, "o"), (style.TREATED, "s"))):
        mine = slice(arm * r.bio, (arm + 1) * r.bio)
        across = (at[mine, None] + shift[mine]).ravel()
        style.shown(left, across, y[mine].ravel(), marker, color=colour, markersize=5, xlim=xlim, ylim=_Y)
        style.shown(left, at[mine], y[mine].mean(1), "_", color=style.BLACK, markersize=16, mew=3, xlim=xlim,
                    ylim=_Y)  # fmt: skip
        left.text(at[mine].mean(), -0.07, f"arm {'AB'[arm]}", ha="center", va="top", fontsize=15.5,
                  transform=left.get_xaxis_transform())  # fmt: skip
    left.set(xlim=xlim, ylim=_Y, xticks=[], ylabel="y", title="samples and their means")

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
        style.interval(
            middle, low, found.difference, high, -place, marker=marker, color=colour, limits=_EFFECT
        )
        wrong = 100 * found.false_positives
        style.bars(right, [-place], [wrong], 0.45, across=True, facecolor=colour)
        right.text(max(wrong, 5) + 1.5, -place, f"{wrong:.1f}%", va="center", color=colour)
    for place, name in enumerate(ANALYSES):
        middle.text(0.02, 0.90 - 0.31 * place, name, color=_LOOKS[place][0], transform=middle.transAxes)
        style.line(middle, [0, 0], [-place - 0.3, -place + 0.3], color=style.GREY, linestyle=":", zorder=0)
    middle.set(xlim=_EFFECT, ylim=(-2.45, 0.72), yticks=[], xlabel="B − A", title="95% interval")
    style.line(right, [5, 5], [-2.4, 0.4], color=style.BLACK, linestyle="--")
    right.set(xlim=(0, 125), xticks=(0, 50, 100), ylim=(-2.45, 0.72), yticks=[], xlabel="% of studies")
    right.set(title="false positives")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def sentence(r: Replicates) -> str:
    """Standard errors and error rates in words."""
    found = {a.name: a for a in r.analyses}
    note = r.note[:1].upper() + r.note[1:]
    if not found:
        return f"{note}."
    rows = found[ANALYSES[0]]
    wrong = _percent(rows.false_positives)
    if len(found) == 1:
        if r.icc == 0:
            return f"{note}; here they do not, so lm on all rows is right, and wrong in {wrong} of studies, as it says."
        return (
            f"{note}; lm on all rows does not notice and is wrong in {wrong} of studies without a difference."
        )
    mixed = found[ANALYSES[2]]
    right = _percent(mixed.false_positives)
    if r.note:
        return (
            f"{note}: SE {number(mixed.se)}, {p_value(mixed.p)}, wrong in {right} of studies without a "
            f"difference (lm on all rows: {wrong})."
        )
    return (
        f"lm on all {r.rows} rows claims an SE of {number(rows.se)} ({p_value(rows.p)}) and is wrong in {wrong} "
        f"of studies without a difference; the mixed model says {number(mixed.se)} with {mixed.df:.0f} df "
        f"({p_value(mixed.p)}) and is wrong in {right}. The {r.rows} rows tell as much as {r.effective:.0f} "
        f"independent ones."
    )


EXPLORER = Explorer(
    name="pseudoreplication",
    title="Pseudoreplication: what counts as a replicate?",
    prompt="Pipette each sample more and more often (technical replicates): which analysis is taken in?",
    controls=(
        Slider("bio", "Samples per arm", 1, 20, 1),
        Slider("tech", "Technical replicates", 1, 20, 1),
        Slider("sd_bio", "SD between samples", 0.0, 3.0, 0.1, unit="in units of y"),
        Slider("sd_tech", "SD within samples", 0.0, 3.0, 0.1, unit="in units of y"),
        Slider("effect", "True difference", -3.0, 3.0, 0.1, unit="arm B minus arm A, in units of y"),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.pseudoreplication.result(bio=4, tech=6)
>>> r.rows, round(r.effective, 1), [round(a.df) for a in r.analyses]
(48, 10.3, [46, 6, 6])""",
)
