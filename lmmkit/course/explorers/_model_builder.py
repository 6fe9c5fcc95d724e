"""Build a model from its parts and read it: formula, equation, plain English, fit, and is it better?"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Choice, Number, Slider, State, Tick, number, p_value, plural
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.sources import NONE, SOURCES, Source, inside, of_table, unit, with_unit
from lmmkit.errors import DataError, FormulaError, ModelError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TABLE = "table"  # what a reader's table is called among the data sets
_SAME = 1e-4  # log-likelihoods of one model in two wordings differ by less


@dataclass(frozen=True)
class Built:
    """The model built, what it says, and how it compares with the one before.

    Attributes
    ----------
    data : pandas.DataFrame
        The rows used.
    whole : pandas.DataFrame
        All rows, for the picture's limits.
    name : str
        The data set.
    source : Source
        What it offers.
    formula : str
        The model.
    fit : MixedModel, LinearModel or None
        Its fit; None where the model was refused.
    refusal : str
        Why, or empty.
    previous : str or None
        Formula of the model before, for the same response.
    before : MixedModel, LinearModel or None
        Its fit to these rows.
    comparison : pandas.DataFrame or None
        Likelihood-ratio test of the two, where one is a special case of the other.
    verdict : str
        The comparison in words, or why there is none.
    """

    data: pd.DataFrame
    whole: pd.DataFrame
    name: str
    source: Source
    formula: str
    fit: Any
    refusal: str
    previous: str | None
    before: Any
    comparison: pd.DataFrame | None
    verdict: str

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


def _by_ml(fit: Any) -> Any:
    return fit.update(reml=False) if fit.is_reml else fit


def _compare(before: Any, now: Any, formulas: tuple[str, str]) -> tuple[pd.DataFrame | None, str]:
    """Likelihood-ratio test of the two, the smaller first, in words too; AIC where there is no such test."""
    from lmmkit import anova

    small, large = (before, now) if before.npar <= now.npar else (now, before)
    if small.npar < large.npar:
        try:
            table = anova(small, large, names=["simpler", "larger"])
            chisq, df, p = (float(table[c].iloc[1]) for c in ("chisq", "df", "p_value"))
            # A variance cannot be negative, which the chi-squared distribution does not know.
            bars = [re.findall(r"\([^)]*\|[^)]*\)", formula) for formula in formulas]
            most = " at most, since a variance is tested" if bars[0] != bars[1] and p >= 0.001 else ""
            kept = "the larger one is worth its parameters" if p < 0.05 else "the simpler one will do"
            return table, f"χ²({df:.0f}) = {number(chisq)}, {p_value(p)}{most}: {kept}"
        except ModelError:
            pass  # neither is a special case of the other
    was, is_now = _by_ml(before), _by_ml(now)
    if before.npar == now.npar and abs(was.loglik - is_now.loglik) < _SAME:
        return None, "the same model in other words"
    gain = was.aic - is_now.aic
    better = "the new one" if gain > 0 else "the one before"
    by = f"by AIC (both fitted by ML) {better} is better by {number(abs(gain))}"
    if abs(gain) < 0.005:
        by = "they have the same AIC (both fitted by ML)"
    return None, f"neither is a special case of the other; {by}"


def _build(
    name: str,
    source: Source,
    whole: pd.DataFrame,
    rows: pd.DataFrame,
    formula: str,
    reml: bool,
    last: tuple[str, str] | None,
    before: tuple[str, str] | None,
) -> Built:
    """Fit the model, and the one before it where that had the same response."""
    earlier = last if last != (name, formula) else before
    same = (
        earlier is not None and earlier[0] == name and earlier[1].split(" ~ ")[0] == formula.split(" ~ ")[0]
    )
    previous = earlier[1] if same and earlier is not None else None
    blank = Built(rows, whole, name, source, formula, None, "", previous, None, None, "")
    try:
        fit = _fit(formula, rows, reml)
    except (DataError, FormulaError, ModelError) as refused:
        return replace(blank, refusal=str(refused).rstrip("."))
    if previous is None:
        return replace(blank, fit=fit)
    try:
        old = _fit(previous, rows, reml)
    except (DataError, FormulaError, ModelError) as refused:
        verdict = f"it cannot be fitted to these rows ({str(refused).rstrip('.')})"
        return replace(blank, fit=fit, verdict=verdict)
    table, verdict = _compare(old, fit, (previous, formula))
    return replace(blank, fit=fit, before=old, comparison=table, verdict=verdict)


def _formula(response: str, fixed: str, random: str) -> str:
    return f"{response} ~ {fixed}" + ("" if random == NONE else f" + {random}")


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
    rows, whole = _rows(data, share, seed), _rows(data, 100, 1)
    return _build(data, SOURCES[data], whole, rows, _formula(response, fixed, random), reml, last, before)


def _own_compute(
    table: pd.DataFrame,
    source: Source,
    response: str,
    fixed: str,
    random: str,
    reml: bool = True,
    last: tuple[str, str] | None = None,
    before: tuple[str, str] | None = None,
) -> Built:
    return _build(_TABLE, source, table, table, _formula(response, fixed, random), reml, last, before)


def own(table: Any) -> Explorer[Built]:
    """Numbers are offered as responses and covariates, text and repeated whole numbers as groups."""
    rows, source, missing = of_table(table)

    def settled(state: State, changed: str) -> State:
        return _settle(state, changed, source)

    start: dict[str, Any] = dict(source.first())
    left_out = f" {plural(missing, 'row')} with missing values left out." if missing else ""
    return replace(
        EXPLORER,
        controls=(
            Choice("response", "Response", source.responses),
            Choice("fixed", "Fixed part", lambda state: source.fixed(state["response"])),
            Choice("random", "Random part", lambda state: source.random(state["fixed"], state["response"])),
            Tick("reml", "REML (else ML)"),
        ),
        compute=partial(_own_compute, table=rows, source=source, **start),
        prompt=EXPLORER.prompt + left_out,
        settle=settled,
        own=None,
    )


def _column(r: Built, name: str) -> str:
    return name.strip("`")


def _y(r: Built, data: pd.DataFrame) -> np.ndarray:
    values = data[_column(r, inside(r.response))].to_numpy(float)
    return np.log(values) if r.response.startswith("log(") else values


def _limits(values: np.ndarray) -> tuple[float, float]:
    room = 0.06 * float(np.ptp(values)) or 1.0
    return float(values.min()) - room, float(values.max()) + room


def _across(r: Built) -> str | None:
    """The number that the picture's x axis shows."""
    numbers = [name for name in r.source.numbers if name != inside(r.response)]
    used = [
        name for name in numbers if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", r.formula.split(" ~ ")[1])
    ]
    return next(iter(used or numbers), None)


