"""Build a model from its parts and read it: formula, equation, plain English, fit, and is it better?"""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Choice, Number, Slider, State, Tick, number, p_value
from lmmkit.course.explorers.explorer import Explorer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Source:
    """What a data set offers: responses, covariates (numbers first), grouping factors from coarse to fine."""

    responses: tuple[str, ...]
    numbers: tuple[str, ...]
    factors: tuple[str, ...]
    groups: tuple[str, ...]

    def fixed(self) -> tuple[str, ...]:
        """Fixed parts on offer: nothing, each covariate, each pair with and without interaction."""
        names = self.numbers + self.factors
        pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
        return ("1", *names, *(f"{a} + {b}" for a, b in pairs), *(f"{a} * {b}" for a, b in pairs))

    def random(self) -> tuple[str, ...]:
        """Random parts on offer."""
        group = self.groups[-1]
        parts = [NONE, *(f"(1 | {g})" for g in self.groups)]
        if len(self.groups) > 1:
            parts += [f"(1 | {'/'.join(self.groups)})", " + ".join(f"(1 | {g})" for g in self.groups)]
        for x in self.numbers[:1]:
            parts += [f"(0 + {x} | {group})", f"({x} || {group})", f"({x} | {group})"]
        return tuple(parts)


NONE = "none (lm)"
SOURCES = {
    "mouse": Source(("Weight", "log(Weight)"), ("Dose",), (), ("Strain",)),
    "sleepstudy": Source(("Reaction", "log(Reaction)"), ("Days",), (), ("Subject",)),
    "protein_years": Source(("Value",), ("Year",), (), ("Sample",)),
    "plasma_age": Source(("conc",), ("age",), (), ("group",)),
    "biomarker": Source(("Disease",), ("Biomarker",), (), ("Cohort",)),
    "clinic": Source(("Value",), ("Dose",), ("Gender",), ("Gender",)),
    "ex33": Source(("PCV",), ("time",), ("breed",), ("animal_id",)),
    "owl_wing": Source(("Wing",), ("Age",), ("Implant",), ("Brood", "Ring")),
    "owl_cort": Source(("log(totCort)", "totCort"), ("Age",), ("Implant", "days"), ("Brood", "Ring")),
}


@dataclass(frozen=True)
class Built:
    """The model built, what it says, and how it compares with the one before."""

    data: pd.DataFrame  # the rows used
    source: Source
    formula: str
    fit: Any  # MixedModel or LinearModel; None where the model was refused
    refusal: str
    previous: str | None  # formula of the model before, for the same response
    comparison: pd.DataFrame | None
    verdict: str  # the comparison in words, or why there is none

    @property
    def response(self) -> str:
        """Left side of the formula."""
        return self.formula.split(" ~ ")[0]

    @property
    def mixed(self) -> bool:
        """Whether it has random effects."""
        return "|" in self.formula


@lru_cache(maxsize=16)
def _rows(data: str, share: int, seed: int) -> pd.DataFrame:
    """The rows of `share` percent of the finest groups, at least two of them."""
    from lmmkit import load_data

    frame = load_data(data)
    group = SOURCES[data].groups[-1]
    names = frame[group].unique()
    keep = max(2, round(len(names) * share / 100))
    if keep == len(names):
        return frame
    chosen = np.random.default_rng(seed).permutation(len(names))[:keep]
    rows = frame[frame[group].isin(names[chosen])].copy()
    for column in rows.select_dtypes("category"):
        rows[column] = rows[column].cat.remove_unused_categories()
    return rows


def _fit(formula: str, data: pd.DataFrame, reml: bool) -> Any:
    from lmmkit import lm, lmer

    return lmer(formula, data, reml=reml) if "|" in formula else lm(formula, data)


def _compare(before: Any, now: Any) -> tuple[pd.DataFrame | None, str]:
    """Likelihood-ratio test of the two, the smaller first, in words too."""
    from lmmkit import ModelError, anova

    small, large = (before, now) if before.npar <= now.npar else (now, before)
    try:
        table = anova(small, large, names=["simpler", "larger"])
    except ModelError as refused:
        return None, f"They cannot be compared by a likelihood ratio: {refused}."
    chisq, df, p = (float(table[c].iloc[1]) for c in ("chisq", "df", "p_value"))
    kept = "the larger one is worth its parameters" if p < 0.05 else "the simpler one will do"
    return table, f"χ²({df:.0f}) = {number(chisq)}, {p_value(p)}: {kept}."


