"""Questions of exercise 05, random slopes."""

from typing import Any

import pandas as pd
from scipy.stats import norm

from lmmkit import lmer
from lmmkit.course.own_data import own_data
from lmmkit.course.question import Choice, Model, Number, Question
from lmmkit.course.same_model import printed_numbers

_STUDIES = ("candles", "scales", "owls", "fields")


def _happy() -> pd.DataFrame:
    return own_data("happiness")


def _fit(random: str = "(zoom_hours | department)", **options: Any) -> Any:
    return lmer(f"happiness ~ zoom_hours + {random}", _happy(), **options)


def _share(spread: float, fit: Any, sign: int = 1) -> float:
    """Share of a normal population of slopes above zero, if its SD were `spread`."""
    return float(norm.cdf(sign * fit.fixef["zoom_hours"] / spread))


def _happier() -> float:
    fit = _fit()
    return _share(fit.varcorr.frame["sdcor"].iloc[1], fit)


def _levels() -> Any:
    return _fit("(1 | department)")


def _between(column: str = "vcov") -> float:
    """The departments' part of the sum of variances, or of standard deviations."""
    between, within = _levels().varcorr.frame[column]
    return float(between / (between + within))


def _drivers(random: str = "(Days | Subject)", **options: Any) -> Any:
    return lmer(f"Reaction ~ Days + {random}", own_data("sleepstudy"), **options)


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        truth=_between,
        others=lambda: printed_numbers(_levels()),
        mistakes={
            "those are standard deviations; shares are of variances": lambda: _between("sdcor"),
            "that is the share of the people; the departments have the rest": lambda: 1 - _between(),
            "that is departments over people; the share is of their sum": lambda: (
                _between() / (1 - _between())
            ),
        },
        hints=(
            "varcorr.frame has both variances, in the column vcov.",
            "The share of the first is the ICC of lesson 4.",
            "between / (between + within)",
        ),
        praise="The ICC once more: how alike two people of one department are.",
    ),
    "w2": Choice(
        options=("within", "between", "all points together", "none"),
        digest="283aaae40ec645c3",
        because={
            "between": "that compares departments; one person does not change department by an hour more",
            "all points together": "that is a mixture of both slopes, and weighs them as the data happen to lie",
            "none": "one of them compares people who have their department in common",
        },
        hints=(
            "With whom do you want to compare the person?",
            "With people of the same department, who meet for an hour more or less.",
            "So the department must stay the same.",
        ),
        praise="The slope inside a department; the one between departments is about departments.",
    ),
    "q1": Choice(
        options=_STUDIES,
        digest="926bb6a9a8d90c30",
        because={
            "candles": "at minute zero all candles are equally long, and they burn at different rates",
            "owls": "broods start from different weights, but they also grow at different paces",
            "fields": "one plot a field: no field shows a line of its own, and its effect is the residual",
        },
        hints=(
            "Ask of each study: what is the response where the predictor is zero, and who can differ there?",
            "Then: what would make a unit of the predictor worth the same in every group?",
            "Who may be off by an amount, the same at every weight?",
        ),
        praise="Each scale is off by its own amount, but a kilogram more is a kilogram more on all of them.",
    ),
    "q2": Choice(
        options=_STUDIES,
        digest="ccb169ba89fa1e4c",
        because={
            "scales": "their lines are parallel: each scale is off by the same amount for every stone",
            "owls": "chicks are weighed from two weeks on, and broods differ by then; there is no common start",
            "fields": "a slope needs several amounts within a field, and each field has one",
        },
        hints=(
            "Look for the study in which all groups agree when the predictor is zero.",
            "Then the intercept is one number, as with the cattle of lesson 5.",
            "Who is made the same, and then changes at a pace of its own?",
        ),
        praise="All begin at one length, by the way they are made, and burn down at rates of their own.",
    ),
    "q3": Model(
        truth=_fit,
        mistakes={
            "in this model an hour does the same to every department; let the slope vary": lambda: _fit(
                "(1 | department)"
            ),
            "the double bar sets the correlation to zero; it may be there": lambda: _fit(
                "(zoom_hours || department)"
            ),
            "with 0 + all departments start from one point; let the intercept vary, too": lambda: _fit(
                "(0 + zoom_hours | department)"
            ),
            "this is the ML fit; REML was asked for, which is the default": lambda: _fit(reml=False),
        },
        hints=(
            "What differs between departments stands left of the bar, department right of it.",
            "An intercept is there without being written.",
            "(zoom_hours | department)",
        ),
        praise="Two SDs and a correlation: a whole population of lines.",
    ),
    "q4": Number(
        truth=_happier,
        mistakes={
            "that uses the standard error: how well the mean slope is known, not how much slopes differ": lambda: (
                _share(_fit().se["zoom_hours"], _fit())
            ),
            "you divided by the variance; a normal distribution is scaled by its SD": lambda: _share(
                _fit().varcorr.frame["vcov"].iloc[1], _fit()
            ),
            "that SD is the one of the intercepts; what is wanted is about slopes": lambda: _share(
                _fit().varcorr.frame["sdcor"].iloc[0], _fit()
            ),
            "that is the share in which people become unhappier": lambda: 1 - _happier(),
        },
        tolerance=0.02,
        hints=(
            "The slopes of all departments are normal, with a mean and an SD that the model has estimated.",
            "The mean is the fixed effect; the SD stands in varcorr. How much of that distribution is above zero?",
            "stats.norm.cdf(mean / SD) is the part above zero.",
        ),
        praise="A clear mean effect, and still some departments may enjoy their meetings: the SE shrinks with "
        "more data, the SD does not.",
    ),
    "q5": Model(
        truth=_drivers,
        mistakes={
            "in this model a day does the same to every driver; let the slope vary": lambda: _drivers(
                "(1 | Subject)"
            ),
            "the double bar sets the correlation to zero; it may be there": lambda: _drivers(
                "(Days || Subject)"
            ),
            "with 0 + all drivers start from one point; let the intercept vary, too": lambda: _drivers(
                "(0 + Days | Subject)"
            ),
            "this is the ML fit; REML was asked for, which is the default": lambda: _drivers(reml=False),
        },
        hints=(
            "Which columns are response, predictor and group? drivers.head() shows them.",
            "The formula has the form of task 3.",
            "Reaction ~ Days + (... | Subject)",
        ),
        praise="The same form as with the departments: a population of lines.",
    ),
    "q6": Number(
        truth=lambda: 3 / 0.8,
        mistakes={
            "they would meet at zero if all had one intercept; here the intercepts' SD is 3": lambda: 0.0,
            "the ratio is upside down": lambda: 0.8 / 3,
            "on the other side: with a correlation of plus one they would meet there": lambda: -3 / 0.8,
        },
        absolute=0.15,
        hints=(
            "With a correlation of minus one each line is (10 + 3z) + (1 - 0.8z) x, with its own z.",
            "At which x does z drop out?",
            "3z and 0.8z x must be equal.",
        ),
        praise="A correlation of plus or minus one says that there is one point where all groups agree.",
    ),
    "q7": Choice(
        options=("a", "b", "c", "d", "e"),
        digest="43252cd54d5f3470",
        because={
            "a": "ML makes standard errors smaller, if anything",
            "b": "departments of their own level, fixed or random, still have one common slope in that formula",
            "d": "compare the estimates of the two models: they are the same, or nearly; the standard errors are not",
            "e": "it took care of the levels; what of the slopes?",
        },
        hints=(
            "Print model.coef_table() and compare it with the colleague's, column by column.",
            "The estimate is (nearly) the same, the standard error is not. Why do six slopes know less than 66 people?",
            "What does the colleague's model believe of the slopes?",
        ),
        praise="Six slopes, six pieces of evidence: with them the standard error is about three times as large.",
    ),
}
