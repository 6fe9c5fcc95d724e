"""Questions of exercise 04, random intercepts."""

from math import exp
from typing import Any

import pandas as pd

from lmmkit import lm, lmer
from lmmkit.course.own_data import own_data
from lmmkit.course.question import Choice, Model, Number, Numbers, Question
from lmmkit.course.same_model import printed_numbers


def _pupils() -> pd.DataFrame:
    return own_data("schools")


def _fit(formula: str = "score ~ hours + (1 | school)", **options: Any) -> Any:
    """A mixed model of the first class of each school."""
    pupils = _pupils()
    return lmer(formula, pupils[pupils["class"] == "c1"].reset_index(drop=True), **options)


def _plain(formula: str) -> Any:
    pupils = _pupils()
    return lm(formula, pupils[pupils["class"] == "c1"].reset_index(drop=True))


def _share(column: str = "vcov", formula: str = "score ~ hours + (1 | school)") -> float:
    """The schools' part of the sum of variances, or of standard deviations."""
    between, within = _fit(formula).varcorr.frame[column]
    return float(between / (between + within))


def _expected(*schools: str, hours: float = 5) -> list[float]:
    """Scores for these hours; a school without a name is a new one."""
    fit = _fit()
    deviation = fit.ranef()["school"]["(Intercept)"]
    middle = float(fit.fixef["(Intercept)"] + hours * fit.fixef["hours"])
    return [middle + float(deviation.get(school, 0.0)) for school in schools]


def _extremes(part: str = "SD of intercepts", groups: int = 3, power: float = 1) -> list[float]:
    """The smallest and largest SD that six draws of groups give."""
    from lmmkit.course import explorers

    state = {"sd_intercept": 3.0, "sd_slope": 0.0, "sigma": 1.0, "groups": groups}
    found = [explorers.random_effects.result(**state, seed=seed).found[part] for seed in range(1, 7)]
    return [min(found) ** power, max(found) ** power]


def _owls(*terms: str) -> float:
    """The sum of some fixed effects on the log of the hormone."""
    fit = lmer("log(totCort) ~ Implant * days + (1 | Ring)", own_data("owl_cort"))
    return float(sum(fit.fixef[term] for term in terms))


