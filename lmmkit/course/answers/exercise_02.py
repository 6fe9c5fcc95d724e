"""Questions of exercise 02, Simpson's paradox."""

from typing import Any

import numpy as np
import pandas as pd

from lmmkit import lm, lmer
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Question, Slip, Truth, digest, normalise
from lmmkit.course.reading import listed

#: What the clouds show that are no paradox, by their place in the notebook's list.
_NO_PARADOX = {
    1: "there the groups have slopes of different steepness, which is an interaction",
    2: "there the groups differ in level only; the dashed line is as steep as the solid ones",
    3: "there everything lies on one line, and knowing the groups changes nothing",
}
_ORDER = np.random.default_rng(29).permutation(4)
#: Why a slope is not what the asker wants.
_UNFIT = {
    ("a", "within"): "nobody's habits are changed here: valleys are compared with valleys",
    ("a", "pooled"): "that slope is watered down by what goes on inside the valleys",
    ("b", "within"): "to start from the valley's level you would need its label",
    ("b", "between"): "that would be for an owl of which only its valley's mean is known",
    ("c", "between"): "its own valley stays the same, however long it hunts",
    ("c", "pooled"): "that line compares it with owls of other valleys as well, where it does not live",
}
#: Hashes of "person slope" for the slopes that fit.
_FIT = {"3bfe8d66e8404c8c", "8cf761173a7b109e", "929839c96dacc993"}


def _mice() -> pd.DataFrame:
    return own_data("mouse")


def _fit(formula: str = "Weight ~ Dose + Strain") -> Any:
    return lm(formula, _mice())


def _sum_of_squares(values: pd.Series) -> float:
    return float(((values - values.mean()) ** 2).sum())


def _share(column: str = "Dose") -> float:
    """The part of a column's variation that lies between strains."""
    mice = _mice()
    means = mice.groupby("Strain", observed=True)[column].transform("mean")
    return _sum_of_squares(means) / _sum_of_squares(mice[column])


def _share_of_variances() -> float:
    """Variance of the five means over the variance of all doses, whatever the sizes of the strains."""
    mice = _mice()
    return float(mice.groupby("Strain", observed=True)["Dose"].mean().var() / mice["Dose"].var())


def _boxes(wood: float = 0.5) -> float:
    """Square minus round in percentage points, with this share of either type in the wood."""
    square = wood * 84 / 96 + (1 - wood) * 12 / 24
    round_ = wood * 27 / 30 + (1 - wood) * 54 / 90
    return 100 * (square - round_)


def _turn() -> float:
    """The first slope between two groups, from zero downwards, at which the pooled line falls."""
    from lmmkit.course import explorers

    for tenths in range(15):
        between = round(-0.1 * tenths, 1)
        if explorers.simpson.result(groups=2, within=1.5, between=between).pooled[1] < 0:
            return between
    raise AssertionError("the pooled line never falls")


def _slope_fault(answer: Any) -> str | None:
    """The first person who was given a slope of no use to them, and why, or None."""
    answer = listed(answer)
    if isinstance(answer, str) or not hasattr(answer, "__len__") or len(answer) != 3:
        return Slip("a list of three slopes is wanted, in the order a, b, c")
    for person, slope in zip("abc", map(normalise, answer), strict=True):
        if slope not in ("within", "between", "pooled"):
            return Slip(f"for {person}, choose within, between or pooled")
        if digest("ex02.q7", f"{person} {slope}") not in _FIT:
            return _unfit(person, slope)
    return None


def _unfit(person: str, slope: str) -> str:
    return f"{person} does not want that slope: {_UNFIT[person, slope]}"


def _promised(dose: float) -> float:
    """What one line for all mice says of a dose."""
    start, slope = _fit("Weight ~ Dose").fixef
    return float(start + dose * slope)


