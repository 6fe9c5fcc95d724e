"""Fixed or random? Twelve short stories of designs, one variable at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Choice, Slider, State, plural
from lmmkit.course.explorers.explorer import Explorer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOT_YET = "not yet"


@dataclass(frozen=True)
class Variable:
    """One variable of a design and what it is.

    `kind`: ``chosen`` (the levels themselves are the question), ``measured`` (a covariate), ``sampled``
    (levels drawn from many, and no treatment is tied to them) or ``carrier`` (sampled, and each carries one
    level of a treatment or of a coarser unit, so that as a fixed effect it would swallow that).
    """

    name: str
    kind: str
    levels: int
    why: str


@dataclass(frozen=True)
class Story:
    """A design in two sentences, its variables, and its shape for the picture.

    `shape`: levels from coarse to fine as (name, how many in each of the level above); with ``crossed`` the
    first two are the rows and columns of a grid.
    """

    text: str
    variables: tuple[Variable, ...]
    shape: tuple[tuple[str, int], ...]
    crossed: bool = False


STORIES: dict[str, Story] = {
    "deer and soil": Story(
        "Do deer change the soil? Some plots are fenced against deer, some are left open; "
        "ten soil cores are taken from every plot.",
        (
            Variable(
                "treatment", "chosen", 2, "fenced and open are the two conditions the question is about"
            ),
            Variable(
                "plot",
                "carrier",
                8,
                "the plots stand for all plots that might have been fenced, and the cores "
                "of one plot share its soil",
            ),
        ),
        (("treatment", 2), ("plot", 4), ("core", 10)),
    ),
    "halved fields": Story(
        "Does management change biodiversity? Every field is halved, and management A goes on one half, B "
        "on the "
        "other.",
        (
            Variable("management", "chosen", 2, "A against B is the question"),
            Variable(
                "field", "sampled", 12, "these fields stand for fields in general; each is its own control"
            ),
        ),
        (("field", 12), ("management", 2)),
        crossed=True,
    ),
    "owl nests": Story(
        "Does a hormone implant slow the growth of owl chicks? In every nest two chicks get hormone, two a "
        "placebo, "
        "and each chick is measured several times.",
        (
            Variable("implant", "chosen", 2, "hormone against placebo is the question"),
            Variable(
                "nest",
                "sampled",
                15,
                "these nests are a sample of nests, and the chicks of a nest share parents and food",
            ),
            Variable(
                "chick",
                "carrier",
                60,
                "the measurements of one chick hang together, and each chick has one implant only",
            ),
        ),
        (("nest", 4), ("chick", 4), ("day", 4)),
    ),
    "animals and weather": Story(
        "Does behaviour follow the weather and the hour? A number of animals are watched four times a day "
        "over "
        "several weeks.",
        (
            Variable(
                "time of day",
                "chosen",
                4,
                "morning, noon, evening and night are the only four, and their differences are wanted",
            ),
            Variable(
                "temperature",
                "measured",
                1,
                "a mean daily temperature is a number with a slope, not a set of "
                "levels; but it has one value a day, so days, not observations, are its replicates",
            ),
            Variable(
                "day", "carrier", 20, "all that was seen on one day shares its weather beyond the temperature"
            ),
            Variable(
                "animal",
                "sampled",
                10,
                "these animals stand for their species, and each is seen again and again",
            ),
        ),
        (("animal", 10), ("day", 20)),
        crossed=True,
    ),
    "mice of five strains": Story(
        "Does a drug lower the weight of mice? Mice of several inbred strains get rising doses.",
        (
            Variable("dose", "measured", 1, "the slope on dose is the question"),
            Variable(
                "strain",
                "sampled",
                5,
                "they may stand for mouse strains in general, or be just the strains "
                "somebody wants to compare",
            ),
        ),
        (("strain", 5), ("mouse", 10)),
    ),
    "a clinic": Story(
        "Does a drug change the weight of patients? Women and men come to one clinic, at many doses.",
        (
            Variable("dose", "measured", 1, "the slope on dose is the question"),
            Variable(
                "gender",
                "chosen",
                2,
                "these levels are not a sample from a population of genders; ask for dose × gender",
            ),
        ),
        (("gender", 2), ("patient", 20)),
    ),
    "three cohorts": Story(
        "Does a biomarker go with a disease score? Patients come from three cohorts.",
        (
            Variable("biomarker", "measured", 1, "its slope is the question"),
            Variable(
                "cohort",
                "sampled",
                3,
                "the cohorts might be a sample of cohorts, and their patients differ together",
            ),
        ),
        (("cohort", 3), ("patient", 20)),
    ),
    "pipetted five times": Story(
        "Does enzyme activity go with a phenotype? Every biological sample is measured in several technical "
        "replicates.",
        (
            Variable("phenotype", "measured", 1, "its slope is the question"),
            Variable(
                "sample",
                "carrier",
                10,
                "the replicates of one sample say the same thing again, and each sample has one phenotype",
            ),
        ),
        (("sample", 10), ("replicate", 5)),
    ),
    "a protein over the years": Story(
        "Does a protein rise with the years? The same people come back every year.",
        (
            Variable(
                "year",
                "measured",
                1,
                "the slope over the years is the question (its slope may still differ "
                "between people, which is a random slope)",
            ),
            Variable(
                "person",
                "sampled",
                6,
                "these people stand for people in general, and each is measured every year",
            ),
        ),
        (("person", 6), ("year", 5)),
        crossed=True,
    ),
    "cells of ten donors": Story(
        "Does a disease change the counts of a gene? Hundreds of cells are read from every donor, sick or "
        "healthy.",
        (
            Variable("disease", "chosen", 2, "sick against healthy is the question"),
            Variable(
                "donor",
                "carrier",
                10,
                "the cells of one donor are no independent witnesses, and each donor is "
                "either sick or healthy",
            ),
        ),
        (("disease", 2), ("donor", 5), ("cell", 12)),
    ),
    "readers and words": Story(
        "Are rare words read more slowly? Every subject reads every word.",
        (
            Variable("rarity", "chosen", 2, "rare against common is the question"),
            Variable("subject", "sampled", 24, "these subjects stand for readers in general"),
            Variable(
                "word",
                "carrier",
                20,
                "these words stand for the words of the language, and each is either rare or common",
            ),
        ),
        (("subject", 12), ("word", 16)),
        crossed=True,
    ),
    "schools": Story(
        "Does a teaching method raise the marks? Whole schools use it or do not; classes sit in schools, "
        "pupils in "
        "classes.",
        (
            Variable("method", "chosen", 2, "the method is the question"),
            Variable("school", "carrier", 12, "the schools are a sample, and a school has one method"),
            Variable(
                "class",
                "carrier",
                36,
                "the pupils of a class share a teacher, and a class lies within one school",
            ),
        ),
        (("school", 4), ("class", 3), ("pupil", 6)),
    ),
}


@dataclass(frozen=True)
class Verdict:
    """What the variable is, whether the answer was right, and what so many levels can tell about an SD."""

    story: Story
    variable: Variable
    answer: str
    levels: int
    accepted: tuple[str, ...]  # "fixed", "random" or both
    reason: str
    sd_low: float  # 95% interval of an SD estimated from this many levels, as a multiple of the estimate
    sd_high: float
    parameters: int  # what it costs as a fixed effect

    @property
    def right(self) -> bool | None:
        """Whether the answer is accepted; None before there is one."""
        return None if self.answer == NOT_YET else self.answer in self.accepted


@cache
def sd_interval(levels: int) -> tuple[float, float]:
    """95% limits of an SD known from `levels` levels without error, as multiples of its estimate.

    (k − 1)s²/σ² is chi-squared with k − 1 degrees of freedom; the noise within levels only widens this.
    """
    from scipy.stats import chi2

    df = levels - 1
    low, high = np.sqrt(df / chi2.ppf([0.975, 0.025], df))
    return float(low), float(high)


def _judge(variable: Variable, levels: int) -> tuple[tuple[str, ...], str]:
    if variable.kind == "chosen":
        return ("fixed",), variable.why
    if variable.kind == "measured":
        return ("fixed",), variable.why
    if variable.kind == "carrier":
        few = (
            ""
            if levels >= 10
            else f"; with only {levels} the test has few degrees of freedom, and that is honest"
        )
        return ("random",), f"{variable.why}; as a fixed effect it would swallow what it carries{few}"
    if levels < 5:
        return (
            "fixed",
        ), f"{variable.why}, but {levels} levels cannot tell the SD of a population: fit them as fixed"
    if levels < 10:
        return (
            "fixed",
            "random",
        ), f"{variable.why}; with {levels} levels either will do, as long as you say which"
    return ("random",), f"{variable.why}, and {levels} levels are enough to learn their SD"


def compute(
    story: str = "deer and soil", variable: str = "treatment", answer: str = NOT_YET, levels: int = 2
) -> Verdict:
    """The verdict on one variable of one story, with this many levels of it in the data."""
    told = STORIES[story]
    one = next(v for v in told.variables if v.name == variable)
    accepted, reason = _judge(one, levels)
    low, high = sd_interval(levels)
    parameters = 1 if one.kind == "measured" else levels - 1
    return Verdict(told, one, answer, levels, accepted, reason, low, high, parameters)


def draw(r: Verdict, fig: Figure) -> None:
    """The design as boxes, the variable in question in colour; beside it what so many levels know of an
    SD.
    """
    left, right = style.panels(fig, (1.55, 1), left=0.01, bottom=0.17, gap=0.11)
    left.set_axis_off()
    left.set(xlim=(0, 1), ylim=(0, 1))
    if r.story.crossed:
        _draw_grid(left, r)
    else:
        _draw_tree(left, r)

    counts = np.arange(2, 31)
    limits = np.array([sd_interval(int(k)) for k in counts])
    right.fill_between(counts, limits[:, 0], limits[:, 1], color=style.SKY, alpha=0.35)
    right.plot(counts, limits[:, 1], color=style.BLUE)
    right.plot(counts, limits[:, 0], color=style.BLUE)
    right.axhline(1, color=style.GREY, linestyle=":")
    if r.variable.kind != "measured":
        right.errorbar(
            [r.levels],
            [1],
            [[1 - r.sd_low], [r.sd_high - 1]],
            fmt="o",
            color=style.RED,
            capsize=7,
            markersize=10,
            linewidth=3,
        )
    right.set_yscale("log")
    ticks = (0.5, 1, 2, 5, 10, 30)
    right.set(
        ylim=(0.4, 40),
        yticks=ticks,
        yticklabels=[f"{t:g}×" for t in ticks],
        xlabel="levels",
        title="95% interval of an SD",
    )
    right.minorticks_off()


def _highlight(r: Verdict, name: str) -> str:
    return style.RED if name == r.variable.name else style.GREY


def _draw_tree(ax: Axes, r: Verdict) -> None:
    """Coarse units above fine ones, each joined to its parent; the finest are dots."""
    rows = r.story.shape
    names = [name for name, _ in rows]
    heights = np.linspace(0.80, 0.10, len(rows))
    total, above = 1, heights[0]
    parents = np.array([0.585])
    for (name, per), height in zip(rows, heights, strict=True):
        total *= per
        colour = _highlight(r, name)
        at = 0.18 + 0.81 * (np.arange(total) + 0.5) / total
        finest = name == names[-1]
        if total > per:
            # One line for all branches, lifted between them, draws faster than a line each.
            branches = np.column_stack([np.repeat(parents, per), at, np.full(total, np.nan)]).ravel()
            ends = np.tile([above, height, np.nan], total)
            ax.plot(branches, ends, color="#bbbbbb", linewidth=1, zorder=0)
        ax.plot(
            at,
            np.full(total, height),
            "o" if finest else "s",
            color=colour,
            markersize=float(np.clip(300 / total, 2.5, 7 if finest else 22)),
        )
        ax.text(
            0.0,
            height,
            name,
            color=colour,
            va="center",
            fontsize=15,
            fontweight="bold" if name == r.variable.name else "normal",
        )
        parents, above = at, height
    if r.variable.name not in names:
        ax.text(0.0, 0.97, f"{r.variable.name}: {_where(r)}", color=style.RED, fontsize=15, fontweight="bold")


def _draw_grid(ax: Axes, r: Verdict) -> None:
    """Rows crossed with columns, a dot where they meet."""
    (row, n_rows), (column, n_columns) = r.story.shape[:2]
    x, y = np.meshgrid(
        0.24 + 0.74 * (np.arange(n_columns) + 0.5) / n_columns,
        0.74 - 0.70 * (np.arange(n_rows) + 0.5) / n_rows,
    )
    ax.plot(
        x.ravel(),
        y.ravel(),
        "s",
        color="#bbbbbb",
        markersize=float(np.clip(min(120 / n_rows, 220 / n_columns), 4, 14)),
    )
    ax.plot(np.full(n_rows, 0.215), y[:, 0], ">", color=_highlight(r, row), markersize=8)
    ax.plot(x[0], np.full(n_columns, 0.77), "v", color=_highlight(r, column), markersize=8)
    for name, spot, align in ((row, (0.19, 0.39), "right"), (column, (0.61, 0.84), "center")):
        ax.text(
            *spot,
            name,
            color=_highlight(r, name),
            ha=align,
            va="center",
            fontsize=15,
            fontweight="bold" if name == r.variable.name else "normal",
        )
    if r.variable.name not in (row, column):
        ax.text(0.0, 0.97, f"{r.variable.name}: {_where(r)}", color=style.RED, fontsize=15, fontweight="bold")


def _where(r: Verdict) -> str:
    return "a number for every observation" if r.variable.kind == "measured" else "its levels were chosen"


def sentence(r: Verdict) -> str:
    """The question before an answer; the verdict and its reason after."""
    if r.right is None:
        known = (
            "it is a number, with a slope"
            if r.variable.kind == "measured"
            else f"an SD learnt from {r.levels} levels is known at best to between "
            f"{r.sd_low:.2f} and {r.sd_high:.1f} times its estimate"
        )
        return f"Is “{r.variable.name}” fixed or random ({known})? Choose an answer above."
    verdict = "Right" if r.right else "Not quite"
    what = " or ".join(r.accepted)
    return f"{verdict}: “{r.variable.name}” is {what}, because {r.reason}."


def details(r: Verdict) -> str:
    """The story, and, once answered, what either choice would cost."""
    text = f"<p><b>The study.</b> {r.story.text}</p>"
    if r.right is not None and r.variable.kind != "measured":
        text += (
            f"<p>With {r.levels} levels: as <b>fixed</b> it takes {plural(r.parameters, 'parameter')}; "
            f"as <b>random</b> it takes one SD, known at best to between {r.sd_low:.2f} and {r.sd_high:.1f} "
            f"times "
            "its estimate.</p>"
        )
    return text


def _variables(state: State) -> tuple[str, ...]:
    return tuple(v.name for v in STORIES[state["story"]].variables)


def settle(state: State, changed: str) -> State:
    """A new story starts at its first variable; a new variable starts unanswered, with its own levels."""
    names = _variables(state)
    if changed == "story" or state["variable"] not in names:
        state = {**state, "variable": names[0]}
    if changed in ("story", "variable"):
        one = next(v for v in STORIES[state["story"]].variables if v.name == state["variable"])
        state = {**state, "answer": NOT_YET, "levels": max(2, min(30, one.levels))}
    return state


def _next(state: State, _: Verdict) -> State:
    places = [(story, v.name) for story, told in STORIES.items() for v in told.variables]
    story, variable = places[(places.index((state["story"], state["variable"])) + 1) % len(places)]
    return settle({**state, "story": story, "variable": variable}, "variable")


EXPLORER = Explorer(
    name="random_or_fixed",
    title="Fixed or random?",
    prompt="Read the study below the picture and decide; then change the number of levels and ask again.",
    controls=(
        Choice("story", "Study", tuple(STORIES)),
        Choice("variable", "Variable", _variables),
        Slider("levels", "Levels in the data", 2, 30, 1),
        Choice("answer", "Your answer", (NOT_YET, "fixed", "random")),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    details=details,
    actions={
        "Fixed": lambda state, result: {"answer": "fixed"},
        "Random": lambda state, result: {"answer": "random"},
        "Next variable": _next,
    },
    settle=settle,
)
