"""Questions of lesson 03, fixed or random."""

from typing import Any

from lmmkit import lmer, load_data
from lmmkit.course.question import Choice, Number, Question, Slip, Truth, digest, normalise

VARIABLES = (
    "treatment",
    "plot",
    "management",
    "field",
    "implant",
    "nest",
    "chick",
    "time",
    "temperature",
    "day",
    "animal",
)
#: Hashes of "name is random" for those that are, so that the answer is not written here.
RANDOM = {
    "13b85738b9a07741",
    "f8a5a71a7823389b",
    "65003a90c0581577",
    "d321fea592a0ff0e",
    "72bc067e549627af",
    "f7018ee842e7b386",
}
WHY_FIXED = {
    "treatment": "fence or no fence was our choice, and is the question",
    "management": "A and B are the two that we want to compare",
    "implant": "hormone against placebo is the question",
    "time": "the four times of day were chosen, and their differences are wanted",
    "temperature": "it is a number with a slope, not a set of levels",
}


def _is_random(name: str) -> bool:
    return digest("03.q4", f"{name} is random") in RANDOM


def _complaint(answer: Any) -> str | None:
    """What is wrong with a list of random variables, or None."""
    if isinstance(answer, str):
        answer = answer.replace(",", " ").split()
    try:
        names = {normalise(name).removesuffix("s") for name in answer}
    except TypeError:
        return Slip("a list of names is wanted, as in ['treatment', 'plot']")
    unknown = names - set(VARIABLES)
    if unknown:
        return Slip(f"there is no variable {sorted(unknown)[0]!r} in the four studies")
    random = set(filter(_is_random, VARIABLES))
    wrong = [name for name in VARIABLES if name in names - random]
    if wrong:
        return f"{wrong[0]} is not random: {WHY_FIXED[wrong[0]]}"
    missing = len(random - names)
    return f"right so far, but {missing} more would have other levels next time" if missing else None


def _parted(term: str) -> float:
    """A coefficient of the model that parts age within clinics from the clinics' ages."""
    data = load_data("plasma_age")
    data["clinic_age"] = data.groupby("group", observed=True)["age"].transform("mean")
    data["age_within"] = data["age"] - data["clinic_age"]
    return float(lmer("conc ~ age_within + clinic_age + (1 | group)", data).fixef[term])


_STORIES = {
    "c": "pupils differ in where they start and in how fast they learn: both vary",
}

QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("a", "b", "c"),
        digest="7869f914c0bd8b32",
        because={"b": "there all start at zero, so intercepts do not vary", **_STORIES},
        hints=(
            "Look at the four pictures: which one is asked for?",
            "Lines of the same steepness, at different heights.",
            "Who starts at different weights, and gains alike?",
        ),
        praise="Nests start at different weights and gain alike.",
    ),
    "q2": Choice(
        options=("a", "b", "c"),
        digest="0c26e552e56c8a58",
        because={"a": "there the heights differ and the steepness is common", **_STORIES},
        hints=(
            "Look at the four pictures: which one is asked for?",
            "All lines leave from one point.",
            "Where is the value at the start known without measuring it?",
        ),
        praise="A seed has height zero, every seed, and no error of measurement makes them differ.",
    ),
    "q3": Number(
        truth=lambda: _parted("clinic_age") - _parted("age_within"),
        mistakes={
            "that is the slope between clinics; now a part of it is already in age": (
                lambda: _parted("clinic_age")
            ),
            "the signs matter: the difference between minus within is wanted": (
                lambda: _parted("clinic_age") + _parted("age_within")
            ),
        },
        hints=(
            "Between two clinics whose mean ages differ by one, the levels must differ by the slope between.",
            "age contributes the slope within; clinic_age must make up the rest.",
            "Between minus within: 1.950 and -1.902",
        ),
        praise="Between minus within: the contextual effect. Were it zero, one slope would do for both.",
        then="Run the next cell: age keeps the slope within, and clinic_age is your number.",
    ),
    "q4": Truth(
        test=_complaint,
        answer=lambda: ", ".join(name for name in VARIABLES if _is_random(name)),
        hints=(
            "Would a repetition of the study use the same levels?",
            "In the third study two things were sampled, one inside the other.",
            "In the fourth study, think of everything that one day's observations share.",
        ),
        praise="Each of them is a sample: repeat the study, and you meet others.",
        points=2,
    ),
    "q5": Number(
        truth=lambda: 8 - 2,
        mistakes={
            "that would be eighty independent cores": lambda: 78,
            "two means are estimated, not one": lambda: 7,
            "those are the plots; two means are estimated from them": lambda: 8,
        },
        hints=(
            "The fence was put around plots, not around cores.",
            "Plots minus means.",
            "Eight plots, one mean for the fenced and one for the open",
        ),
        praise="Eight plots less two means, however many cores you dig.",
        then="Run the next cell, and compare the degrees of freedom with the rows.",
    ),
}
