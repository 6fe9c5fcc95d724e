"""Questions of exercise 13, counts."""

from math import exp, log
from typing import Any

import pandas as pd

from lmmkit import glm, glmer, lmer
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Question

_SPECIES = "species ~ management + (1 | field)"
_UDDERS = "cbind(infected, cows - infected) ~ season"


def _meadows() -> pd.DataFrame:
    return own_data("management")


def _species() -> Any:
    return glmer(_SPECIES, _meadows(), family="poisson")


def _effect() -> float:
    """Log rate ratio of plan B against plan A."""
    return float(_species().fixef["managementB"])


def _pairs() -> pd.DataFrame:
    """A row for each field with both halves."""
    return _meadows().pivot(index="field", columns="management", values="species").dropna()


def _within() -> float:
    """Variance of a count within a field."""
    both = _pairs()
    return float((both["B"] - both["A"]).var() / 2)


def _mean() -> float:
    return float(_pairs().to_numpy().mean())


def _udders(formula: str) -> Any:
    return glmer(formula, own_data("herds"), family="binomial")


def _wet(own: Any) -> float:
    """Log odds in a wet spring, from the numbers of question 2."""
    return float(log(own.chance / (1 - own.chance)) - own.fall)


def _by_chance(own: Any) -> float:
    """The share of all cells that can be read and are zero by Poisson's law, from the numbers of question 6."""
    return float((1 - own.zeros) * exp(-own.mean))


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        own={"litter": (12, 10, 14), "rest": (9, 7, 8)},
        truth=computed("ex13.w1", lambda own: own.litter**2 / (own.litter**2 + own.rest**2)),
        mistakes={
            "that is the ratio of standard deviations; variances add, standard deviations do not": computed(
                "ex13.w1", lambda own: own.litter / (own.litter + own.rest)
            ),
            "that is the share of the residuals": computed(
                "ex13.w1", lambda own: own.rest**2 / (own.litter**2 + own.rest**2)
            ),
            "that is the ratio of the two variances; their sum is the whole": computed(
                "ex13.w1", lambda own: own.litter**2 / own.rest**2
            ),
            "that is the square root of the share": computed(
                "ex13.w1", lambda own: own.litter / (own.litter**2 + own.rest**2) ** 0.5
            ),
        },
        hints=(
            "The share is called ICC in lesson 4.",
            "The variance between litters over the sum of the two variances.",
            "{{w1.litter}}**2 / ({{w1.litter}}**2 + {{w1.rest}}**2)",
        ),
        praise="Square first, then add: the variance between litters is the larger part.",
    ),
    "w2": Number(
        own={"each": (4, 3, 5, 6, 7, 8)},
        truth=computed("ex13.w2", lambda own: 2 * own.each - 2),
        mistakes={
            "that is one less than the meadows; two means are estimated": computed(
                "ex13.w2", lambda own: 2 * own.each - 1
            ),
            "those are the meadows; two means are estimated from them": computed(
                "ex13.w2", lambda own: 2 * own.each
            ),
            "that takes every square for a replicate; it is meadows that were limed": computed(
                "ex13.w2", lambda own: 60 * own.each - 2
            ),
            "those are squares; it is meadows that were limed": computed(
                "ex13.w2", lambda own: 60 * own.each
            ),
        },
        hints=(
            "What was limed: a square or a meadow?",
            "Replicates less the number of groups.",
            "All the meadows, 2 groups",
        ),
        praise="So many meadows, less two means: the squares of one meadow are no replicates of lime.",
    ),
    "q1": Choice(
        options=("poisson, log", "binomial, logit", "gaussian, identity", "negative binomial, log"),
        digest="c33dbfe32deaab68",
        because={
            "poisson, log": "a Poisson count has no upper end, but no more eggs can hatch than there are",
            "gaussian, identity": "a straight line would soon promise more hatchlings than eggs, or fewer than none",
            "negative binomial, log": "that is for counts without an upper end that vary more than Poisson's",
        },
        hints=(
            "Each egg hatches or does not.",
            "Hits out of so many trials: which family has a number of trials?",
            "The sections “Yes or no” and “Why not the model we have?” of the lesson name family and link.",
        ),
        praise="Hits out of so many, with the log odds on the straight line.",
    ),
    "q2": Number(
        own={"chance": (0.8, 0.7, 0.9, 0.6), "fall": (0.7, 0.5, 0.9)},
        truth=computed("ex13.q2", lambda own: 1 / (1 + exp(-_wet(own)))),
        mistakes={
            "those are the odds; a probability is odds / (1 + odds)": computed(
                "ex13.q2", lambda own: exp(_wet(own))
            ),
            "that is the odds ratio, by which the odds are multiplied; it does not say what they were": computed(
                "ex13.q2", lambda own: exp(-own.fall)
            ),
            "the odds are multiplied by exp(-{{q2.fall}}), not the probability": computed(
                "ex13.q2", lambda own: own.chance * exp(-own.fall)
            ),
            "{{q2.fall}} was taken from the probability; it belongs to the log odds": computed(
                "ex13.q2", lambda own: own.chance - own.fall
            ),
            "that is still on the scale of log odds": computed("ex13.q2", lambda own: _wet(own)),
        },
        hints=(
            "From probability to log odds, down by {{q2.fall}}, and back to probability.",
            "odds = p / (1 - p), and back: p = odds / (1 + odds)",
            "The new odds are the old ones times exp(-{{q2.fall}}).",
        ),
        praise="Log odds add, odds multiply, probabilities do neither.",
    ),
    "q3": Model(
        truth=_species,
        mistakes={
            "without the field the two halves are strangers to each other": lambda: glm(
                "species ~ management", _meadows(), family="poisson"
            ),
            "that is a linear mixed model; a Poisson count needs glmer and its family": lambda: lmer(
                _SPECIES, _meadows()
            ),
            "here each field has a coefficient of its own; as a random effect it gets a variance": lambda: (
                glm("species ~ management + field", _meadows(), family="poisson")
            ),
            "the management is missing: this model knows fields only": lambda: glmer(
                "species ~ 1 + (1 | field)", _meadows(), family="poisson"
            ),
        },
        hints=(
            "glmer, with family='poisson'.",
            "What two halves have in common is a random intercept of the field.",
            "species ~ management + (1 | field)",
        ),
        praise="One log rate for each plan, and fields that scatter around it.",
    ),
    "q4": Number(
        truth=lambda: 100 * (exp(_effect()) - 1),
        mistakes={
            "a hundred times the coefficient is only near it; exp makes it a ratio": lambda: 100 * _effect(),
            "that is the ratio; how many per cent more is that?": lambda: exp(_effect()),
            "that is on the log scale; exp makes it a ratio": _effect,
            "that is how much fewer there are with A than with B; B was asked against A": lambda: (
                100 * (1 - exp(-_effect()))
            ),
            "that is B in per cent of A; how many per cent *more* is it?": lambda: 100 * exp(_effect()),
        },
        hints=(
            "The coefficient is a difference of log means.",
            "exp of it is the ratio of B to A; a ratio of 1.2 would be 20 per cent more.",
            "100 * (np.exp(model.fixef['managementB']) - 1)",
        ),
        praise="On the log scale effects multiply, so they are told in ratios or per cent.",
    ),
    "q5": Number(
        truth=lambda: _within() / _mean(),
        mistakes={
            "the difference has the noise of both halves: take half its variance": lambda: (
                2 * _within() / _mean()
            ),
            "that uses the standard deviation of the differences; the variance was asked for": lambda: (
                (2 * _within()) ** 0.5 / _mean()
            ),
            "that variance divides by n; an estimate divides by n - 1, as .var() does": lambda: (
                _within() * (1 - 1 / len(_pairs())) / _mean()
            ),
            "that is upside down: the variance over the mean": lambda: _mean() / _within(),
            "that is the variance of all halves, in which fields differ, too; the Poisson variance is "
            "within a field": lambda: _pairs().stack().var() / _mean(),
        },
        hints=(
            "Take the difference of the two columns of `both`, and its variance.",
            "(both['B'] - both['A']).var() is twice the variance of a single half.",
            "The mean: both.to_numpy().mean()",
        ),
        praise="Far below one: plants fill their room more evenly than chance would. "
        "The Poisson model does not know it, and its standard errors are too large.",
    ),
    "q6": Number(
        own={"zeros": (0.3, 0.2, 0.4, 0.35, 0.45), "mean": (1, 1.5)},
        truth=computed("ex13.q6", lambda own: own.zeros + _by_chance(own)),
        mistakes={
            "those are the extra zeros alone; a Poisson count can be zero, too": computed(
                "ex13.q6", lambda own: own.zeros
            ),
            "that is Poisson alone; the cells that are never read are zero whatever their count would be": computed(
                "ex13.q6", lambda own: exp(-own.mean)
            ),
            "that counts some cells twice: only the cells that can be read have a Poisson count": computed(
                "ex13.q6", lambda own: own.zeros + exp(-own.mean)
            ),
            "those are Poisson's zeros among the cells that can be read; the others belong to them, too": computed(
                "ex13.q6", _by_chance
            ),
            "that spreads the loss over all cells, with a smaller mean in each: it is what the Poisson model "
            "expects, and too few": computed("ex13.q6", lambda own: exp(-(1 - own.zeros) * own.mean)),
            "that is the share of cells that *have* a count": computed(
                "ex13.q6", lambda own: 1 - own.zeros - _by_chance(own)
            ),
        },
        hints=(
            "Two ways to no count: never read, or read and zero by chance.",
            "A Poisson count with mean m is zero with probability exp(-m).",
            "{{q6.zeros}}, and of the other 1 - {{q6.zeros}} the share exp(-{{q6.mean}}).",
        ),
        praise="Two sorts of zeros. A Poisson model that has seen only the smaller mean expects fewer.",
    ),
    "q7": Model(
        truth=lambda: _udders(f"{_UDDERS} + (1 | herd)"),
        mistakes={
            "that is the colleague's model still: in it every infected cow is counted as a healthy one, too": lambda: (
                _udders("cbind(infected, cows) ~ season + (1 | herd)")
            ),
            "hits come first: this models the healthy cows": lambda: _udders(
                "cbind(cows - infected, infected) ~ season + (1 | herd)"
            ),
            "the response is mended, but the herds got lost": lambda: glm(
                _UDDERS, own_data("herds"), family="binomial"
            ),
            "herd now is a fixed factor; it was not the random effect that was wrong": lambda: glm(
                f"{_UDDERS} + herd", own_data("herds"), family="binomial"
            ),
        },
        hints=(
            "What are the two columns that cbind wants?",
            "Infected ones, and those that are not.",
            "How many cows of a visit are not infected? Write that as the second column.",
        ),
        praise="Hits and misses, not hits and trials: the colleague's probabilities were all too small.",
    ),
}