def compute(
    data: str = "mouse",
    response: str = "Weight",
    fixed: str = "Dose",
    random: str = "(1 | Strain)",
    reml: bool = True,
    share: int = 100,
    seed: int = 1,
    last: tuple[str, str] | None = None,
    before: tuple[str, str] | None = None,
) -> Built:
    """Fit the model made of these parts; `last` and `before` are (data set, formula) of earlier models."""
    from lmmkit import DataError, ModelError

    source = SOURCES[data]
    formula = f"{response} ~ {fixed}" + ("" if random == NONE else f" + {random}")
    rows = _rows(data, share, seed)
    earlier = last if last != (data, formula) else before
    same = earlier is not None and earlier[0] == data and earlier[1].split(" ~ ")[0] == response
    previous = earlier[1] if same and earlier is not None else None
    try:
        fit = _fit(formula, rows, reml)
    except (DataError, ModelError) as refused:
        return Built(rows, source, formula, None, str(refused), previous, None, "")
    table, verdict = None, ""
    if previous is not None:
        try:
            table, verdict = _compare(_fit(previous, rows, reml), fit)
        except (DataError, ModelError) as refused:
            verdict = f"The model before cannot be fitted to these rows: {refused}."
    return Built(rows, source, formula, fit, "", previous, table, verdict)


def _y(r: Built) -> np.ndarray:
    if r.response.startswith("log("):
        return np.log(r.data[r.response[4:-1]].to_numpy(float))
    return r.data[r.response].to_numpy(float)


def draw(r: Built, fig: Figure) -> None:
    """Data with the fitted values of every group; beside it the groups' random effects."""
    left, right = style.panels(fig, (1.6, 1), gap=0.13)
    x_name = r.source.numbers[0]
    x, y = r.data[x_name].to_numpy(float), _y(r)
    codes = pd.factorize(r.data[r.source.groups[-1]])[0]
    groups = codes.max() + 1
    fitted = None if r.fit is None else np.asarray(r.fit.fitted)
    order = np.lexsort((x, codes))
    # A group's line ends where the next begins; groups of one style are drawn as one artist.
    breaks = np.flatnonzero(np.diff(codes[order])) + 1
    styles = groups if groups <= 12 else len(style.COLOURS)
    pieces = np.split(order, breaks)
    for number_of_style in range(styles):
        mine = [piece for g, piece in enumerate(pieces) if g % styles == number_of_style]
        rows = np.concatenate(mine)
        look = style.group_style(number_of_style)
        left.plot(x[rows], y[rows], linestyle="", markersize=4 if groups > 12 else 6, alpha=0.7, **look)
        if fitted is not None:
            ends = [np.append(values[piece], np.nan) for piece in mine for values in (x, fitted)]
            left.plot(np.concatenate(ends[::2]), np.concatenate(ends[1::2]), color=look["color"],
                      linewidth=1 if groups > 12 else 2)  # fmt: skip
    left.set(xlabel=x_name, ylabel=r.response)
    left.set_title(r.formula, fontsize=14 if len(r.formula) > 44 else 16)
    _draw_effects(right, r)


