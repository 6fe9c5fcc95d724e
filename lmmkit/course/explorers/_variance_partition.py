"""Where does the variation sit? Shares of individual, tissue and batch, and what a fit recovers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Number, Slider
from lmmkit.course.explorers.explorer import Explorer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_EFFECTS = (-2.5, 2.5)  # of the picture of tissues; the variances sum to 1
PARTS = ("Individual", "Tissue", "Batch", "Residuals")
_INDIVIDUALS, _BATCHES = 25, 4
FORMULA = "~ (1 | Individual) + (1 | Tissue) + (1 | Batch)"


@dataclass(frozen=True)
class Partition:
    """The shares that were set, and those that fits of several genes with these shares recover.

    Attributes
    ----------
    design : pandas.DataFrame
        Individual, Tissue and Batch of every sample.
    levels : dict
        How many of each.
    truth : numpy.ndarray, (4,)
        Shares of Individual, Tissue, Batch and Residuals that were set, between 0 and 1.
    found : numpy.ndarray, (genes, 4)
        Those that were found; the first gene is the one drawn large.
    tissue_effects : numpy.ndarray, (tissues,)
        What the tissues truly add to the first gene.
    scaled : bool
        Whether the shares asked for left no residual.
    """

    design: pd.DataFrame
    levels: dict[str, int]
    truth: np.ndarray
    found: np.ndarray
    tissue_effects: np.ndarray
    scaled: bool

    @property
    def one(self) -> np.ndarray:
        """Shares of the first gene."""
        return np.asarray(self.found[0])


def shares(individual: float, tissue: float, batch: float) -> tuple[np.ndarray, bool]:
    """The four shares, and whether they had to be scaled: nothing is measured without error, 1% is
    residual.
    """
    wanted = np.array([individual, tissue, batch])
    over = bool(wanted.sum() > 0.99)
    if over:
        wanted = 0.99 * wanted / wanted.sum()
    return np.append(wanted, 1 - wanted.sum()), over


def sampling(tissues: int) -> pd.DataFrame:
    """Samples of 25 individuals in every tissue, spread over four batches."""
    individual = np.repeat(np.arange(_INDIVIDUALS), tissues)
    tissue = np.tile(np.arange(tissues), _INDIVIDUALS)
    batch = (individual + tissue) % _BATCHES
    return pd.DataFrame({
        "Individual": [f"i{n + 1:02d}" for n in individual],
        "Tissue": [f"t{n + 1}" for n in tissue],
        "Batch": [f"b{n + 1}" for n in batch],
    })  # fmt: skip


def draw_genes(
    design: pd.DataFrame, truth: np.ndarray, n: int, seed: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Expression (n, samples) of genes whose variance is shared out as `truth`, and the effects it is made of."""
    rng = np.random.default_rng(seed)
    y = np.sqrt(truth[3]) * rng.standard_normal((n, len(design)))
    effects = {}
    for share, name in zip(truth, PARTS[:3], strict=False):
        codes, labels = pd.factorize(design[name])
        effects[name] = np.sqrt(share) * rng.standard_normal((n, len(labels)))
        y += effects[name][:, codes]
    return np.asarray(8 + y), effects


