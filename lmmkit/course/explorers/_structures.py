"""What correlation in time means: drag it, and see what each covariance structure makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Choice, Number, Slider, number
from lmmkit.course.explorers.explorer import Explorer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SAME, FADING, TWO_KINDS = TRUTHS = ("equally alike", "fading with distance", "mornings and evenings")
CS, AR1, US = STRUCTURES = ("compound symmetry", "AR(1)", "unstructured")
_ACROSS = 0.3  # share of rho that a morning and an evening have in common
_MOST = (60, 8)  # animals, times
_SHOWN = 5  # animals in the picture
_CLAIM_TOP = 3.0  # right end of the bars: a claimed standard error over the true one


@dataclass(frozen=True)
class Structure:
    """One structure fitted to the data by maximum likelihood, a mean for each time beside it.

    Attributes
    ----------
    covariance : numpy.ndarray, (times, times)
        Of one animal's values.
    parameters : int
        Of the structure alone.
    aic : float
        Akaike's criterion, the means counted.
    se : float
        Standard error of the mean slope that follows from `covariance`.
    """

    covariance: np.ndarray
    parameters: int
    aic: float
    se: float

    @property
    def correlation(self) -> np.ndarray:
        """The covariance with its standard deviations divided out."""
        sd = np.sqrt(np.diag(self.covariance))
        return np.asarray(self.covariance / np.outer(sd, sd))


@dataclass(frozen=True)
class Memory:
    """Animals measured at equally spaced times, the correlation behind them, and what three structures find.

    Attributes
    ----------
    values : numpy.ndarray, (animals, times)
        Deviations from the mean curve; their true SD is 1 at every time.
    truth : str
        How the times hang together, as it was set.
    correlation : numpy.ndarray, (times, times)
        The true one.
    fits : dict
        Structure to what it finds; "unstructured" is missing where there are no more animals than times.
    se : float
        True standard error of the mean slope of all animals.
    """

    values: np.ndarray
    truth: str
    correlation: np.ndarray
    fits: dict[str, Structure]
    se: float

    @property
    def best(self) -> str:
        """The structure with the smallest AIC."""
        return min(self.fits, key=lambda name: self.fits[name].aic)


def true_correlation(truth: str, rho: float, times: int) -> np.ndarray:
    """Correlations between the times of one animal."""
    at = np.arange(times)
    lag = np.abs(at[:, None] - at)
    if truth == FADING:
        return np.asarray(float(rho) ** lag)
    share = np.where(lag % 2 == 0, 1.0, _ACROSS) if truth == TWO_KINDS else np.ones(lag.shape)
    return np.asarray(np.where(lag == 0, 1.0, rho * share))


def compound_symmetry(s: np.ndarray) -> np.ndarray:
    """The covariance with one variance and one correlation nearest to `s` by likelihood."""
    times = len(s)
    variance = np.trace(s) / times
    shared = (s.sum() - np.trace(s)) / (times * (times - 1))
    return np.full((times, times), shared) + (variance - shared) * np.eye(times)


def autoregressive(s: np.ndarray) -> np.ndarray:
    """The covariance variance * rho^|i - j| nearest to `s` by likelihood.

    With `a` the trace of `s`, `b` that without the first and the last time, and `c` twice the sum of the
    neighbours' covariances, the variance at a given rho is (a - c rho + b rho^2) / (times (1 - rho^2)); its
    likelihood is stationary where a cubic in rho is zero.
    """
    times = len(s)
    a, c = np.trace(s), 2 * np.trace(s, 1)
    b = a - s[0, 0] - s[-1, -1]
    cubic = [2 * b * (times - 1), -(times - 2) * c, -(2 * times * b + 2 * a), times * c]
    roots = np.roots(np.trim_zeros(cubic, "f"))
    roots = roots.real[(np.abs(roots.imag) < 1e-8) & (np.abs(roots.real) < 1)]
    left = (a - c * roots + b * roots**2) / times
    rho = roots[np.argmin(times * np.log(left) - np.log1p(-(roots**2)))]
    variance = (a - c * rho + b * rho**2) / (times * (1 - rho**2))
    at = np.arange(times)
    return np.asarray(variance * rho ** np.abs(at[:, None] - at))


def slope_se(covariance: np.ndarray, animals: int) -> float:
    """Standard error of the mean of the animals' own least-squares slopes."""
    at = np.arange(len(covariance)) - (len(covariance) - 1) / 2
    weights = at / (at @ at)
    return float(np.sqrt(weights @ covariance @ weights / animals))


