"""Questions of exercise 07, nested and crossed."""

from typing import Any

import pandas as pd

from lmmkit import lm, lmer
from lmmkit.course.explorers import nested_crossed
from lmmkit.course.own_data import own_data
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Question

_FIXED = "activity ~ time + temperature"


def _chicks() -> pd.DataFrame:
    """The chicks, with letters that start again in every nest."""
    chicks = own_data("implants")
    rank = chicks.groupby("nest", observed=True)["chick"].transform(
        lambda chick: pd.factorize(chick.astype(str))[0]
    )
    return chicks.assign(letter=rank.map(dict(enumerate("abcd"))).astype("category"))


def _fit(random: str = "(1 | nest/chick)", **options: Any) -> Any:
    return lmer(f"mass ~ day * implant + {random}", _chicks(), **options)


def _effects(*columns: str) -> int:
    """Levels of these columns, together."""
    return sum(int(_chicks()[column].nunique()) for column in columns)


def _alike(*shared: int, column: str = "vcov", rows: int = 3) -> float:
    """What the shared components (0 chick, 1 nest) are of the sum of the first `rows` of them."""
    values = _fit().varcorr.frame[column].iloc[:rows]
    return float(sum(values.iloc[i] for i in shared) / values.sum())


def _design(tried: str) -> Any:
    return nested_crossed.result(
        design="plots in treatments", labels="start anew in each group", tried=tried, upper=2, lower=4, rows=5
    )


def _se(random: str) -> float:
    """Standard error of the temperature with these random effects."""
    marmots = own_data("behaviour")
    fit = lmer(f"{_FIXED} + {random}", marmots) if random else lm(_FIXED, marmots)
    return float(fit.se["temperature"])


