"""Fixed or random? Twelve short stories of designs, one variable at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Choice, Slider, State, Tick, plural
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.stories import STORIES, Story, Variable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOT_YET = "not yet"
_MOST = 60  # levels
_BRANCHES = 250  # more would merge into one grey patch


@dataclass(frozen=True)
class Verdict:
    """What the variable is, whether the answer was right, and what so many levels can tell about an SD.

    Attributes
    ----------
    story : Story
        The study.
    variable : Variable
        The variable asked for.
    answer : str
        "fixed", "random" or "not yet".
    levels : int
        Levels of the variable in the data; 1 for a number.
    accepted : tuple of str
        "fixed", "random" or both.
    reason : str
        Why.
    sd_low, sd_high : float
        95% limits of an SD learnt from so many levels, as multiples of its estimate.
    parameters : int
        What the variable costs as a fixed effect.
    again : bool
        Whether next year's study is shown.
    """

    story: Story
    variable: Variable
    answer: str
    levels: int
    accepted: tuple[str, ...]
    reason: str
    sd_low: float
    sd_high: float
    parameters: int
    again: bool

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
    if variable.kind in ("chosen", "measured"):
        return ("fixed",), variable.why
    if variable.kind == "carrier":
        few = ""
        if levels == 2:
            few = "; with only 2 of them no degree of freedom is left to test what they carry"
        elif levels < 10:
            most = plural(levels - 2, "degree")
            few = f"; with only {levels} of them the test of what they carry has at most {most} of freedom"
        return ("random",), f"{variable.why}; as a fixed effect it would swallow what it carries{few}"
    low, high = sd_interval(levels)
    known = f"{levels} levels tell their SD at best to between {low:.2f} and {high:.1f} times its estimate"
    if levels < 10:
        either = f"{variable.why}, but {known}: take them as random and say so, or as fixed"
        return ("fixed", "random"), either
    return ("random",), f"{variable.why}, and {known}"


def compute(
    story: str = "deer and soil",
    variable: str = "treatment",
    answer: str = NOT_YET,
    levels: int = 2,
    again: bool = False,
) -> Verdict:
    """The verdict on one variable of one story, with this many levels of it in the data."""
    told = STORIES[story]
    one = told.variable(variable)
    if one.kind in ("chosen", "measured"):  # nobody can sample more of them
        levels = one.levels
    accepted, reason = _judge(one, levels)
    low, high = sd_interval(levels) if one.kind != "measured" else (np.nan, np.nan)
    parameters = 1 if one.kind == "measured" else levels - 1
    return Verdict(told, one, answer, levels, accepted, reason, low, high, parameters, again)


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
    if r.again:
        left.text(0.0, -0.13, f"next year: {_next_year(r)}", color=style.RED, fontsize=15)

    counts = np.arange(2, _MOST + 1)
    limits = np.array([sd_interval(int(k)) for k in counts])
    right.fill_between(counts, limits[:, 0], limits[:, 1], color=style.SKY, alpha=0.35)
    for side in (0, 1):
        style.line(right, counts, limits[:, side], color=style.BLUE)
    style.line(right, [2, _MOST], [1, 1], color=style.GREY, linestyle=":")
    if r.variable.kind != "measured":
        look = {"color": style.RED, "linewidth": 3, "marker": "_", "markersize": 14, "markeredgewidth": 3}
        style.line(right, [r.levels] * 2, [r.sd_low, r.sd_high], **look)
        style.dots(right, [r.levels], [1], "o", color=style.RED, markersize=10)
    right.set(xscale="log", yscale="log")
    ticks = (0.5, 1, 2, 5, 10, 30)
    places = (2, 5, 10, 20, 60)
    right.set(xlim=(1.85, 65), xticks=places, xticklabels=[str(k) for k in places])
    right.set(
        ylim=(0.4, 40),
        yticks=ticks,
        yticklabels=[f"{t:g}×" for t in ticks],
        xlabel="levels",
        title="95% interval of an SD",
    )
    right.minorticks_off()


def _look(r: Verdict, name: str) -> tuple[str, str]:
    """Colour and weight: the variable in question stands out by both."""
    return (style.RED, "bold") if name == r.variable.name else (style.GREY, "normal")


def _draw_tree(ax: Axes, r: Verdict) -> None:
    """Coarse units above fine ones, each joined to its parent; the finest are dots."""
    names = [name for name, _ in r.story.shape]
    totals = r.story.counts(r.variable.name, r.levels)
    heights = np.linspace(0.80, 0.10, len(names))
    parents, above = np.array([0.585]), 0.0
    for place, (name, total, height) in enumerate(zip(names, totals, heights, strict=True)):
        colour, weight = _look(r, name)
        at = 0.18 + 0.81 * (np.arange(total) + 0.5) / total
        finest = place == len(names) - 1
        if place and total <= _BRANCHES:
            # One line for all branches, lifted between them, draws faster than a line each.
            origin = parents[np.arange(total) * len(parents) // total]
            branches = np.column_stack([origin, at, np.full(total, np.nan)]).ravel()
            style.line(
                ax,
                branches,
                np.tile([above, height, np.nan], total),
                color=style.FAINT,
                linewidth=1,
                zorder=0,
            )
        size = float(np.clip(190 / total, 0.6, 7 if finest else 20))
        style.dots(ax, at, np.full(total, height), "o" if finest else "s", color=colour, markersize=size)
        ax.text(0.0, height, name, color=colour, va="center", fontsize=15, fontweight=weight)
        parents, above = at, height
    _draw_outside(ax, r, names)


def _draw_grid(ax: Axes, r: Verdict) -> None:
    """Rows crossed with columns, a dot where they meet."""
    (row, column), (n_rows, n_columns) = (
        [name for name, _ in r.story.shape[:2]],
        r.story.counts(r.variable.name, r.levels)[:2],
    )
    x, y = np.meshgrid(
        0.24 + 0.74 * (np.arange(n_columns) + 0.5) / n_columns,
        0.74 - 0.70 * (np.arange(n_rows) + 0.5) / n_rows,
    )
    size = float(np.clip(0.7 * min(170 / n_rows, 240 / n_columns), 2, 14))
    style.dots(ax, x.ravel(), y.ravel(), "s", color=style.FAINT, markersize=size)
    heads = float(np.clip(size, 4, 8))
    style.dots(ax, np.full(n_rows, 0.215), y[:, 0], ">", color=_look(r, row)[0], markersize=heads)
    style.dots(ax, x[0], np.full(n_columns, 0.77), "v", color=_look(r, column)[0], markersize=heads)
    for name, spot, align in ((row, (0.19, 0.39), "right"), (column, (0.61, 0.84), "center")):
        colour, weight = _look(r, name)
        ax.text(*spot, name, color=colour, ha=align, va="center", fontsize=15, fontweight=weight)
    _draw_outside(ax, r, [row, column])


def _draw_outside(ax: Axes, r: Verdict, names: list[str]) -> None:
    """Where a variable is that the picture has no boxes for."""
    if r.variable.name not in names:
        where = f"a number for every {r.variable.per}" if r.variable.per else "its levels were chosen"
        ax.text(0.0, 0.97, f"{r.variable.name}: {where}", color=style.RED, fontsize=15, fontweight="bold")


def _next_year(r: Verdict) -> str:
    """What becomes of the variable when the study is repeated."""
    if r.variable.kind == "measured":
        return "other numbers, the same question"
    if r.variable.kind == "chosen":
        return f"the same {r.levels} levels come back"
    return f"{r.levels} others come, with new names"


def sentence(r: Verdict) -> str:
    """The question before an answer; the verdict and its reason after."""
    again = f" If the study is repeated next year: {_next_year(r)}." if r.again else ""
    if r.right is None:
        known = (
            ""
            if r.variable.kind == "measured"
            else f" If it were random, it would have one SD, learnt from {r.levels} levels and known at best to "
            f"between {r.sd_low:.2f} and {r.sd_high:.1f} times its estimate."
        )
        return f"Is “{r.variable.name}” fixed or random?{known}{again} Choose an answer above."
    verdict = "Right" if r.right else "Not quite"
    what = " or ".join(r.accepted)
    return f"{verdict}: “{r.variable.name}” is {what}, because {r.reason}.{again}"


def details(r: Verdict) -> str:
    """The story, and, once answered, what either choice would cost."""
    text = f"<p><b>The study.</b> {r.story.text}</p>"
    if r.right is not None and r.variable.kind not in ("measured", "chosen"):
        text += (
            f"<p>With {r.levels} levels: as <b>fixed</b> it takes {plural(r.parameters, 'parameter')}; "
            f"as <b>random</b> it takes one SD, known at best to between {r.sd_low:.2f} and {r.sd_high:.1f} "
            "times its estimate.</p>"
        )
    return text


def _variables(state: State) -> tuple[str, ...]:
    return tuple(v.name for v in STORIES[state["story"]].variables)


def _can_vary(state: State) -> bool:
    """Whether more or fewer levels could have been sampled."""
    names = _variables(state)
    name = state["variable"] if state["variable"] in names else names[0]
    return STORIES[state["story"]].variable(name).kind in ("sampled", "carrier")


def settle(state: State, changed: str) -> State:
    """A new story starts at its first variable; a new variable starts unanswered, with its own levels."""
    names = _variables(state)
    if changed == "story" or state["variable"] not in names:
        state = {**state, "variable": names[0]}
    one = STORIES[state["story"]].variable(state["variable"])
    if changed in ("story", "variable"):
        state = {**state, "answer": NOT_YET, "levels": int(np.clip(one.levels, 2, _MOST)), "again": False}
    if changed == "levels" and not _can_vary(state):
        state = {**state, "levels": int(np.clip(one.levels, 2, _MOST))}
    return state


def _next(state: State, _: Verdict) -> State:
    places = [(story, v.name) for story, told in STORIES.items() for v in told.variables]
    story, variable = places[(places.index((state["story"], state["variable"])) + 1) % len(places)]
    return settle({**state, "story": story, "variable": variable}, "variable")


EXPLORER = Explorer(
    name="random_or_fixed",
    title="Fixed or random?",
    prompt="Read the study below the picture and decide; if unsure, repeat the study next year: what comes back?",
    controls=(
        Choice("story", "Study", tuple(STORIES)),
        Choice("variable", "Variable", _variables),
        Slider(
            "levels",
            "Levels in the data",
            2,
            _MOST,
            1,
            unit="of the variable, where they are sampled",
            used=_can_vary,
        ),
        Choice("answer", "Your answer", (NOT_YET, "fixed", "random")),
        Tick("again", "Next year's study"),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.random_or_fixed.result(story="halved fields", variable="field", answer="fixed")
>>> r.right, r.accepted
(False, ('random',))""",
    details=details,
    actions={
        "Fixed": lambda state, result: {"answer": "fixed"},
        "Random": lambda state, result: {"answer": "random"},
        "Repeat it next year": lambda state, result: {"again": True},
        "Next variable": _next,
    },
    settle=settle,
)
