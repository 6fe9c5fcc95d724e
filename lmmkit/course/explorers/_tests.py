"""Four tests of one effect, side by side, and how each behaves when there is nothing to find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.balanced import Sums, TwoArms
from lmmkit.course.explorers.controls import Number, Slider, Study, number, p_value
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.fits import coefficient

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lmmkit.models.mixed import MixedModel

METHODS = ("likelihood ratio", "Satterthwaite", "Kenward–Roger", "bootstrap")
_STUDIES, _BOOTSTRAPPED, _SHARING = 2000, 1000, 100
_Y = (2.0, 20.0)  # of the picture
_SMALLEST = 1e-4  # p-value that the picture has room for


@dataclass(frozen=True)
class Tests:
    """The p-values of the data shown, and those of many studies without an effect.

    Attributes
    ----------
    data : pandas.DataFrame
        Columns `y`, `arm`, `group`.
    estimate, se : float
        Arm B minus arm A.
    p : dict
        Method to p-value.
    null : dict
        Method to the p-values of studies without an effect, ascending.
    refitted : dict
        The same from real fits, once they have been simulated.
    """

    data: pd.DataFrame
    estimate: float
    se: float
    p: dict[str, float]
    null: dict[str, np.ndarray]
    refitted: dict[str, np.ndarray]

    def rate(self, method: str) -> float:
        """Share of studies without an effect in which the method finds one at 5%."""
        # A bootstrap's p-values are steps: 0.05 itself is one of them, and belongs to the 5%.
        return float(np.mean(self.null[method] <= 0.05))


def _chi(statistic: np.ndarray) -> np.ndarray:
    from lmmkit.numerics.distributions import chi2

    return np.asarray(chi2.sf(statistic, 1))


def _bootstrap(design: TwoArms, s: Sums, rng: np.random.Generator, n: int) -> np.ndarray:
    """Parametric bootstrap p-values of the likelihood ratio, for every study in `s`.

    ``lk.pb_modcomp`` refits simulated responses; in a balanced design their sums of squares do as well. Every
    hundred studies share their draws, scaled to each study's own variances.
    """
    seen = design.lrt(s)
    observed = seen.reshape(-1, min(_SHARING, seen.size))
    unit, error = (part.reshape(observed.shape) for part in design.null_variances(s))
    again = design.draw(rng, (n, 1, observed.shape[1]), unit, error)
    return np.asarray((1 + (design.lrt(again) >= observed).sum(0)) / (n + 1)).reshape(seen.shape)


@lru_cache(maxsize=8)  # neither the effect nor the data shown have a say in it
def null_p_values(groups: int, size: int, sd_group: float) -> dict[str, np.ndarray]:
    """p-values of 2000 studies without an effect, for every method, ascending; 1000 for the bootstrap."""
    from lmmkit.numerics.distributions import t

    design = TwoArms(groups, size)
    rng = np.random.default_rng(30)
    s = design.draw(rng, (_STUDIES,), size * sd_group**2 + 1.0, 1.0)
    mean_square, df = design.reml(s)
    statistic = np.sqrt(s.arms / mean_square)
    p = {
        METHODS[0]: _chi(design.lrt(s)),
        METHODS[1]: 2 * t.sf(statistic, df),
        METHODS[2]: 2 * t.sf(statistic, design.between_df),
        METHODS[3]: _bootstrap(design, s.first(_BOOTSTRAPPED), rng, 99),
    }
    return {name: np.sort(values) for name, values in p.items()}


def _simulate(groups: int, size: int, sd_group: float, effect: float, rng: np.random.Generator) -> np.ndarray:
    means = sd_group * rng.standard_normal((2, groups, 1)) + np.array([0.0, effect])[:, None, None]
    return np.asarray((10 + means + rng.standard_normal((2, groups, size))).ravel())


def _frame(y: np.ndarray, groups: int, size: int) -> pd.DataFrame:
    names = [f"g{g + 1:02d}" for g in range(2 * groups)]
    return pd.DataFrame(
        {"y": y, "arm": np.repeat(["A", "B"], groups * size), "group": np.repeat(names, size)}
    )


def _p_values(reml: MixedModel, with_arm: MixedModel, without: MixedModel) -> dict[str, float]:
    """The first three methods' p-values from fits of the same response."""
    statistic = np.array(max(0.0, without.deviance - with_arm.deviance))
    return {
        METHODS[0]: float(_chi(statistic)),
        METHODS[1]: coefficient(reml, "armB").p,
        METHODS[2]: coefficient(reml, "armB", "kenward_roger").p,
    }


