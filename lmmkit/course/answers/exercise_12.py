"""Questions of exercise 12, checking the model."""

from typing import Any

import numpy as np
import pandas as pd

from lmmkit import lmer
from lmmkit.course import explorers
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Question, Truth

_FIRST = "mass ~ day * implant + (1 | nest/chick)"
_MENDED = "mass ~ day * implant + (1 | nest) + (day | chick)"
_TAILS, _SEEDS = 0.6, range(1, 9)
_SLIP = 60.0  # grams


def copied_by_hand(chicks: pd.DataFrame) -> pd.DataFrame:
    """The table of chicks with one mistyped number.

    Parameters
    ----------
    chicks : pandas.DataFrame
        Has the columns ``day`` and ``mass`` (g).

    Returns
    -------
    pandas.DataFrame
        A copy, in which one mass of the last day is too low by sixty grams.

    Examples
    --------
    >>> from lmmkit import load_data
    >>> chicks = load_data("implants")
    >>> int((copied_by_hand(chicks)["mass"] != chicks["mass"]).sum())
    1
    """
    mass = chicks["mass"].to_numpy(float, copy=True)
    last = np.flatnonzero(chicks["day"] == chicks["day"].max())
    mass[np.random.default_rng(2).choice(last)] -= _SLIP
    return chicks.assign(mass=mass)


def _fit(formula: str = _MENDED, **options: Any) -> Any:
    return lmer(formula, own_data("implants"), **options)


def _spread(values: str = "residuals", later: int = 12, earlier: int = 4) -> float:
    """Ratio of the SDs of the first model's residuals, or of the masses, on two days."""
    chicks = own_data("implants")
    column = chicks["mass"] if values == "mass" else _fit(_FIRST).resid()
    return float(column[chicks["day"] == later].std() / column[chicks["day"] == earlier].std())


def _moves(column: str = "dfbetas_day:implantP", by: str | None = "nest") -> float:
    """The largest value, in size, of a column of the influence table."""
    return float(_fit().influence(by=by)[column].abs().max())


def _names(sign: str | None) -> int:
    """The number of the explorer's data sets in which this sign (None: nothing at all) is seen."""
    seen = [
        {s.name for s in explorers.diagnostics.result(tails=_TAILS, seed=seed).signs if s.suspicious}
        for seed in _SEEDS
    ]
    return sum(sign in names if sign else not names for names in seen)


def _copy() -> pd.DataFrame:
    return copied_by_hand(own_data("implants"))


def _mistyped() -> str:
    original, copy = own_data("implants"), _copy()
    return str(copy["chick"][original["mass"] != copy["mass"]].iloc[0])


def _lightest() -> str:
    copy = _copy()
    return str(copy["chick"].iloc[int(copy["mass"].argmin())])


def _heaviest() -> str:
    copy = _copy()
    return str(copy["chick"].iloc[int(copy["mass"].argmax())])


def _highest_mode() -> str:
    modes = lmer(_MENDED, _copy()).ranef()["chick"]["(Intercept)"].abs()
    return str(modes.drop([_lightest(), _heaviest()]).idxmax())


_WRONG_CHICKS = {
    "that is the lightest of all masses, but on that day a chick of its kind is so light": _lightest,
    "that is the heaviest of all masses, but on that day a chick of its kind is so heavy": _heaviest,
    "that chick is unusual on all its days; a slip is unusual on one": _highest_mode,
}


def _judge_chick(answer: Any) -> str | None:
    if not isinstance(answer, str):
        return 'give the name of a chick in quotation marks, for example "c01"'
    name = answer.strip().lower()
    if name == _mistyped():
        return None
    for sentence, wrong in _WRONG_CHICKS.items():
        if name == wrong():
            return sentence
    return "that chick's masses were copied as they are"


