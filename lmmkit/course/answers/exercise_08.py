"""Questions of exercise 08, replicates."""

from typing import Any

import numpy as np
import pandas as pd

from lmmkit import lm, lmer
from lmmkit.course.explorers import pseudoreplication
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Question

_FORMULA = "nitrogen ~ treatment"
_BETWEEN, _WITHIN = 0.12, 0.07


def _soil() -> pd.DataFrame:
    return own_data("herbivory")


def _of_means(formula: str = _FORMULA) -> Any:
    keys = ["treatment", "plot"]
    return lm(formula, _soil().groupby(keys, observed=True)["nitrogen"].mean().reset_index())


def _mixed() -> Any:
    return lmer(f"{_FORMULA} + (1 | plot)", _soil())


def _share(column: str = "vcov") -> float:
    """Intraclass correlation, or what comes of it with another column."""
    between, within = _mixed().varcorr.frame[column]
    return float(between / (between + within))


def _worth(rho: float, less: float = 1) -> float:
    """How many independent cores those at hand are worth."""
    soil = _soil()
    m = len(soil) / soil["plot"].nunique()
    return len(soil) / (1 + (m - less) * rho)


def _false(tech: int, analysis: int) -> float:
    """Per cent of studies of nothing in which this analysis finds something."""
    found = pseudoreplication.result(bio=4, tech=tech, sd_bio=1.0, sd_tech=0.6, effect=0.0)
    return 100 * float(found.analyses[analysis].false_positives)


def _best() -> int:
    """Cores a plot for which variance times cost is smallest."""
    cores = np.arange(1, 101)
    return int(cores[((_BETWEEN + _WITHIN / cores) * (30 + cores)).argmin()])


def _of_mean(own: Any) -> float:
    """Variance of the mean of one treatment, from the numbers of question 2."""
    return float(_BETWEEN / own.plots + _WITHIN / (own.plots * own.cores))


