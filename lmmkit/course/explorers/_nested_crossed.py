"""Nested or crossed: build a design, see its Z, and what the wrong formula claims."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Choice, Number, Slider, State, number, p_value, plural
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.fits import coefficient

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Kind:
    """One kind of design: its names, its true numbers, and the formulas one may think of, the right ones
    first.
    """

    upper: str
    lower: str
    row: str
    response: str
    treatment: str
    levels: tuple[str, str]
    mean: float
    effect: float
    sd_upper: float
    sd_lower: float
    sigma: float
    assign: Callable[[np.ndarray, np.ndarray], np.ndarray]  # (upper, lower) numbers -> treated or not
    nested: bool
    labels: tuple[str, ...]  # how the lower units may be labelled
    formulas: dict[str, tuple[str, ...]]  # label -> random parts, the right one first
    alone: str  # the right random part where a lower unit has one row, and is the residual
    limits: tuple[float, float]  # of the picture of effects

    def right(self, labels: str, rows: int) -> str:
        """The right random part for `rows` rows in every pair."""
        return self.alone if rows == 1 else self.formulas[labels][0]


_ANEW, _UNIQUE, _SHARED = "start anew in each group", "unique", "the same for everybody"
KINDS = {
    "classes in schools": Kind(
        "school", "class", "pupil", "score", "method", ("old", "new"), 60.0, 2.0, 3.0, 2.5, 4.0,
        lambda u, l: (u + l) % 2, True, (_ANEW, _UNIQUE),
        {
            _ANEW: ("(1 | school/class)", "(1 | school) + (1 | class)", "(1 | class)", "(1 | school)", ""),
            _UNIQUE: ("(1 | school/class)", "(1 | school) + (1 | class)", "(1 | class)", "(1 | school)", ""),
        },
        "(1 | school)", (-6.0, 10.0),
    ),
    "subjects × items": Kind(
        "subject", "item", "trial", "time", "word", ("common", "rare"), 500.0, 30.0, 50.0, 30.0, 60.0,
        lambda u, l: l % 2, False, (_SHARED,),
        {_SHARED: ("(1 | subject) + (1 | item)", "(1 | subject)", "(1 | subject/item)", "(1 | item)", "")},
        "(1 | subject) + (1 | item)", (-90.0, 150.0),
    ),
    "plots in treatments": Kind(
        "treatment", "plot", "core", "nitrogen", "treatment", ("fenced", "open"), 12.0, 1.5, 0.0, 1.5, 1.5,
        lambda u, l: u, True, (_ANEW, _UNIQUE),
        {
            _ANEW: ("(1 | treatment:plot)", "(1 | plot)", ""),
            _UNIQUE: ("(1 | plot)", "(1 | treatment:plot)", ""),
        },
        "", (-5.0, 8.0),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """What one formula says of the effect, or why it is refused.

    Attributes
    ----------
    formula : str
        The formula.
    columns : tuple of (str, numpy.ndarray)
        For every term its group and, for each row, its column of Z.
    estimate, se, df, p, low, high : float
        The effect with its test and 95% interval.
    singular : bool
        Whether the fit is singular.
    refusal : str
        Why there is no fit, or empty.
    """

    formula: str
    columns: tuple[tuple[str, np.ndarray], ...] = ()
    estimate: float = np.nan
    se: float = np.nan
    df: float = np.nan
    p: float = np.nan
    low: float = np.nan
    high: float = np.nan
    singular: bool = False
    refusal: str = ""

    @property
    def groups(self) -> dict[str, int]:
        """Levels of every grouping factor that the formula sees."""
        return {name: int(codes.max()) + 1 for name, codes in self.columns}


@dataclass(frozen=True)
class NestedCrossed:
    """The design, and the claims of the right formula and of the one tried.

    Attributes
    ----------
    kind : Kind
        The kind of design.
    data : pandas.DataFrame
        Simulated rows.
    labels : str
        How the lower units are labelled.
    upper, lower, rows : int
        Units, units in each, rows for each pair.
    right, tried : Claim
        What the two formulas say.
    """

    kind: Kind
    data: pd.DataFrame
    labels: str
    upper: int
    lower: int
    rows: int
    right: Claim
    tried: Claim

    @property
    def same(self) -> bool:
        """Whether both formulas are the same model of these data."""
        same = {tuple(codes) for _, codes in self.right.columns} == {tuple(c) for _, c in self.tried.columns}
        return same and not self.tried.refusal

    @property
    def confounded(self) -> bool:
        """Whether each treatment has a single lower unit, so that it cannot be tested."""
        return not self.kind.nested and self.lower == 2

    @property
    def arbitrary(self) -> bool:
        """Whether the formula tried has an SD of which such data say nothing."""
        return self.confounded and self.kind.lower in self.tried.groups


def simulate(kind: Kind, labels: str, upper: int, lower: int, rows: int, seed: int) -> pd.DataFrame:
    """Balanced data of this kind, `rows` rows for every pair of an upper and a lower unit."""
    rng = np.random.default_rng(seed)
    u = np.repeat(np.arange(upper), lower * rows)
    l = np.tile(np.repeat(np.arange(lower), rows), upper)
    treated = kind.assign(u, l)
    units = rng.standard_normal((upper, lower))
    lower_effects = units[u, l] if kind.nested else units[0, l]
    y = (
        kind.mean
        + kind.effect * treated
        + kind.sd_upper * rng.standard_normal(upper)[u]
        + kind.sd_lower * lower_effects
        + kind.sigma * rng.standard_normal(len(u))
    )
    number_of = u * lower + l if labels == _UNIQUE else l
    short = kind.lower[0]
    width = len(str(number_of.max() + 1))
    data = {kind.response: y, kind.lower: [f"{short}{n + 1:0{width}d}" for n in number_of]}
    treatment = np.array(kind.levels)[np.minimum(treated, 1)]
    if kind.treatment == kind.upper:
        treatment = np.array([*kind.levels, *(f"other{n}" for n in range(1, upper))])[u]
    else:
        data[kind.upper] = [f"{kind.upper[0]}{n + 1:02d}" for n in u]
    data[kind.treatment] = pd.Categorical(treatment, categories=pd.unique(treatment[np.argsort(treated)]))
    return pd.DataFrame(data)


def _ols(y: np.ndarray, treated: np.ndarray) -> tuple[float, float, float]:
    """Difference of the second treatment from the first in a one-way lm, its SE and df."""
    groups = treated.max() + 1
    sizes = np.bincount(treated)
    means = np.bincount(treated, y) / sizes
    df = len(y) - groups
    variance = ((y - means[treated]) ** 2).sum() / df
    return float(means[1] - means[0]), float(np.sqrt(variance * (1 / sizes[0] + 1 / sizes[1]))), float(df)


def _claim(kind: Kind, data: pd.DataFrame, random: str) -> Claim:
    from lmmkit import DataError, lmer
    from lmmkit.numerics.distributions import t

    formula = f"{kind.response} ~ {kind.treatment}" + (f" + {random}" if random else "")
    treated = data[kind.treatment].cat.codes.to_numpy().astype(int)
    columns: tuple[tuple[str, np.ndarray], ...] = ()
    singular = False
    if random:
        try:
            fit = lmer(formula, data)
        except DataError as refused:
            return Claim(formula, refusal=str(refused))
        estimate, se, df, p = coefficient(fit, fit.fixef.index[1])
        singular = bool(fit.is_singular)
        # In the order in which the rows meet the levels, so that nesting shows as steps.
        columns = tuple((term.group, pd.factorize(term.codes)[0]) for term in fit.design.terms)
    else:
        estimate, se, df = _ols(data[kind.response].to_numpy(), treated)
        p = float(2 * t.sf(abs(estimate) / se, df))
    reach = se * float(t.ppf(0.975, df))
    return Claim(formula, columns, estimate, se, df, p, estimate - reach, estimate + reach, singular)


def compute(
    design: str = "classes in schools",
    labels: str = _ANEW,
    tried: str = "(1 | school) + (1 | class)",
    upper: int = 6,
    lower: int = 4,
    rows: int = 5,
    seed: int = 1,
) -> NestedCrossed:
    """The right formula and the one tried, on data of this design."""
    kind = KINDS[design]
    data = simulate(kind, labels, upper, lower, rows, seed)
    right = kind.right(labels, rows)
    tried = "" if tried == _LM else tried
    honest = _claim(kind, data, right)
    claimed = honest if tried == right else _claim(kind, data, tried)
    return NestedCrossed(kind, data, labels, upper, lower, rows, honest, claimed)


_LM = "no random effects (lm)"
_TERMS = ((style.BLUE, "s"), (style.ORANGE, "o"))


def _draw_design(ax: Axes, r: NestedCrossed) -> None:
    """Upper units as rows, labels of the lower units as columns, a mark where a pair was measured.

    Ringed are the cells whose rows the formula tried takes for one lower unit with the first.
    """
    upper = pd.factorize(r.data[r.kind.upper])[0]
    lower = pd.factorize(r.data[r.kind.lower], sort=True)[0]
    treated = np.minimum(r.data[r.kind.treatment].cat.codes.to_numpy(), 2)
    size = float(np.clip(120 / (lower.max() + 1), 3, 9))
    looks = ((style.CONTROL, "s"), (style.TREATED, "D"), (style.GREY, "o"))
    for level, (colour, marker) in enumerate(looks):
        mine = treated == level
        style.dots(ax, lower[mine], upper[mine], marker, color=colour, markersize=size)
    terms = sorted(r.tried.columns, key=lambda term: r.kind.lower in term[0])
    if terms:
        one = terms[-1][1] == terms[-1][1][0]
        style.dots(ax, lower[one], upper[one], "o", color=style.BLACK, mfc="none", markersize=size + 7, mew=2)
        ax.text(0.5, -0.145, "ringed: one unit to the", transform=ax.transAxes, ha="center", fontsize=13)
        ax.text(0.5, -0.20, "formula tried", transform=ax.transAxes, ha="center", fontsize=13)
    names = [f"■ {r.kind.levels[0]}", f"◆ {r.kind.levels[1]}"] + ["● other"] * int(treated.max() > 1)
    start, tight = 0.0, len(names) > 2
    for name, (colour, _) in zip(names, looks, strict=False):
        shown = name.replace(" ", "") if tight else name
        ax.text(start, 1.03, shown, color=colour, transform=ax.transAxes, fontsize=13 if tight else 14)
        start += 0.03 + 0.05 * len(shown) if tight else 0.05 + 0.058 * len(shown)
    ax.set(xlim=(-0.7, lower.max() + 0.7), ylim=(upper.max() + 0.7, -0.7), xticks=[], yticks=[])
    each = f"{r.kind.lower} label; {plural(r.rows, r.kind.row)} each"
    ax.set(ylabel=r.kind.upper)
    ax.text(0.5, -0.07, each, transform=ax.transAxes, ha="center", fontsize=14)
    ax.yaxis.set_label_coords(-0.06, 0.5)


def _draw_z(ax: Axes, claim: Claim, title: str, rows: int) -> None:
    """Where the ones of Z are, term beside term."""
    start = 0
    for (name, columns), (colour, marker) in zip(claim.columns, _TERMS, strict=False):
        style.dots(ax, start + columns, np.arange(rows), marker, color=colour, markersize=2.5)
        middle = start + columns.max() / 2
        ax.text(middle, rows * 1.03, name, color=colour, ha="center", va="top", fontsize=13)
        start += columns.max() + 2
    if not claim.columns:
        words = "refused" if claim.refusal else "no Z: rows\nof a unit\nshare\nnothing"
        ax.text(0.5, 0.5, words, ha="center", va="center", transform=ax.transAxes)
    ax.set(xlim=(-1.5, max(start - 0.5, 3)), ylim=(rows, -1), xticks=[], yticks=[], title=title)
    ax.yaxis.set_label_coords(-0.06, 0.5)


def draw(r: NestedCrossed, fig: Figure) -> None:
    """The design; Z of the right formula and of the one tried; both intervals of the effect."""
    grid, right, tried, claims = style.axes(
        fig,
        [
            (0.04, 0.20, 0.22, 0.71),
            (0.30, 0.16, 0.18, 0.75),
            (0.52, 0.16, 0.18, 0.75),
            (0.75, 0.16, 0.235, 0.75),
        ],
    )
    _draw_design(grid, r)
    _draw_z(right, r.right, "Z, right formula", len(r.data))
    _draw_z(tried, r.tried, "Z, formula tried", len(r.data))
    looks = ((r.right, "right", style.GREEN, "o"), (r.tried, "tried", style.RED, "s"))
    xlim = r.kind.limits
    middle = sum(xlim) / 2
    for place, (claim, name, colour, marker) in enumerate(looks):
        refused = bool(claim.refusal) or (r.confounded if place == 0 else r.arbitrary)
        words = (
            "no test" if refused and not claim.refusal else "refused" if refused else f"SE {number(claim.se)}"
        )
        claims.text(middle, 0.17 - place, f"{name}: {words}", color=colour, ha="center")
        if not refused:
            style.interval(claims, claim.low, claim.estimate, claim.high, -place, marker=marker, color=colour,
                           size=11, limits=xlim)  # fmt: skip
    for place in (0, 1):
        foot, head = -place - 0.35, -place + 0.1
        style.line(claims, [r.kind.effect] * 2, [foot, head], color=style.BLACK, linestyle="--", zorder=0)
        style.line(claims, [0, 0], [foot, head], color=style.GREY, linestyle=":", zorder=0)
    claims.set(xlim=xlim, ylim=(-1.5, 0.5), yticks=[], xlabel="effect (dashed: truth)", title="95% intervals")


def _tested(claim: Claim) -> str:
    singular = "; its fit is singular" if claim.singular else ""
    return f"{number(claim.se)} ({claim.df:.0f} df, {p_value(claim.p)}{singular})"


def _named(claim: Claim) -> str:
    return claim.formula if "|" in claim.formula else f"{claim.formula} (lm)"


def sentence(r: NestedCrossed) -> str:
    """What the formula tried claims, beside the right one."""
    seen = ", ".join(f"{n} levels of {name}" for name, n in r.tried.groups.items()) or "no groups at all"
    if r.confounded:
        text = (
            f"With 2 {r.kind.lower}s each {r.kind.treatment} has a single {r.kind.lower}, so the two cannot be told "
            f"apart and no formula can test the {r.kind.treatment}; add {r.kind.lower}s"
        )
        if r.tried.refusal:
            return f"{text}."
        if r.arbitrary:
            nothing = f"for an SD of {r.kind.lower}s that nothing tells"
            return f"{text}. {r.tried.formula} gives some SE all the same, {nothing}."
        return f"{text}. {_named(r.tried)} sees {seen} and claims an SE of {_tested(r.tried)} all the same."
    counts = ", ".join(f"{n} levels of {name}" for name, n in r.right.groups.items()) or "no groups"
    alone = r.rows == 1 and r.kind.nested
    why = f"With one {r.kind.row} each the {r.kind.lower} is the residual. " if alone else ""
    right = f"{why}The right formula, {_named(r.right)}, sees {counts} and gives an SE of"
    if r.tried.refusal:
        return f"{right} {_tested(r.right)}; {r.tried.formula} is refused: {r.tried.refusal.rstrip('.')}."
    if r.tried.formula == r.right.formula:
        return f"{right} {_tested(r.right)}."
    if r.same:
        return f"{right} {_tested(r.right)}; {r.tried.formula} sees {seen}: here it is the same model in other words."
    return f"{right} {_tested(r.right)}; {_named(r.tried)} sees {seen} and claims {_tested(r.tried)}."


def details(r: NestedCrossed) -> str:
    """The design table: rows for every upper unit and label of the lower ones, the first of them."""
    upper, names = pd.factorize(r.data[r.kind.upper].astype(str), sort=True)
    lower, labels = pd.factorize(r.data[r.kind.lower], sort=True)
    shape = len(names), len(labels)
    table = np.bincount(np.ravel_multi_index((upper, lower), shape), minlength=shape[0] * shape[1])
    head = "".join(f"<th>{html.escape(label)}</th>" for label in labels[:12])
    more = "<th>…</th>" if shape[1] > 12 else ""
    body = "".join(
        f"<tr><td>{html.escape(name)}</td>" + "".join(f"<td>{n}</td>" for n in row) + "</tr>"
        for name, row in zip(names[:6], table.reshape(shape)[:, :12], strict=False)
    )
    below = "<tr><td>…</td></tr>" if shape[0] > 6 else ""
    return f"<table><tr><th>{r.kind.row}s</th>{head}{more}</tr>{body}{below}</table>"


def _labels(state: State) -> tuple[str, ...]:
    return KINDS[state["design"]].labels


def _formulas(state: State) -> tuple[str, ...]:
    kind = KINDS[state["design"]]
    labels = state["labels"] if state["labels"] in kind.labels else kind.labels[0]
    return tuple(random or _LM for random in kind.formulas[labels])


def settle(state: State, changed: str) -> State:
    """Another design or other labels: try the most tempting wrong formula first."""
    if changed in ("design", "labels"):
        kind = KINDS[state["design"]]
        labels = state["labels"] if state["labels"] in kind.labels else kind.labels[0]
        state = {**state, "labels": labels, "tried": kind.formulas[labels][1]}
    if changed == "design":
        state["upper"] = 2 if state["design"] == "plots in treatments" else max(state["upper"], 6)
        state["lower"] = max(state["lower"], 4)
    return state


EXPLORER = Explorer(
    name="nested_crossed",
    title="Nested or crossed? The table tells",
    prompt="Choose a design and a formula to try; then give every lower unit a label of its own.",
    controls=(
        Choice("design", "Design", tuple(KINDS)),
        Choice("labels", "Labels of lower units", _labels),
        Choice("tried", "Formula to try", _formulas),
        Slider("upper", "Upper units", 2, 10, 1, unit="schools, subjects or treatments"),
        Slider("lower", "Lower units", 2, 8, 1, unit="classes in a school, items, or plots of a treatment"),
        Slider("rows", "Rows for each pair", 1, 6, 1),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.nested_crossed.result(tried="(1 | school) + (1 | class)")
>>> r.right.groups, r.tried.groups
({'class:school': 24, 'school': 6}, {'school': 6, 'class': 4})""",
    details=details,
    settle=settle,
)