def _all(random: str) -> Any:
    """A mixed model of all classes."""
    return lmer(f"score ~ hours + {random}", _pupils())


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        truth=lambda: _plain("score ~ hours").se["hours"],
        others=lambda: printed_numbers(_plain("score ~ hours")),
        mistakes={
            "that is the slope itself; how well it is known stands beside it": lambda: float(
                _plain("score ~ hours").fixef["hours"]
            ),
            "that is the standard error of the intercept; the slope is called hours": lambda: float(
                _plain("score ~ hours").se["(Intercept)"]
            ),
            "that is the residual SD: how much pupils differ, not how well the slope is known": lambda: float(
                _plain("score ~ hours").sigma
            ),
            "that is for all classes; first has one class of each school": lambda: float(
                lm("score ~ hours", _pupils()).se["hours"]
            ),
        },
        hints=(
            "The table of coefficients has two columns that matter; which one says how well a slope is known?",
            "lk.lm(...) has coef_table(), and se.",
            'lk.lm("score ~ hours", first).se["hours"]',
        ),
        praise="The estimate says how much, the standard error how surely. And this line takes all pupils for "
        "independent, which lesson 4 no longer does.",
    ),
    "w2": Choice(
        options=("diet", "nest", "sex", "weight"),
        digest="334fc093b6653993",
        because={
            "diet": "you chose these three diets, and ask what each of them does",
            "weight": "the weight is what you want to explain; it stands left of the ~",
            "sex": "two levels that never change: no sample of sexes",
        },
        hints=(
            "Repeat the study next year: which labels come back, and which are new?",
            "Which column has many levels that stand for many more?",
            "Forty of them, drawn from all there are.",
        ),
        praise="The nests are a sample of nests; chicks of one nest have something in common.",
    ),
    "q1": Choice(
        options=("a", "b", "c", "d"),
        digest="f1446710711a5825",
        because={
            "a": "there a dose may do something else to each strain: slopes vary, too",
            "b": "there the strains start from one weight and differ in what a dose does",
            "d": "there the dose does nothing at all: it is not in the model",
        },
        hints=(
            "What may differ between strains stands left of the bar.",
            "An intercept is written 1.",
            "Only the start differs; the dose is in the fixed part.",
        ),
        praise="A level for each strain, and one slope for all.",
    ),
    "q2": Model(
        truth=_fit,
        mistakes={
            "this is the ML fit; REML was expected, which is the default": lambda: _fit(reml=False),
            "that is the line without schools": lambda: _plain("score ~ hours"),
            "here the schools are fixed; they were to be a sample of schools": lambda: _plain(
                "score ~ hours + school"
            ),
            "the hours, which are the question, are missing": lambda: _fit("score ~ 1 + (1 | school)"),
            "here schools differ in what an hour is worth, and all start from one level": lambda: _fit(
                "score ~ hours + (0 + hours | school)"
            ),
            "that is fitted to all classes; first has one class of each school": lambda: _all("(1 | school)"),
        },
        hints=(
            "What differs stands left of the bar, and between what it differs right of it.",
            "Only the level differs, and a level is an intercept.",
            "(1 | school)",
        ),
        praise="One price for an hour, and twelve levels that are draws from one distribution.",
    ),
    "q3": Number(
        truth=_share,
        others=lambda: printed_numbers(_fit()),
        mistakes={
            "those are standard deviations; shares are of variances": lambda: _share("sdcor"),
            "that is the pupils' share; the schools have the rest": lambda: 1 - _share(),
            "that is in per cent; write the share itself, a number between 0 and 1": lambda: 100 * _share(),
            "that is schools over pupils; the share is of their sum": lambda: _share() / (1 - _share()),
            "that is a variance; divide it by the sum of the two": lambda: float(
                _fit().varcorr.frame["vcov"].iloc[0]
            ),
        },
        hints=(
            "model.varcorr.frame has both variances, in the column vcov.",
            "The share of the first is the ICC of lesson 4.",
            "between / (between + within)",
        ),
        praise="The intraclass correlation: how alike two pupils of one school are.",
    ),
    "q4": Numbers(
        truth=lambda: _expected("sch07", ""),
        mistakes={
            "sch07 is known: its random effect belongs to its prediction": lambda: _expected("", ""),
            "nothing is known of the new school; its random effect is best taken as zero": lambda: _expected(
                "sch07", "sch07"
            ),
            "the right numbers in the other order: sch07 comes first": lambda: _expected("", "sch07"),
            "those are the two starts; five hours of homework come on top": lambda: _expected(
                "sch07", "", hours=0
            ),
        },
        hints=(
            "coef() has the line of a known school, fixef the line of the average school.",
            "A line at five hours: intercept + 5 * slope.",
            "predict(newdata, allow_new_levels=True) does both.",
        ),
        praise="The known school gets its own level, the unknown one that of the average school.",
    ),
    "q5": Numbers(
        truth=_extremes,
        mistakes={
            "the right numbers in the other order: the smallest comes first": lambda: _extremes()[::-1],
            "that is what is found of sigma; the SD of the intercepts is wanted": lambda: _extremes("sigma"),
            "those are variances; the panel gives standard deviations": lambda: _extremes(power=2),
            "there are more than three groups in your panel": lambda: _extremes(groups=8),
        },
        tolerance=0.01,
        hints=(
            "The sentence below the picture: what the fit finds.",
            "One seed after the other; six numbers, and two of them count.",
            "The smallest is well below 3, the largest well above.",
        ),
        praise="The truth was three each time. Three groups hardly know their spread.",
    ),
    "q6": Number(
        truth=lambda: exp(-_owls("ImplantP", "ImplantP:days2")),
        mistakes={
            "ImplantP belongs to it as well: the two groups differed a little before": lambda: exp(
                -_owls("ImplantP:days2")
            ),
            "that is placebo over hormone; the other way round": lambda: exp(
                _owls("ImplantP", "ImplantP:days2")
            ),
            "that is a difference of logarithms; exp makes it a ratio": lambda: (
                -_owls("ImplantP", "ImplantP:days2")
            ),
            "that is the ratio before anything was implanted": lambda: exp(-_owls("ImplantP")),
        },
        hints=(
            "The reference is C before the implant.",
            "P minus C on day two, in logarithms: ImplantP + ImplantP:days2.",
            "C over P: turn the sign, and take exp.",
        ),
        praise="A difference of logarithms is a ratio; interaction and main effect both belong to it.",
    ),
    "q7": Model(
        truth=lambda: _all("(1 | school:class)"),
        mistakes={
            "that is the colleague's: c1 of all schools is taken for one and the same class": lambda: _all(
                "(1 | class)"
            ),
            "that is a level for each school; each class was to have one": lambda: _all("(1 | school)"),
            "a level for each class and one for each school besides; lesson seven tells when, "
            "but here one was asked for": lambda: _all("(1 | school/class)"),
            "that crosses schools with the colleague's four classes": lambda: _all(
                "(1 | school) + (1 | class)"
            ),
        },
        hints=(
            "How many groups did the colleague have, and how many classes are there really?",
            "A class is known by its school and its label together.",
            "In a formula, 'together' is a colon.",
        ),
        praise="The labels started again in every school; now each class is a group of its own.",
    ),
}
