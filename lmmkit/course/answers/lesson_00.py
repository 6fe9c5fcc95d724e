"""Questions of lesson 00, start here."""

from typing import Any

from lmmkit import lmer, load_data
from lmmkit.course.question import Number, Question
from lmmkit.course.same_model import printed_numbers


def _fit() -> Any:
    return lmer("Reaction ~ Days + (Days | Subject)", load_data("sleepstudy"))


QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=lambda: _fit().fixef["Days"],
        others=lambda: printed_numbers(_fit()),
        mistakes={
            "that is the intercept, the reaction time on day 0; the slope stands next to it": lambda: (
                _fit().fixef["(Intercept)"]
            ),
        },
        hints=(
            "Look at what holds for an average Subject, the fixed effects.",
            "It is the slope: what one unit more of Days does to the expected value of Reaction.",
            'The line begins with "Days:"; the first number is it. fit.fixef["Days"] gives it, too.',
        ),
        praise="The average driver gets slower by about ten milliseconds with each day of the study.",
    ),
}