def _times(random: str) -> float:
    """How many times the colleague's standard error that is."""
    return _se(random) / _se("(1 | animal/day)")


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        own={"within": (6, 5, 7), "days": (2, 4, 5), "lighter": (8, 6, 14)},
        truth=computed("ex07.w1", lambda own: -own.lighter / own.days),
        mistakes={
            "that is the slope within nests; the one between them is asked for": computed(
                "ex07.w1", lambda own: own.within
            ),
            "that is the whole difference between the two nests; a slope is per day": computed(
                "ex07.w1", lambda own: -own.lighter
            ),
            "the older nest is the lighter one: mind the sign": computed(
                "ex07.w1", lambda own: own.lighter / own.days
            ),
            "that is the difference of the two slopes; only the one between nests is asked for": computed(
                "ex07.w1", lambda own: -own.lighter / own.days - own.within
            ),
        },
        hints=(
            "Two nests are two points: mean age and mean mass.",
            "A slope is the difference in mass divided by the difference in age.",
            "{{w1.lighter}} g lighter, over {{w1.days:word}} days.",
        ),
        praise="Within nests age makes heavier, and yet older nests are lighter: two slopes, two questions.",
    ),
    "w2": Choice(
        options=("(1 | trout)", "(0 + temp | trout)", "(temp || trout)", "(temp | trout)"),
        digest="64be26c98e7ffc27",
        because={
            "(1 | trout)": "that lets them differ in activity, but react to warmth in one way",
            "(0 + temp | trout)": "that lets them react in their own ways, but gives all one activity at 0 °C",
            "(temp || trout)": "that says that the two have nothing to do with each other; they may go together",
        },
        hints=(
            "How many things differ between trout, and is a correlation wanted?",
            "(x | g) stands for (1 + x | g).",
            "One bar keeps the correlation, two bars set it to zero.",
        ),
        praise="Intercept and slope for each trout, and their correlation.",
    ),
    "q1": Choice(
        options=("leaves", "judges", "litters", "flocks"),
        digest="817ee6eb6e4e9740",
        because={
            "leaves": "no leaf grows on two trees, so leaves are nested in them",
            "litters": "a litter has one mother, so litters are nested in mothers",
            "flocks": "a sheep stays in its flock; it is weighed twice, but that makes it no member of two",
        },
        hints=(
            "Draw the table of the two factors for each study. Which is full?",
            "Nested: each unit belongs to one group only. Where does it not?",
            "Could the same six meet every one of the eight?",
        ),
        praise="Every judge tastes every cheese: the table is full.",
    ),
    "q2": Number(
        truth=lambda: _effects("nest", "letter"),
        mistakes={
            "so many there are with unique numbers, but the formula sees only the letters": lambda: _effects(
                "nest", "chick"
            ),
            "that is the number of real chicks; the formula sees nests and letters": lambda: _effects(
                "chick"
            ),
            "those are the nests; the letters have effects, too": lambda: _effects("nest"),
            "those are the letters; the nests have effects, too": lambda: _effects("letter"),
        },
        tolerance=1e-9,
        hints=(
            "Each different label of a column gets one random effect.",
            "How many different labels does each of the two columns have? (chicks[...].nunique())",
            "There are four letters; add the nests.",
        ),
        praise="Chick a of the first nest and chick a of the last have become one animal.",
    ),
    "q3": Model(
        truth=_fit,
        mistakes={
            "with a plus, all chicks a are one chick: the letters repeat, so use the slash": lambda: _fit(
                "(1 | nest) + (1 | letter)"
            ),
            "here the nests are left out, and letters alone are four chicks": lambda: _fit("(1 | letter)"),
            "here the chicks are left out, as if all weights of a nest were of one animal": lambda: _fit(
                "(1 | nest)"
            ),
            "the other way round: nests do not live inside letters": lambda: _fit("(1 | letter/nest)"),
            "here the nests are left out: siblings would be strangers": lambda: _fit("(1 | chick)"),
            "this is the ML fit; REML was asked for, which is the default": lambda: _fit(reml=False),
        },
        hints=(
            "mass ~ day * implant has the main effects, too.",
            "Which sign reads 'within'? The larger group stands on its left.",
            "Look at the number of groups that the fit prints: as many as there are chicks?",
        ),
        praise="Written so, it is the model that unique numbers give.",
    ),
    "q4": Number(
        truth=lambda: _alike(1),
        mistakes={
            "that is for two weights of one chick, which share the chick as well as the nest": lambda: _alike(
                0, 1
            ),
            "those are standard deviations; correlations are made of variances": lambda: _alike(
                1, column="sdcor"
            ),
            "the residual belongs into the denominator, for each weight carries it": lambda: _alike(
                1, rows=2
            ),
            "that is in per cent; a correlation lies between -1 and 1": lambda: 100 * _alike(1),
            "that is the chicks' share, but two different chicks have no chick in common": lambda: _alike(0),
        },
        hints=(
            "What do the two weights have in common, and what does each have for itself?",
            "Correlation = variance of what they share / variance of one of them.",
            "They share the nest; each has nest, chick and residual.",
        ),
        praise="Most of what makes weights of one day differ is the nest.",
    ),
    "q5": Number(
        truth=lambda: _design("(1 | plot)").right.df,
        mistakes={
            "that is what (1 | plot) claims, which sees four plots, each in both treatments": lambda: (
                _design("(1 | plot)").tried.df
            ),
            "that is what a regression without plots claims": lambda: (
                _design("no random effects (lm)").tried.df
            ),
            "that is the number of plots; the treatments' means use some up": lambda: 8,
            "that is the number of labels; there are two plots of each": lambda: 4,
        },
        tolerance=0.01,
        hints=(
            "The sentence below the picture names the df of both formulas.",
            "How many plots are there really, and how many means does the treatment use?",
            "Two treatments with four plots each; two means.",
        ),
        praise="Eight plots, two means: what is left says how well plots agree.",
    ),
    "q6": Choice(
        options=("a", "b", "c", "d", "e"),
        digest="bd718b2c8461fe3a",
        because={
            "a": "then animals would live inside days, and each would be another animal tomorrow",
            "c": "temperature is a number with an effect to be estimated; it is the day that is the group",
            "d": "there are four rows for each, one for every time of day, and the fit went through",
            "e": "the slash is for labels that repeat by chance; day 1 is the very same day for all animals",
        },
        hints=(
            "Is the table of animals and days full?",
            "How many days does the fit count, and how many were there?",
            "Is day 1 of one marmot another day than day 1 of the next?",
        ),
        praise="It rained on all marmots at once, and the model thinks that each had weather of its own.",
    ),
    "q7": Number(
        truth=lambda: _times("(1 | animal) + (1 | day)"),
        mistakes={
            "the ratio is upside down: yours over the colleague's": lambda: (
                1 / _times("(1 | animal) + (1 | day)")
            ),
            "without days, what is seen on one day counts as independent; add days, crossed with animals": lambda: (
                _times("(1 | animal)")
            ),
            "that compares with a regression that knows no groups at all": lambda: _times(""),
            "that is the ratio of variances; standard errors are their roots": lambda: (
                _times("(1 | animal) + (1 | day)") ** 2
            ),
        },
        hints=(
            "What is crossed here, and how is it written?",
            "Crossed factors are added: (1 | a) + (1 | b).",
            "Divide fit.se['temperature'] of your fit by that of the colleague's.",
        ),
        praise="As many temperatures as days, not as many as pairs of animal and day.",
    ),
}
