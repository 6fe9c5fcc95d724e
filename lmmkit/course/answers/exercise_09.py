"""Questions of exercise 09, repeated measures."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from scipy.stats import norm, t

from lmmkit import anova, lm, lmer, load_data
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Numbers, Question

_SLOPES, _INTERCEPTS = "(lost | Subject)", "(1 | Subject)"
_NIGHTS = "ar1(0 + night | Subject)"


def _sleep() -> pd.DataFrame:
    """The rows from the baseline test on, with the number of short nights before each."""
    rows = own_data("sleepstudy")
    return rows[rows["Days"] >= 2].assign(lost=lambda kept: kept["Days"] - 2).reset_index(drop=True)


def _fit(random: str = _SLOPES, fixed: str = "lost", **options: Any) -> Any:
    formula = f"Reaction ~ {fixed}"
    return lmer(f"{formula} + {random}", _sleep(), **options) if random else lm(formula, _sleep())


def _interval(fit: Any, term: str = "lost", normal: bool = False) -> list[float]:
    """Estimate plus and minus a quantile of t (or of the normal distribution) times its standard error."""
    row = fit.coef_table().loc[term]
    reach = (norm.ppf(0.975) if normal else t.ppf(0.975, row["df"])) * row["std_error"]
    return [float(row["estimate"] - reach), float(row["estimate"] + reach)]


def _of_drivers() -> list[float]:
    """Where 95% of the drivers' own slopes lie."""
    fit = _fit()
    reach = norm.ppf(0.975) * fit.varcorr.frame["sdcor"].iloc[1]
    return [float(fit.fixef["lost"] - reach), float(fit.fixef["lost"] + reach)]


def _rho(random: str, **options: Any) -> float:
    """The correlation that a structure of the nights is fitted with."""
    rows = _sleep()
    rows["night"] = rows["lost"].astype(str)
    fit = lmer(f"Reaction ~ lost + {random}", rows, **options)
    return float(fit.varcorr.components[-1].rho)


def _p_of_breeds(simpler: str = "time + breed", fit: Callable[..., Any] = lmer) -> float:
    """p of the comparison with breeds that lose red cells at rates of their own, of all rows, as the panel."""
    cattle = load_data("ex33")
    random = " + (0 + time | animal_id)" if fit is lmer else ""
    small, large = (fit(f"PCV ~ {fixed}{random}", cattle) for fixed in (simpler, "time * breed"))
    return float(anova(small, large)["p_value"].iloc[1])


def _p_of_f() -> float:
    cattle = load_data("ex33")
    table = lmer("PCV ~ time * breed + (0 + time | animal_id)", cattle).anova()
    return float(table["p_value"].loc["time:breed"])


