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
_EFFECT_SD = 2.0  # between groups; the SD within is 1
_CLEAN = 4000
_TWO_SIDED = ("bend", "spread")
_FITTED, _RESIDUALS, _QUANTILES = (
    (10.0, 44.0),
    (-5.0, 5.0),
    (-5.0, 9.0),
)  # of the pictures, whatever is broken
BREAKS = ("curvature", "spread", "tails", "outlier", "dependence")


@dataclass(frozen=True)
class Sign:
    """A number read off the fit, and the most it would be in 99 of 100 data sets with nothing wrong.

    Attributes
    ----------
    name : str
        "bend", "spread", "tails", "group" or "neighbours".
    value, limit : float
        The number, and its limit.
    two_sided : bool
        Whether a number far below zero is as suspicious as one far above.
    """

    name: str
    value: float
    limit: float
    two_sided: bool

    @property
    def suspicious(self) -> bool:
        """Whether the number is larger than chance makes it."""
        return (abs(self.value) if self.two_sided else self.value) > self.limit


@dataclass(frozen=True)
class Diagnostics:
    """What the four pictures are drawn from, and five numbers that say what they show.

    Attributes
    ----------
    fitted : numpy.ndarray, (n,)
        Fitted values, group by group, in the order of x.
    residuals : numpy.ndarray, (n,)
        Residuals over sigma.
    effects : numpy.ndarray, (groups,)
        Random effects, from their median, over a robust SD.
    signs : tuple of Sign
        The five numbers.
    broken : tuple of str
        What the handles have broken.
    slope, slope_se : float
        Slope of x and its standard error; the true slope is 1.
    """

    fitted: np.ndarray
    residuals: np.ndarray
    effects: np.ndarray
    signs: tuple[Sign, ...]
    broken: tuple[str, ...]
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
    effects = _EFFECT_SD * rng.standard_normal(_GROUPS)
    effects[-1] += 25 * outlier
    y = 20 + 1.0 * x + 0.35 * curvature * (x - 5) ** 2 + effects[:, None] + errors
    group = np.repeat([f"g{g + 1:02d}" for g in range(_GROUPS)], _SIZE)
    return pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "group": group})


def _robust(values: np.ndarray) -> np.ndarray:
    """Distances from the median in SDs taken from the median distance: a wild group cannot hide behind its
    own SD.
    """
    off = values - np.median(values, -1, keepdims=True)
    scale = 1.4826 * np.median(np.abs(off), -1, keepdims=True)
    return np.asarray(off / np.where(scale > 0, scale, np.inf))


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a - a.mean(-1, keepdims=True), b - b.mean(-1, keepdims=True)
    return np.asarray((a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1)))


def _ranks(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.argsort(np.argsort(values, -1), -1), float)  # no two values are the same


def read(fitted: np.ndarray, residuals: np.ndarray, effects: np.ndarray) -> dict[str, np.ndarray]:
    """The five numbers of one data set or (leading axis) of many."""
    x = np.tile(np.linspace(0, 10, _SIZE), _GROUPS)
    table = residuals.reshape(*residuals.shape[:-1], _GROUPS, _SIZE)
    table = table - table.mean(-1, keepdims=True)
    return {
        "bend": _correlation(residuals, (x - x.mean()) ** 2),
        "spread": _correlation(_ranks(np.abs(residuals)), _ranks(fitted)),
        "tails": (residuals**4).mean(-1) / (residuals**2).mean(-1) ** 2 - 3,
        "group": np.abs(_robust(effects)).max(-1),
        "neighbours": (table[..., 1:] * table[..., :-1]).sum((-1, -2)) / (table**2).sum((-1, -2)),
    }