def _structure(covariance: np.ndarray, s: np.ndarray, animals: int, parameters: int) -> Structure:
    times = len(s)
    deviance = times * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1]
    deviance += np.trace(np.linalg.solve(covariance, s))
    aic = animals * float(deviance) + 2 * (times + parameters)
    return Structure(covariance, parameters, aic, slope_se(covariance, animals))


def compute(
    truth: str = FADING, rho: float = 0.7, times: int = 6, animals: int = 20, seed: int = 4
) -> Memory:
    """Values of `animals` at `times`, correlated as `truth` and `rho` say, and the three structures' fits."""
    noise = np.random.default_rng(seed).standard_normal(_MOST)[:animals, :times]
    correlation = true_correlation(truth, rho, times)
    values = noise @ np.linalg.cholesky(correlation).T
    s = np.cov(values.T, bias=True)
    fits = {
        CS: _structure(compound_symmetry(s), s, animals, 2),
        AR1: _structure(autoregressive(s), s, animals, 2),
    }
    if animals > times:
        fits[US] = _structure(s, s, animals, times * (times + 1) // 2)
    return Memory(values, truth, correlation, fits, slope_se(correlation, animals))


_TAGS = {CS: "cs", AR1: "ar1", US: "us"}
_LOOKS = {CS: (style.RED, "s"), AR1: (style.GREEN, "D"), US: (style.BLUE, "o")}


def draw(r: Memory, fig: Figure) -> None:
    """Some animals' values; correlation against distance; the standard error that each structure claims."""
    left, middle, right = style.panels(fig, (1, 1.05, 0.95), left=0.085, top=0.9, gap=0.095)
    times = r.values.shape[1]
    at = np.arange(1, times + 1)
    for animal in range(_SHOWN):
        look = style.group_style(animal)
        style.line(left, at, r.values[animal], color=look["color"], zorder=1)
        style.shown(left, at, r.values[animal], look["marker"], color=look["color"], markersize=7,
                    xlim=(0.6, times + 0.4), ylim=(-3.2, 3.2))  # fmt: skip
    style.line(left, [0.6, times + 0.4], [0, 0], color=style.GREY, linestyle=":", zorder=0)
    left.set(xlim=(0.6, times + 0.4), ylim=(-3.2, 3.2), xticks=at, xlabel="time")
    left.set(ylabel="above the mean curve", title=f"{_SHOWN} of the animals")
    _against_distance(middle, r)
    for place, name in enumerate(STRUCTURES):
        colour, at_height = _LOOKS[name][0], 0.90 - 0.31 * place
        if name not in r.fits:
            right.text(
                0.02, at_height, f"{_TAGS[name]}: not possible", color=colour, transform=right.transAxes
            )
            continue
        fit = r.fits[name]
        beyond = "smallest" if name == r.best else f"+{fit.aic - r.fits[r.best].aic:.1f}"
        right.text(0.02, at_height, f"{_TAGS[name]}: AIC {beyond}", color=colour, transform=right.transAxes)
        style.bars(right, [-place], [min(fit.se / r.se, _CLAIM_TOP)], 0.45, across=True, facecolor=colour)
    for place in range(3):
        style.line(right, [1, 1], [-place - 0.3, -place + 0.25], color=style.BLACK, linestyle="--")
    right.set(xlim=(0, _CLAIM_TOP), xticks=(0, 1, 2, 3), ylim=(-2.45, 0.72), yticks=[])
    right.set(xlabel="claimed / true SE", title="SE of mean slope")


def _against_distance(ax: Axes, r: Memory) -> None:
    """Every pair of times by its distance: the truth as crosses, each structure in its colour."""
    times = len(r.correlation)
    lag = np.arange(1, times)
    rows, columns = np.triu_indices(times, 1)
    apart = columns - rows
    xlim, ylim = (0.4, times - 0.4), (-0.65, 1.05)
    if US in r.fits:
        found = r.fits[US].correlation[rows, columns]
        style.shown(ax, apart, found, "o", color=style.BLUE, markersize=6, xlim=xlim, ylim=ylim)
    for name, dashes in ((CS, "--"), (AR1, "-.")):
        colour, marker = _LOOKS[name]
        style.line(ax, lag, r.fits[name].correlation[0, 1:], color=colour, linestyle=dashes, marker=marker,
                   markersize=7)  # fmt: skip
    style.dots(ax, lag, r.correlation[0, 1:], "x", color=style.BLACK, markersize=11, markeredgewidth=2.5)
    style.line(ax, xlim, [0, 0], color=style.GREY, linestyle=":", zorder=0)
    ax.set(xlim=xlim, ylim=ylim, xticks=lag, xlabel="steps between two times", ylabel="correlation")
    ax.set(title="by distance (×: true)")


def sentence(r: Memory) -> str:
    """The truth, what AIC prefers, and what each structure claims to know of the slope."""
    animals, times = r.values.shape
    if r.truth == TWO_KINDS:
        words = f"Two mornings, or two evenings, are correlated by {number(r.correlation[0, 2])}, "
        words += f"a morning and an evening by {number(r.correlation[0, 1])}. "
    else:
        words = f"The first time is correlated by {number(r.correlation[0, 1])} with the next "
        words += f"and by {number(r.correlation[0, -1])} with the last. "
    others = [name for name in STRUCTURES if name in r.fits and name != r.best]
    over = " and ".join(f"by {r.fits[name].aic - r.fits[r.best].aic:.1f} over {name}" for name in others)
    words += f"From {animals} animals AIC prefers {r.best}, {over}"
    if US not in r.fits:
        words += f"; unstructured needs more animals than there are times ({times})"
    elif animals < 2 * times:
        words += f" (few animals for the {r.fits[US].parameters} parameters of unstructured: AIC is too kind to it)"
    claims = ", ".join(f"{name} claims {100 * fit.se / r.se:.0f}%" for name, fit in r.fits.items())
    return words + f". Of the true standard error of the mean slope, {r.se:.3f}, {claims}."


def details(r: Memory) -> str:
    """The table of the three structures."""
    terms = {
        CS: "cs(0 + time | animal, hom = TRUE)",
        AR1: "ar1(0 + time | animal)",
        US: "(0 + time | animal)",
    }
    rows = "".join(
        f"<tr><td>{name}</td><td><code>{terms[name]}</code></td><td>{fit.parameters}</td>"
        f"<td>{fit.aic:.1f}</td><td>{fit.se:.3f}</td></tr>"
        for name, fit in r.fits.items()
    )
    return (
        "<table><tr><th>structure</th><th>in a formula</th><th>parameters</th><th>AIC</th>"
        f"<th>SE of mean slope</th></tr>{rows}</table>"
    )


EXPLORER = Explorer(
    name="structures",
    title="What correlation in time means",
    prompt="Drag the correlation towards 1: what do the animals' lines do? Then let it be equal at all distances.",
    controls=(
        Choice("truth", "The times are", TRUTHS),
        Slider("rho", "Correlation ρ", 0.0, 0.95, 0.01, unit="of neighbouring times, or of two mornings"),
        Slider("times", "Times", 3, _MOST[1], 1, unit="equally spaced"),
        Slider("animals", "Animals", 5, _MOST[0], 1),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    details=details,
    example=""">>> r = explorers.structures.result(rho=0.9)
>>> [round(float(c), 2) for c in r.correlation[0]]
[1.0, 0.9, 0.81, 0.73, 0.66, 0.59]""",
)
