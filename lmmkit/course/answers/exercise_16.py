"""Questions of exercise 16, choosing and reporting."""

from typing import Any

import numpy as np

from lmmkit import lmer
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Numbers, Question

_FORMULA = "rt ~ condition + (condition | subject) + (1 | item)"


def _fit(formula: str = _FORMULA, **options: Any) -> Any:
    return lmer(formula, own_data("words"), **options)


def _limits(width: float) -> np.ndarray:
    """The average effect of priming, plus and minus 1.96 times a width."""
    return np.array(_fit().fixef["conditionprimed"] + 1.96 * width * np.array([-1, 1]))


def _sd(group: str, effect: str) -> float:
    """Standard deviation of a random effect, or the residual one."""
    table = _fit().varcorr.frame
    rows = (table["grp"] == group) & table["var2"].isna()
    if effect:
        rows &= table["var1"] == effect
    return float(table.loc[rows, "sdcor"].iloc[0])


QUESTIONS: dict[str, Question] = {
    "w1": Choice(
        options=("likelihood ratio", "Satterthwaite", "Kenward-Roger", "t-test of nest means"),
        digest="b74da0f7388617f0",
        because={
            "Satterthwaite": "it counts the nests, and is close to its promise with four of each kind",
            "Kenward-Roger": "it counts the nests, and is close to its promise as well, or on the careful side of it",
            "t-test of nest means": "with equal nests it is exact: eight means, six degrees of freedom",
        },
        hints=(
            "Where does each of the four get its degrees of freedom from?",
            "One of them trusts in a distribution for many groups.",
            "Its table value is that of chi-square.",
        ),
        praise="Chi-square is a promise for many groups, and eight nests are few.",
    ),
    "w2": Number(
        own={"b": (0.405, 0.262, 0.336, 0.47, 0.588)},
        truth=computed("ex16.w2", lambda own: 100 * (np.exp(own.b) - 1)),
        mistakes={
            "a hundred times the coefficient is only near it; exp makes it a ratio": computed(
                "ex16.w2", lambda own: 100 * own.b
            ),
            "that is the ratio; how many per cent more is that?": computed(
                "ex16.w2", lambda own: np.exp(own.b)
            ),
            "that is how many per cent fewer there are without": computed(
                "ex16.w2", lambda own: 100 * (1 - np.exp(-own.b))
            ),
            "that is with a feeder in per cent of without; how many per cent *more* is it?": computed(
                "ex16.w2", lambda own: 100 * np.exp(own.b)
            ),
        },
        hints=(
            "The coefficient is a difference of logarithms.",
            "exp of it is a ratio; a ratio of 1.2 would be 20 per cent more.",
            "100 * (np.exp({{w2.b}}) - 1)",
        ),
        praise="On the log scale effects add, and on the scale of counts they multiply.",
    ),
    "q1": Choice(
        options=("A", "B", "C", "D"),
        digest="febf4b6fc3be1400",
        because={
            "A": "that is about people; these thirty are a sample of them",
            "B": "that is about a variance, and only a random effect has one",
            "D": "somebody new has no fixed effect, but comes from the same distribution as the others",
        },
        hints=(
            "Which question is about these subjects, by name, and about nobody else?",
            "Fixed are the levels that the question itself names.",
            "Look for two names of subjects.",
        ),
        praise="A question about these very levels, and none beyond them.",
    ),
    "q2": Choice(
        options=("A", "B", "C", "D"),
        digest="4ae19596f7b4548f",
        because={
            "A": "perch of one visit share more than lake and year, the weather say; year's error comes out too small",
            "C": "three years cannot tell a variance, and the question is about years",
            "D": "one row a fish: its effect could not be told from the residual, and lmer refuses",
        },
        hints=(
            "Through what did the measuring go to get to a fish? A lake, then a visit to it.",
            "A visit is one lake in one year.",
            "Lakes need a bracket, and so do visits; the years are asked about.",
        ),
        praise="Lakes, and visits to lakes; the few years are what the question is about.",
    ),
    "q3": Model(
        truth=_fit,
        mistakes={
            "words have no effect in this model": lambda: _fit("rt ~ condition + (condition | subject)"),
            "here priming does the same for every subject": lambda: _fit(
                "rt ~ condition + (1 | subject) + (1 | item)"
            ),
            "this lets priming differ between words as well, which the plan did not say": lambda: _fit(
                "rt ~ condition + (condition | subject) + (condition | item)"
            ),
            "here it is words, not subjects, that differ in what priming does": lambda: _fit(
                "rt ~ condition + (1 | subject) + (condition | item)"
            ),
            "the plan said ms, not their logarithm": lambda: _fit(
                "log(rt) ~ condition + (condition | subject) + (1 | item)"
            ),
            "this is the ML fit; the plan said REML": lambda: _fit(reml=False),
        },
        hints=(
            "Subjects and words cross: two brackets.",
            "A bracket with a predictor on its left lets the groups differ in what that predictor does.",
            "(condition | subject) + (1 | item)",
        ),
        praise="What differs between whom was settled by the plan, and the formula says it.",
    ),
    "q4": Numbers(
        truth=lambda: _limits(_sd("subject", "conditionprimed")),
        mistakes={
            "that is made from the standard error: it is about the average, not about persons": lambda: (
                _limits(float(_fit().se["conditionprimed"]))
            ),
            "that is the spread of how fast subjects are, not of what priming does for them": lambda: _limits(
                _sd("subject", "(Intercept)")
            ),
            "that is the spread of single answers": lambda: _limits(_sd("Residual", "")),
            "that is made from a variance; take the standard deviation": lambda: _limits(
                _sd("subject", "conditionprimed") ** 2
            ),
            "the ends are in the wrong order": lambda: _limits(-_sd("subject", "conditionprimed")),
        },
        hints=(
            "Persons scatter around the average by a standard deviation that the model has estimated.",
            "It is in model.varcorr.frame: group subject, effect conditionprimed, column sdcor.",
            "The fixed effect plus and minus 1.96 times that.",
        ),
        praise="More answers would make the interval of the average narrow; people would differ as before.",
    ),
    "q5": Choice(
        options=("A", "B", "C", "D", "E"),
        digest="4e7be1fd54276e49",
        because={
            "A": "numbers of rows and of groups, and what was left out: all of it belongs there",
            "B": "that is the formula in words, and it is the one that was fitted",
            "D": "two standard deviations, and it says for which condition: as it should be",
            "E": "that is what a residual standard deviation is",
        },
        hints=(
            "Compare every figure with the tables of task 3.",
            "How many subjects show an effect of priming? How many does the test of the sentence count?",
            "The degrees of freedom stand in brackets after the t.",
        ),
        praise="The test counts rows; the effect varies between subjects, who are few.",
    ),
    "q6": Choice(
        options=("(1 | Subject)", "(0 + Days | Subject)", "(Days || Subject)", "(Days | Subject)"),
        digest="320edc6d7a529043",
        because={
            "(1 | Subject)": "drivers differ in their slopes, too: compare it with a model that lets them",
            "(0 + Days | Subject)": "drivers differ from the first day on, too: compare it with a model that lets them",
            "(Days | Subject)": "its last parameter, a correlation, is not worth its place here",
        },
        hints=(
            "Go from the smallest random part to the largest, one step at a time.",
            "The sentence under the picture says whether the larger one is worth its parameters.",
            "The last step adds a correlation.",
        ),
        praise="Both spreads are needed; their correlation is not. Had you planned it, you might keep it all the same.",
    ),
}
