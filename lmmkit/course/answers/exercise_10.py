"""Questions of exercise 10, what the fitter does."""

from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline

from lmmkit import lmer
from lmmkit.course import explorers
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Numbers, Question

_FORMULA = "nitrogen ~ treatment + (1 | plot)"
_SEED, _ABOVE = 4, 3.84  # of the mice; how far above the valley's bottom the interval of question 4 ends


def _fit(formula: str = _FORMULA, **options: Any) -> Any:
    return lmer(formula, own_data("herbivory"), **options)


def _wall(criterion: str) -> float:
    """How far a criterion at theta = 0 lies above its lowest point."""
    reml = criterion != "deviance"
    wall = _fit(reml=reml, start=[0.0], optimize=False)
    return float(getattr(wall, criterion) - getattr(_fit(reml=reml), criterion))


def _between(reml: bool) -> float:
    """Variance between plots."""
    return float(_fit(reml=reml).varcorr.frame["vcov"].iloc[0])


def _interval(above: float = _ABOVE, criterion: str = "REML") -> list[float]:
    """Thetas at which the criterion of the explorer's mice is so far above its lowest point."""
    r = explorers.likelihood.result(seed=_SEED, criterion=criterion)
    curve = r.along.reml if criterion == "REML" else r.along.ml
    low, high = CubicSpline(r.grid, curve - r.lowest - above).roots(extrapolate=False)
    return [float(low), float(high)]


