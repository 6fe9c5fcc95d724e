"""Questions of the capstone on trees and slopes (data set `forest`)."""

from typing import Any

import pandas as pd

from lmmkit import lm, lmer
from lmmkit.course import explorers
from lmmkit.course.own_data import own_data
from lmmkit.course.question import Choice, Model, Number, Question
from lmmkit.course.same_model import printed_numbers

_PLOT = ["transect", "plot"]
_GROUPS = "(1 | transect/plot)"
_PLAIN = f"height ~ slope + section + {_GROUPS}"
_SPLIT = f"height ~ deviation + transect_slope + section + {_GROUPS}"
_FIXED = "height ~ slope + transect + (1 | transect:plot)"
_STEPS = [tenths / 10 for tenths in range(-20, 21)]


def _trees() -> pd.DataFrame:
    """The trees with a height, with the two parts of their slope."""
    trees = own_data("forest").dropna(subset=["height"]).reset_index(drop=True)
    mean = trees.drop_duplicates(_PLOT).groupby("transect", observed=True)["slope"].mean()
    trees["transect_slope"] = trees["transect"].map(mean).astype(float)
    trees["deviation"] = trees["slope"] - trees["transect_slope"]
    return trees


def _fit(formula: str, **options: Any) -> Any:
    return lmer(formula, _trees(), **options)


def _crowding(trees: pd.DataFrame, by: list[str], slope: str = "first") -> float:
    """Correlation of slope and number of trees over groups of rows."""
    groups = trees.groupby(by, observed=True).agg(slope=("slope", slope), count=("slope", "size"))
    return float(groups["slope"].corr(groups["count"]))


def _crowding_by_tree() -> float:
    trees = _trees()
    count = trees.groupby(_PLOT, observed=True)["slope"].transform("size")
    return float(trees["slope"].corr(count))


def _mean_over_trees() -> Any:
    """The split at the mean over trees, in which a crowded plot counts more often."""
    trees = _trees()
    trees["transect_slope"] = trees.groupby("transect", observed=True)["slope"].transform("mean")
    return lmer(_SPLIT, trees.assign(deviation=trees["slope"] - trees["transect_slope"]))


def _mean_over_all_plots() -> Any:
    """The split at the mean over all plots that were marked, also the one without a measured tree."""
    trees = _trees()
    mean = own_data("forest").drop_duplicates(_PLOT).groupby("transect", observed=True)["slope"].mean()
    trees["transect_slope"] = trees["transect"].map(mean).astype(float)
    return lmer(_SPLIT, trees.assign(deviation=trees["slope"] - trees["transect_slope"]))


def _first_rise(groups: int, within: float = -1.0) -> float:
    """The smallest slope between groups at which the pooled line of the explorer rises."""

    def pooled(step: float) -> float:
        state = explorers.simpson.result(within=within, between=step, groups=groups)
        return float(state.pooled[1])

    low, high = 0, len(_STEPS) - 1
    while low < high:  # the pooled slope grows with the slope between groups
        middle = (low + high) // 2
        low, high = (low, middle) if pooled(_STEPS[middle]) > 0 else (middle + 1, high)
    return _STEPS[low]


def _without(transect: Any, read: str = "transect_slope") -> float:
    """A slope of the split model without one transect."""
    trees = _trees()
    return float(lmer(_SPLIT, trees[trees["transect"] != transect]).fixef[read])


def _moved() -> pd.Series:
    """How far leaving out each transect moves the slope between transects, in standard errors."""
    return pd.Series(_fit(_SPLIT).influence("transect")["dfbetas_transect_slope"])


def _taller(fit: Any) -> float:
    return float(fit.fixef["transectT03"] - fit.fixef["transectT11"])


def _taller_on_average() -> float:
    means = _trees().groupby("transect", observed=True)["height"].mean()
    return float(means["T03"] - means["T11"])


def _taller_if_random() -> float:
    """Two transects of one valley by the random model: sections and conditional modes."""
    fit = _fit(_PLAIN)
    modes = fit.ranef()["transect"]["(Intercept)"]
    return float(modes["T03"] - modes["T11"] - fit.fixef["sectionupper"])


QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=lambda: _crowding(_trees(), _PLOT),
        mistakes={
            "that goes over trees, so a crowded plot counts many times; go over plots": _crowding_by_tree,
            "the plots' numbers begin again on every transect: that made six plots of them all": lambda: (
                _crowding(_trees(), ["plot"], "mean")
            ),
            "that goes over transects; there are several plots on each": lambda: _crowding(
                _trees(), ["transect"], "mean"
            ),
            "that is height against slope; the question is about the number of trees": lambda: _trees()[
                "slope"
            ].corr(_trees()["height"]),
        },
        hints=(
            "A plot is a transect *and* a number.",
            "Make a table with a row for each plot: its slope, and how many rows of `trees` it has.",
            "groupby both columns with observed=True, then agg, then .corr()",
        ),
        praise="Flat plots hold most of the trees. A mixed model allows for that; a plain mean does not.",
    ),
    "q2": Choice(
        options=("a", "b", "c", "d"),
        digest="1edf6ca834ae83fc",
        because={
            "a": "a thousand trees would not help either; what is the slope of the second tree of a plot?",
            "b": "on the log scale a constant is a constant, too",
            "c": "the question is about plots in general, and these are a sample of them",
        },
        hints=(
            "Look at the trees of one plot: which columns differ?",
            "How many values of slope are there on one plot?",
            "A line needs two different values of the predictor.",
        ),
        praise="Slope is a property of the plot. Compare plots, and best those of one transect.",
    ),
    "q3": Model(
        truth=lambda: _fit(_PLAIN),
        mistakes={
            "this is the ML fit; REML was asked for, which is the default": lambda: _fit(_PLAIN, reml=False),
            "(1 | plot) makes one plot of all that carry the same number, and knows no transects": lambda: (
                _fit("height ~ slope + section + (1 | plot)")
            ),
            "crossed: this gives the plots numbered 3 of all transects something in common": lambda: _fit(
                "height ~ slope + section + (1 | transect) + (1 | plot)"
            ),
            "without plots: all trees of a transect count as independent, though many share a plot": lambda: (
                _fit("height ~ slope + section + (1 | transect)")
            ),
            "without transects: plots of one transect count as strangers": lambda: _fit(
                "height ~ slope + section + (1 | transect:plot)"
            ),
            "section is missing; it has three levels and belongs to the fixed part": lambda: _fit(
                f"height ~ slope + {_GROUPS}"
            ),
        },
        hints=(
            "Plots are nested in transects; which sign says so?",
            "a/b stands for a, and b within a.",
            "The fixed part is slope + section; the random part has one bar with a slash.",
        ),
        praise="Transects and plots each have their say, and there are as many plots as you counted in task 1.",
    ),
    "q4": Number(
        truth=lambda: _first_rise(groups=2),
        mistakes={
            "that is with the five groups that the panel opens with; set two": lambda: _first_rise(groups=5),
            "it would take that if both slopes weighed the same; drag on, the line turns sooner": lambda: 1.0,
            "there the line still falls, if only just": lambda: _first_rise(groups=2) - 0.1,
        },
        absolute=0.01,
        hints=(
            "Groups: 2. Slope within groups: -1. Then move the other slope up from zero.",
            "Read the sign of the pooled slope from the sentence under the picture.",
            "The answer lies between 0 and 1.",
        ),
        praise="A gentler slope between groups beats a steeper one within: the groups lie further apart "
        "than the points of a group.",
    ),
    "q5": Model(
        truth=lambda: _fit(_SPLIT),
        mistakes={
            "that takes the mean over trees, and crowded plots count often; take each plot once": _mean_over_trees,
            "that takes in the plot without a measured tree: a good reason can be given for it, but all tasks are "
            "about `trees`": _mean_over_all_plots,
            "this is still the model of task 3: a deviation from the mean of *all* plots changes nothing": lambda: (
                _fit(_PLAIN)
            ),
            "the deviation is there, but the transects' mean is missing": lambda: _fit(
                f"height ~ deviation + section + {_GROUPS}"
            ),
            "the mean is there, but the plots' deviation from it is missing": lambda: _fit(
                f"height ~ transect_slope + section + {_GROUPS}"
            ),
            "this is the ML fit; REML was asked for": lambda: _fit(_SPLIT, reml=False),
        },
        hints=(
            "One row for each plot first: drop_duplicates(['transect', 'plot']).",
            "Then the mean slope of each transect, mapped back to the trees.",
            "deviation = slope - mean; both go into the formula, and slope leaves it.",
        ),
        praise="Two comparisons, two coefficients: between plots of one transect, and between transects.",
    ),
    "q6": Number(
        truth=lambda: _fit(_SPLIT).fixef["transect_slope"],
        others=lambda: printed_numbers(_fit(_SPLIT)),
        mistakes={
            "that is her coefficient of the mean: how much the slope between transects *differs* from the one "
            "within": lambda: _fit(_SPLIT).fixef["transect_slope"] - _fit(_SPLIT).fixef["deviation"],
            "that is the slope within transects": lambda: _fit(_SPLIT).fixef["deviation"],
            "the two have to be added, not subtracted": lambda: (
                2 * _fit(_SPLIT).fixef["deviation"] - _fit(_SPLIT).fixef["transect_slope"]
            ),
            "that is the slope of task 3, which mixes the two": lambda: _fit(_PLAIN).fixef["slope"],
        },
        hints=(
            "Go to a transect that is a degree steeper, onto its average plot: which of her predictors change?",
            "Both do, by one degree each.",
            "hers.fixef['slope'] + hers.fixef['transect_slope']",
        ),
        praise="Both predictors change when you change the transect. Hers is useful, too: its t-value tests whether "
        "the two slopes differ.",
    ),
    "q7": Number(
        truth=lambda: _without(_moved().abs().idxmax()),
        mistakes={
            "that is the estimate with all transects": lambda: _fit(_SPLIT).fixef["transect_slope"],
            "that is without the transect that moves it most the other way; take the size, whatever the sign": lambda: (
                _without(_moved().idxmin())
            ),
            "that is without the transect of the largest random effect; odd is not yet influential": lambda: (
                _without(_fit(_SPLIT).ranef()["transect"]["(Intercept)"].abs().idxmax())
            ),
            "the right transect is out, but that is the slope within transects": lambda: _without(
                _moved().abs().idxmax(), read="deviation"
            ),
            "that is the coefficient beside `slope` itself, as in task 6; add the two": lambda: (
                _without(_moved().abs().idxmax()) - _without(_moved().abs().idxmax(), read="deviation")
            ),
        },
        hints=(
            "influence('transect') has a column dfbetas_… for each coefficient.",
            "Take its size, .abs(), and the transect with the largest, .idxmax().",
            "Then fit again with the rows of the other transects.",
        ),
        praise="One transect of twelve moves the slope between transects by about a standard error. Say so in the "
        "paper.",
    ),
    "q8": Choice(
        options=("a", "b", "c", "d"),
        digest="29d4881bf83b10a7",
        because={
            "a": "that asks for a variance, which is what random effects are for",
            "c": "transects are only what the plots lie on; any other transects would do",
            "d": "a transect not yet walked has no coefficient; it needs the population of transects",
        },
        hints=(
            "Fixed are the levels that a question names.",
            "In which question would other transects not do?",
            "Look for T03.",
        ),
        praise="The question is about these two, by name.",
    ),
    "q9": Number(
        truth=lambda: _taller(_fit(_FIXED)),
        mistakes={
            "that is the difference of the raw means; the two transects are not equally steep": _taller_on_average,
            "these are shrunken transects; as fixed effects they are not pulled to the middle": _taller_if_random,
            "slope is missing: at the same slope, the question says": lambda: _taller(
                _fit("height ~ transect + (1 | transect:plot)")
            ),
            "plots are missing: trees of one plot count as independent": lambda: _taller(
                lm("height ~ slope + transect", _trees())
            ),
        },
        tolerance=1e-3,
        hints=(
            "The fixed part is slope + transect; the plots are (1 | transect:plot).",
            "Both coefficients are differences from T01.",
            "Subtract that of T11 from that of T03.",
        ),
        praise="And it belongs to these two transects: no population, no shrinkage.",
    ),
}
