"""Questions of exercise 03, fixed or random."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from lmmkit import lm, lmer
from lmmkit.course.own_data import own_data
from lmmkit.course.question import Choice, Model, Number, Numbers, Question, Slip, Truth, normalise
from lmmkit.course.reading import listed

_KINDS = ("fixed", "random", "residual")
_NUMBER = "it is a number and gets a slope; a grouping factor is a category"
_SHARED = "several rows share a level of it, so more than one row's rest belongs to it"
#: Why a variable is not what it was taken for; the kind that is missing here is the right one.
_GROUND = {
    "treatment": {
        "random": "fence and no fence were chosen, and would be the same next time",
        "residual": _SHARED,
    },
    "plot": {
        "fixed": "nobody asks about plot three; next time there would be other plots",
        "residual": _SHARED,
    },
    "core": {
        "fixed": "nobody wants to compare core seven with core eight",
        "random": "a core gives one row, so its effect cannot be told from what is left over",
    },
    "management": {
        "random": "A against B is the question; they are no sample of plans",
        "residual": _SHARED,
    },
    "field": {
        "fixed": "these fields stand for others; who repeats the study meets new ones",
        "residual": "both halves of a field share its level",
    },
    "field of the heiress": {
        "random": "she asks about these twelve, and stands for no other meadows",
        "residual": "she has two halves of each, and wants a number for every field",
    },
}
_LIVING = {
    "implant": {"random": "hormone against placebo is the question", "residual": _SHARED},
    "nest": {"fixed": "nests were met; nobody asks about nest eleven", "residual": _SHARED},
    "chick": {
        "fixed": "sixty chicks as fixed effects would swallow the implant that each carries",
        "residual": "a chick is weighed four times, and its weighings hang together",
    },
    "age": {"random": _NUMBER, "residual": "growth with age is what the study looks at"},
    "animal": {"fixed": "these marmots stand for marmots", "residual": _SHARED},
    "day": {
        "fixed": "twenty free days would swallow the temperature that each day carries",
        "residual": "all that is seen on a day shares its weather",
    },
    "time": {
        "random": "these four hours were chosen, and are to be compared",
        "residual": "every hour occurs on every day",
    },
    "temperature": {"random": _NUMBER, "residual": "its slope is one of the questions"},
}
#: What an effect was given to, by place in the list; the unit that is missing here is the right one.
_UNITS = (
    {
        "core": "nobody fences a soil core; ten of them sit behind one fence",
        "treatment": "that is what was given; to what was it given?",
    },
    {
        "field": "each field got both plans; what got a single one?",
        "plant": "plants are what is counted; no plant has a plan of its own",
    },
    {
        "nest": "there are both implants in every nest",
        "weighing": "a chick is weighed four times with one and the same implant",
    },
    {
        "animal": "all animals see the same temperatures",
        "observation": "forty observations of one day share one temperature",
    },
)
_UNIT_NAMES = (
    ("plot", "core", "treatment"),
    ("field", "plant", "half"),
    ("nest", "weighing", "chick"),
    ("animal", "day", "observation"),
)

Reasons = Mapping[str, Mapping[str, str]]


def _fault(name: str, kind: str, reasons: Reasons) -> str:
    return f"{name} is not {kind}: {reasons[name][kind]}"


def _judge(reasons: Reasons) -> Callable[[Any], str | None]:
    """A test that names the first variable whose kind is wrong."""

    def test(answer: Any) -> str | None:
        if not isinstance(answer, Mapping):
            return Slip("a dictionary is wanted, from the variables to their kinds")
        given = {normalise(name): normalise(kind) for name, kind in answer.items()}
        for name in reasons:
            if name not in given:
                return Slip(f"{name} is missing in your dictionary")
            if given[name] not in _KINDS:
                return Slip(f"{name}: choose fixed, random or residual")
            if given[name] in reasons[name]:
                return _fault(name, given[name], reasons)
        return None

    return test


def _but(reasons: Reasons, name: str, kind: str) -> dict[str, str]:
    """All variables as they should be, but for one."""
    right = {each: next(k for k in _KINDS if k not in why) for each, why in reasons.items()}
    return {**right, name: kind}


def _unit_fault(answer: Any) -> str | None:
    """The first unit that is wrong, and why, or None."""
    answer = listed(answer)
    if isinstance(answer, str) or not hasattr(answer, "__len__") or len(answer) != len(_UNITS):
        return Slip("a list of four units is wanted")
    for number, (given, names) in enumerate(zip(map(normalise, answer), _UNIT_NAMES, strict=True), 1):
        unit = "half" if given == "halves" else given.removesuffix("s")
        if unit not in names:
            return Slip(f"unit {number}: choose one of {', '.join(names)}")
        if unit in _UNITS[number - 1]:
            return f"unit {number}: {_UNITS[number - 1][unit]}"
    return None


def _units(place: int, wrong: str) -> list[str]:
    """All units as they should be, but for one."""
    units = [
        next(name for name in names if name not in why)
        for names, why in zip(_UNIT_NAMES, _UNITS, strict=True)
    ]
    units[place] = wrong
    return units


def _words(random: str = "(1 | subject) + (1 | item)", fixed: str = "condition", **options: Any) -> Any:
    return lmer(f"rt ~ {fixed} + {random}", own_data("words"), **options)


def _limits(*levels: int, power: float = 1, side: str = "sd_high") -> list[float]:
    """How far off an SD from so many levels may be."""
    from lmmkit.course import explorers

    state = {"story": "mice of five strains", "variable": "strain"}
    return [getattr(explorers.random_or_fixed.result(**state, levels=k), side) ** power for k in levels]


def _pupils() -> pd.DataFrame:
    pupils = own_data("schools")
    pupils["room"] = pupils["school"].astype(str) + " " + pupils["class"].astype(str)
    pupils["room_hours"] = pupils.groupby("room")["hours"].transform("mean")
    pupils["own_hours"] = pupils["hours"] - pupils["room_hours"]
    return pupils


def _parted(formula: str = "score ~ own_hours + room_hours + (1 | room)") -> Any:
    return lmer(formula, _pupils())


def _slopes(*formula: str) -> list[float]:
    return _parted(*formula).fixef.iloc[1:].to_list()


QUESTIONS: dict[str, Question] = {
    "w1": Number(
        truth=lambda: float(lm("score ~ hours", _pupils()).se["hours"]),
        mistakes={
            "that is the slope itself; how well is it known?": lambda: float(
                lm("score ~ hours", _pupils()).fixef["hours"]
            ),
            "that is the standard error of the intercept": lambda: float(
                lm("score ~ hours", _pupils()).se["(Intercept)"]
            ),
            "that is t, the slope divided by its standard error": lambda: float(
                lm("score ~ hours", _pupils()).fixef["hours"] / lm("score ~ hours", _pupils()).se["hours"]
            ),
            "that is the spread of the residuals": lambda: float(lm("score ~ hours", _pupils()).sigma),
        },
        hints=(
            "It stands beside the slope in summary() and in coef_table().",
            "Each fit has a table se, with one entry per coefficient.",
            'line.se["hours"], if line is your fit',
        ),
        praise="So far would the slope scatter from study to study, if all pupils were independent.",
    ),
    "w2": Choice(
        options=("interaction", "Simpson's paradox", "overfitting", "least squares"),
        digest="5d8a690ba2bbccb2",
        because={
            "interaction": "then the drug would do more in one hospital than in another",
            "overfitting": "that is a model which follows the noise",
            "least squares": "that is how a line is found",
        },
        hints=(
            "A pattern that all groups have is turned round when they are taken together.",
            "Lesson 2 met it with owls in five valleys.",
            "It is in the title of lesson 2.",
        ),
        praise="The hospitals differ, and the drug was not given equally often in each.",
    ),
    "q1": Truth(
        test=_judge(_GROUND),
        made_of=_KINDS,
        mistakes={
            _fault("plot", "fixed", _GROUND): lambda: dict.fromkeys(_GROUND, "fixed"),
            _fault("treatment", "random", _GROUND): lambda: dict.fromkeys(_GROUND, "random"),
            _fault("core", "random", _GROUND): lambda: _but(_GROUND, "core", "random"),
            _fault("field of the heiress", "random", _GROUND): lambda: _but(
                _GROUND, "field of the heiress", "random"
            ),
        },
        hints=(
            "If somebody repeated the study, would it have the same levels?",
            "What has a single row in the table cannot have an effect of its own.",
            "The heiress and the ecologist look at the same fields with different questions.",
        ),
        praise="The same twelve fields are random for one question and fixed for another.",
        points=2,
    ),
    "q2": Truth(
        test=_judge(_LIVING),
        made_of=_KINDS,
        mistakes={
            _fault("nest", "fixed", _LIVING): lambda: dict.fromkeys(_LIVING, "fixed"),
            _fault("implant", "random", _LIVING): lambda: dict.fromkeys(_LIVING, "random"),
            _fault("temperature", "random", _LIVING): lambda: _but(_LIVING, "temperature", "random"),
            _fault("chick", "residual", _LIVING): lambda: _but(_LIVING, "chick", "residual"),
            _fault("day", "fixed", _LIVING): lambda: _but(_LIVING, "day", "fixed"),
        },
        hints=(
            "Is it a number or a category? Chosen, or met?",
            "Which of them would be others next time, with several rows sharing a level?",
            "In each of the two studies two things were met.",
        ),
        praise="Chosen levels and numbers are fixed; nests, chicks, animals and days were met.",
        points=2,
    ),
    "q3": Truth(
        test=_unit_fault,
        mistakes={
            f"unit 1: {_UNITS[0]['core']}": lambda: ["core", "half", "weighing", "observation"],
            f"unit 1: {_UNITS[0]['treatment']}": lambda: ["treatment", "field", "nest", "animal"],
            f"unit 2: {_UNITS[1]['field']}": lambda: _units(1, "field"),
            f"unit 3: {_UNITS[2]['nest']}": lambda: _units(2, "nest"),
            f"unit 4: {_UNITS[3]['observation']}": lambda: _units(3, "observation"),
        },
        hints=(
            "Somebody went and gave it to something: to what?",
            "What is the smallest thing that could have got another level by itself?",
            "Each unit has one level; things inside a unit share it.",
        ),
        praise="Plots, halves, chicks and days, however many rows there are. Where units come in pairs, as "
        "the halves do, the pairs are what is counted in the end: twelve differences.",
    ),
    "q4": Model(
        truth=_words,
        mistakes={
            "the words are a sample, too: those of one item resemble each other": lambda: _words(
                "(1 | subject)"
            ),
            "the subjects are a sample, too: some are quick and some are slow": lambda: _words("(1 | item)"),
            "items as fixed effects speak of these words only": lambda: _words(
                "(1 | subject)", "condition + item"
            ),
            "subjects as fixed effects speak of these subjects only": lambda: _words(
                "(1 | item)", "condition + subject"
            ),
            "this is the ML fit; REML was expected, which is the default": lambda: _words(reml=False),
            "the condition, which is the question, is missing": lambda: _words(fixed="1"),
        },
        hints=(
            "Fixed is what the study asks about.",
            "Two bars: one for subjects, one for items.",
            "(1 | subject) + (1 | item)",
        ),
        praise="Two samples, two variances, and a condition that is the same for all.",
    ),
    "q5": Numbers(
        truth=lambda: _limits(3, 12),
        mistakes={
            "the right numbers in the other order: three levels come first": lambda: _limits(12, 3),
            "those are the lower limits: how small the spread may be": lambda: _limits(3, 12, side="sd_low"),
            "those are of variances; the panel speaks of standard deviations": lambda: _limits(
                3, 12, power=2
            ),
            "the first is of two levels; set them to three": lambda: _limits(2, 12),
        },
        tolerance=0.01,
        hints=(
            "Choose the study and the variable first.",
            "Move the slider of the levels, and read '… and … times its estimate'.",
            "The second of the two numbers, once with three levels and once with twelve.",
        ),
        praise="From three levels almost nothing is known of a spread; twelve are no luxury.",
    ),
    "q6": Choice(
        options=("a", "b", "c", "d"),
        digest="8ee263f7de44c970",
        because={
            "b": "then a plot is dropped instead, and what is called the fence compares just two plots, "
            "the ones that are left as reference",
            "c": "the program did not find zero; it says that it could not estimate the effect at all",
            "d": "a thousand cores a plot would not help: the fence goes with the plot",
        },
        hints=(
            "Read the message below the coefficients.",
            "Can two plots differ in their fence only?",
            "If you know the plot, do you know the treatment?",
        ),
        praise="Random plots come from one distribution, and are no longer free to imitate the fence.",
    ),
    "q7": Numbers(
        truth=_slopes,
        mistakes={
            "the second is what a room's mean adds for two pupils with the same hours; "
            "the slope between rooms is that plus the slope within": lambda: _slopes(
                "score ~ hours + room_hours + (1 | room)"
            ),
            "the right numbers in the other order: within the room comes first": lambda: _slopes()[::-1],
            "those are the standard errors of the slopes": lambda: _parted().se.iloc[1:].to_list(),
            "that is one slope for both; give the model the room's mean as a predictor of its own": lambda: (
                _slopes("score ~ hours + (1 | room)") * 2
            ),
        },
        hints=(
            "Give each pupil the mean hours of the room: groupby('room')['hours'].transform('mean').",
            "Two predictors: the pupil's hours minus that mean, and the mean.",
            "score ~ own_hours + room_hours + (1 | room), if you call them so",
        ),
        praise="Each slope has a coefficient of its own, and nothing is mixed.",
    ),
}
