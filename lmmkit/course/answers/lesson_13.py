"""Questions of lesson 13, counts."""

from typing import Any

import numpy as np

import lmmkit as lk
from lmmkit.course.question import Choice, Number, Question
from lmmkit.course.same_model import printed_numbers


def _gene() -> Any:
    return lk.glmer("counts ~ disease + (1 | sample)", lk.load_data("scrna"), family="poisson")


def _effect() -> float:
    """Log rate ratio of no disease against disease."""
    return float(_gene().fixef["diseaseND"])


QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=lambda: float(np.exp(-_effect())),
        mistakes={
            "that is no disease against disease; turn the sign before exp": lambda: float(np.exp(_effect())),
            "that is on the log scale; exp makes it a ratio": lambda: -_effect(),
            "that is on the log scale, and of ND against D; turn the sign, then exp": _effect,
        },
        tolerance=0.015,
        others=lambda: printed_numbers(_gene()),
        hints=(
            "Look at the row diseaseND: it is the change of the log mean from D to ND.",
            "exp turns a difference of logs into a ratio; a turned sign turns the ratio round.",
            "exp(+1.108)",
        ),
        praise="The sign turned, then exp: about three transcripts where there was one.",
        then="Run the next cell, and compare its two rows: both ratios say the same, one upside down.",
    ),
    "q2": Number(
        truth=lambda: lk.load_data("scrna")["sample"].nunique(),
        mistakes={
            "those are the cells; but a person is ill or healthy, a cell is not": lambda: 500,
            "that is one group only": lambda: 5,
            "those are the cells of one donor": lambda: 50,
            "two groups, each with several independent donors": lambda: 2,
            "that is the degrees of freedom; count the replicates": lambda: 8,
        },
        hints=(
            "Who has the disease: a cell or a donor?",
            "Replicates of a test of disease are the units that have the disease, or do not have it.",
            "Five donors with the disease, five without.",
        ),
        praise="Ten donors, each ill or healthy as a whole.",
    ),
    "q3": Choice(
        options=("up", "down", "same"),
        digest="dec5039b320cd76f",
        because={
            "down": "more cells make the standard error smaller, but not the donors more alike",
            "same": "its standard error shrinks with every cell, while the donors differ as before",
        },
        hints=(
            "In the explorer, move the slider of the cells, and watch the bar of the Poisson GLM.",
            "What do more cells do to the standard error of an analysis that knows no donors?",
            "The standard error falls with the root of the number of cells; the donors differ as before.",
        ),
        then="Run the next two cells. In the table, read the first row from left to right.",
        praise="It measures the difference between ten people ever more precisely, and calls it disease.",
    ),
    "q4": Number(
        truth=lambda: 4 + 4**2 / 2,
        mistakes={
            "that is the Poisson variance; the second part is missing": lambda: 4,
            "that is only the second part; the Poisson variance is added": lambda: 8,
            "k divides the squared mean": lambda: 4 + 4**2 * 2,
            "the mean is squared": lambda: 4 + 4 / 2,
        },
        hints=(
            "The formula stands above: the Poisson variance and a second part.",
            "The mean, plus the squared mean over k.",
            "4 + 4**2 / 2",
        ),
        praise="Three times the Poisson variance: four from counting, eight from differing rates.",
    ),
    "q5": Choice(
        options=("yes", "no"),
        digest="d1b5903e45bf8182",
        because={
            "yes": "a few more zeros are one trace of hoglets that differ, and the many large counts are another"
        },
        hints=(
            "What did the dots in the left panel above say: too many at one end, or at both?",
            "A part for zeros explains zeros. What explains the hoglets with very many ticks?",
            "Run the next cell, and compare the two rows of the AIC.",
        ),
        praise="Extra zeros explain one end only. Hoglets that differ explain both.",
        then="Run the next cell. Look at the expected zeros, and at the AIC.",
    ),
    "q6": Choice(
        options=("yes", "no"),
        digest="28fbbed33b16b111",
        because={"yes": "the small p-value is the one that takes every cow for a replicate"},
        hints=(
            "A herd has a robot or has none. Which row of the table knows that?",
            "Is the estimate of that row larger than two of its standard errors?",
            "-0.340 with a standard error of 0.311",
        ),
        praise="With herds as replicates the effect could well be none; here it truly is.",
    ),
}