def _draw_effects(ax: Axes, r: Built) -> None:
    """Conditional modes of the first random effect, sorted, with ± 1.96 of their SD."""
    ax.set(xticks=[], yticks=[], xlabel="", title="")
    if r.fit is None or not r.mixed:
        ax.text(0.5, 0.5, "refused" if r.fit is None else "no random effects", ha="center", va="center",
                color=style.GREY, transform=ax.transAxes)  # fmt: skip
        return
    group, modes = next(iter(r.fit.ranef().items()))
    effect = modes.columns[0]
    sds = r.fit.ranef_sd()[group][effect].to_numpy()
    values = modes[effect].to_numpy()
    order = np.argsort(values)
    at = np.arange(len(order))
    ax.hlines(at, (values - 1.96 * sds)[order], (values + 1.96 * sds)[order], color=style.SKY, linewidth=2)
    ax.plot(values[order], at, "o", color=style.BLUE, markersize=7 if len(at) < 30 else 3)
    ax.plot([0, 0], [-0.7, at[-1] + 0.7], color=style.BLACK, linestyle="--")
    if len(at) <= 20:
        ax.set(yticks=at, yticklabels=[str(name) for name in modes.index[order]])
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    shown = "intercepts" if effect == "(Intercept)" else f"slopes of {effect}"
    ax.set(ylim=(-0.7, at[-1] + 0.7), xlabel=f"{shown} by {group}", title="random effects")


def sentence(r: Built) -> str:
    """The model's coefficients, SDs, warning and comparison."""
    if r.fit is None:
        return f"{r.formula} is refused: {r.refusal}."
    fixed = ", ".join(f"{name} {value:.3g}" for name, value in r.fit.fixef.items()).replace("-", "−")
    text = f"{r.formula} has fixed effects {fixed}"
    if r.mixed:
        table = r.fit.varcorr.frame
        sds = [
            f"{grp} {'' if pd.isna(name) else name + ' '}{sd:.3g}"
            for grp, name, other, sd in zip(
                *(table[c] for c in ("grp", "var1", "var2", "sdcor")), strict=True
            )
            if not isinstance(other, str)
        ]
        text += f" and SDs {', '.join(sds)}"
        if r.fit.is_singular:
            text += "; the fit is singular"
    if r.previous is not None:
        text += f"; beside {r.previous}: {r.verdict.rstrip('.')}"
    return text + "."


def details(r: Built) -> str:
    """Equation, reading with its warnings, comparison."""
    if r.fit is None:
        return ""
    parts = [f"$${r.fit.equation()}$$"]
    for line in filter(None, r.fit.explain().splitlines()):
        item = line.startswith("- ")
        parts.append(f"<li>{html.escape(line[2:])}</li>" if item else f"<p>{html.escape(line)}</p>")
    if r.previous is not None:
        parts.append(f"<p>Beside <code>{html.escape(r.previous)}</code>: {html.escape(r.verdict)}</p>")
    if r.comparison is not None:
        columns = ["npar", "aic", "bic", "loglik", "chisq", "df", "p_value"]
        head = "".join(f"<th>{c}</th>" for c in columns)
        body = "".join(
            f"<tr><td>{name}</td>"
            + "".join(f"<td>{'' if pd.isna(v) else f'{v:.4g}'}</td>" for v in row)
            + "</tr>"
            for name, row in zip(r.comparison.index, r.comparison[columns].to_numpy(float), strict=True)
        )
        parts.append(f"<table><tr><th></th>{head}</tr>{body}</table>")
    return "".join(parts)


def carry(r: Built) -> State:
    """What the next model must know: this one, and the one before it."""
    data = next(name for name, source in SOURCES.items() if source is r.source)
    before = None if r.previous is None else (data, r.previous)
    return {"last": (data, r.formula), "before": before}


def settle(state: State, changed: str) -> State:
    """Another data set starts with its first response, covariate and grouping factor."""
    if changed == "data":
        source = SOURCES[state["data"]]
        state = {
            **state,
            "response": source.responses[0],
            "fixed": source.numbers[0],
            "random": source.random()[1],
        }
    return state


EXPLORER = Explorer(
    name="model_builder",
    title="Build a model and read it",
    prompt="Change one part at a time: what does the model say now, and is it worth its extra parameters?",
    controls=(
        Choice("data", "Data", tuple(SOURCES)),
        Choice("response", "Response", lambda state: SOURCES[state["data"]].responses),
        Choice("fixed", "Fixed part", lambda state: SOURCES[state["data"]].fixed()),
        Choice("random", "Random part", lambda state: SOURCES[state["data"]].random()),
        Slider("share", "Groups used (%)", 40, 100, 20),
        Tick("reml", "REML (else ML)"),
        Number("seed", "Seed of the groups", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    details=details,
    settle=settle,
    carry=carry,
)
