"""Questions of lesson 04, random intercepts."""

from math import exp
from typing import Any

from lmmkit import lmer, load_data
from lmmkit.course.question import Choice, Number, Question
from lmmkit.course.same_model import printed_numbers


def _mice() -> Any:
    """The mice with a random intercept for each strain."""
    return lmer("Weight ~ Dose + (1 | Strain)", load_data("mouse"))


def _clinics() -> Any:
    """The clinics with a random intercept for each."""
    return lmer("conc ~ age + (1 | group)", load_data("plasma_age"))


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
        hints=("What did the residuals of the line contain besides mice?",),
        praise="The differences between strains have moved out of the residual into a variance of their own.",
    ),
    "q2": Number(
        truth=lambda: _share(2),
        mistakes={
            "square the standard deviations first: shares are of variances": lambda: _share(1),
            "that is the share within strains; one minus it": lambda: 1 - _share(2),
            "that compares the two; the share is of their sum": _ratio,
            "that is in per cent; write the share itself, a number between 0 and 1": lambda: 100 * _share(2),
        },
        hints=(
            "Variance is the square of a standard deviation.",
            "between / (between + within), with variances",
        ),
        praise="Nine tenths of what the dose leaves unexplained is the strain.",
    ),
    "q3": Number(
        truth=lambda: _clinics().coef()["group"]["(Intercept)"].iloc[1],
        others=lambda: printed_numbers(_clinics()),
        mistakes={
            "that is the deviation; add it to the average clinic": (
                lambda: _clinics().ranef()["group"]["(Intercept)"].iloc[1]
            ),
            "that is the average clinic; add clinic two's deviation": (
                lambda: _clinics().fixef["(Intercept)"]
            ),
            "clinic two lies below the average: mind the sign": (
                lambda: _clinics().fixef["(Intercept)"] - _clinics().ranef()["group"]["(Intercept)"].iloc[1]
            ),
        },
        hints=("coef = fixef + ranef", 'mm.coef()["group"] has it.'),
        praise="Average clinic plus deviation.",
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
            "days2 is the change of the reference, C.",
            "ImplantP:days2 is by how much the change of P differs from it.",
        ),
        praise="The two almost cancel: with a placebo, next to nothing happens.",
    ),
    "q5": Choice(
        options=("REML", "ML"),
        digest="fc884806a4c25d4f",
        because={"ML": "ML divides by n, as it were, and REML by n minus the number of fixed effects"},
        hints=("Which is larger: a sum divided by n, or by n - 1?",),
        praise="REML makes up for the degrees of freedom that the fixed effects have used.",
    ),
}
