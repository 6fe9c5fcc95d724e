"""Questions of the capstone on species and nitrate (data set `fields`)."""

from typing import Any

import numpy as np
import pandas as pd

from lmmkit import lm, lmer
from lmmkit.course import explorers
from lmmkit.course.own_data import own_data
from lmmkit.course.question import Choice, Model, Number, Question

_FIRST = "species ~ nitrate + (1 | field)"
_SECOND = "species ~ nitrate + poly(distance, 2) + (1 | field)"


def _fields() -> pd.DataFrame:
    return own_data("fields")


def _fit(formula: str, **options: Any) -> Any:
    return lmer(formula, _fields(), **options)


def _far_and_near(summary: str = "median", limit: float = 100) -> tuple[float, float]:
    """A summary of nitrate far from the river, and near it."""
    fields = _fields()
    far = fields["distance"] > limit
    return (
        float(fields.loc[far, "nitrate"].agg(summary)),
        float(fields.loc[~far, "nitrate"].agg(summary)),
    )


def _ratio(summary: str = "median", limit: float = 100) -> float:
    far, near = _far_and_near(summary, limit)
    return far / near


def _along_the_distance(values: Any) -> float:
    return float(np.corrcoef(values, _fields()["distance"])[0, 1])


def _first_sign(name: str, handle: str) -> float:
    """The smallest setting of one handle of the explorer at which one sign is suspicious."""
    for step in range(21):
        signs = explorers.diagnostics.result(**{handle: step / 20}).signs
        if next(sign for sign in signs if sign.name == name).suspicious:
            return step / 20
    raise ValueError(f"{handle} never makes {name} suspicious")


def _share_left(formula: str = _SECOND) -> float:
    """Which share of nitrate's first effect a larger model leaves to it."""
    return float(_fit(formula).fixef["nitrate"] / _fit(_FIRST).fixef["nitrate"])


QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=_ratio,
        mistakes={
            "that is the ratio of the means; the median was asked for": lambda: _ratio("mean"),
            "upside down: far over near": lambda: 1 / _ratio(),
            "that is the difference; how many times as large?": lambda: (
                _far_and_near()[0] - _far_and_near()[1]
            ),
            "that is the far median itself; divide it by the near one": lambda: _far_and_near()[0],
        },
        hints=(
            "Two groups of plots: fields['distance'] > 100, and the others.",
            "groupby can group by such a condition; then .median().",
            "fields.groupby(fields['distance'] > 100)['nitrate'].median(), the second over the first",
        ),
        praise="Nitrate and distance from the river come together. Remember that.",
    ),
    "q2": Model(
        truth=lambda: _fit(_FIRST),
        mistakes={
            "this is the ML fit; REML was asked for, which is the default": lambda: _fit(_FIRST, reml=False),
            "plots of one field are alike: the fields are missing": lambda: lm(
                "species ~ nitrate", _fields()
            ),
            "as fixed effects the seven fields are themselves the question; here they are a sample": lambda: (
                lm("species ~ nitrate + field", _fields())
            ),
            "without nitrate there is nothing to ask": lambda: _fit("species ~ 1 + (1 | field)"),
            "nitrate is on the log scale here; keep it as measured": lambda: _fit(
                "species ~ log(nitrate) + (1 | field)"
            ),
        },
        hints=(
            "Plots come in fields.",
            "A random intercept for each field: (1 | field).",
            "species ~ nitrate + (1 | field)",
        ),
        praise="Fields have their own level, and nitrate one slope.",
    ),
    "q3": Number(
        truth=lambda: _along_the_distance(_fit(_FIRST).resid()),
        mistakes={
            "that is the number of species itself with distance; take the residuals": lambda: (
                _along_the_distance(_fields()["species"])
            ),
            "that is nitrate with distance, the other half of the story": lambda: _along_the_distance(
                _fields()["nitrate"]
            ),
            "those are residuals of a model without fields": lambda: _along_the_distance(
                lm("species ~ nitrate", _fields()).resid()
            ),
            "that is its square; the correlation itself is asked for, with its sign": lambda: (
                _along_the_distance(_fit(_FIRST).resid()) ** 2
            ),
            "those are the fitted values; residuals are what is left of the data without them": lambda: (
                _along_the_distance(_fit(_FIRST).fitted)
            ),
        },
        hints=(
            "The residuals are what the model leaves over: .resid()",
            "np.corrcoef(a, b)[0, 1], or the .corr of two Series.",
            "np.corrcoef(first.resid(), fields['distance'])[0, 1]",
        ),
        praise="Residuals should go with nothing. These know very well where the river is.",
    ),
    "q4": Choice(
        options=("a", "b", "c", "d"),
        digest="a0e18a81c13e6db5",
        because={
            "b": "normality is the last of our worries; look at the map",
            "c": "if anything it shrinks, and a logarithm would make that worse; look at the map",
            "d": "seven is few, but a variance that is known only roughly does not bend residuals along a river",
        },
        hints=(
            "Look at the map.",
            "Where are the plots with more species than fitted, and where those with fewer?",
            "Near the water the one kind, far from it the other: place is not in the model.",
        ),
        praise="Not independent, and for a reason: a variable is missing, so the estimate itself may be wrong.",
    ),
    "q5": Number(
        truth=lambda: _first_sign("neighbours", "curvature"),
        mistakes={
            "there the sentence names the bend; go on until it names the neighbours": lambda: _first_sign(
                "bend", "curvature"
            ),
            "that is the slider of dependence; leave it at zero and move the curvature": lambda: _first_sign(
                "neighbours", "dependence"
            ),
            "one step too early: there it does not speak of neighbours yet": lambda: (
                _first_sign("neighbours", "curvature") - 0.05
            ),
        },
        absolute=0.01,
        hints=(
            "Start with everything at zero ('All well').",
            "Read the sentence under the picture at each step of Curvature.",
            "First it names the bend; a few steps later the neighbours as well.",
        ),
        praise="A forgotten trend looks like dependence. Look for it before you model correlated errors.",
    ),
    "q6": Model(
        truth=lambda: _fit(_SECOND),
        mistakes={
            "a straight line only; the residuals bend, so give the distance a second degree": lambda: _fit(
                "species ~ nitrate + distance + (1 | field)"
            ),
            "that is the place along the river; the residuals run with the distance from it": lambda: _fit(
                "species ~ nitrate + poly(east, 2) + (1 | field)"
            ),
            "nitrate is gone, and it was the question": lambda: _fit(
                "species ~ poly(distance, 2) + (1 | field)"
            ),
            "the fields are gone; their plots are still alike": lambda: lm(
                "species ~ nitrate + poly(distance, 2)", _fields()
            ),
            "this is the ML fit; stay with REML for the model that you report": lambda: _fit(
                _SECOND, reml=False
            ),
        },
        hints=(
            "Add one term to the model of task 2.",
            "poly(x, 2) is a parabola in x.",
            "The column is distance.",
        ),
        praise="Nitrate is now judged among plots that lie equally far from the water.",
    ),
    "q7": Number(
        truth=lambda: 1 - _share_left(),
        mistakes={
            "that is in per cent; a number between zero and one is asked for": lambda: (
                100 * (1 - _share_left())
            ),
            "that is the share that is left to nitrate; the river took the rest": _share_left,
            "that is the difference of the two effects; divide it by the first": lambda: (
                _fit(_SECOND).fixef["nitrate"] - _fit(_FIRST).fixef["nitrate"]
            ),
            "divide by the first effect, not by the second": lambda: 1 / _share_left() - 1,
            "that is with a straight line for the distance; take the model of task 6": lambda: (
                1 - _share_left("species ~ nitrate + distance + (1 | field)")
            ),
        },
        hints=(
            "Take nitrate's coefficient from both models.",
            "What has become of it, as a share of the first? The rest was the river's.",
            "1 - by_river.fixef['nitrate'] / first.fixef['nitrate']",
        ),
        praise="Most of what was put down to nitrate was the river's doing.",
    ),
    "q8": Choice(
        options=("a", "b", "c", "d"),
        digest="a218115ebcb1bc5f",
        because={
            "a": "print both: model.se['nitrate']",
            "b": "correlated predictors do trouble each other's slopes, other things being equal",
            "c": "shared evidence is what makes standard errors grow; something else is stronger here",
        },
        hints=(
            "Compare first.se['nitrate'] with by_river.se['nitrate'].",
            "A standard error has two parts: the noise, and what the other predictors leave of this one.",
            "Compare first.sigma with by_river.sigma, too.",
        ),
        praise="And were it larger: a precise wrong answer is no bargain.",
    ),
}
