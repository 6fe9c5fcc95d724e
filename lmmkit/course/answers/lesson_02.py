"""Questions of lesson 02, Simpson's paradox."""

from lmmkit import lm, load_data
from lmmkit.course.question import Choice, Number, Question


def _gain(term: str) -> float:
    """A coefficient of the interaction model of the clinic."""
    return float(lm("Value ~ Dose * Gender", load_data("clinic")).fixef[term])


QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("up", "down"),
        digest="1f291fb1e184aa08",
        because={"down": "look along one stripe of the cloud, not across all five"},
        hints=("The cloud is made of five stripes. Follow one of them.",),
        praise="Inside a valley, longer hunting pays.",
    ),
    "q2": Choice(
        options=("within", "between", "half of each"),
        digest="f84004bce1c0f545",
        because={
            "between": "if the valleys do not differ in V1, nothing of its variation lies between them",
            "half of each": "the weights are shares of V1's variation; how much lies between valleys now?",
        },
        hints=("Equal means of V1: what is the numerator of w?",),
        praise="With w at zero only the slope within is left, and randomising a treatment does just that.",
    ),
    "q3": Choice(
        options=("regression to the mean", "Simpson's paradox", "overfitting", "shrinkage"),
        digest="93ec60bc960049d3",
        because={
            "regression to the mean": "that is about extreme values being followed by tamer ones",
            "overfitting": "that is a model which follows the noise",
            "shrinkage": "that is what a mixed model does to the estimates of small groups",
        },
        hints=("It is the title of this lesson.",),
        praise="Described by Simpson, and half a century earlier by Pearson and by Yule.",
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
        },
        hints=(
            "Dose alone is the slope of the reference, women.",
            "The interaction is the slope of men minus the slope of women.",
        ),
        praise="Reference slope plus interaction.",
    ),
    "q5": Number(
        truth=lambda: 2 - 1,
        mistakes={
            "one of them goes to the mean": lambda: 2,
            "that would be for a hundred independent levels; there are two": lambda: 98,
        },
        hints=("A variance from k values has k - 1.",),
        praise="One degree of freedom: next to nothing is known of that variance.",
    ),
}