QUESTIONS: dict[str, Question] = {
    "w1": Choice(
        options=("A", "B", "both alike", "neither"),
        digest="f27bab87eb6fd0b1",
        because={
            "B": "eight chicks know their nest better than one, so the model leaves them more of their distance",
            "both alike": "the distance is the same, but not what is known of it",
            "neither": "predictions of groups are pulled towards the average in every mixed model with some variance",
        },
        hints=(
            "Whose mean would you believe more?",
            "The weight of a nest's own mean grows with its number of chicks.",
            "One chick against eight",
        ),
        praise="One chick says little about its nest, so the average counts for more.",
    ),
    "w2": Number(
        own={"people": (10, 7, 8, 9, 11, 12), "days": (10, 6, 8)},
        truth=computed("ex12.w2", lambda own: own.people - 1),
        mistakes={
            "those are the people; their mean uses up one": computed("ex12.w2", lambda own: own.people),
            "that counts rows; it is slopes that are averaged": computed(
                "ex12.w2", lambda own: own.people * own.days - 2
            ),
            "those are the rows; it is slopes that are averaged": computed(
                "ex12.w2", lambda own: own.people * own.days
            ),
            "the average slope is a mean: it uses up one slope, not two": computed(
                "ex12.w2", lambda own: own.people - 2
            ),
        },
        hints=(
            "Of what is the average slope the average?",
            "A mean of n slopes leaves n - 1 degrees of freedom.",
            "There are {{w2.people:word}} slopes.",
        ),
        praise="{{w2.people:Word}} slopes, one of them spent on their mean.",
    ),
    "q1": Choice(
        options=("A", "B", "C", "D"),
        digest="9304f8b82e1d9332",
        because={
            "A": "that is the last of the five assumptions, but it is one",
            "C": "that is an assumption as well: the random effects are draws from a normal distribution",
            "D": "equal spread is an assumption, and one that matters more than normality",
        },
        hints=(
            "The list stands at the beginning of lesson 12.",
            "A sample of growing owls has many small and many large masses. Is that a fault of the model?",
            "Normal is what is left over, when day, implant, nest and chick have been allowed for.",
        ),
        praise="Growth alone spreads the masses in any way it likes; what is left over should be normal.",
    ),
    "q2": Model(
        truth=lambda: _fit(_FIRST),
        mistakes={
            "this is the ML fit; REML was asked for": lambda: _fit(_FIRST, reml=False),
            "nests have no effect in this model": lambda: _fit("mass ~ day * implant + (1 | chick)"),
            "chicks have no effect in this model": lambda: _fit("mass ~ day * implant + (1 | nest)"),
            "the interaction is missing": lambda: _fit("mass ~ day + implant + (1 | nest/chick)"),
        },
        hints=(
            "day * implant is both, and their interaction.",
            "Chicks within nests: a slash between them.",
            "mass ~ day * implant + (1 | nest/chick)",
        ),
        praise="Because no two chicks share a number, (1 | nest) + (1 | chick) is the same model.",
    ),
    "q3": Number(
        truth=_spread,
        mistakes={
            "that is the ratio of the variances": lambda: _spread() ** 2,
            "upside down: how many times as large on day 12?": lambda: 1 / _spread(),
            "that compares day 12 with day 0": lambda: _spread(earlier=0),
            "those are the masses, not what the model leaves over": lambda: _spread("mass"),
        },
        hints=(
            "first.resid() has the residuals, row by row.",
            "first.resid().groupby(chicks['day']).std()",
            "Its entry 12 over its entry 4",
        ),
        praise="At the ends of the study the lines are further from zero than in the middle.",
    ),
    "q4": Model(
        truth=_fit,
        mistakes={
            "this is still the first model": lambda: _fit(_FIRST),
            "here all that is new is uncorrelated with the intercepts; one bar makes them correlated": lambda: (
                _fit("mass ~ day * implant + (1 | nest) + (day || chick)")
            ),
            "now chicks have lost their intercept": lambda: _fit(
                "mass ~ day * implant + (1 | nest) + (0 + day | chick)"
            ),
            "this lets the growth differ between nests; it was chicks whose lines crossed": lambda: _fit(
                "mass ~ day * implant + (day | nest) + (1 | chick)"
            ),
            "nests were to keep their intercept": lambda: _fit("mass ~ day * implant + (day | chick)"),
            "that bends the average line; the lines of chicks were straight, each with its own direction": (
                lambda: _fit("mass ~ day * implant + I(day^2) + (1 | nest/chick)")
            ),
            "that is the ML fit; go on with REML": lambda: _fit(reml=False),
        },
        hints=(
            "What differs between two chicks whose lines cross?",
            "A slope of day that differs between chicks: lesson 5.",
            "Two brackets: one for nests as before, one for chicks with a slope as well.",
        ),
        praise="Chicks grow at their own pace, and the standard error of the hormone's effect now knows it.",
    ),
    "q5": Number(
        truth=_moves,
        mistakes={
            "that is Cook's distance, which takes all coefficients together": lambda: _moves("cooksd"),
            "that leaves out rows; leave out nests": lambda: _moves(by=None),
            "that is the growth of chicks with the hormone, not the difference in growth": lambda: _moves(
                "dfbetas_day"
            ),
            "that is in grams a day; the question is about standard errors": lambda: (
                _moves() * float(_fit().se["day:implantP"])
            ),
        },
        hints=(
            "model.influence(by='nest') has a row for each nest.",
            "The movement of one coefficient, in standard errors, is called DFBETAS.",
            "Take .abs() and .max() of the column dfbetas_day:implantP.",
        ),
        praise="Less than one standard error: no nest decides alone.",
    ),
    "q6": Number(
        truth=lambda: _names("tails"),
        mistakes={
            "the break is there in all of them, but it does not show in all": lambda: len(_SEEDS),
            "that counts those in which it does not show": lambda: len(_SEEDS) - _names("tails"),
            "that counts data sets with a bend; nobody put one in, it is chance": lambda: _names("bend"),
        },
        tolerance=1e-9,
        hints=(
            "Set the seed to 1, read the sentence; set it to 2, and so on.",
            "Look for the words that say that the tails are heavy.",
            "They are not there in every one, and in more than one.",
        ),
        praise="A picture without a fault is no proof that there is none.",
    ),
    "q7": Truth(
        test=_judge_chick,
        mistakes=_WRONG_CHICKS,
        hints=(
            "Fit the mended model to the copy.",
            "A slip is far from what the model expects of this chick on this day: a residual.",
            "again.resid().abs().idxmax() is the row.",
        ),
        praise="Neither light nor heavy, but not where this chick's own line would have it.",
    ),
}