def genes(design: pd.DataFrame, truth: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Expression (n, samples) of genes whose variance is shared out as `truth`."""
    return draw_genes(design, truth, n, seed)[0]


def compute(
    individual: float = 0.5,
    tissue: float = 0.2,
    batch: float = 0.1,
    tissues: int = 4,
    count: int = 5,
    seed: int = 1,
) -> Partition:
    """Shares set and shares found, for `count` genes in `tissues` tissues of 25 individuals."""
    import lmmkit

    truth, scaled = shares(individual, tissue, batch)
    design = sampling(tissues)
    y, effects = draw_genes(design, truth, count, seed)
    found = lmmkit.variance_partition(y, FORMULA, design, reml=True, progress=False)
    levels = {name: design[name].nunique() for name in PARTS[:3]}
    shares_found = found[list(PARTS)].to_numpy()
    return Partition(design, levels, truth, shares_found, effects["Tissue"][0], scaled)


_COLOURS = (style.BLUE, style.RED, style.GREEN, style.FAINT)
_HATCHES = ("", "//", "..", "")
_INK = ("white", "black", "black", "black")
_ORDER = (1, 0, 2, 3)  # the tissue at the bottom, where two bars can be compared
_MARKS = ("o", "s", "^", "D")


def draw(r: Partition, fig: Figure) -> None:
    """Stacked bars of one gene, set and found; every gene's shares in a row for each part; the effects of the
    tissues that the first gene's share was learnt from.
    """
    left, right, below = style.axes(
        fig, [(0.065, 0.16, 0.25, 0.75), (0.49, 0.45, 0.49, 0.46), (0.49, 0.16, 0.49, 0.12)]
    )
    at = np.array([0.0, 1.0])
    bottom = np.zeros(2)
    for part in _ORDER:
        heights = np.array([r.truth[part], r.one[part]])
        look: dict[str, Any] = {"facecolor": _COLOURS[part], "hatch": _HATCHES[part], "edgecolor": "white"}
        style.bars(left, at, heights, 0.7, base=bottom, **look)
        for x, low, height in zip(at.tolist(), bottom, heights, strict=True):
            if height > 0.045:
                left.text(x, low + height / 2, f"{height:.2f}", ha="center", va="center", fontsize=16,
                          fontweight="bold", color=_INK[part])  # fmt: skip
        bottom += heights
    left.set(xlim=(-0.5, 1.5), ylim=(0, 1), xticks=at, xticklabels=("set", "found"), yticks=(0, 0.5, 1),
             title="gene 1: shares")  # fmt: skip

    for row, part in enumerate(_ORDER):
        levels = f" ({r.levels[PARTS[part]]})" if PARTS[part] in r.levels else ""
        right.text(
            -0.03, row, f"{PARTS[part]}{levels}", color=style.BLACK, ha="right", va="center", fontsize=14.5
        )
        style.line(
            right,
            [r.truth[part]] * 2,
            [row - 0.4, row + 0.4],
            color=style.BLACK,
            linestyle="--",
            linewidth=2.5,
        )
        up = np.linspace(-0.25, 0.25, len(r.found)) if len(r.found) > 1 else np.zeros(1)
        style.dots(
            right, r.found[:, part], row - up, _MARKS[part], color=_COLOURS[part], markersize=8, clip_on=False
        )
    right.set(xlim=(0, 1), ylim=(3.5, -0.5), yticks=[], xticks=(0, 0.5, 1), xlabel="",
              title="shares found, a mark a gene (dashed: set)")  # fmt: skip

    sd = float(np.sqrt(r.truth[1]))
    style.line(below, [-sd, sd], [0, 0], color=style.RED, linewidth=9, solid_capstyle="butt")
    effects = r.tissue_effects
    style.shown(below, effects, np.zeros(len(effects)), "s", color=style.BLACK, markersize=7, xlim=_EFFECTS,
                ylim=(-1, 1))  # fmt: skip
    below.text(-2.57, 0, "Tissues", ha="right", va="center", fontsize=14.5)
    below.set(xlim=_EFFECTS, ylim=(-1, 1), yticks=[], xticks=(-2, 0, 2), title="")
    below.set(xlabel="what the tissues add to gene 1 (band: ± SD set)")


def sentence(r: Partition) -> str:
    """Set and found, and how far tissue wanders from gene to gene."""
    pairs = ", ".join(
        f"{name.lower()} {100 * found:.0f}% (set: {100 * truth:.0f}%)"
        for name, truth, found in zip(PARTS, r.truth, r.one, strict=True)
    )
    spread = ""
    if len(r.found) > 1:
        low, high = (100 * r.found[:, :2].min(0)).round(), (100 * r.found[:, :2].max(0)).round()
        spread = (
            f"; with {r.levels['Tissue']} tissues the share of tissue runs from {low[1]:.0f}% to {high[1]:.0f}% in "
            f"{len(r.found)} genes made alike, that of individual from {low[0]:.0f}% to {high[0]:.0f}%"
        )
    scaled = " (the shares asked for were scaled down to leave 1% for the residual)" if r.scaled else ""
    return f"The fit finds {pairs}{spread}{scaled}."


EXPLORER = Explorer(
    name="variance_partition",
    title="Where does the variation sit?",
    prompt="Take only two tissues and draw new data: every share jumps about, for two effects tell little of an SD.",
    controls=(
        Slider("individual", "Share of individual", 0.0, 1.0, 0.05, unit="of the variance"),
        Slider("tissue", "Share of tissue", 0.0, 1.0, 0.05, unit="of the variance"),
        Slider("batch", "Share of batch", 0.0, 1.0, 0.05, unit="of the variance"),
        Slider("tissues", "Tissues", 2, 8, 1),
        Slider("count", "Genes", 1, 8, 1, live=False),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.variance_partition.result(tissues=2, count=8)
>>> r.truth.round(2), r.found.shape
(array([0.5, 0.2, 0.1, 0.2]), (8, 4))""",
)
