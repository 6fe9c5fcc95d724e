"""Questions of exercise 01, linear models and their assumptions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from lmmkit import lm, lmer
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Numbers, Question, Slip, Truth, digest, normalise
from lmmkit.course.reading import listed

_PROMISES = ("linearity", "equal spread", "normality", "independence")  # as the notebook draws them
_ABSENT = {
    "linearity": "nothing bends there: the middle of the dots stays at the same height",
    "equal spread": "the dots reach as far up and down on the left as on the right",
    "normality": "the dots lie no further above the line than below it, so nothing is skewed",
    "independence": "every colour is found above and below the line",
}
_FAMILIES = ("lm", "lmer", "glm", "glmer")
_STUDIES = {
    "a": ("a length in mm is continuous", "one chick a nest, measured once: no two rows share anything"),
    "b": ("an egg hatches or does not, and that is not continuous", "eggs share a nest"),
    "c": ("a temperature is continuous", "the readings of one hedgehog belong together"),
    "d": ("a number of voles is a count", "each meadow gives one row, so there are no groups"),
}
#: Hashes of "study is a count or yes and no" and "study has groups" for those of which it is true.
_TRUE = {
    "349a1ed11f591b6c",
    "e62e8624f5684456",
    "f9129a730944f833",
    "3c175fc3c10cea07",
}


def _pupils() -> pd.DataFrame:
    frame = own_data("schools")
    frame["room"] = frame["school"].astype(str) + " " + frame["class"].astype(str)
    return frame


def _line(formula: str = "score ~ hours") -> Any:
    return lm(formula, _pupils())


def _residual(score: float = 50, hours: float = 5) -> float:
    start, slope = _line().fixef
    return float(score - start - slope * hours)


def _spread(group: str) -> float:
    """SD of the mean residuals of a grouping."""
    return float(_line().resid().groupby(_pupils()[group], observed=True).mean().std())


def _false(tech: int, *samples: int, scale: float = 100, analysis: int = 0) -> list[float]:
    """How often an analysis of the explorer finds what is not there."""
    from lmmkit.course import explorers

    runs = [explorers.pseudoreplication.result(tech=tech, bio=bio) for bio in samples]
    return [scale * run.analyses[analysis].false_positives for run in runs]


def _pictures() -> list[str]:
    """The broken promises in the order of the letters."""
    return [_PROMISES[place] for place in np.random.default_rng(48).permutation(4)]


def _swapped(one: int, other: int) -> list[str]:
    names = _pictures()
    names[one], names[other] = names[other], names[one]
    return names


def _picture_fault(answer: Any) -> str | None:
    """What is wrong with the four names, or None."""
    answer = listed(answer)
    if isinstance(answer, str) or not hasattr(answer, "__len__") or len(answer) != 4:
        return Slip("a list of four names is wanted, in the order A, B, C, D")
    given = [normalise(name) for name in answer]
    unknown = [name for name in given if name not in _PROMISES]
    if unknown:
        return Slip(f"there is no promise called {unknown[0]!r}; take {', '.join(_PROMISES)}")
    for letter, mine, right in zip("ABCD", given, _pictures(), strict=True):
        if mine != right:
            return _absent(letter, mine)
    return None


def _absent(letter: str, promise: str) -> str:
    return f"picture {letter} does not break {promise}: {_ABSENT[promise]}"


def _family_fault(answer: Any) -> str | None:
    """The first study whose family is wrong, and why, or None."""
    answer = listed(answer)
    if isinstance(answer, (list, tuple)) and len(answer) == len(_STUDIES):
        answer = dict(zip(_STUDIES, answer, strict=True))
    if not isinstance(answer, Mapping) or {normalise(study) for study in answer} != set(_STUDIES):
        return Slip("one function for each of a, b, c and d is wanted")
    given = {normalise(study): normalise(name).removeprefix("lk.") for study, name in answer.items()}
    for study, (response, groups) in _STUDIES.items():
        if given[study] not in _FAMILIES:
            return Slip(f"study {study}: choose lm, lmer, glm or glmer")
        if given[study].startswith("g") != (digest("ex01.q7", f"{study} is not continuous") in _TRUE):
            return f"study {study}: {response}"
        if given[study].endswith("er") != (digest("ex01.q7", f"{study} has groups") in _TRUE):
            return f"study {study}: {groups}"
    return None


def _driver(day: int) -> float:
    """The average driver's reaction time on a day."""
    fit = lmer("Reaction ~ Days + (Days | Subject)", own_data("sleepstudy"))
    return float(fit.fixef["(Intercept)"] + day * fit.fixef["Days"])


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        own={"day": (5, 2, 3, 4, 6, 7, 8)},
        truth=computed("ex01.w1", lambda own: _driver(own.day)),
        mistakes={
            "that is day 0, where the line starts": lambda: _driver(0),
            "that is what the days add; add the start": computed(
                "ex01.w1", lambda own: _driver(own.day) - _driver(0)
            ),
            "that is what one day adds": lambda: _driver(1) - _driver(0),
            "that is day 1; day {{w1.day}} is asked for": lambda: _driver(1),
        },
        hints=(
            "The formula stands in lesson 0: Reaction by Days, and a line for each Subject.",
            "Where the line starts, plus so many times its slope as there are days.",
            'fit.fixef["(Intercept)"] + {{w1.day}} * fit.fixef["Days"]',
        ),
        praise="Start plus a slope for each day: about ten milliseconds slower every day.",
    ),
    "w2": Choice(
        options=("the start", "the slope", "both", "the residual"),
        digest="eb0279f4335c5490",
        because={
            "the start": "that would be (1 | Subject)",
            "the residual": "that differs from day to day, in every model; what is inside the brackets?",
            "the slope": "that would be (0 + Days | Subject); the intercept comes along by itself",
        },
        hints=(
            "Look at the picture with eighteen lines in lesson 0.",
            "Do the lines have one start? Do they have one slope?",
            "The intercept comes along by itself, in the bracket, too.",
        ),
        praise="Each driver has a start and a slope.",
    ),
    "q1": Truth(
        test=_picture_fault,
        made_of=_PROMISES,
        mistakes={
            _absent("A", _pictures()[1]): lambda: _swapped(0, 1),
            _absent("B", _pictures()[2]): lambda: _swapped(1, 2),
            _absent("C", _pictures()[3]): lambda: _swapped(2, 3),
        },
        hints=(
            "Look for a bend, for a funnel, for colours that stay together, for a tail on one side only.",
            "Which picture would you know by the colours alone?",
            "A tail breaks normality, a funnel equal spread; which two are left?",
        ),
        praise="A bend, a funnel, a tail and six layers of colour.",
    ),
    "q2": Number(
        truth=_residual,
        mistakes={
            "that is fitted minus observed; a residual is observed minus fitted": lambda: -_residual(),
            "that is the fitted value; how far from it is the pupil?": lambda: 50 - _residual(),
            "the line starts at the intercept; you have left it out": lambda: (
                50 - 5 * float(_line().fixef["hours"])
            ),
            "that is the distance from the intercept; the five hours are missing": lambda: (
                50 - float(_line().fixef["(Intercept)"])
            ),
            "that is the distance from the mean of all pupils, whatever their hours": lambda: (
                50 - float(_pupils()["score"].mean())
            ),
        },
        hints=(
            "Response, tilde, predictor: the line first.",
            "Where is the line at five hours? Intercept plus five slopes.",
            "Observed minus fitted, in this order: 50 minus what the line says.",
        ),
        praise="Fewer points than the line promises for five hours, so the residual is negative.",
    ),
    "q3": Model(
        truth=lambda: _line("score ~ hours + room"),
        mistakes={
            "that is the plain line once more; each room needs a level": _line,
            "that has a level for each school; take the classrooms": lambda: _line("score ~ hours + school"),
            "here each room has a slope of its own as well; one common slope is wanted": lambda: _line(
                "score ~ hours * room"
            ),
            "the hours have got lost: this model knows the rooms only": lambda: _line("score ~ room"),
            "that is a mixed model already; here the rooms are an ordinary predictor": lambda: lmer(
                "score ~ hours + (1 | room)", _pupils()
            ),
        },
        hints=(
            "Lesson 1 did the same with the clinics.",
            "A level for each room is a predictor like any other.",
            "Two predictors, joined by a plus: the hours and the room.",
        ),
        praise="A level for each room, and one slope: what an hour does within a room.",
    ),
    "q4": Number(
        truth=lambda: _spread("room"),
        mistakes={
            "that is by class, and each school has a c1 of its own; take room": lambda: _spread("class"),
            "that is by school; the means of the classrooms are wanted": lambda: _spread("school"),
            "that is the variance; the standard deviation is its root": lambda: _spread("room") ** 2,
            "that is the standard deviation of all residuals; first take the mean of each room": lambda: (
                float(_line().resid().std())
            ),
        },
        tolerance=0.02,
        hints=(
            "line.resid() has the residuals.",
            "First the mean of each room, then the standard deviation of these means.",
            "line.resid().groupby(pupils['room']).mean(), and then .std()",
        ),
        praise="About twice what chance alone would give: pupils of a room err together.",
    ),
    "q5": Numbers(
        truth=lambda: _false(10, 4, 20),
        mistakes={
            "those are shares; write them in per cent": lambda: _false(10, 4, 20, scale=1),
            "the right numbers in the other order: the few samples come first": lambda: _false(10, 20, 4),
            "those are of the mixed model; lm on all rows stands at the top": lambda: _false(
                10, 4, 20, analysis=2
            ),
            "the technical replicates are as the panel opens; set them to ten": lambda: _false(6, 4, 20),
        },
        tolerance=0.015,
        hints=(
            "Look at the bars on the right.",
            "The top bar is lm on all rows.",
            "Read it once with four and once with twenty samples an arm, ten replicates both times.",
        ),
        praise="More samples hardly mend a wrong analysis: it goes on taking replicates for samples.",
    ),
    "q6": Choice(
        options=("a", "b", "c", "d"),
        digest="0d8f534d0e707dad",
        because={
            "a": "the two humps are the two sexes, and sex is in the model; what is left has one hump",
            "b": "two humps come from a predictor here; independence is about what the predictors leave",
            "d": "with normal residuals it rejects once in twenty times, however many birds there are",
        },
        hints=(
            "Which four promises are there, and of what?",
            "What does the model do with the two sexes?",
            "Take the mean of its sex away from each mass: how many humps are left?",
        ),
        praise="The promise is about residuals: within each sex the masses show one even hump.",
    ),
    "q7": Truth(
        test=_family_fault,
        made_of=_FAMILIES,
        mistakes={
            f"study a: {_STUDIES['a'][1]}": lambda: dict.fromkeys("abcd", "lmer"),
            f"study a: {_STUDIES['a'][0]}": lambda: dict.fromkeys("abcd", "glmer"),
            f"study b: {_STUDIES['b'][0]}": lambda: dict.fromkeys("abcd", "lm"),
        },
        hints=(
            "First the response: continuous, or a count, or yes and no?",
            "Then: do any two rows share an animal or a nest?",
            "A g for what is not continuous, an er for groups.",
        ),
        praise="Two questions, four leaves: the response, then the groups.",
        points=2,
    ),
}