def _memory(random: str) -> float:
    """Correlation of each residual with the same driver's next one."""
    rows = _sleep().assign(residual=_fit(random).resid())
    return float(rows["residual"].corr(rows.groupby("Subject", observed=True)["residual"].shift(-1)))


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        own={"hens": (6, 4, 5, 7, 8, 9), "eggs": (8, 5, 6)},
        truth=computed("ex09.w1", lambda own: 2 * own.hens - 2),
        mistakes={
            "that counts eggs; the feed was given to hens": computed(
                "ex09.w1", lambda own: 2 * own.hens * own.eggs - 2
            ),
            "that is the number of hens; the means of two groups were estimated from them": computed(
                "ex09.w1", lambda own: 2 * own.hens
            ),
            "that takes off one mean; two groups have two": computed("ex09.w1", lambda own: 2 * own.hens - 1),
            "the hens of one feed, less one mean: that is one group alone": computed(
                "ex09.w1", lambda own: own.hens - 1
            ),
        },
        hints=(
            "What was a feed given to: hens, or eggs?",
            "Degrees of freedom: as many as there are hens, less one for each mean that is estimated.",
            "The hens of both feeds, and two means.",
        ),
        praise="Hens are what is counted, however many eggs each of them lays.",
    ),
    "w2": Number(
        own={"between": (6, 4, 5, 8), "within": (10, 7, 12)},
        truth=computed("ex09.w2", lambda own: own.between / (own.between + own.within)),
        mistakes={
            "that is the share within hens; the correlation is the share between them": computed(
                "ex09.w2", lambda own: own.within / (own.between + own.within)
            ),
            "that is the ratio of the variances; divide by their sum": computed(
                "ex09.w2", lambda own: own.between / own.within
            ),
            "that divides standard deviations; shares are taken of variances": computed(
                "ex09.w2", lambda own: own.between**0.5 / (own.between**0.5 + own.within**0.5)
            ),
        },
        hints=(
            "It is the intraclass correlation (ICC) of lesson 4.",
            "The variance between hens, divided by the whole variance.",
            "The whole variance of an egg is {{w2.between}} + {{w2.within}}.",
        ),
        praise="What two eggs share is their hen.",
    ),
    "q1": Choice(
        options=("(1 | week)", "(1 | vole)", "(week | vole)", "(vole | week)", "(0 + week | vole)"),
        digest="0d6569b6d0d3f5bc",
        because={
            "(1 | week)": "that lets weeks differ; it is voles that are measured again and again",
            "(1 | vole)": "that lets them start from different weights, but grow at one rate",
            "(vole | week)": "the group stands on the right of the bar: what repeats, the vole",
            "(0 + week | vole)": "that lets them grow at different rates, but start from one weight",
        },
        hints=(
            "Right of the bar: whose measurements belong together?",
            "Left of it: what differs between those?",
        ),
        praise="Start and pace differ between voles, and may go together.",
    ),
    "q2": Model(
        truth=_fit,
        mistakes={
            "this lets drivers differ in level only; let the slowing differ, too": lambda: _fit(_INTERCEPTS),
            "the two days of training are in this fit; use sleep, not drivers": lambda: lmer(
                "Reaction ~ Days + (Days | Subject)", own_data("sleepstudy")
            ),
            "this is the ML fit; REML was asked for, which is the default": lambda: _fit(reml=False),
            "with 0 + all drivers would be equally fast at the baseline": lambda: _fit(
                "(0 + lost | Subject)"
            ),
            "the double bar sets the correlation to zero; it may be there": lambda: _fit("(lost || Subject)"),
        },
        hints=(
            "It is the random part of task 1, with other names.",
            "Left of the bar stands what differs between groups, right of it the group.",
            "Put Subject for the vole and lost for the week.",
        ),
        praise="Eighteen lines, and the population they come from.",
    ),
    "q3": Numbers(
        truth=lambda: _interval(_fit()),
        mistakes={
            "that takes a quantile of the normal distribution; so few drivers deserve one of t": lambda: (
                _interval(_fit(), normal=True)
            ),
            "that is where 95% of single drivers lie: it takes the SD of slopes for the standard error": _of_drivers,
            "that believes in one slope for all drivers; use the model of task 2": lambda: _interval(
                _fit(_INTERCEPTS)
            ),
            "that is the interval of the intercept": lambda: _interval(_fit(), "(Intercept)"),
        },
        hints=(
            "Look at the row of model.coef_table() that is called lost.",
            "Estimate minus, and estimate plus, a quantile of t times the standard error.",
            "The quantile is stats.t.ppf(0.975, df), with df from the same row.",
        ),
        praise="About as many degrees of freedom as drivers, less one: drivers are what is counted.",
    ),
    "q4": Number(
        truth=_p_of_breeds,
        mistakes={
            "that compares with a model without breeds, and so asks two questions at once": lambda: (
                _p_of_breeds("time")
            ),
            "that is an F test; the builder compares likelihoods": _p_of_f,
            "that is without random effects, which takes rows for animals": lambda: _p_of_breeds(fit=lm),
        },
        absolute=0.006,
        hints=(
            "Set the fixed part to time + breed, then to time * breed, and nothing else between.",
            "The end of the sentence under the picture has χ² and p.",
        ),
        praise="Twelve animals of three breeds do not show that the rates differ; that is not to say they are equal.",
    ),
    "q5": Number(
        truth=lambda: _memory(_INTERCEPTS),
        mistakes={
            "that is the model with random slopes; leave them out": lambda: _memory(_SLOPES),
            "that is a regression without drivers, whose residuals carry the drivers' levels as well": lambda: (
                _memory("")
            ),
            "with slopes but a common start it is another model; intercepts only": lambda: _memory(
                "(0 + lost | Subject)"
            ),
        },
        absolute=0.004,
        hints=(
            "Another model of the same rows: which random part lets drivers differ in their intercepts only?",
            "With (1 | Subject) all lines are parallel. Give that fit to memory.",
            "lk.lmer('Reaction ~ lost + (1 | Subject)', sleep), then memory of it.",
        ),
        praise="A driver whose line is too flat lies above it for nights on end, so that a slope left out looks like "
        "memory. Whether that is all of it, the simulated studies tell.",
    ),
    "q6": Number(
        truth=lambda: _rho(_NIGHTS) ** 3,
        mistakes={
            "that is the correlation of neighbouring nights; it fades with every step": lambda: _rho(_NIGHTS),
            "no correlation is larger than 1: with every step it is multiplied by itself": lambda: (
                3 * _rho(_NIGHTS)
            ),
            "a correlation is multiplied, not divided, by each step": lambda: _rho(_NIGHTS) / 3,
            "that is for nights two steps apart": lambda: _rho(_NIGHTS) ** 2,
            "that is for nights four steps apart; count the steps, not the nights": lambda: (
                _rho(_NIGHTS) ** 4
            ),
            "the drivers' slopes are in this model still, and take their part; leave them out": lambda: (
                _rho(f"{_SLOPES} + {_NIGHTS}") ** 3
            ),
            "without 0 + the first column is an intercept, and no night": lambda: (
                _rho("ar1(night | Subject)") ** 3
            ),
            "that is compound symmetry, in which all nights are equally alike": lambda: _rho(
                "cs(0 + night | Subject, hom=TRUE)"
            ),
            "this is the ML fit; REML was asked for, which is the default": lambda: (
                _rho(_NIGHTS, reml=False) ** 3
            ),
            "that is rho cut to two digits, whose error grows with each step; nights.varcorr shows three": lambda: (
                round(_rho(_NIGHTS), 2) ** 3
            ),
        },
        absolute=0.004,
        hints=(
            "The lesson's structure that fades with distance, with nights for days.",
            "The random part is ar1(0 + night | Subject), alone; nights.varcorr shows rho.",
            "Three steps: rho * rho * rho.",
        ),
        praise="From step to step it fades, and the nearer rho is to 1, the more slowly.",
    ),
    "q7": Choice(
        options=("a", "b", "c", "d", "e"),
        digest="ff83bd771e4bac65",
        because={
            "a": "a line needs two points and is tested with three; more nights would not bring the drivers back",
            "b": "about the same number of drivers came every night, so weights would change almost nothing",
            "c": "compare the two slopes that are printed",
            "e": "some of what it took away is noise, but most are drivers, who differ for good",
        },
        hints=("Whose reaction times could you tell from the left picture? Compare with the right one.",),
        praise="The slope survives averaging, the variation does not.",
    ),
}