def fit_clean(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fitted values, residuals and random effects of ``y ~ x + (1 | group)`` for responses (..., groups, size).

    Every group has the same x, so the slope is that inside the groups and REML's variances are those of the
    analysis of variance (Searle, Casella and McCulloch 1992, section 4.8).
    """
    x = np.linspace(-5, 5, _SIZE)
    means = y.mean(-1)
    slope = (y @ x).sum(-1) / (_GROUPS * (x @ x))
    centre = means.mean(-1)
    inside = y - means[..., None] - slope[..., None, None] * x
    within = (inside**2).sum((-1, -2)) / (_GROUPS * (_SIZE - 1) - 1)
    off = means - centre[..., None]
    between = _SIZE * (off**2).sum(-1) / (_GROUPS - 1)
    effects = np.maximum(0.0, 1 - within / between)[..., None] * off
    fitted = centre[..., None, None] + effects[..., None] + slope[..., None, None] * x
    flat = (*y.shape[:-2], _GROUPS * _SIZE)
    return fitted.reshape(flat), (y - fitted).reshape(flat), effects


@cache
def clean() -> dict[str, np.ndarray]:
    """The five numbers of 4000 data sets in which nothing is broken."""
    rng = np.random.default_rng(50)
    y = _EFFECT_SD * rng.standard_normal((_CLEAN, _GROUPS, 1)) + rng.standard_normal((_CLEAN, _GROUPS, _SIZE))
    return read(*fit_clean(y + np.linspace(0, 10, _SIZE)))


@cache
def limits() -> dict[str, float]:
    """What 99 of 100 clean data sets stay below, for each of the five numbers."""
    found = {}
    for name, values in clean().items():
        sided = np.abs(values) if name in _TWO_SIDED else values
        found[name] = float(np.percentile(sided, 99))
    return found


@cache
def false_alarms() -> float:
    """Share of clean data sets in which any of the five is beyond its limit."""
    sides = {name: np.abs(values) if name in _TWO_SIDED else values for name, values in clean().items()}
    return float(np.any([values > limits()[name] for name, values in sides.items()], axis=0).mean())


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
    modes = fit.ranef()["group"]["(Intercept)"].to_numpy()
    fitted = fit.fitted.to_numpy()
    values = read(fitted, residuals, modes)
    signs = tuple(
        Sign(name, float(value), limits()[name], name in _TWO_SIDED) for name, value in values.items()
    )
    set_to = dict(zip(BREAKS, (curvature, spread, tails, outlier, dependence), strict=True))
    broken = tuple(name for name, value in set_to.items() if value > 0)
    slope, se = float(fit.fixef["x"]), float(fit.se["x"])
    return Diagnostics(fitted, residuals, _robust(modes), signs, broken, slope, se)


def _smooth(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Running weighted mean of y along x."""
    at = np.linspace(x.min(), x.max(), 40)
    width = (x.max() - x.min()) / 12 or 1.0
    weights = np.exp(-0.5 * ((at[:, None] - x) / width) ** 2)
    return at, weights @ y / weights.sum(1)


def _qq(ax: Axes, values: np.ndarray, colour: str, ylim: tuple[float, float]) -> None:
    from scipy.stats import norm

    n = len(values)
    theory = norm.ppf((np.arange(n) + 0.5) / n)
    xlim = (float(theory[0]) - 0.2, float(theory[-1]) + 0.2)
    style.shown(ax, theory, np.sort(values), "o", xlim=xlim, ylim=ylim, color=colour, markersize=5)
    low, high = np.percentile(values, [25, 75])
    slope = (high - low) / (2 * norm.ppf(0.75))
    ends = np.array([theory[0], theory[-1]])
    style.line(ax, ends, (low + high) / 2 + slope * ends, color=style.BLACK, linestyle="--")
    ax.set(xlim=xlim, ylim=ylim, xlabel="normal")


def draw(r: Diagnostics, fig: Figure) -> None:
    """Residuals against fitted, their QQ plot, scale against location, QQ plot of the random effects."""
    places = [(0.055 + 0.2445 * i, 0.15, 0.195, 0.73) for i in range(4)]
    tukey, qq, scale, groups = style.axes(fig, places)
    hot = {sign.name for sign in r.signs if sign.suspicious}

    # Joined within groups, in order: neighbours that lean on each other make a wave, not a zigzag.
    wave = np.column_stack([r.fitted.reshape(_GROUPS, _SIZE), np.full(_GROUPS, np.nan)]).ravel()
    rise = np.column_stack([r.residuals.reshape(_GROUPS, _SIZE), np.full(_GROUPS, np.nan)]).ravel()
    style.line(tukey, wave, rise, color=style.FAINT, linewidth=1)
    room = {"xlim": _FITTED, "ylim": _RESIDUALS}
    style.shown(tukey, r.fitted, r.residuals, "o", color=style.BLUE, markersize=4, **room)
    style.line(tukey, *_smooth(r.fitted, r.residuals), color=style.RED, linewidth=3)
    style.line(tukey, _FITTED, [0, 0], color=style.BLACK, linestyle="--")
    tukey.set(xlim=_FITTED, ylim=_RESIDUALS, xlabel="fitted")
    _qq(qq, r.residuals, style.BLUE, _RESIDUALS)
    root = np.sqrt(np.abs(r.residuals))
    tall = (0.0, 2.6)
    style.shown(scale, r.fitted, root, "o", color=style.BLUE, markersize=4, xlim=_FITTED, ylim=tall)
    style.line(scale, *_smooth(r.fitted, root), color=style.RED, linewidth=3)
    scale.set(xlim=_FITTED, ylim=tall, xlabel="fitted")
    _qq(groups, r.effects, style.BLUE, _QUANTILES)
    for ax, title, names in (
        (tukey, "residuals", {"bend", "neighbours"}),
        (qq, "QQ, residuals", {"tails"}),
        (scale, "√|residuals|", {"spread"}),
        (groups, "QQ, groups", {"group"}),
    ):
        alarm = bool(names & hot)
        ax.set_title(f"{title} !" if alarm else title, color=style.RED if alarm else style.BLACK,
                     fontweight="bold" if alarm else "normal")  # fmt: skip


_WORDS = {
    "bend": ("the residuals bend", "correlation with (x − mean)²"),
    "spread": ("the residuals' spread follows the fitted values", "rank correlation"),
    "tails": ("the residuals' tails are heavy", "excess kurtosis"),
    "group": ("one group stands apart", "distance in robust SDs"),
    "neighbours": ("neighbours lean on each other", "lag-1 correlation"),
}


def sentence(r: Diagnostics) -> str:
    """What the pictures show, with the number behind each sign, beside what was broken."""
    found = "; ".join(
        f"{_WORDS[sign.name][0]} ({_WORDS[sign.name][1]} {number(sign.value)}, by chance up to {number(sign.limit)})"
        for sign in r.signs
        if sign.suspicious
    )
    slope = f"the slope is {number(r.slope)} (SE {number(r.slope_se, 3)}, truth 1)"
    broken = " and ".join(_HANDLES[name] for name in r.broken)
    if not found and not broken:
        return f"Nothing in these pictures speaks against the model, and nothing is broken; {slope}."
    if not found:
        return (
            f"Nothing in these pictures speaks against the model, and yet it is broken ({broken}); {slope}."
        )
    if not broken:
        alarms = 100 * false_alarms()
        return (
            f"A false alarm: {found}. Nothing is broken; of clean data sets {alarms:.0f} in 100 show some sign; "
            f"{slope}."
        )
    return f"Something is wrong: {found}. Broken: {broken}; {slope}."


def details(r: Diagnostics) -> str:
    """All five numbers with their limits."""
    rows = "".join(
        f"<tr><td>{_WORDS[sign.name][1]}</td><td>{number(sign.value)}</td>"
        f"<td>{'±' if sign.two_sided else ''}{number(sign.limit)}</td></tr>"
        for sign in r.signs
    )
    return f"<table><tr><th>sign</th><th>here</th><th>by chance up to</th></tr>{rows}</table>"


def _only(**broken: float) -> State:
    return {**dict.fromkeys(BREAKS, 0.0), **broken}


_HANDLES = {
    "curvature": "curvature",
    "spread": "unequal variance",
    "tails": "heavy tails",
    "outlier": "an outlying group",
    "dependence": "dependence in time",
}

EXPLORER = Explorer(
    name="diagnostics",
    title="Checking the model: break one assumption at a time",
    prompt="Press a button, look for the picture that changed, and draw new data: is it seen every time?",
    controls=(
        Slider("curvature", "Curvature", 0.0, 1.0, 0.05, unit="0 none; 1 lifts both ends of x by 8.75 SDs"),
        Slider(
            "spread", "Unequal variance", 0.0, 1.0, 0.05, unit="0 none; 1 makes the SD grow 12-fold along x"
        ),
        Slider("tails", "Heavy tails", 0.0, 1.0, 0.05, unit="0 normal; 1 a t with 2.1 degrees of freedom"),
        Slider("outlier", "Outlying group", 0.0, 1.0, 0.05, unit="0 none; 1 lies 25 SDs above"),
        Slider(
            "dependence", "Dependence in time", 0.0, 0.95, 0.05, unit="correlation of neighbouring errors"
        ),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.diagnostics.result(outlier=0.8)
>>> [sign.name for sign in r.signs if sign.suspicious]
['group']""",
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