def _shown_group(r: Built) -> str | None:
    """The factor that the picture tells apart: the finest of the model, else of the data."""
    groups = [g for g in r.source.groups if re.search(rf"\|[^)]*(?<!\w){re.escape(g)}(?!\w)", r.formula)]
    return next(reversed(groups or r.source.groups), None)


def draw(r: Built, fig: Figure) -> None:
    """Data with the fitted values of every group, those of the model before in grey; beside it the groups'
    random effects.
    """
    left, right = style.panels(fig, (1.6, 1), gap=0.13)
    x_name, group = _across(r), _shown_group(r)
    y = _y(r, r.data)
    x = np.arange(len(y), dtype=float) if x_name is None else r.data[_column(r, x_name)].to_numpy(float)
    codes = np.zeros(len(y), int) if group is None else pd.factorize(r.data[_column(r, group)])[0]
    groups = codes.max() + 1
    order = np.lexsort((x, codes))
    # A group's line ends where the next begins; groups of one style are drawn as one artist.
    breaks = np.flatnonzero(np.diff(codes[order])) + 1
    styles = groups if groups <= 12 else len(style.COLOURS)
    pieces = np.split(order, breaks)
    if r.before is not None:
        style.line(left, *_strands(pieces, x, np.asarray(r.before.fitted)), color=style.FAINT, linewidth=1.5)
    for number_of_style in range(styles):
        mine = [piece for g, piece in enumerate(pieces) if g % styles == number_of_style]
        rows = np.concatenate(mine)
        look = style.group_style(number_of_style)
        style.dots(
            left, x[rows], y[rows], look["marker"], color=look["color"], markersize=4 if groups > 12 else 6
        )
        if r.fit is not None:
            strands = _strands(mine, x, np.asarray(r.fit.fitted))
            style.line(left, *strands, color=look["color"], linewidth=1 if groups > 12 else 2)
    whole = r.whole if x_name is None else r.whole[_column(r, x_name)].to_numpy(float)
    left.set(xlim=_limits(x if x_name is None else np.asarray(whole)), ylim=_limits(_y(r, r.whole)))
    data = _course_data(r)
    left.set(
        xlabel="row" if x_name is None else with_unit(data, _column(r, x_name)),
        ylabel=with_unit(data, r.response),
    )
    if r.before is not None:
        left.text(0.99, 0.01, "grey: the model before", color=style.GREY, ha="right", fontsize=13.5,
                  transform=left.transAxes)  # fmt: skip
    left.set_title(r.formula, fontsize=14 if len(r.formula) > 44 else 16)
    _draw_effects(right, r)