def _as_sds() -> np.ndarray:
    """The interval's ends in grams: theta times the residual SD there."""
    states = [explorers.likelihood.result(seed=_SEED, theta=theta) for theta in _interval()]
    return np.array([state.theta * state.sigma for state in states])


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        own={"snails": (9, 7, 8, 10, 12), "sd": (0.6, 0.5, 0.8)},
        truth=computed("ex10.w1", lambda own: own.sd / own.snails**0.5),
        mistakes={
            "that is how much single snails differ; the mean of all is known better": computed(
                "ex10.w1", lambda own: own.sd
            ),
            "divide by the root of the number of snails, not by the number": computed(
                "ex10.w1", lambda own: own.sd / own.snails
            ),
            "that is a variance; take its root": computed("ex10.w1", lambda own: own.sd**2 / own.snails),
            "take no snail off: the SD is given, not estimated here": computed(
                "ex10.w1", lambda own: own.sd / (own.snails - 1) ** 0.5
            ),
        },
        hints=(
            "What is counted, days or snails?",
            "The standard error of a mean is the SD divided by the root of the number.",
            "{{w1.sd}}, and {{w1.snails:word}} snails",
        ),
        praise="However many days: {{w1.snails:word}} rates stay {{w1.snails:word}} rates.",
    ),
    "w2": Number(
        own={"start": (4, 3, 5, 6), "slope": (0.5, 0.4, 0.8)},
        truth=computed("ex10.w2", lambda own: own.start / own.slope),
        mistakes={
            "upside down: divide the SD of the intercepts by that of the slopes": computed(
                "ex10.w2", lambda own: own.slope / own.start
            ),
            "that is their product; where do a high intercept and its low slope make up for each other?": computed(
                "ex10.w2", lambda own: own.start * own.slope
            ),
            "with a correlation of -1 a high intercept falls: the lines meet to the right of zero": computed(
                "ex10.w2", lambda own: -own.start / own.slope
            ),
            "those are variances; standard deviations are enough": computed(
                "ex10.w2", lambda own: (own.start / own.slope) ** 2
            ),
        },
        hints=(
            "Take a line whose intercept is one SD above the mean. What is its slope?",
            "It starts {{w2.start}} above the average line, and comes nearer by {{w2.slope}} for each unit of x.",
            "When has it made up for {{w2.start}}?",
        ),
        praise="At this x no group differs from any other, says the model.",
    ),
    "q1": Number(
        own={"between": (9, 16, 25, 36), "within": (4, 1, 6.25)},
        truth=computed("ex10.q1", lambda own: (own.between / own.within) ** 0.5),
        mistakes={
            "that is the ratio of the variances; theta is one of standard deviations": computed(
                "ex10.q1", lambda own: own.between / own.within
            ),
            "upside down: theta is the spread of the plots in units of the residual's": computed(
                "ex10.q1", lambda own: (own.within / own.between) ** 0.5
            ),
            "that is the standard deviation itself, in g/kg; theta has no unit": computed(
                "ex10.q1", lambda own: own.between**0.5
            ),
            "that is the share of the variance that lies between plots": computed(
                "ex10.q1", lambda own: own.between / (own.between + own.within)
            ),
        },
        hints=(
            "Theta is a standard deviation, measured in residual standard deviations.",
            "Take a square root of each variance first.",
            "The root of {{q1.between}}, divided by the root of {{q1.within}}",
        ),
        praise="Plots scatter that many times as widely as the cores of one plot.",
    ),
    "q2": Model(
        truth=_fit,
        mistakes={
            "this is the ML fit; REML was asked for, which is the default": lambda: _fit(reml=False),
            "the treatment is missing": lambda: _fit("nitrogen ~ 1 + (1 | plot)"),
            "grouped by treatment: plots are what was sampled": lambda: _fit(
                "nitrogen ~ plot + (1 | treatment)"
            ),
        },
        hints=(
            "What is the treatment, a fixed or a random effect? And what was sampled?",
            "Fixed effects stand in front, without bars.",
            "A random intercept is (1 | plot).",
        ),
        praise="Eight plots, and cores that share what their plot is like.",
    ),
    "q3": Number(
        truth=lambda: _wall("reml_criterion"),
        mistakes={
            "that is the ML deviance; REML was asked for": lambda: _wall("deviance"),
            "that is the difference of the log likelihoods; the criterion is minus twice it": lambda: (
                _wall("reml_criterion") / 2
            ),
            "that is the criterion at the wall itself; how much higher is it than at the lowest point?": (
                lambda: _fit(start=[0.0], optimize=False).reml_criterion
            ),
            "that is where theta is one, and plots scatter as much as cores": lambda: (
                _fit(start=[1.0], optimize=False).reml_criterion - _fit().reml_criterion
            ),
        },
        hints=(
            "Plots that do not differ: which theta have they?",
            "The criterion there, less the criterion of your model.",
            "start=[0.0], optimize=False gives a fit at the wall; subtract the model's .reml_criterion.",
        ),
        praise="A wall so high says that the plots do differ. Lesson 11 makes a test of it.",
    ),
    "q4": Numbers(
        truth=_interval,
        mistakes={
            "3.84 belongs to minus twice the log likelihood, which is what the panel shows: do not halve it": (
                lambda: _interval(_ABOVE / 2)
            ),
            "that is the interval by ML; leave the criterion at REML": lambda: _interval(criterion="ML"),
            "these are standard deviations in grams; theta is the number of the slider": _as_sds,
            "the ends are in the wrong order": lambda: _interval()[::-1],
        },
        tolerance=0.01,
        hints=(
            "The sentence under the picture says how far above the lowest you are.",
            "The interval ends where the curve crosses the dashed line.",
            "Go down from the bottom of the valley until it says 3.84, then up.",
        ),
        praise="Far from symmetrical: six strains rule out small spreads, and hardly large ones.",
    ),
    "q5": Choice(
        options=("A", "B", "C", "D", "E"),
        digest="1b76c70227079c59",
        because={
            "B": "that is generalised least squares, as it should be",
            "C": "residuals are weighted by the inverse of V, as they should be",
            "D": "the price has both its terms: one for V, one for the fixed effects",
            "E": "REML divides by n - p, and so does she",
        },
        hints=(
            "Is her lowest point larger or smaller than lmer's theta? Which function of it could it be?",
            "In V stands a variance. Which of the five lines treats it as a standard deviation?",
            "Compare her lines with those of criterion in the lesson, one by one.",
        ),
        praise="V holds variances, so theta enters squared; without that, her bottom is at the square of lmer's.",
    ),
    "q6": Number(
        truth=lambda: 100 * (1 - _between(False) / _between(True)),
        mistakes={
            "that is for standard deviations; the question is about variances": lambda: (
                100 * (1 - (_between(False) / _between(True)) ** 0.5)
            ),
            "that is what is left of the variance; how much is missing?": lambda: (
                100 * _between(False) / _between(True)
            ),
            "that is in per cent of ML's; take it in per cent of REML's": lambda: (
                100 * (_between(True) / _between(False) - 1)
            ),
            "that is a share; per cent are asked for": lambda: 1 - _between(False) / _between(True),
        },
        hints=(
            "Fit the model once more, with reml=False.",
            "Variances stand in .varcorr.frame['vcov'], standard deviations in 'sdcor'.",
            "Divide one variance by the other, and say how far below one that is, in per cent.",
        ),
        praise="About a quarter: two means were estimated from eight plots, and ML forgets both.",
    ),
    "q7": Choice(
        options=("Bela", "Cleo", "Dora", "Emil"),
        digest="208fd292417baa7e",
        because={
            "Bela": "their fixed effects differ, so each criterion is about what is left over by other ones",
            "Cleo": "a density of grams and a density of log grams are measured in different units",
            "Emil": "the criterion of fewer rows is a sum of fewer terms, whatever the model is worth",
        },
        hints=(
            "Same response, same rows, and what else must be the same?",
            "REML looks at what the fixed effects leave over.",
            "Who has changed nothing but the random part?",
        ),
        praise="Same rows, same response, same fixed effects: only the random part differs.",
    ),
}
