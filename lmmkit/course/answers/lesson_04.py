"""Questions of lesson 04, random intercepts."""

from math import exp
from typing import Any

from lmmkit import lmer, load_data
from lmmkit.course.question import Choice, Number, Question
from lmmkit.course.same_model import printed_numbers


def _mice() -> Any:
    """The mice with a random intercept for each strain."""
    return lmer("Weight ~ Dose + (1 | Strain)", load_data("mouse"))


def _owls(term: str) -> float:
    """A fixed effect of the owls' stress hormone."""
    formula = "log(totCort) ~ Implant + days + Implant:days + (1 | Ring)"
    return float(lmer(formula, load_data("owl_cort")).fixef[term])


def _share(power: float) -> float:
    """The part of the strains, from standard deviations to the power given."""
    between, within = (float(sd) ** power for sd in _mice().varcorr.frame["sdcor"])
    return between / (between + within)


def _ratio() -> float:
    """Variance between over variance within."""
    between, within = _mice().varcorr.frame["vcov"]
    return float(between / within)


QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("smaller", "larger", "the same"),
        digest="62f9a03676b4818e",
        because={
            "larger": "the model has been given more to explain the weights with",
            "the same": "what the strains explain no longer counts as residual",
        },
        hints=(
            "Look at the right half of the picture: the bars of the strains.",
            "What did the residuals of the line contain besides mice?",
            "The strains' differences leave the residual; what becomes of its spread?",
        ),
        praise="The differences between strains have moved out of the residual into a variance of their own.",
        then="Run the cell below, and compare the two numbers: one line for all, and Residual",
    ),
    "q2": Number(
        truth=lambda: _share(2),
        others=lambda: printed_numbers(_mice()),
        mistakes={
            "square the standard deviations first: shares are of variances": lambda: _share(1),
            "that is the share within strains; one minus it": lambda: 1 - _share(2),
            "that compares the two; the share is of their sum": _ratio,
            "that is in per cent; write the share itself, a number between 0 and 1": lambda: 100 * _share(2),
        },
        hints=(
            "The table has two standard deviations, tau and sigma.",
            "Variance is the square of a standard deviation; the share is between / (between + within).",
            "2.842**2 / (2.842**2 + 0.939**2)",
        ),
        praise="Nine tenths of what the dose leaves unexplained is the strain.",
        then="Run the cell below: two variances, and the share of the first",
    ),
    "q3": Number(
        truth=lambda: _mice().coef()["Strain"]["(Intercept)"].iloc[2],
        others=lambda: printed_numbers(_mice()),
        mistakes={
            "that is the deviation; add it to the average strain": (
                lambda: _mice().ranef()["Strain"]["(Intercept)"].iloc[2]
            ),
            "that is the average strain; add the deviation of m3": lambda: _mice().fixef["(Intercept)"],
            "m3 lies below the average: mind the sign": (
                lambda: _mice().fixef["(Intercept)"] - _mice().ranef()["Strain"]["(Intercept)"].iloc[2]
            ),
        },
        hints=(
            "You need one number from each of the two tables above.",
            "coefficient = fixed effect + random effect",
            "25.839 + (-3.706)",
        ),
        praise="The average strain plus the deviation.",
        then="Run the cell below, and look at the row of m3",
    ),
    "q4": Number(
        truth=lambda: _owls("days2") + _owls("ImplantP:days2"),
        mistakes={
            "that is the change with corticosterone, the reference": lambda: _owls("days2"),
            "that is how the two changes differ; add the change of the reference": (
                lambda: _owls("ImplantP:days2")
            ),
            "ImplantP is a difference before anything was implanted; the change needs the interaction": (
                lambda: _owls("days2") + _owls("ImplantP")
            ),
            "that is the ratio; the change of the logarithm is wanted": (
                lambda: exp(_owls("days2") + _owls("ImplantP:days2"))
            ),
        },
        absolute=2e-3,
        hints=(
            "Look for the two rows that end in days2.",
            "days2 is the change of C; ImplantP:days2 is by how much the change of P differs from it.",
            "1.653 + (-1.720)",
        ),
        praise="The two almost cancel: with a placebo, almost nothing happens.",
        then="Run the cell below: the second row is the placebo's change, and exp makes it a factor",
    ),
    "q5": Choice(
        options=("REML", "ML"),
        digest="fc884806a4c25d4f",
        because={"ML": "ML divides by n, as it were, and REML by n minus the number of fixed effects"},
        hints=(
            "Look back at the three lines that needed a word more.",
            "Which is larger: a sum divided by n, or by n - 1?",
            "REML divides by the smaller number.",
        ),
        praise="REML makes up for the degrees of freedom that the fixed effects have used.",
        then="Run the cell below, and compare the two columns",
    ),
}