def _fits(data: pd.DataFrame) -> tuple[MixedModel, MixedModel, MixedModel]:
    from lmmkit import lmer

    full = lmer("y ~ arm + (1 | group)", data)
    return full, full.update(reml=False), lmer("y ~ 1 + (1 | group)", data, reml=False)


def compute(
    effect: float = 1.2, groups: int = 4, size: int = 5, sd_group: float = 0.8, seed: int = 1
) -> Tests:
    """Four p-values for `groups` groups an arm with `size` observations each; the residual SD is 1."""
    rng = np.random.default_rng(seed)
    data = _frame(_simulate(groups, size, sd_group, effect, rng), groups, size)
    fits = _fits(data)
    p = _p_values(*fits)
    design = TwoArms(groups, size)
    p[METHODS[3]] = float(_bootstrap(design, design.sums(data["y"].to_numpy()), rng, 999))
    estimate, se = float(fits[0].fixef["armB"]), float(fits[0].se["armB"])
    return Tests(data, estimate, se, p, null_p_values(groups, size, sd_group), {})


def refit_studies(
    n: int, effect: float, groups: int, size: int, sd_group: float, seed: int
) -> Iterator[Tests]:
    """The panel's result with the null p-values of 1, 2, ... `n` simulated studies, each fitted by lmer."""
    start = compute(effect, groups, size, sd_group, seed)
    fits = _fits(start.data)
    rng = np.random.default_rng([seed, 31])
    found: dict[str, list[float]] = {name: [] for name in METHODS[:3]}
    for _ in range(n):
        y = _simulate(groups, size, sd_group, 0.0, rng)
        for name, p in _p_values(*(fit.refit(y) for fit in fits)).items():
            found[name].append(p)
        yield replace(start, refitted={name: np.sort(p) for name, p in found.items()})


_LOOKS = {
    METHODS[0]: (style.RED, "-", "s"),
    METHODS[1]: (style.BLUE, "--", "o"),
    METHODS[2]: (style.GREEN, "-.", "^"),
    METHODS[3]: (style.BLACK, ":", "D"),
}


