"""Questions of exercise 06, pooling."""

from typing import Any

import pandas as pd

from lmmkit import lmer
from lmmkit.course.own_data import own_data
from lmmkit.course.question import Choice, Model, Number, Question

_FORMULA = "length ~ 1 + (1 | group)"


def _perch() -> pd.DataFrame:
    return own_data("groups20")


def _fit(**options: Any) -> Any:
    return lmer(_FORMULA, _perch(), **options)


def _distances() -> pd.Series:
    """How far each lake's own mean lies from the model's estimate."""
    own = _perch().groupby("group", observed=True)["length"].mean()
    return (own - _fit().coef()["group"]["(Intercept)"]).abs()


def _moved_most() -> str:
    return str(_distances().idxmax())


QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("complete", "no", "partial"),
        digest="98a221fef25337f0",
        because={
            "no": "without pooling that lake's estimate is its one fish",
            "partial": "nearly, for that lake; but big lakes keep estimates of their own",
        },
        hints=("Which of them does not know that there are lakes?",),
        praise="Complete pooling has one mean for all.",
    ),
    "q2": Number(
        truth=lambda: 3 / (3 + 16 / 12),
        mistakes={
            "the ratio is upside down: the variance within is divided by the one between": lambda: (
                3 / (3 + 12 / 16)
            ),
            "those are standard deviations; the formula wants variances": lambda: 3 / (3 + 4 / 12**0.5),
            "that is the weight of the common mean; the lake's own gets the rest": lambda: (
                1 - 3 / (3 + 16 / 12)
            ),
        },
        hints=("w = n / (n + sigma² / tau²)", "tau² is the variance between lakes.", "3 / (3 + 16 / 12)"),
        praise="Three fish weigh more than two thirds already.",
    ),
    "q3": Model(
        truth=_fit,
        mistakes={
            "this is the ML fit; REML was asked for, which is the default": lambda: _fit(reml=False),
            "without an intercept the lakes are pulled to zero": lambda: lmer(
                "length ~ 0 + (1 | group)", _perch()
            ),
        },
        hints=("A random intercept is (1 | group).", "The fixed part is only the intercept: 1."),
        praise="One mean, and lakes that scatter around it.",
    ),
    "q4": Choice(
        options=tuple(f"lake{number:02d}" for number in range(1, 21)),
        truth=_moved_most,
        because={},
        hints=(
            "Own means: perch.groupby('group')['length'].mean()",
            "The model's: model.coef()['group']['(Intercept)']",
            "Subtract, take .abs(), then .idxmax()",
        ),
        praise="A lake with few fish, far from the others: that is where shrinkage bites.",
    ),
    "q5": Number(
        truth=lambda: 1.0,
        mistakes={"half the weight is wanted, not half the ratio": lambda: 0.5},
        tolerance=0.05,
        hints=("w = n / (n + 1 / ratio), with n = 1.",),
        praise="One observation weighs as much as the crowd when lakes differ as much as fish do.",
    ),
    "q6": Choice(
        options=("leave them alone", "pull them to the mean of all lakes", "pull them to zero"),
        digest="ea5ce6b90bbda154",
        because={
            "leave them alone": "the lakes are still random effects, so they are still shrunken",
            "pull them to the mean of all lakes": "the model no longer has a mean of all lakes",
        },
        hints=("Around which value are the random effects distributed?",),
        praise="Random effects are centred on zero, and no intercept is left to carry them.",
    ),
}
