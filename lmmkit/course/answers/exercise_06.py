"""Questions of exercise 06, pooling."""

from typing import Any

import pandas as pd

from lmmkit import lm, lmer
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Question, Recompute, Slip, Truth, normalise
from lmmkit.course.same_model import printed_numbers

_FORMULA = "length ~ 1 + (1 | group)"


def _perch() -> pd.DataFrame:
    return own_data("groups20")


def _fit(**options: Any) -> Any:
    return lmer(_FORMULA, _perch(), **options)


def _own_means() -> pd.Series:
    return _perch().groupby("group", observed=True)["length"].mean()


def _estimates() -> pd.Series:
    estimates: pd.Series = _fit().coef()["group"]["(Intercept)"]
    return estimates


def _distances() -> pd.Series:
    """How far each lake's own mean lies from the model's estimate."""
    return (_own_means() - _estimates()).abs()


_MISTAKEN_LAKES: dict[str, Recompute] = {
    "that lake moved far, but one moved further the other way: take .abs() first": lambda: str(
        (_estimates() - _own_means()).idxmax()
    ),
    "that lake has the most fish: it is believed, and hardly moves": lambda: str(
        _perch()["group"].value_counts().idxmax()
    ),
    "that lake's mean lies furthest from the others, but it has fish enough to stay there": lambda: str(
        (_own_means() - _estimates().mean()).abs().idxmax()
    ),
    "that lake moved least": lambda: str(_distances().idxmin()),
}


def _named_lake(answer: Any) -> str | None:
    """What is wrong with the lake said to have moved most, or None."""
    lake = normalise(answer) if isinstance(answer, str) else ""
    lakes = sorted(_perch()["group"].astype(str).unique())
    if lake not in lakes:
        return Slip(f"the name of a lake is wanted, as text: one from {lakes[0]!r} to {lakes[-1]!r}")
    if lake == str(_distances().idxmax()):
        return None
    for sentence, named in _MISTAKEN_LAKES.items():
        if lake == named():
            return sentence
    return "another lake has moved further"


def _ratio(n: float, weight: float) -> float:
    """The ratio of the variances at which n observations have this weight: w = n / (n + 1 / ratio)."""
    return weight / (1 - weight) / n


def _nests() -> Any:
    """The chicks of fifteen nests on their last day."""
    implants = own_data("implants")
    return lmer("mass ~ 1 + (1 | nest)", implants[implants["day"] == 12])


def _weight(n: float = 4, power: float = 1, turned: bool = False) -> float:
    """The weight of a nest's mean, of n chicks; with variances, or their powers."""
    between, within = (float(value) ** power for value in _nests().varcorr.frame["vcov"])
    return n / (n + (between / within if turned else within / between))


