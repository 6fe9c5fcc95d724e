"""Questions of lesson 02, Simpson's paradox."""

from lmmkit import lm, load_data
from lmmkit.course.question import Choice, Number, Question
from lmmkit.course.same_model import printed_numbers


def _gain(term: str) -> float:
    """A coefficient of the interaction model of the clinic."""
    return float(lm("Value ~ Dose * Gender", load_data("clinic")).fixef[term])


QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("up", "down"),
        digest="1f291fb1e184aa08",
        because={"down": "look along one stripe of the cloud, not across all five"},
        hints=(
            "Look at the dots in the picture, not at the line.",
            "The cloud is made of five stripes. Follow one of them.",
        ),
        praise="Inside a valley, longer hunting pays.",
        then="Run the next cell: it fits a line to each valley. Are all five slopes alike?",
    ),
    "q2": Choice(
        options=("within", "between", "half of each"),
        digest="f84004bce1c0f545",
        because={
            "between": "if the valleys do not differ in V1, nothing of its variation lies between them",
            "half of each": "the weights are shares of V1's variation; how much lies between valleys now?",
        },
        hints=(
            "Look at the formula of w.",
            "Equal means of V1: what is the numerator of w?",
            "The numerator is zero, so w is zero. Which slope is left?",
        ),
        praise="With w at zero only the slope within is left: a good reason to give all groups one mean of x.",
        then="Run the next cell: it gives all valleys the same mean, and fits the pooled line again.",
    ),
    "q3": Choice(
        options=("positive", "negative", "not known"),
        digest="659a94050bb912c4",
        because={
            "positive": "two rising slopes cannot be averaged into a falling one",
            "not known": "the pooled slope is an average of the other two, so something can be said",
        },
        hints=(
            "The pooled slope is an average of the slope within and the slope between.",
            "An average lies between its two parts. One part is positive, the average is negative.",
            "The other part must lie below the average, which is negative itself.",
        ),
        praise="The average is negative and one part is positive, so the other part must be negative.",
        then="Run the next cell, and compare the means of the cohorts: a higher marker, a lower score.",
    ),
    "q4": Number(
        truth=lambda: _gain("Dose") + _gain("Dose:GenderM"),
        mistakes={
            "that is by how much men differ from women; add the slope of women": lambda: _gain(
                "Dose:GenderM"
            ),
            "that is the slope of women, the reference": lambda: _gain("Dose"),
            "GenderM shifts the level of men; their slope needs Dose:GenderM": (
                lambda: _gain("Dose") + _gain("GenderM")
            ),
            "the slope of women is negative: add it, do not take it away": (
                lambda: _gain("Dose:GenderM") - _gain("Dose")
            ),
            "that is the slope of all together, which describes nobody": lambda: float(
                lm("Value ~ Dose", load_data("clinic")).fixef["Dose"]
            ),
        },
        others=lambda: printed_numbers(lm("Value ~ Dose * Gender", load_data("clinic"))),
        hints=(
            "In the table, Dose alone is the slope of the reference, women.",
            "The interaction Dose:GenderM is the slope of men minus the slope of women.",
            "Add the two: -22.75 and 343.97",
        ),
        praise="Reference slope plus interaction.",
        then="Run the next cell: a line through the men alone has the same slope.",
    ),
    "q5": Choice(
        options=("1 in 100", "5 in 100", "20 in 100", "50 in 100"),
        digest="c59db4e543c3a09b",
        because={
            "1 in 100": "two draws are close to each other far more often than that",
            "5 in 100": "more often: two draws from one population are often close to each other",
            "50 in 100": "not quite so bad: half of the estimates are above two thirds of the truth",
        },
        hints=(
            "The SD of two values is their distance, divided by the root of two.",
            "How often do two draws from a normal distribution lie within a third of an SD of each other?",
            "The area of a normal curve within a quarter of an SD of its middle",
        ),
        praise="A fifth of all studies with two groups would report hardly any difference between groups.",
        then="Run the next cell: with more groups the share falls, from left to right.",
    ),
}