def _owls() -> pd.DataFrame:
    """The owls of twelve valleys, as the notebook draws them."""
    rng = np.random.default_rng(4)
    valley = np.repeat(np.arange(12), 40)
    hours = 6 + rng.normal(size=12)[valley]
    mice_about = 18 - 2 * hours + rng.normal(0, 0.7, 12)[valley]
    hours = hours + rng.normal(0, 0.6, valley.size)
    catch = mice_about + 0.8 * hours + rng.normal(size=valley.size)
    return pd.DataFrame({"valley": valley.astype(str), "hours": hours, "catch": catch})


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        own={"dose": (3, 2, 4, 5, 6)},
        truth=computed("ex02.w1", lambda own: _promised(own.dose)),
        mistakes={
            "that is the intercept, a dose of zero": lambda: _promised(0),
            "that is the slope, what one mg/kg more does": lambda: _promised(1) - _promised(0),
            "that is one mg/kg; {{w1.dose:word}} are asked for": lambda: _promised(1),
            "that is what the dose takes off; what is left of the start?": computed(
                "ex02.w1", lambda own: _promised(own.dose) - _promised(0)
            ),
            "the dose takes weight off: mind the sign of the slope": computed(
                "ex02.w1", lambda own: 2 * _promised(0) - _promised(own.dose)
            ),
        },
        hints=(
            "The line has two numbers: line.fixef shows them.",
            "Intercept plus {{w1.dose:word}} times the slope, which is negative.",
            'line.fixef["(Intercept)"] + {{w1.dose}} * line.fixef["Dose"]',
        ),
        praise="Intercept plus a slope for each mg/kg.",
    ),
    "w2": Choice(
        options=("linearity", "independence", "equal spread", "normality"),
        digest="059cb78edbb6962d",
        because={
            "linearity": "mice may grow along a line; but what have thirty rows in common?",
            "equal spread": "it may be broken, but not surely; what have thirty rows in common?",
            "normality": "weights of one strain are often near a bell curve; what have thirty rows in common?",
        },
        hints=(
            "How many mice are there, and how many rows?",
            "Knowing one residual of a mouse, would you know something about its next?",
            "Thirty rows of one mouse are more alike than thirty rows of thirty mice.",
        ),
        praise="Ten mice, three hundred rows: the rows of a mouse are no independent witnesses.",
    ),
    "q1": Choice(
        options=("A", "B", "C", "D"),
        truth=lambda: "ABCD"[int(np.flatnonzero(_ORDER == 0)[0])],
        because={letter: _NO_PARADOX[place] for letter, place in zip("ABCD", _ORDER, strict=True) if place},
        hints=(
            "In each picture, compare the dashed line with the solid ones.",
            "Where does the dashed line go another way than every solid one?",
            "The solid lines rise, and the dashed one falls.",
        ),
        praise="Every part goes up, and the whole goes down.",
    ),
    "q2": Number(
        truth=_boxes,
        mistakes={
            "that is the raw comparison: most square holes hang in the wood, where all do well": lambda: (
                100 * (96 / 120 - 81 / 120)
            ),
            "that is a share; in percentage points it is a hundred times that": lambda: _boxes() / 100,
            "square minus round was asked for, in this order": lambda: -_boxes(),
            "that is the wood alone; the farmland is the other half": lambda: _boxes(1),
            "that is the farmland alone; the wood is the other half": lambda: _boxes(0),
            "that is the sum of the two differences; each place counts one half": lambda: 2 * _boxes(),
        },
        hints=(
            "First the success of each type in each place: four shares.",
            "For each type, the mean of its two shares; then square minus round.",
            "Round: 27/30 and 54/90. Square: 84/96 and 12/24.",
        ),
        praise="Round holes do better in the wood and on the farmland; the sum hid where they hang.",
    ),
    "q3": Model(
        truth=_fit,
        mistakes={
            "that is the line without strains": lambda: _fit("Weight ~ Dose"),
            "here each strain has a slope of its own as well; one common slope is wanted": lambda: _fit(
                "Weight ~ Dose * Strain"
            ),
            "here the strains have slopes of their own, but no levels": lambda: _fit(
                "Weight ~ Dose + Dose:Strain"
            ),
            "the dose has got lost: this model knows the strains only": lambda: _fit("Weight ~ Strain"),
            "in that model the strains are random; here they are the five that matter": lambda: lmer(
                "Weight ~ Dose + (1 | Strain)", _mice()
            ),
        },
        hints=(
            "A level for each strain is a predictor like any other.",
            "Two predictors, joined by a plus.",
            "The dose and the strain",
        ),
        praise="Five levels, one slope: what a dose does within a strain.",
    ),
    "q4": Number(
        truth=_share,
        mistakes={
            "that is the part within strains; one minus it": lambda: 1 - _share(),
            "that is a ratio of standard deviations; shares are of sums of squares": lambda: _share() ** 0.5,
            "that is the share of the weight's variation; w is about the predictor": lambda: _share("Weight"),
            "that has five means over fifty doses, each with its own n - 1; every mouse should count once": (
                _share_of_variances
            ),
        },
        hints=(
            "Give each mouse the mean dose of its strain: groupby(...).transform('mean').",
            "The variance of these, over the variance of the doses.",
            "means.var() / mice['Dose'].var(), if means has one row for each mouse",
        ),
        praise="Strains got much the same doses, so little is mixed in; "
        "but the slope between strains is so steep that it shows.",
    ),
    "q5": Number(
        truth=_turn,
        mistakes={
            "there it still rises, if only just": lambda: _turn() + 0.1,
            "a flat slope between is not enough: the slope within still lifts the pooled line": lambda: 0.0,
            "it need not be the mirror image of the slope within: it falls long before that": lambda: -1.5,
            "there it falls, but not for the first time: one step less will do": lambda: _turn() - 0.1,
        },
        tolerance=0.0,
        absolute=0.01,
        hints=(
            "Look at the dashed line, or at the square on the right.",
            "Watch the sign of the pooled slope, the one through all points.",
            "Go on until its sign is a minus; the slider is then between -0.2 and -0.8.",
        ),
        praise="Most of the predictor's variation lies between the two groups, "
        "so a slope of a third of the size there outweighs the one within.",
    ),
    "q6": Model(
        truth=lambda: lmer("catch ~ hours + (1 | valley)", _owls()),
        mistakes={
            "that line ignores the valleys, so it mixes two slopes": lambda: lm("catch ~ hours", _owls()),
            "here the valleys are fixed; they are a sample of many, so make them random": lambda: lm(
                "catch ~ hours + valley", _owls()
            ),
            "here slopes differ as well; one common slope is wanted": lambda: lmer(
                "catch ~ hours + (hours | valley)", _owls()
            ),
            "that is fitted to twelve means; take the rows of owls": lambda: lm(
                "catch ~ hours", _owls().groupby("valley")[["hours", "catch"]].mean()
            ),
            "the hours have got lost: this model knows the valleys only": lambda: lmer(
                "catch ~ 1 + (1 | valley)", _owls()
            ),
        },
        hints=(
            "Lesson 2 fitted the same kind of model to its owls.",
            "lk.lmer wants a formula and the data; a bracket says what is random.",
            "The bracket is (1 | valley).",
        ),
        praise="Within a valley, an owl that hunts longer catches more. To say of an owl what was seen in "
        "valleys is called the ecological fallacy.",
    ),
    "q7": Truth(
        test=_slope_fault,
        made_of=("within", "between", "pooled"),
        mistakes={
            _unfit("a", "within"): lambda: ["within"] * 3,
            _unfit("a", "pooled"): lambda: ["pooled"] * 3,
            _unfit("b", "between"): lambda: ["between"] * 3,
        },
        hints=(
            "For each, ask what is compared with what.",
            "An owl with itself, valleys with valleys, or any owl with any other?",
            "Who stays in a valley wants the slope within; who knows only means, the slope between.",
        ),
        praise="No slope is the true one; each answers a question of its own.",
        points=2,
    ),
}