def draw(r: Tests, fig: Figure) -> None:
    """The groups; their four p-values; how often each method gives a p-value so small when nothing is
    there.
    """
    left, middle, right = style.axes(
        fig, [(0.085, 0.16, 0.28, 0.75), (0.405, 0.16, 0.235, 0.75), (0.71, 0.16, 0.19, 0.75)]
    )
    codes = pd.factorize(r.data["group"])[0]
    groups = codes.max() + 1
    y = r.data["y"].to_numpy()
    at = np.arange(groups) + np.where(np.arange(groups) < groups / 2, 0, 1)
    means = np.bincount(codes, y) / np.bincount(codes)
    xlim = (float(at[0]) - 0.5, float(at[-1]) + 0.5)
    for arm, (colour, marker) in enumerate(((style.CONTROL, "o"), (style.TREATED, "s"))):
        mine = (codes >= groups // 2) == bool(arm)
        style.shown(left, at[codes[mine]], y[mine], marker, color=colour, markersize=5, xlim=xlim, ylim=_Y)
        left.text(
            0.25 + 0.5 * arm, -0.07, f"arm {'AB'[arm]}", ha="center", va="top", transform=left.transAxes
        )
    style.shown(left, at, means, "_", color=style.BLACK, markersize=15, mew=3, xlim=xlim, ylim=_Y)
    left.set(xlim=xlim, ylim=_Y, xticks=[], ylabel="y", title="groups and their means")

    for place, name in enumerate(METHODS):
        colour, line, marker = _LOOKS[name]
        at_p = np.log([max(r.p[name], _SMALLEST)])
        style.dots(
            middle, at_p, [-place], marker if r.p[name] >= _SMALLEST else "<", color=colour, markersize=11
        )
        words = f"{name} {p_value(r.p[name]).removeprefix('p ').removeprefix('= ')}"
        middle.text(0.02, 0.925 - 0.238 * place, words, color=colour, transform=middle.transAxes)
        height = 0.30 - 0.075 * place
        right.text(1.47, height, f"{100 * r.rate(name):.1f}%", color=colour, ha="right", va="center",
                   fontsize=14, transform=right.transAxes)  # fmt: skip
        style.dots(right, [1.05], [height], marker, color=colour, markersize=8, transform=right.transAxes,
                   clip_on=False)  # fmt: skip
        small = r.null[name][r.null[name] < 0.21]  # no others are in the picture
        share = (np.arange(len(small)) + 1) / len(r.null[name])
        style.line(right, small, share, color=colour, linestyle=line)
        if name in r.refitted:
            wrong = np.mean(r.refitted[name] <= 0.05)
            style.dots(right, [0.05], [wrong], marker, color=colour, markersize=9, mfc="white", mew=2)
    breaks = (np.array([-0.25, 0.2, np.nan]) - np.arange(len(METHODS))[:, None]).ravel()
    style.line(middle, np.full(len(breaks), np.log(0.05)), breaks, color=style.GREY, linestyle="--", zorder=0)
    ticks = (0.001, 0.05, 1)
    middle.set(
        xticks=np.log(ticks), xticklabels=[f"{t:g}" for t in ticks], xlabel="p-value", title="these data"
    )
    middle.set(xlim=np.log((0.6 * _SMALLEST, 1.5)), ylim=(-3.4, 0.75), yticks=[])
    style.line(right, [0, 0.2], [0, 0.2], color=style.GREY, linewidth=1)
    style.line(right, [0.05, 0.05], [0, 0.3], color=style.GREY, linestyle="--", zorder=0)
    right.text(1.47, 0.385, "at 5%:", ha="right", va="center", fontsize=14, transform=right.transAxes)
    right.set(xlim=(0, 0.2), ylim=(0, 0.3), xticks=(0.05, 0.2), yticks=(0.1, 0.2, 0.3))
    right.set(xlabel="p-value", ylabel="", title="share of p below")


def sentence(r: Tests) -> str:
    """p-values, and error rates at 5%."""
    p = ", ".join(f"{name} {p_value(r.p[name])}" for name in METHODS)
    wrong = ", ".join(f"{name} in {100 * r.rate(name):.1f}%" for name in METHODS)
    text = (
        f"For a difference of {number(r.estimate)} (SE {number(r.se)}): {p}. Where nothing differs, they claim an "
        f"effect at 5%: {wrong} of studies"
    )
    if r.refitted:
        n = len(r.refitted[METHODS[0]])
        again = ", ".join(f"{name} {100 * np.mean(p <= 0.05):.1f}%" for name, p in r.refitted.items())
        text += f" (refitted {n} times by lmer: {again})"
    return text + "."


EXPLORER = Explorer(
    name="tests",
    title="Is it real? Four tests of one effect",
    prompt="Take the groups down to two or three an arm: which curve leaves the straight line first?",
    controls=(
        Slider("effect", "True difference", 0.0, 4.0, 0.1, unit="arm B minus arm A, in residual SDs"),
        Slider("groups", "Groups per arm", 2, 15, 1),
        Slider("size", "Size of a group", 2, 20, 1, unit="observations"),
        Slider("sd_group", "SD between groups", 0.0, 3.0, 0.1, unit="in residual SDs"),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.tests.result(groups=2)
>>> r.rate("likelihood ratio") > 0.1 > r.rate("Satterthwaite")
True""",
    study=Study("Refit 300 studies without an effect", refit_studies, 300),
)
