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


_ANEW, _UNIQUE, _SHARED = "start anew in each group", "unique", "the same for everybody"
KINDS = {
    "classes in schools": Kind(
        "school", "class", "pupil", "score", "method", ("old", "new"), 60.0, 2.0, 3.0, 2.5, 4.0,
        lambda u, l: (u + l) % 2, True, (_ANEW, _UNIQUE),
        {
            _ANEW: ("(1 | school/class)", "(1 | school) + (1 | class)", "(1 | class)", "(1 | school)", ""),
            _UNIQUE: ("(1 | school/class)", "(1 | school) + (1 | class)", "(1 | class)", "(1 | school)", ""),
        },
    ),
    "subjects × items": Kind(
        "subject", "item", "trial", "time", "word", ("common", "rare"), 500.0, 30.0, 50.0, 30.0, 60.0,
        lambda u, l: l % 2, False, (_SHARED,),
        {_SHARED: ("(1 | subject) + (1 | item)", "(1 | subject)", "(1 | subject/item)", "(1 | item)", "")},
    ),
    "plots in treatments": Kind(
        "treatment", "plot", "core", "nitrogen", "treatment", ("fenced", "open"), 12.0, 1.5, 0.0, 1.5, 1.5,
        lambda u, l: u, True, (_ANEW, _UNIQUE),
        {
            _ANEW: ("(1 | treatment:plot)", "(1 | plot)", ""),
            _UNIQUE: ("(1 | plot)", "(1 | treatment:plot)", ""),
        },
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """What one formula says of the effect, or why it is refused."""

    formula: str
    columns: tuple[tuple[str, np.ndarray], ...] = ()  # per term its group and, for each row, its column of Z
    estimate: float = np.nan
    se: float = np.nan
    df: float = np.nan
    p: float = np.nan
    low: float = np.nan
    high: float = np.nan
    refusal: str = ""

    @property
    def groups(self) -> dict[str, int]:
        """Levels of every grouping factor that the formula sees."""
        return {name: int(codes.max()) + 1 for name, codes in self.columns}


@dataclass(frozen=True)
class NestedCrossed:
    """The design, and the claims of the right formula and of the one tried."""

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
    if random:
        try:
            fit = lmer(formula, data)
        except DataError as refused:
            return Claim(formula, refusal=str(refused))
        estimate, se, df, p = coefficient(fit, fit.fixef.index[1])
        # In the order in which the rows meet the levels, so that nesting shows as steps.
        columns = tuple((term.group, pd.factorize(term.codes)[0]) for term in fit.design.terms)
    else:
        estimate, se, df = _ols(data[kind.response].to_numpy(), treated)
        p = float(2 * t.sf(abs(estimate) / se, df))
    reach = se * float(t.ppf(0.975, df))
    return Claim(formula, columns, estimate, se, df, p, estimate - reach, estimate + reach)


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
    right = kind.formulas[labels][0]
    tried = "" if tried == _LM else tried
    honest = _claim(kind, data, right)
    claimed = honest if tried == right else _claim(kind, data, tried)
    return NestedCrossed(kind, data, labels, upper, lower, rows, honest, claimed)


_LM = "no random effects (lm)"
_TERMS = ((style.BLUE, "s"), (style.ORANGE, "o"))


def _draw_design(ax: Axes, r: NestedCrossed) -> None:
    """Upper units as rows, labels of the lower units as columns, a square where a pair was measured."""
    upper = pd.factorize(r.data[r.kind.upper])[0]
    lower = pd.factorize(r.data[r.kind.lower], sort=True)[0]
    treated = r.data[r.kind.treatment].cat.codes.to_numpy()
    size = float(np.clip(120 / (lower.max() + 1), 3, 9))
    for level, (colour, marker) in enumerate(((style.GREY, "s"), (style.RED, "D"))):
        mine = np.minimum(treated, 1) == level
        ax.plot(lower[mine], upper[mine], marker, color=colour, markersize=size)
    ax.set(xlim=(-0.7, lower.max() + 0.7), ylim=(upper.max() + 0.7, -0.7), xticks=[], yticks=[])
    ax.set(xlabel=f"{r.kind.lower} label", ylabel=r.kind.upper, title=f"{plural(r.rows, r.kind.row)} each")
    ax.yaxis.set_label_coords(-0.06, 0.5)


def _draw_z(ax: Axes, terms: tuple[tuple[str, np.ndarray], ...], title: str, rows: int) -> None:
    """Where the ones of Z are, term beside term."""
    start = 0
    for (name, columns), (colour, marker) in zip(terms, _TERMS, strict=False):
        ax.plot(start + columns, np.arange(rows), marker, color=colour, markersize=2.5)
        middle = start + columns.max() / 2
        ax.text(middle, rows * 1.03, name, color=colour, ha="center", va="top", fontsize=13)
        start += columns.max() + 2
    if not terms:
        ax.text(0.5, 0.5, "no Z:\nevery row\non its own", ha="center", va="center", transform=ax.transAxes)
    ax.set(xlim=(-1.5, max(start - 0.5, 3)), ylim=(rows, -1), xticks=[], yticks=[], title=title)
    ax.yaxis.set_label_coords(-0.06, 0.5)


def draw(r: NestedCrossed, fig: Figure) -> None:
    """The design; Z of the right formula and of the one tried; both intervals of the effect."""
    grid, right, tried, claims = style.axes(
        fig,
        [
            (0.04, 0.16, 0.22, 0.75),
            (0.30, 0.16, 0.18, 0.75),
            (0.52, 0.16, 0.18, 0.75),
            (0.75, 0.16, 0.235, 0.75),
        ],
    )
    _draw_design(grid, r)
    _draw_z(right, r.right.columns, "Z, right formula", len(r.data))
    _draw_z(tried, r.tried.columns, "Z, formula tried", len(r.data))
    looks = ((r.right, "right", style.GREEN, "o"), (r.tried, "tried", style.RED, "s"))
    for place, (claim, name, colour, marker) in enumerate(looks):
        if claim.refusal:
            claims.text(0.5, 0.40, "refused", color=colour, ha="center", transform=claims.transAxes)
            continue
        style.interval(
            claims, claim.low, claim.estimate, claim.high, -place, marker=marker, color=colour, size=11
        )
        claims.text(claim.estimate, 0.17 - place, f"{name}: SE {number(claim.se)}", color=colour, ha="center")
    for place in (0, 1):
        foot, head = -place - 0.35, -place + 0.1
        style.line(claims, [r.kind.effect] * 2, [foot, head], color=style.BLACK, linestyle="--", zorder=0)
        style.line(claims, [0, 0], [foot, head], color=style.GREY, linestyle=":", zorder=0)
    spans = [c for c in (r.right, r.tried) if not c.refusal]
    low = min([0.0, r.kind.effect, *(c.low for c in spans)])
    high = max([0.0, r.kind.effect, *(c.high for c in spans)])
    room = 0.12 * (high - low)
    claims.set(xlim=(low - room, high + room), ylim=(-1.5, 0.5), yticks=[], xlabel="effect (dashed: truth)",
               title="95% intervals")  # fmt: skip


def sentence(r: NestedCrossed) -> str:
    """What the formula tried claims, beside the right one."""
    counts = ", ".join(f"{n} levels of {name}" for name, n in r.right.groups.items())
    right = f"The right formula, {r.right.formula}, sees {counts} and gives an SE of {number(r.right.se)}"
    if r.right.refusal:
        return f"With one {r.kind.row} each even {r.right.formula} is refused: {r.right.refusal}."
    if r.tried.refusal:
        return f"{right}; {r.tried.formula} is refused: {r.tried.refusal}."
    if r.tried.formula == r.right.formula:
        return f"{right} ({r.right.df:.0f} df, {p_value(r.right.p)})."
    seen = ", ".join(f"{n} levels of {name}" for name, n in r.tried.groups.items()) or "no groups at all"
    if r.same:
        return f"{right}; {r.tried.formula} sees {seen}: here it is the same model in other words."
    return (
        f"{right} ({r.right.df:.0f} df, {p_value(r.right.p)}); {r.tried.formula} sees {seen} and claims "
        f"{number(r.tried.se)} ({r.tried.df:.0f} df, {p_value(r.tried.p)})."
    )


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
    return state


EXPLORER = Explorer(
    name="nested_crossed",
    title="Nested or crossed? The table tells",
    prompt="Choose a design and a formula to try; then give every lower unit a label of its own.",
    controls=(
        Choice("design", "Design", tuple(KINDS)),
        Choice("labels", "Labels of lower units", _labels),
        Choice("tried", "Formula to try", _formulas),
        Slider("upper", "Upper units", 2, 10, 1),
        Slider("lower", "Lower units", 2, 8, 1),
        Slider("rows", "Rows for each pair", 1, 6, 1),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    details=details,
    settle=settle,
)
