"""Questions of the capstone on owls and their broods (data set `owls`)."""

import os
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from lmmkit import data_info, lmer
from lmmkit.course.own_data import VARIABLE, own_data
from lmmkit.course.question import Choice, Model, Number, Numbers, Question, Slip, Truth
from lmmkit.course.reading import listed
from lmmkit.course.same_model import printed_numbers

_FIXED = "mass ~ I(age - 25) * implant"
_BY_RING = f"{_FIXED} + (I(age - 25) | ring)"
_SLOPE, _MORE = "I(age - 25)", "I(age - 25):implantP"


def _owls() -> pd.DataFrame:
    return own_data("owls")


def _fit(formula: str = f"{_FIXED} + (I(age - 25) | brood / ring)", reml: bool = True) -> Any:
    return _fit_of(os.environ.get(VARIABLE, ""), formula, reml)


@cache
def _fit_of(student: str, formula: str, reml: bool) -> Any:
    return lmer(formula, _owls(), reml=reml)


def _weighings() -> pd.Series:
    """How often each chick was weighed."""
    sizes: pd.Series = _owls().groupby("ring", observed=True).size()
    return sizes


_FACTORS = {
    "chicks of one brood share parents, food and nest: the brood is a grouping factor as well": {"ring"},
    "a chick is weighed again and again: its ring is a grouping factor as well": {"brood"},
    "there are two implants, chosen by us, and the question is about them: fixed": {
        "brood",
        "ring",
        "implant",
    },
    "age is a number: it may have a slope in each group, but it is no group": {"brood", "ring", "age"},
}


def _judge_factors(answer: Any) -> str | None:
    answer = listed(answer)
    if not isinstance(answer, (list, tuple, set, frozenset)) or not all(isinstance(a, str) for a in answer):
        return Slip("a list of column names is wanted, each as text")
    names = {name.strip().lower() for name in answer}
    unknown = names - {"brood", "ring", "implant", "age", "mass"}
    if unknown:
        return Slip("not all of these are columns of the table")
    if names == {"brood", "ring"}:
        return None
    for sentence, wrong in _FACTORS.items():
        if names == wrong:
            return sentence
    return "which columns name things that were drawn from many, and come back in several rows?"


def _ratios(power: int = 1) -> pd.Series:
    """Standard errors without broods over those with them."""
    ratios: pd.Series = (_fit(_BY_RING).se / _fit().se)[["implantP", _SLOPE]] ** power
    return ratios


def _t_ratios() -> pd.Series:
    few, full = _fit(_BY_RING), _fit()
    ratios: pd.Series = ((few.fixef / few.se) / (full.fixef / full.se))[["implantP", _SLOPE]]
    return ratios


def _growth(rows: pd.DataFrame, re_form: str | None = None, days: int = 21) -> np.ndarray:
    """Predicted growth from 14 to 35 days, over so many days."""
    model = _fit()
    old, young = (model.predict(rows.assign(age=age), re_form=re_form).to_numpy() for age in (35, 14))
    return np.asarray((old - young) / days)


def _chicks() -> pd.DataFrame:
    return _owls()[["brood", "ring", "implant"]].drop_duplicates("ring")


def _chick_growth(re_form: str | None = None, days: int = 21) -> np.ndarray:
    return _growth(_chicks(), re_form, days)


def _coefficients_of_chicks() -> np.ndarray:
    """What coef() has under the chicks: without their brood, and without the implant's share."""
    model, chicks = _fit(), _chicks()
    names = chicks["ring"].astype(str) + ":" + chicks["brood"].astype(str)
    return np.asarray(model.coef()["ring:brood"].loc[names, _SLOPE])


def _broods(implant: str = "C") -> pd.DataFrame:
    return _owls()[["brood"]].drop_duplicates().sort_values("brood").assign(implant=implant)


def _brood_growth(implant: str = "C", re_form: str = "~ (I(age - 25) | brood)") -> np.ndarray:
    return _growth(_broods(implant), re_form)


def _brood_by_brood() -> list[float]:
    """Slopes of least-squares lines through each brood's corticosterone chicks."""
    treated = _owls().query("implant == 'C'")
    groups = treated.groupby("brood", observed=True)
    return [float(np.polyfit(rows["age"], rows["mass"], 1)[0]) for _, rows in groups]


