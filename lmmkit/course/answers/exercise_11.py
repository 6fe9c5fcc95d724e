"""Questions of exercise 11, testing and intervals."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy import stats

from lmmkit import lmer
from lmmkit.course import explorers
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Numbers, Question

_FORMULA = "activity ~ time + temperature + (1 | animal) + (1 | day)"
_WITHOUT_DAY = "activity ~ time + temperature + (1 | animal)"


def _fit(formula: str = _FORMULA, **options: Any) -> Any:
    return lmer(formula, own_data("behaviour"), **options)


def _interval(quantile: Callable[[float], float], formula: str = _FORMULA) -> np.ndarray:
    """Estimate of temperature plus and minus so many standard errors, given the degrees of freedom."""
    row = _fit(formula).coef_table().loc["temperature"]
    return np.array(row["estimate"] + np.array([-1, 1]) * quantile(row["df"]) * row["std_error"])


@cache
def _groups_needed(method: str, limit: float = 0.09) -> int:
    """The fewest groups an arm with which a method of the explorer errs in less than this share."""
    return next(n for n in range(2, 16) if explorers.tests.result(groups=n).rate(method) < limit)


def _chi(own: Any) -> float:
    """Twice the difference of the two log likelihoods of question 1."""
    return float(2 * (own.larger + 412.6))


QUESTIONS: dict[str, Question] = {
    "w1": Choice(
        options=("nested", "crossed", "the same", "split plot"),
        digest="969425f75b6cdac6",
        because={
            "nested": "nested would be: each marmot is seen on days of its own",
            "the same": "then each day would belong to one marmot, and each marmot to one day",
            "split plot": "that is a design of treatments; here nobody was treated",
        },
        hints=(
            "Does one marmot meet several days? Does one day meet several marmots?",
            "Lesson 7 has a name for two groupings that meet in all combinations.",
            "Each of ten marmots meets each of twenty days.",
        ),
        praise="Every marmot meets every day, so marmots and days cross.",
    ),
    "w2": Choice(
        options=("ML", "REML", "either", "the larger by REML, the smaller by ML"),
        digest="7ee61d8b9babb412",
        because={
            "REML": "REML likelihoods of models with different fixed effects are about different data",
            "either": "one of the two changes with the unit of temperature, so it is no matter of taste",
            "the larger by REML, the smaller by ML": "then two different quantities would be compared",
        },
        hints=(
            "The two models differ in their fixed effects.",
            "Which of the two likelihoods pays for the size of X'X?",
            "A fair test gives the same answer for degrees Celsius and for degrees Fahrenheit.",
        ),
        praise="The fixed parts differ, so both are fitted by ML, as lk.anova does.",
    ),
    "q1": Number(
        own={"parameters": (7, 8, 9), "larger": (-409.1, -407.9, -408.5, -409.8)},
        truth=computed("ex11.q1", lambda own: stats.chi2.sf(_chi(own), own.parameters - 5)),
        mistakes={
            "the test takes twice the difference of the log likelihoods": computed(
                "ex11.q1", lambda own: stats.chi2.sf(_chi(own) / 2, own.parameters - 5)
            ),
            "that has one degree of freedom; the models differ by more parameters than one": computed(
                "ex11.q1", lambda own: stats.chi2.sf(_chi(own), 1)
            ),
            "degrees of freedom: the parameters that were added, not all of the larger model": computed(
                "ex11.q1", lambda own: stats.chi2.sf(_chi(own), own.parameters)
            ),
            "that is the probability of less than what was seen": computed(
                "ex11.q1", lambda own: stats.chi2.cdf(_chi(own), own.parameters - 5)
            ),
            "halving is for a single variance at its edge, and nothing is at an edge here": computed(
                "ex11.q1", lambda own: stats.chi2.sf(_chi(own), own.parameters - 5) / 2
            ),
        },
        tolerance=0.02,
        hints=(
            "Chi-square is twice the difference of the log likelihoods.",
            "Its degrees of freedom are the number of parameters that were added.",
            "stats.chi2.sf(chi_square, df)",
        ),
        praise="Twice the difference, on as many degrees of freedom as parameters were added.",
    ),
    "q2": Number(
        truth=lambda: own_data("behaviour")["day"].nunique() - 2,
        mistakes={
            "that counts rows; but all rows of a day share one temperature": lambda: (
                len(own_data("behaviour")) - 2
            ),
            "marmots do not differ in temperature, days do": lambda: 10 - 1,
            "marmots do not differ in temperature; count what does, and what a line uses up": lambda: 10 - 2,
            "a mean uses up one day; a line more": lambda: own_data("behaviour")["day"].nunique() - 1,
            "so many days there are, yes; but the line has used some of them up": lambda: own_data(
                "behaviour"
            )["day"].nunique(),
            "an animal's day has no temperature of its own": lambda: 200 - 2,
        },
        hints=(
            "How many different temperatures can there be?",
            "A line through so many points uses up an intercept and a slope.",
            "There are twenty days, each with one temperature.",
        ),
        praise="A line through twenty days: two of them are spent on it.",
    ),
    "q3": Model(
        truth=_fit,
        mistakes={
            "days have no level of their own in this model": lambda: _fit(_WITHOUT_DAY),
            "animals have no level of their own in this model": lambda: _fit(
                "activity ~ time + temperature + (1 | day)"
            ),
            "animals within days: that makes a new animal of every marmot on every day": lambda: _fit(
                "activity ~ time + temperature + (1 | day/animal)"
            ),
            "days within animals: but all marmots lived through the same days": lambda: _fit(
                "activity ~ time + temperature + (1 | animal/day)"
            ),
            "this is the ML fit; REML was asked for": lambda: _fit(reml=False),
            "this has an interaction of time and temperature": lambda: _fit(
                "activity ~ time * temperature + (1 | animal) + (1 | day)"
            ),
        },
        hints=(
            "All marmots were watched on all days: the two groupings cross.",
            "Two crossed groupings are two brackets, with a plus between them.",
            "(1 | animal) + (1 | day), and temperature beside time",
        ),
        praise="Crossed: every marmot meets every day.",
    ),
    "q4": Numbers(
        truth=lambda: _interval(lambda df: float(stats.t.ppf(0.975, df))),
        mistakes={
            "that is the normal's 1.96: with so few degrees of freedom t is wider": lambda: _interval(
                lambda df: float(stats.norm.ppf(0.975))
            ),
            "that is an interval of 90%: leave 2.5% on each side": lambda: _interval(
                lambda df: float(stats.t.ppf(0.95, df))
            ),
            "that is one standard error on each side": lambda: _interval(lambda df: 1.0),
            "that is from a model without days": lambda: _interval(
                lambda df: float(stats.t.ppf(0.975, df)), _WITHOUT_DAY
            ),
            "the ends are in the wrong order": lambda: _interval(lambda df: -float(stats.t.ppf(0.975, df))),
        },
        hints=(
            "model.coef_table().loc['temperature'] has estimate, std_error and df.",
            "stats.t.ppf(0.975, df) says how many standard errors to go.",
            "estimate - t * std_error and estimate + t * std_error, with t near 2.1",
        ),
        praise="Wider than plus and minus two standard errors, because twenty days are not many.",
    ),
    "q5": Choice(
        options=("A", "B", "C", "D"),
        digest="4f188c3130cdda75",
        because={
            "A": "it is the other way round: t-tests take the REML fit, whose standard errors are the better ones",
            "C": "ten are enough for a random effect, and fixed animals would give the same certainty",
            "D": "it can: his t says so; it is the t that is wrong",
        },
        hints=(
            "How do his degrees of freedom compare with your answer to task 2?",
            "Which grouping is in your model and not in his?",
            "His model has (1 | animal) only.",
        ),
        praise="Without days in the model each row counts as a new day, and what a day's marmots share as evidence.",
    ),
    "q6": Number(
        own={"large": (3, 2, 4, 5, 6), "sets": (199, 499, 999)},
        truth=computed("ex11.q6", lambda own: (own.large + 1) / (own.sets + 1)),
        mistakes={
            "the observed data belong to those that the null model could have made: count them, too": computed(
                "ex11.q6", lambda own: own.large / own.sets
            ),
            "nearly: the observed data were added below, but not above": computed(
                "ex11.q6", lambda own: own.large / (own.sets + 1)
            ),
            "that is the smallest p-value possible, with none as large": computed(
                "ex11.q6", lambda own: 1 / (own.sets + 1)
            ),
            "that is the share that is smaller": computed("ex11.q6", lambda own: 1 - own.large / own.sets),
        },
        tolerance=1e-3,
        hints=(
            "Under the null hypothesis the observed data set is one more draw from the same model.",
            "Add one above and one below.",
            "{{q6.large}} + 1 of {{q6.sets}} + 1",
        ),
        praise="The data you have count as one more draw, so no simulated p-value is ever zero.",
    ),
    "q7": Number(
        truth=lambda: _groups_needed("likelihood ratio"),
        mistakes={
            "there it is still above 9%": lambda: _groups_needed("likelihood ratio") - 1,
            "that counts both arms; the slider counts the groups of one": lambda: (
                2 * _groups_needed("likelihood ratio")
            ),
            "that is where Satterthwaite's test gets there; look at the first of the four rates": lambda: (
                _groups_needed("Satterthwaite")
            ),
        },
        tolerance=1e-9,
        hints=(
            "The first of the four rates is that of the likelihood ratio.",
            "Move the groups up from two, one by one.",
            "Below 9% means 8.9% or less; it happens between five and ten groups.",
        ),
        praise="A dozen groups in all, and its promise of 5% is still not kept.",
    ),
}
