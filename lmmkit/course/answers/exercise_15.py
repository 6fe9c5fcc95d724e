"""Questions of exercise 15, power."""

from math import sqrt
from typing import Any

from lmmkit import lm, lmer
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Numbers, Question

_SIZES = (8, 16, 24, 32)


def _pilot(formula: str = "nitrogen ~ treatment + (1 | plot)", reml: bool = True) -> Any:
    return lmer(formula, own_data("herbivory"), reml=reml)


def _powers() -> dict[int, float]:
    """Power to find half a gram with so many plots, by the t-test of their means."""
    from scipy import stats

    model = _pilot()
    tau, sigma = model.varcorr.frame["sdcor"]
    cores = model.nobs / 8
    powers = {}
    for plots in _SIZES:
        error = sqrt(4 / plots * (tau**2 + sigma**2 / cores))
        limit = stats.t.ppf(0.975, plots - 2)
        powers[plots] = float(stats.nct.sf(limit, plots - 2, 0.5 / error))
    return powers


def _enough() -> int:
    """The smallest number of plots with a power of 85%."""
    return min(plots for plots, power in _powers().items() if power >= 0.85)


def _next(steps: int) -> int:
    return _SIZES[_SIZES.index(_enough()) + steps]


def _from_panel(which: int, what: str) -> list[float]:
    """A figure of one of the panel's analyses, for four samples measured twenty times and sixteen five times."""
    from lmmkit.course import explorers

    designs = ((4, 20), (16, 5))
    results = [explorers.pseudoreplication.result(bio=bio, tech=tech) for bio, tech in designs]
    return [float(getattr(result.analyses[which], what)) for result in results]


