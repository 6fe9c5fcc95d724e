"""Questions of lesson 00, start here."""

from lmmkit import lmer, load_data
from lmmkit.course.question import Number, Question

QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=lambda: lmer("Reaction ~ Days + (Days | Subject)", load_data("sleepstudy")).fixef["Days"],
        mistakes={
            "that is the intercept, the reaction time on day 0; the slope stands next to it": (
                lambda: lmer("Reaction ~ Days + (Days | Subject)", load_data("sleepstudy")).fixef[
                    "(Intercept)"
                ]
            ),
        },
        hints=(
            "The printed model ends with its fixed effects.",
            "fit.fixef is a table with one entry per fixed effect.",
            'fit.fixef["Days"] is the entry you want.',
        ),
        praise="The average driver gets slower by about ten milliseconds with each day of the study.",
    ),
}
