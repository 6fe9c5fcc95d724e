"""Break one assumption at a time and see which of the four pictures tells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Number, Slider, State, number
from lmmkit.course.explorers.explorer import Explorer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GROUPS, _SIZE = 12, 12
BREAKS = ("curvature", "spread", "tails", "outlier", "dependence")


@dataclass(frozen=True)
class Sign:
    """A number read off the fit, and the most it would be in 99 of 100 data sets with nothing wrong."""

    name: str
    value: float
    limit: float

    @property
    def suspicious(self) -> bool:
        """Whether the number is larger than chance makes it."""
        return abs(self.value) > self.limit


@dataclass(frozen=True)
class Diagnostics:
    """What the four pictures are drawn from, and five numbers that say what they show."""

    fitted: np.ndarray  # (n,) group by group, in the order of x
    residuals: np.ndarray  # (n,) over sigma
    effects: np.ndarray  # (groups,) conditional modes, from their median, over a robust SD
    signs: tuple[Sign, ...]
    slope: float
    slope_se: float


def simulate(
    curvature: float, spread: float, tails: float, outlier: float, dependence: float, seed: int
) -> pd.DataFrame:
    """Twelve groups of twelve; every argument breaks one assumption, and none does at zero."""
    from scipy.stats import norm, t

    rng = np.random.default_rng(seed)
    x = np.tile(np.linspace(0, 10, _SIZE), (_GROUPS, 1))
    z = rng.standard_normal((_GROUPS, _SIZE))
    errors = z.copy()
    for i in range(1, _SIZE):  # each error leans on the one before
        errors[:, i] = dependence * errors[:, i - 1] + np.sqrt(1 - dependence**2) * z[:, i]
    if tails > 0:
        # t with fewer and fewer degrees of freedom, by ranks, so that the same points move outwards
        df = 2.1 + 30 * (1 - tails) ** 3
        errors = t.ppf(norm.cdf(errors), df) / np.sqrt(df / (df - 2)) * (1 + tails)
    errors = errors * np.exp(spread * 0.25 * (x - 5))
    effects = 2.0 * rng.standard_normal(_GROUPS)
    effects[-1] += 25 * outlier
    y = 20 + 1.0 * x + 0.35 * curvature * (x - 5) ** 2 + effects[:, None] + errors
    group = np.repeat([f"g{g + 1:02d}" for g in range(_GROUPS)], _SIZE)
    return pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "group": group})


@cache
def _extreme_group() -> float:
    """How far the most distant of twelve normal values lies from their median, in robust SDs, in 99 of
    100.
    """
    z = np.random.default_rng(50).standard_normal((20000, _GROUPS))
    return float(np.percentile(np.abs(_robust(z)).max(1), 99))


def _robust(values: np.ndarray) -> np.ndarray:
    """Distances from the median in SDs taken from the median distance: a wild group cannot hide behind its
    own SD.
    """
    off = values - np.median(values, -1, keepdims=True)
    scale = 1.4826 * np.median(np.abs(off), -1, keepdims=True)
    return np.asarray(off / np.where(scale > 0, scale, np.inf))


def _limits(n: int) -> dict[str, float]:
    """99% limits of the five numbers under the model, by the usual large-sample formulas."""
    from scipy.stats import norm

    z = float(norm.ppf(0.995))
    return {
        "bend": z / np.sqrt(n),
        "spread": z / np.sqrt(n),
        "tails": z * np.sqrt(24 / n),
        "group": _extreme_group(),
        "neighbours": z / np.sqrt(n) + 1 / _SIZE,  # taking out a group's mean bends it below zero
    }


def _signs(x: np.ndarray, fitted: np.ndarray, residuals: np.ndarray, effects: np.ndarray) -> tuple[Sign, ...]:
    from scipy.stats import rankdata

    square = (x - x.mean()) ** 2
    table = residuals.reshape(_GROUPS, _SIZE)
    table = table - table.mean(1, keepdims=True)
    values = {
        "bend": float(np.corrcoef(residuals, square)[0, 1]),
        "spread": float(np.corrcoef(rankdata(np.abs(residuals)), rankdata(fitted))[0, 1]),
        "tails": float((residuals**4).mean() / (residuals**2).mean() ** 2 - 3),
        "group": float(np.abs(effects).max()),
        "neighbours": float((table[:, 1:] * table[:, :-1]).sum() / (table**2).sum()),
    }
    limits = _limits(len(x))
    return tuple(Sign(name, value, limits[name]) for name, value in values.items())


def compute(
    curvature: float = 0.0,
    spread: float = 0.0,
    tails: float = 0.0,
    outlier: float = 0.0,
    dependence: float = 0.0,
    seed: int = 3,
) -> Diagnostics:
    """Residuals and random effects of ``y ~ x + (1 | group)`` fitted to data broken in these ways."""
    from lmmkit import lmer

    data = simulate(curvature, spread, tails, outlier, dependence, seed)
    fit = lmer("y ~ x + (1 | group)", data)
    residuals = fit.resid().to_numpy() / fit.sigma
    effects = _robust(fit.ranef()["group"]["(Intercept)"].to_numpy())
    fitted = fit.fitted.to_numpy()
    signs = _signs(data["x"].to_numpy(), fitted, residuals, effects)
    return Diagnostics(fitted, residuals, effects, signs, float(fit.fixef["x"]), float(fit.se["x"]))


def _smooth(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Running weighted mean of y along x."""
    at = np.linspace(x.min(), x.max(), 40)
    width = (x.max() - x.min()) / 12 or 1.0
    weights = np.exp(-0.5 * ((at[:, None] - x) / width) ** 2)
    return at, weights @ y / weights.sum(1)