QUESTIONS: dict[str, Question] = {
    "w1": Choice(
        options=("(1 | fox)", "(1 | fox/winter)", "(1 | winter/fox)", "(1 | fox) + (1 | winter)"),
        digest="67965df7fbd78b3b",
        because={
            "(1 | fox)": "foxes are in it, but winters can be fat or lean for all foxes; they are groups, too",
            "(1 | fox/winter)": "that says that each fox has winters of its own; but all foxes shared the same six",
            "(1 | winter/fox)": "that makes another fox of the same fox in every winter",
        },
        hints=(
            "Which columns group the rows?",
            "Does each fox belong to one winter only? Does each winter belong to one fox only?",
            "Groups that cross have a term each, joined by a plus.",
        ),
        praise="Foxes and winters cross, so each has a random intercept of its own.",
    ),
    "w2": Number(
        own={"fish": (6, 8, 9), "between": (3, 4, 5), "within": (12, 10, 15)},
        truth=computed("ex08.w2", lambda own: own.fish / (own.fish + own.within / own.between)),
        mistakes={
            "that is the weight of the mean of all lakes; the two weights add up to one": computed(
                "ex08.w2", lambda own: 1 - own.fish / (own.fish + own.within / own.between)
            ),
            "that is the weight with a single perch; {{w2.fish:word}} were caught": computed(
                "ex08.w2", lambda own: own.between / (own.between + own.within)
            ),
            "that is made of standard deviations; variances are wanted": computed(
                "ex08.w2", lambda own: own.fish / (own.fish + (own.within / own.between) ** 0.5)
            ),
            "the variances have changed places": computed(
                "ex08.w2", lambda own: own.fish / (own.fish + own.between / own.within)
            ),
        },
        hints=(
            "Two things decide: how many perch there are, and how the two variances compare.",
            "n / (n + variance within / variance between)",
            "n is {{w2.fish}}, and the ratio of the variances is {{w2.within}} / {{w2.between}}.",
        ),
        praise="Its own perch count for more than the mean of all lakes, but not for everything.",
    ),
    "q1": Choice(
        options=("wells", "pots", "litters", "photos"),
        digest="67cf6ee153f7fd24",
        because={
            "wells": "more wells tell more about that blood, not about mice",
            "pots": "warmth was given to greenhouses, and there is one of each; the pots all share it",
            "photos": "more photographs make one owl's wing better known, but males are no more numerous for it",
        },
        hints=(
            "Look at the claim: of what does it speak, of mice, pots, mothers or owls?",
            "To what was the treatment given, or of what is the property? How many of those are there?",
            "In three of the four, more of the same would only measure the same few units better.",
        ),
        praise="The diet is the mother's, and every pup has a mother of its own.",
    ),
    "q2": Number(
        own={"plots": (4, 5, 6), "cores": (10, 4, 20)},
        truth=computed("ex08.q2", lambda own: (2 * _of_mean(own)) ** 0.5),
        mistakes={
            "that is for the mean of one treatment; a difference carries the errors of both": computed(
                "ex08.q2", lambda own: _of_mean(own) ** 0.5
            ),
            "that counts all cores as plots; divide the variance between plots by the plots alone": computed(
                "ex08.q2", lambda own: (2 * (_BETWEEN + _WITHIN) / (own.plots * own.cores)) ** 0.5
            ),
            "that is as with one core a plot; {{q2.cores:word}} of them average the cores' variance further": computed(
                "ex08.q2", lambda own: (2 * (_BETWEEN + _WITHIN) / own.plots) ** 0.5
            ),
            "that is the variance; take its root": computed("ex08.q2", lambda own: 2 * _of_mean(own)),
        },
        hints=(
            "The variance of one treatment's mean has two parts; each is divided by how many there are of it.",
            "Plots: {{q2.plots:word}} a treatment. Cores: {{q2.cores:word}} in each of these.",
            "Variances of independent means add up, also in a difference.",
        ),
        praise="Nearly all of it comes from the plots; many more cores would hardly help.",
    ),
    "q3": Model(
        truth=_of_means,
        mistakes={
            "this one has a row for each core; average the cores of a plot first": lambda: lm(
                _FORMULA, _soil()
            ),
            "a good model, but of all cores; here the means come first, then lk.lm": _mixed,
            "the means are right, but the treatment is not in the formula": lambda: _of_means("nitrogen ~ 1"),
        },
        hints=(
            "In the half-written line, the two dots are the columns that say which cores belong together.",
            "Group by treatment and plot: then a row for each plot is left, and it keeps its treatment.",
            "Then lk.lm with the formula nitrogen ~ treatment.",
        ),
        praise="As many rows as plots: the degrees of freedom are honest.",
    ),
    "q4": Number(
        truth=lambda: _worth(_share()),
        mistakes={
            "ρ is made of variances, not of standard deviations": lambda: _worth(_share("sdcor")),
            "that is the cores' own share; ρ is the plots' share of the variance": lambda: _worth(
                1 - _share()
            ),
            "in the brackets stands m - 1: a core is no neighbour of itself": lambda: _worth(_share(), 0),
            "that would be so if all cores of a plot were equal": lambda: float(_soil()["plot"].nunique()),
            "that is the count of cores; they are worth less, because neighbours are alike": lambda: float(
                len(_soil())
            ),
        },
        tolerance=0.01,
        hints=(
            "The two variances stand in the varcorr.frame of the mixed model, column vcov.",
            "ρ = variance between plots / (variance between plots + residual variance)",
            "There are 80 cores, and m is 80 / 8.",
        ),
        praise="A handful more than there are plots: that is how alike cores of one plot are.",
    ),
    "q5": Number(
        truth=lambda: _false(20, 0),
        mistakes={
            "that is the mixed model's, which keeps its promise; lm is asked for": lambda: _false(20, 2),
            "that is with six technical replicates; push them to twenty": lambda: _false(6, 0),
            "as a share; it is asked for in per cent": lambda: _false(20, 0) / 100,
            "those are the studies in which it is rightly silent": lambda: 100 - _false(20, 0),
        },
        tolerance=0.02,
        hints=(
            "The right part of the picture shows the false positives of each analysis.",
            "Check each slider: true difference 0, four samples, SDs 1 and 0.6, twenty technical replicates.",
        ),
        praise="The more often it pipettes the same samples, the surer it is of nothing.",
    ),
    "q6": Choice(
        options=("a", "b", "c", "d", "e"),
        digest="3872bb662a8bef33",
        because={
            "a": "more cores would give that term more levels, but still levels that join strangers",
            "c": "with one row for each core of a plot, that core's effect is the residual: try it",
            "d": "a grouping factor may have numbers for labels; as a fixed effect it would mean no more",
            "e": "it shows that equal numbers do not make cores alike; what of cores of one plot?",
        },
        hints=(
            "How many cores are there, and how many groups has (1 | core)?",
            "What have core 1 of one plot and core 1 of another plot in common?",
            "Compare the colleague's standard error with those of task 3.",
        ),
        praise="A wrong grouping factor with a variance near zero is no licence to count rows.",
    ),
    "q7": Number(
        truth=_best,
        mistakes={
            "plots are what counts, but once you are there another core is cheap": lambda: 1,
            "as in this study; but then you pay for many cores that say nothing new about plots": lambda: 10,
            "the ratio of the variances is upside down": lambda: round((30 * _BETWEEN / _WITHIN) ** 0.5),
            "take the root of that": lambda: round(30 * _WITHIN / _BETWEEN),
        },
        tolerance=1e-9,
        hints=(
            "With k cores a plot costs 30 + k, and its mean has the variance 0.12 + 0.07 / k.",
            "For a given sum of money the variance is proportional to the product of the two. Try k = 1, 2, 3, ...",
            "Or find the minimum: k² = 30 * 0.07 / 0.12",
        ),
        praise="A few cores a plot, and the rest of the money into plots.",
    ),
}