def _own_weight(own: Any) -> float:
    """The weight of a lake's own mean, from the numbers of question 2."""
    return float(own.fish / (own.fish + own.within / own.between))


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        own={"between": (3, 2, 5, 6), "within": (4, 5, 7)},
        truth=computed("ex06.w1", lambda own: own.between**2 / (own.between**2 + own.within**2)),
        mistakes={
            "those are standard deviations; shares are of variances": computed(
                "ex06.w1", lambda own: own.between / (own.between + own.within)
            ),
            "that is the share within lakes; the lakes have the rest": computed(
                "ex06.w1", lambda own: own.within**2 / (own.between**2 + own.within**2)
            ),
            "that is between over within; the share is of their sum": computed(
                "ex06.w1", lambda own: own.between**2 / own.within**2
            ),
        },
        hints=(
            "The share has a name in lesson 4: the ICC.",
            "between / (between + within), with variances",
            "{{w1.between}}² / ({{w1.between}}² + {{w1.within}}²)",
        ),
        praise="Square first, then take the share.",
    ),
    "w2": Choice(
        options=("a", "b", "c", "d"),
        digest="894375cfb2998e2d",
        because={
            "a": "there all lakes grow at one pace",
            "b": "there all lakes start from one length",
            "c": "the double bar sets the correlation to zero; it may be there",
        },
        hints=(
            "Two things differ between lakes: which of the four has both?",
            "The intercept is there without being written.",
            "A single bar keeps the correlation.",
        ),
        praise="Intercept, slope and their correlation.",
    ),
    "q1": Choice(
        options=("complete", "no", "partial", "none of them"),
        digest="98a221fef25337f0",
        because={
            "no": "without pooling that lake's estimate is its one fish",
            "partial": "nearly, for that lake; but big lakes keep estimates of their own",
            "none of them": "one of them takes all fish together, whichever lake they come from",
        },
        hints=(
            "Which of them does not know that there are lakes?",
            "It has one mean for all fish.",
            "All fish together are pooled completely.",
        ),
        praise="Complete pooling has one mean for all.",
    ),
    "q2": Number(
        own={"fish": (3, 4, 5), "between": (12, 10, 15, 18), "within": (16, 14, 20)},
        truth=computed("ex06.q2", _own_weight),
        mistakes={
            "the ratio is upside down: the variance within is divided by the one between": computed(
                "ex06.q2", lambda own: own.fish / (own.fish + own.between / own.within)
            ),
            "those are standard deviations; the formula wants variances": computed(
                "ex06.q2", lambda own: own.fish / (own.fish + (own.within / own.between) ** 0.5)
            ),
            "that is the weight of the common mean; the lake's own gets the rest": computed(
                "ex06.q2", lambda own: 1 - _own_weight(own)
            ),
        },
        hints=(
            "The formula stands in lesson 6, above the table of the lakes.",
            "w = n / (n + sigma² / tau²), and tau² is the variance between lakes.",
            "{{q2.fish}} / ({{q2.fish}} + {{q2.within}} / {{q2.between}})",
        ),
        praise="A few fish of its own count for more already than all the other lakes.",
    ),
    "q3": Model(
        truth=_fit,
        mistakes={
            "this is the ML fit; REML was asked for, which is the default": lambda: _fit(reml=False),
            "this forgets the lakes: it is complete pooling": lambda: lm("length ~ 1", _perch()),
            "here each lake has a coefficient of its own: that is no pooling": lambda: lm(
                "length ~ group", _perch()
            ),
            "without an intercept the lakes are pulled to zero": lambda: lmer(
                "length ~ 0 + (1 | group)", _perch()
            ),
        },
        hints=(
            "What differs between lakes is their level.",
            "A level is an intercept, written 1; the lake is the column group.",
            "(1 | group)",
        ),
        praise="One mean, and lakes that scatter around it.",
    ),
    "q4": Truth(
        test=_named_lake,
        mistakes=_MISTAKEN_LAKES,
        hints=(
            "Own means: perch.groupby('group')['length'].mean()",
            "The model's: model.coef()['group']['(Intercept)']",
            "Subtract, take .abs(), then .idxmax()",
        ),
        praise="A lake with few fish, far from the others: that is where shrinkage is strongest.",
    ),
    "q5": Number(
        truth=lambda: _ratio(n=2, weight=3 / 4),
        mistakes={
            "that is the weight; the ratio that gives it was asked for": lambda: 3 / 4,
            "upside down: that is the variance within over the one between": lambda: 1 / _ratio(2, 3 / 4),
            "that is a ratio of standard deviations; the panel's slider sets the one of variances": lambda: (
                _ratio(2, 3 / 4) ** 0.5
            ),
            "that is for a group with one observation; here it has two": lambda: _ratio(1, 3 / 4),
            "at that ratio it keeps half": lambda: _ratio(2, 1 / 2),
        },
        tolerance=0.05,
        hints=(
            "The weights are the bars below the picture. Look at the first, and move the ratio.",
            "w = n / (n + 1 / ratio), with n = 2",
            "Three quarters of its own mean: 1 / ratio must be a third of n.",
        ),
        praise="Two observations already outweigh the crowd when lakes differ more than fish do.",
    ),
    "q6": Choice(
        options=(
            "leave them alone",
            "pull them to the mean of all lakes",
            "pull them to the largest lake",
            "pull them to zero",
        ),
        digest="ea5ce6b90bbda154",
        because={
            "leave them alone": "the lakes are still random effects, so they are still shrunken",
            "pull them to the mean of all lakes": "the model no longer has a mean of all lakes",
            "pull them to the largest lake": "the largest lake is believed most, but it is not the others' centre",
        },
        hints=(
            "Look at the fixed part of the formula: what is left of it?",
            "Around which value are the random effects distributed?",
            "With no intercept, there is only one value left to pull to.",
        ),
        praise="Random effects are centred on zero, and no intercept is left to carry them.",
    ),
    "q8": Number(
        truth=_weight,
        others=lambda: printed_numbers(_nests()),
        mistakes={
            "the ratio is upside down: the variance within is divided by the one between": lambda: _weight(
                turned=True
            ),
            "those are standard deviations; the formula wants variances": lambda: _weight(power=0.5),
            "that is for a single chick; a nest has four": lambda: _weight(n=1),
            "that is the weight of the common mean; the nest's own gets the rest": lambda: 1 - _weight(),
        },
        tolerance=0.01,
        hints=(
            "The fit has both variances, in varcorr.frame.",
            "w = n / (n + sigma² / tau²), with the number of chicks in a nest.",
            "4 / (4 + sigma2 / tau2)",
        ),
        praise="Four chicks count for more than the crowd, though chicks of one nest differ more than nests do.",
    ),
}