def _strands(pieces: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of one line a piece, lifted between them."""
    return tuple(np.concatenate([np.append(v[piece], np.nan) for piece in pieces]) for v in (x, y))  # type: ignore[return-value]


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
    # Effects that are all zero stay a line: an axis of rounding errors would make them look unsure.
    span = float(np.ptp(r.data[_column(r, effect)])) if effect in r.data.columns else 1.0
    least = 0.1 * float(r.fit.sigma) / (span or 1.0)
    reach = 1.06 * max(least, float((np.abs(values) + 1.96 * sds).max()))
    shown = "intercepts" if effect == "(Intercept)" else f"slopes of {effect}"
    data = _course_data(r)
    of_y, of_x = unit(data, r.response), unit(data, _column(r, effect))
    each = (
        f" a {of_x.removesuffix('s')}"
        if of_x in ("days", "year", "years")
        else f" per {of_x}"
        if of_x
        else ""
    )
    measured = f" ({of_y}{each})" if of_y else ""
    label = f"{shown} by {group}{measured}"
    ax.set(xlim=(-reach, reach), ylim=(-0.7, at[-1] + 0.7), xlabel=label, title="random effects")


def _course_data(r: Built) -> str | None:
    """The name of the data, where they are the course's."""
    return next((name for name, source in SOURCES.items() if source is r.source), None)


def _sds(r: Built) -> list[str]:
    """Each standard deviation with its name, as the formula has them."""
    if not r.mixed:
        return [f"residual {r.fit.sigma:.3g}"]
    table = r.fit.varcorr.frame
    groups = set(table["grp"])
    found = []
    for grp, name, other, sd in zip(*(table[c] for c in ("grp", "var1", "var2", "sdcor")), strict=True):
        if isinstance(other, str):
            continue
        plain = re.sub(r"\.\d+$", "", grp)  # (x || g) is two terms with one name
        plain = plain if plain in groups else grp
        found.append(f"residual {sd:.3g}" if grp == "Residual" else f"{plain} {name} {sd:.3g}")
    return found


def sentence(r: Built) -> str:
    """The model's coefficients, SDs, warning and comparison."""
    if r.fit is None:
        return f"{r.formula} is refused: {r.refusal}."
    fixed = [f"{name} {value:.3g}".replace("-", "−") for name, value in r.fit.fixef.items()]
    sds = _sds(r)
    text = f"{r.formula}: fixed effect{'s' if len(fixed) > 1 else ''} {', '.join(fixed)}; "
    text += f"SD{'s' if len(sds) > 1 else ''} {', '.join(sds)}"
    if r.mixed and r.fit.is_singular:
        text += "; the fit is singular"
    if r.previous is not None:
        text += f". Beside {r.previous}: {r.verdict}"
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
        parts.append(f"<p>Beside <code>{html.escape(r.previous)}</code>: {html.escape(r.verdict)}.</p>")
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
    before = None if r.previous is None else (r.name, r.previous)
    return {"last": (r.name, r.formula), "before": before}


def _settle(state: State, changed: str, source: Source) -> State:
    """What is no longer on offer gives way to what is."""
    fixed = source.fixed(state["response"])
    if state["fixed"] not in fixed:
        state = {**state, "fixed": fixed[min(1, len(fixed) - 1)]}
    if changed != "random" and state["random"] not in (
        on_offer := source.random(state["fixed"], state["response"])
    ):
        state = {**state, "random": on_offer[min(1, len(on_offer) - 1)]}
    return state


def settle(state: State, changed: str) -> State:
    """Another data set starts with its first response, covariate and grouping factor."""
    source = SOURCES[state["data"]]
    if changed == "data":
        return {**state, **source.first()}
    return _settle(state, changed, source)


EXPLORER = Explorer(
    name="model_builder",
    title="Build a model and read it",
    prompt="Change one part at a time: what does the model say now, and is it worth its extra parameters?",
    controls=(
        Choice("data", "Data", tuple(SOURCES)),
        Choice("response", "Response", lambda state: SOURCES[state["data"]].responses),
        Choice("fixed", "Fixed part", lambda state: SOURCES[state["data"]].fixed(state["response"])),
        Choice("random", "Random part", lambda state: SOURCES[state["data"]].random(state["fixed"])),
        Slider("share", "Groups used (%)", 40, 100, 20, unit="per cent of the finest groups"),
        Tick("reml", "REML (else ML)"),
        Number("seed", "Seed of the groups", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.model_builder.result(data="sleepstudy", random="(Days | Subject)")
>>> r.formula, r.fit.nobs
('Reaction ~ Days + (Days | Subject)', 180)""",
    details=details,
    settle=settle,
    carry=carry,
    own=own,
)