def _true() -> np.ndarray:
    true = data_info("owls").truth["fixef (age centred at 25)"]
    return np.array([true[name] for name in ("(Intercept)", "age", "implantP", "age:implantP")])


def _off() -> pd.Series:
    """Estimates minus truth."""
    off: pd.Series = _fit().fixef - _true()
    return off


QUESTIONS: dict[str, Question] = {
    "q1": Truth(
        test=_judge_factors,
        mistakes={
            sentence: lambda wrong=wrong: sorted(wrong)  # type: ignore[misc]
            for sentence, wrong in _FACTORS.items()
        },
        hints=(
            "Which rows are alike because they come from the same … ?",
            "There are two, one within the other.",
            "The chick's number, and what siblings share.",
        ),
        praise="Chicks come from broods and weighings from chicks; other studies would have others of both.",
    ),
    "q2": Number(
        truth=lambda: int((_weighings() < 5).sum()),
        mistakes={
            "those are the weighings that are missing; a chick can lack more than one": lambda: int(
                (5 - _weighings()).sum()
            ),
            "those are all the chicks": lambda: len(_weighings()),
            "those are the rows of these chicks; count the chicks": lambda: int(
                _weighings()[_weighings() < 5].sum()
            ),
            "five times at most, so that counts all who were weighed at all": lambda: len(_owls()),
        },
        hints=(
            "Count the weighings of each chick first.",
            "owls.groupby('ring', observed=True).size()",
            "Compare with five, then sum.",
        ),
        praise="The mixed model uses their rows as well: nobody is thrown out for hiding once.",
    ),
    "q3": Model(
        truth=_fit,
        mistakes={
            "this is the ML fit; REML was asked for, which is the default": lambda: _fit(reml=False),
            "here all chicks of a brood, and all broods, grow alike: the slopes are missing": lambda: _fit(
                f"{_FIXED} + (1 | brood / ring)"
            ),
            "broods are missing: siblings are strangers to each other here": lambda: _fit(_BY_RING),
            "chicks are missing: weighings of one chick are taken for independent": lambda: _fit(
                f"{_FIXED} + (I(age - 25) | brood)"
            ),
            "this also lets the implant's effect differ between broods, which the design would allow; here broods "
            "were to differ in mass and in growth": lambda: _fit(
                f"{_FIXED} + (I(age - 25) + implant | brood) + (I(age - 25) | ring)"
            ),
            "without the interaction the implant cannot change how fast a chick grows": lambda: _fit(
                "mass ~ I(age - 25) + implant + (I(age - 25) | brood / ring)"
            ),
        },
        hints=(
            "Both together, and each alone: a * b.",
            "Mass and growth of the groups: (I(age - 25) | group).",
            "Chicks within broods: brood / ring after the bar.",
        ),
        praise="Two levels, each with its own masses and its own growth.",
    ),
    "q4": Choice(
        options=("curved", "unequal variance", "heavy tails", "outlying group", "dependent"),
        digest="6c5d924e30d643e0",
        because={
            "curved": "the dots of the first picture bend, and the curve through them shows it",
            "unequal variance": "the cloud of dots opens like a fan, and the third picture climbs",
            "heavy tails": "dots at both ends leave the line of the residuals' QQ plot",
            "outlying group": "one dot leaves the line in the last picture, the groups' QQ plot",
        },
        hints=(
            "Dots in which the order of the measurements is lost cannot show what lies in the order.",
            "When do the grey lines run smoothly, without jumps up and down?",
            "It is about each measurement and the next one of the same group.",
        ),
        praise="Dots do not know what came after what. Join them, or compute it.",
    ),
    "q5": Number(
        truth=lambda: float(_fit().fixef["implantP"] + 5 * _fit().fixef[_MORE]),
        others=lambda: printed_numbers(_fit()),
        mistakes={
            "that is the difference at 25 days": lambda: float(_fit().fixef["implantP"]),
            "that is what is added from 25 to 30 days; there was a difference at 25 already": lambda: float(
                5 * _fit().fixef[_MORE]
            ),
            "that is the colleague's: the difference at age 0, where no owl was weighed": lambda: float(
                _fit().fixef["implantP"] - 25 * _fit().fixef[_MORE]
            ),
            "thirty days are five from the middle: your age is counted from 25": lambda: float(
                _fit().fixef["implantP"] + 30 * _fit().fixef[_MORE]
            ),
            "that adds a single day's growth; from 25 to 30 there are five": lambda: float(
                _fit().fixef["implantP"] + _fit().fixef[_MORE]
            ),
        },
        hints=(
            "With an interaction, a main effect is the difference where the other variable is zero.",
            "At 25 days the difference is implantP; each day adds the interaction.",
            "model.fixef['implantP'] + 5 * model.fixef['I(age - 25):implantP']",
        ),
        praise="Where zero is decides what a main effect says; what the model predicts stays the same.",
    ),
    "q6": Numbers(
        truth=_ratios,
        mistakes={
            "that is upside down: the model without broods comes first": lambda: _ratios(-1),
            "those are ratios of variances; standard errors were asked for": lambda: _ratios(2),
            "the right numbers in the other order: implantP comes first": lambda: _ratios().to_numpy()[::-1],
            "those are ratios of t values": _t_ratios,
        },
        hints=(
            "Both models have .se, with the names of the coefficients.",
            "The model without broods comes first: a ratio above one means that it is less sure.",
            "(broodless.se / model.se)[['implantP', 'I(age - 25)']]",
        ),
        praise="Wrong both ways. Siblings are compared within their brood, so without it the implant looks too "
        "uncertain; growth is a matter of broods as well, so without them it looks too certain.",
    ),
    "q7": Numbers(
        truth=_chick_growth,
        mistakes={
            "that is the growth in 21 days; in how many is a day's?": lambda: _chick_growth(days=1),
            "those are the fixed effects alone: every chick is an average one": lambda: _chick_growth("~0"),
            "those are the lines of the broods; the chick's own deviations are missing": lambda: (
                _chick_growth("~ (I(age - 25) | brood)")
            ),
            "coef() gives the chicks their own deviations, but neither their brood's nor the implant's share": (
                _coefficients_of_chicks
            ),
        },
        hints=(
            "predict needs brood, ring, implant and age: chicks.assign(age=14)",
            "By default all random effects are in.",
            "(old - young) / 21",
        ),
        praise="Fixed part, brood and chick: three slopes added up, and the implant's share.",
    ),
    "q8": Numbers(
        truth=_brood_growth,
        mistakes={
            "those are placebo chicks; corticosterone was asked for": lambda: _brood_growth("P"),
            "those are the deviations of the broods; the fixed slope has to be added": lambda: (
                _brood_growth() - _fit().fixef[_SLOPE]
            ),
            "every brood is an average one here; re_form has to keep the broods": lambda: _brood_growth(
                re_form="~0"
            ),
            "those are lines fitted brood by brood, without pooling": _brood_by_brood,
        },
        hints=(
            "re_form is the random part that you want to keep, as a formula: '~ (… | brood)'.",
            "model.coef()['brood'] has the lines of the broods, for corticosterone.",
            "model.predict(broods.assign(age=35), re_form='~ (I(age - 25) | brood)'), and the same for 14 days",
        ),
        praise="What we know of a chick before we know the chick.",
    ),
    "q9": Numbers(
        truth=lambda: _off() / _fit().se,
        mistakes={
            "turned round: positive where the estimate is above the truth": lambda: -_off() / _fit().se,
            "those are differences; divide by the standard errors": _off,
            "that divides by the truth; how large an error is common is told by the standard error": lambda: (
                _off() / _true()
            ),
            "those are the t values, distances from zero; the truth is not zero here": lambda: (
                _fit().fixef / _fit().se
            ),
        },
        tolerance=0.01,
        hints=(
            "First the differences, estimate less truth; the order is that of model.fixef.",
            "How large an error is common is told by the standard error.",
            "(model.fixef - truth) / model.se",
        ),
        praise="None is further off than chance allows: about one in twenty would be beyond two.",
    ),
}