def _qq(ax: Axes, values: np.ndarray, title: str, colour: str) -> None:
    from scipy.stats import norm

    n = len(values)
    theory = norm.ppf((np.arange(n) + 0.5) / n)
    ordered = np.sort(values)
    ax.plot(theory, ordered, "o", color=colour, markersize=5)
    low, high = np.percentile(values, [25, 75])
    slope = (high - low) / (2 * norm.ppf(0.75))
    ends = np.array([theory[0], theory[-1]])
    ax.plot(ends, (low + high) / 2 + slope * ends, color=style.BLACK, linestyle="--")
    ax.set(title=title)


def draw(r: Diagnostics, fig: Figure) -> None:
    """Residuals against fitted, their QQ plot, scale against location, QQ plot of the random effects."""
    places = [(0.055 + 0.2445 * i, 0.15, 0.195, 0.73) for i in range(4)]
    tukey, qq, scale, groups = style.axes(fig, places)
    ink = {sign.name: style.RED if sign.suspicious else style.BLACK for sign in r.signs}

    # Joined within groups, in order: neighbours that lean on each other make a wave, not a zigzag.
    wave = np.column_stack([r.fitted.reshape(_GROUPS, _SIZE), np.full(_GROUPS, np.nan)]).ravel()
    rise = np.column_stack([r.residuals.reshape(_GROUPS, _SIZE), np.full(_GROUPS, np.nan)]).ravel()
    tukey.plot(wave, rise, color="#c8c8c8", linewidth=1)
    tukey.plot(r.fitted, r.residuals, "o", color=style.BLUE, markersize=4)
    tukey.plot(*_smooth(r.fitted, r.residuals), color=style.RED, linewidth=3)
    tukey.plot([r.fitted.min(), r.fitted.max()], [0, 0], color=style.BLACK, linestyle="--")
    tukey.set(title="residuals")
    tukey.title.set_color(style.BLACK)
    _qq(qq, r.residuals, "QQ, residuals", style.BLUE)
    root = np.sqrt(np.abs(r.residuals))
    scale.plot(r.fitted, root, "o", color=style.BLUE, markersize=4)
    scale.plot(*_smooth(r.fitted, root), color=style.RED, linewidth=3)
    scale.set(title="√|residuals|", ylim=(0, None))
    _qq(groups, r.effects, "QQ, groups", style.GREEN)
    for ax, names in (
        (tukey, ("bend", "neighbours")),
        (qq, ("tails",)),
        (scale, ("spread",)),
        (groups, ("group",)),
    ):
        hot = style.RED if any(ink[name] == style.RED for name in names) else style.BLACK
        ax._left_title.set_color(hot)  # type: ignore[attr-defined]
    for ax, label in ((tukey, "fitted"), (qq, "normal"), (scale, "fitted"), (groups, "normal")):
        ax.set(xlabel=label)


_WORDS = {
    "bend": ("the residuals bend", "correlation with (x − mean)²"),
    "spread": ("their spread follows the fitted values", "rank correlation"),
    "tails": ("their tails are heavy", "excess kurtosis"),
    "group": ("one group stands apart", "distance in SDs"),
    "neighbours": ("neighbours lean on each other", "lag-1 correlation"),
}


def sentence(r: Diagnostics) -> str:
    """Which assumptions look broken, with the number behind each."""
    found = [
        f"{_WORDS[sign.name][0]} ({_WORDS[sign.name][1]} {number(sign.value)})"
        for sign in r.signs
        if sign.suspicious
    ]
    slope = f"the slope is {number(r.slope)} (SE {number(r.slope_se, 3)}, truth 1)"
    if not found:
        return f"Nothing in these pictures speaks against the model; {slope}."
    return f"Something is wrong: {'; '.join(found)}; {slope}."


def details(r: Diagnostics) -> str:
    """All five numbers with their limits."""
    rows = "".join(
        f"<tr><td>{_WORDS[sign.name][1]}</td><td>{number(sign.value)}</td><td>{number(sign.limit)}</td></tr>"
        for sign in r.signs
    )
    return f"<table><tr><th>sign</th><th>here</th><th>by chance up to</th></tr>{rows}</table>"


def _only(**broken: float) -> State:
    return {**dict.fromkeys(BREAKS, 0.0), **broken}


EXPLORER = Explorer(
    name="diagnostics",
    title="Checking the model: break one assumption at a time",
    prompt="Press a button, look for the picture that changed, and draw new data: is it seen every time?",
    controls=(
        Slider("curvature", "Curvature", 0.0, 1.0, 0.05),
        Slider("spread", "Unequal variance", 0.0, 1.0, 0.05),
        Slider("tails", "Heavy tails", 0.0, 1.0, 0.05),
        Slider("outlier", "Outlying group", 0.0, 1.0, 0.05),
        Slider("dependence", "Dependence in time", 0.0, 0.95, 0.05),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    details=details,
    actions={
        "All well": lambda state, result: _only(),
        "Curved": lambda state, result: _only(curvature=0.5),
        "Unequal variance": lambda state, result: _only(spread=0.7),
        "Heavy tails": lambda state, result: _only(tails=0.9),
        "Outlying group": lambda state, result: _only(outlier=0.8),
        "Dependent": lambda state, result: _only(dependence=0.8),
    },
)