def _squared(own: Any) -> float:
    """The squared standard error of question 2."""
    return float(4 / own.mice * (own.between**2 + own.within**2 / own.times))


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        own={"each": (4, 3, 5, 6, 7, 8)},
        truth=computed("ex15.w1", lambda own: 2 * own.each - 2),
        mistakes={
            "those are the plots; two means are estimated from them": computed(
                "ex15.w1", lambda own: 2 * own.each
            ),
            "two means are estimated, not one": computed("ex15.w1", lambda own: 2 * own.each - 1),
            "that takes every core for a replicate; it is plots that were fenced": computed(
                "ex15.w1", lambda own: 20 * own.each - 2
            ),
            "those are the cores; it is plots that were fenced": computed(
                "ex15.w1", lambda own: 20 * own.each
            ),
        },
        hints=(
            "What was fenced: a core or a plot?",
            "Replicates less the number of groups.",
            "The plots of both groups, less two",
        ),
        praise="So many plots, less two means.",
    ),
    "w2": Choice(
        options=("(1 | driver)", "(day | driver)", "(day || driver)", "(0 + day | driver)"),
        digest="9a6811a0ce435224",
        because={
            "(1 | driver)": "here all drivers have the same slope",
            "(day || driver)": "two bars: intercept and slope are not correlated",
            "(0 + day | driver)": "the zero takes the intercept away: all lines begin at the same place",
        },
        hints=(
            "What stands left of the bar is what differs between drivers.",
            "The intercept is there unless a zero takes it away.",
            "One bar for correlated, two for uncorrelated",
        ),
        praise="Left of the bar what differs, right of it between whom; the intercept comes by itself.",
    ),
    "q1": Choice(
        options=("a", "b", "c", "d"),
        digest="ea5f18f2b9af8cb2",
        because={
            "a": "that is turned round; it would also depend on how many effects of those we look for exist",
            "c": "a p-value belongs to one study that is done; power belongs to a design, before it is done",
            "d": "that is how often nothing is taken for something, held at five per cent or so by the test",
        },
        hints=(
            "The lesson says it in its first section.",
            "What is given, and what is still open, when you plan a study?",
            "The effect is there, of a stated size; will the study find it?",
        ),
        praise="Given the effect, and its size: there is no power without a size.",
    ),
    "q2": Number(
        own={"mice": (20, 8, 10, 12), "times": (4, 3, 5), "between": (3, 2), "within": (4, 5)},
        truth=computed("ex15.q2", lambda own: sqrt(_squared(own))),
        mistakes={
            "that is the variance; the standard error is its root": computed(
                "ex15.q2", lambda own: _squared(own)
            ),
            "those are standard deviations; the formula wants variances": computed(
                "ex15.q2", lambda own: sqrt(4 / own.mice * (own.between + own.within / own.times))
            ),
            "that takes every weighing for a mouse: only the noise within is divided by the weighings": computed(
                "ex15.q2", lambda own: sqrt(4 / (own.mice * own.times) * (own.between**2 + own.within**2))
            ),
            "the noise within a mouse has to be divided by the {{q2.times:word}} weighings": computed(
                "ex15.q2", lambda own: sqrt(4 / own.mice * (own.between**2 + own.within**2))
            ),
            "there are two groups of half the mice, hence the four in the formula": computed(
                "ex15.q2", lambda own: sqrt(_squared(own) / 4)
            ),
        },
        hints=(
            "The variance is 4 / M times (tau² + sigma² / n).",
            "M = {{q2.mice}} mice, n = {{q2.times}} weighings of each, and both standard deviations squared.",
            "np.sqrt(4 / {{q2.mice}} * ({{q2.between}}**2 + {{q2.within}}**2 / {{q2.times}}))",
        ),
        praise="Only the noise within a mouse is divided by the number of weighings.",
    ),
    "q3": Model(
        truth=_pilot,
        mistakes={
            "this takes eighty cores for eighty plots": lambda: lm(
                "nitrogen ~ treatment", own_data("herbivory")
            ),
            "this is the ML fit; REML was asked for, and with eight plots it matters": lambda: _pilot(
                reml=False
            ),
            "the treatment is missing, and without it there is nothing to plan": lambda: _pilot(
                "nitrogen ~ 1 + (1 | plot)"
            ),
            "a fence is a property of the plot: no plot has both treatments, so it can have no slope of "
            "its own": lambda: _pilot("nitrogen ~ treatment + (treatment | plot)"),
        },
        hints=(
            "Which factor groups the cores?",
            "The treatment is fixed, and the plots have a random intercept.",
            "nitrogen ~ treatment + (1 | plot)",
        ),
        praise="Plots scatter, and cores scatter within plots: both are needed for a plan.",
    ),
    "q4": Number(
        truth=_enough,
        mistakes={
            "that has less than 85%: an honest estimate is between seven and eight in ten": lambda: _next(-1),
            "that is the pilot's size, and far too small": lambda: _next(-2),
            "that is plenty; a smaller one of the four has 85% already": lambda: _next(1),
        },
        hints=(
            "lk.power(model, {'treatmentexcluded': 0.5}, 100, along={'plot': [...]})",
            "Look down the column power for the first that is 0.85 or more. If it is near 0.85, simulate more.",
            "curve.table.loc[curve.table['power'] >= 0.85, 'plot'].min()",
        ),
        praise="Three times the pilot. Its own size would miss the difference more often than not.",
    ),
    "q5": Choice(
        options=("A", "B", "C", "D"),
        digest="52ec38731c2690c3",
        because={
            "A": "four hundred studies pin a power down to a few points; it is not off by a few",
            "C": "with as many cores from each plot, the t-test of plot means is the right analysis",
            "D": "that is how one counts: a study finds the effect when p is below the threshold",
        },
        hints=(
            "The analysis knows plots. Does the invented truth?",
            "What do two cores of one plot have in common in this simulation?",
            "The pilot's model has two standard deviations; this simulation has one.",
        ),
        praise="All cores are drawn alike, so plots differ only by their cores. In the wood plots differ, "
        "and most of the noise comes from that.",
    ),
    "q6": Numbers(
        truth=lambda: _from_panel(-1, "se"),
        mistakes={
            "those are of lm on all rows, which believes in 160 samples": lambda: _from_panel(0, "se"),
            "the right numbers in the other order: four samples come first": lambda: _from_panel(-1, "se")[
                ::-1
            ],
            "those are degrees of freedom; the standard error stands before them": lambda: _from_panel(
                -1, "df"
            ),
            "those are p-values; the standard error is said before them": lambda: _from_panel(-1, "p"),
        },
        tolerance=0.01,
        hints=(
            "Samples per arm 4, technical replicates 20; then 16 and 5.",
            "In the sentence: 'the mixed model says …'",
            "The standard error is the number after the estimate; the second is about half of the first.",
        ),
        praise="As many measurements, and about half the standard error: samples buy what replicates cannot.",
    ),
    "q7": Number(
        own={"price": (16, 9, 25), "within": (3, 4.5, 6)},
        truth=computed("ex15.q7", lambda own: sqrt(own.price * own.within**2 / 1.5**2)),
        mistakes={
            "then most of the money goes into mice; within a mouse there is more noise than between": lambda: (
                1.0
            ),
            "those are standard deviations: square both before you use them": computed(
                "ex15.q7", lambda own: sqrt(own.price * own.within / 1.5)
            ),
            "the ratio of the variances is upside down": computed(
                "ex15.q7", lambda own: sqrt(own.price * 1.5**2 / own.within**2)
            ),
            "that forgets the root: price ratio times variance ratio is the square of the answer": computed(
                "ex15.q7", lambda own: own.price * own.within**2 / 1.5**2
            ),
            "so many weighings eat up the money for mice": lambda: 60.0,
            "it costs hardly more, since the curve is flat here; but one weighing more is cheaper still": computed(
                "ex15.q7", lambda own: sqrt(own.price * own.within**2 / 1.5**2) - 1
            ),
            "it costs hardly more, since the curve is flat here; but one weighing less is cheaper still": computed(
                "ex15.q7", lambda own: sqrt(own.price * own.within**2 / 1.5**2) + 1
            ),
        },
        absolute=0.4,
        hints=(
            "With a budget of B, n weighings leave money for B / ({{q7.price}} + n) mice.",
            "The squared standard error is 4 / M times (tau² + sigma² / n), with M mice from the first hint.",
            "({{q7.price}} + n) * (1.5**2 + {{q7.within}}**2 / n): for which n is it smallest?",
        ),
        praise="The root of (price ratio times variance ratio). Near it the curve is flat, so take what is handy.",
    ),
}
