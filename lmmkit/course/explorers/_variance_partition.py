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

PARTS = ("Individual", "Tissue", "Batch", "Residuals")
_INDIVIDUALS, _BATCHES = 25, 4
FORMULA = "~ (1 | Individual) + (1 | Tissue) + (1 | Batch)"


@dataclass(frozen=True)
class Partition:
    """The shares that were set, and those that fits of several genes with these shares recover."""

    design: pd.DataFrame  # Individual, Tissue, Batch of every sample
    levels: dict[str, int]
    truth: np.ndarray  # (4,) shares, PARTS in order
    found: np.ndarray  # (genes, 4); the first gene is the one drawn large
    scaled: bool  # whether the shares asked for left no residual

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


def genes(design: pd.DataFrame, truth: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Expression (n, samples) of genes whose variance is shared out as `truth`."""
    rng = np.random.default_rng(seed)
    y = np.sqrt(truth[3]) * rng.standard_normal((n, len(design)))
    for share, name in zip(truth, PARTS[:3], strict=False):
        codes, labels = pd.factorize(design[name])
        y += np.sqrt(share) * rng.standard_normal((n, len(labels)))[:, codes]
    return np.asarray(8 + y)


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
    y = genes(design, truth, count, seed)
    found = lmmkit.variance_partition(y, FORMULA, design, reml=True, progress=False)
    levels = {name: design[name].nunique() for name in PARTS[:3]}
    return Partition(design, levels, truth, found[list(PARTS)].to_numpy(), scaled)


_COLOURS = (style.BLUE, style.ORANGE, style.GREEN, "#bbbbbb")
_HATCHES = ("", "//", "", "")
_INK = ("white", "black", "white", "black")


def draw(r: Partition, fig: Figure) -> None:
    """Stacked bars: the shares set, one gene's, and more genes' with the same truth."""
    left, right = style.axes(fig, [(0.27, 0.16, 0.27, 0.75), (0.62, 0.16, 0.365, 0.75)])
    at = np.array([0.0, 1.0])
    bottom = np.zeros(2)
    for part, name in enumerate(PARTS):
        heights = np.array([r.truth[part], r.one[part]])
        look: dict[str, Any] = {"facecolor": _COLOURS[part], "hatch": _HATCHES[part], "edgecolor": "white"}
        style.bars(left, at, heights, 0.62, base=bottom, **look)
        for x, low, height in zip(at.tolist(), bottom, heights, strict=True):
            if height > 0.045:
                left.text(x, low + height / 2, f"{height:.2f}", ha="center", va="center", fontsize=16,
                          fontweight="bold", color=_INK[part])  # fmt: skip
        middle = 0.13 + 0.25 * part
        left.text(
            -0.33, middle, "■", color=_COLOURS[part], transform=left.transAxes, ha="center", fontsize=22
        )
        levels = f" ({r.levels[name]})" if name in r.levels else ""
        left.text(-0.42, middle, f"{name}{levels}", transform=left.transAxes, ha="right", fontsize=15)
        bottom += heights
    left.set(xlim=(-0.5, 1.5), ylim=(0, 1), xticks=at, xticklabels=("set", "found"), yticks=(0, 0.5, 1),
             title="one gene")  # fmt: skip

    spots = np.arange(len(r.found), dtype=float)
    bottom = np.zeros(len(spots))
    for part in range(len(PARTS)):
        look = {"facecolor": _COLOURS[part], "hatch": _HATCHES[part], "edgecolor": "white"}
        style.bars(right, spots, r.found[:, part], 0.75, base=bottom, **look)
        bottom += r.found[:, part]
    edges = np.repeat(np.cumsum(r.truth)[:-1], 3)
    across = np.tile([-0.6, len(spots) - 0.4, np.nan], 3)
    style.line(right, across, edges, color=style.BLACK, linestyle="--", linewidth=2.5)
    right.set(xlim=(-0.6, len(spots) - 0.4), ylim=(0, 1), xticks=[], yticks=(0, 0.5, 1), xlabel="genes",
              title="more genes (dashed: truth)")  # fmt: skip


def sentence(r: Partition) -> str:
    """Set and found, and how far tissue wanders from gene to gene."""
    pairs = ", ".join(
        f"{name.lower()} {100 * found:.0f}% (set: {100 * truth:.0f}%)"
        for name, truth, found in zip(PARTS, r.truth, r.one, strict=True)
    )
    spread = ""
    if len(r.found) > 1:
        low, high = r.found[:, 1].min(), r.found[:, 1].max()
        spread = (
            f"; with {r.levels['Tissue']} tissues the share of tissue runs from {100 * low:.0f}% to "
            f"{100 * high:.0f}% in {len(r.found)} genes made alike"
        )
    scaled = " (the shares asked for were scaled down to leave 1% for the residual)" if r.scaled else ""
    return f"The fit finds {pairs}{spread}{scaled}."


EXPLORER = Explorer(
    name="variance_partition",
    title="Where does the variation sit?",
    prompt="Share out the variance; then take only two or three tissues and watch their share jump about.",
    controls=(
        Slider("individual", "Share of individual", 0.0, 1.0, 0.05),
        Slider("tissue", "Share of tissue", 0.0, 1.0, 0.05),
        Slider("batch", "Share of batch", 0.0, 1.0, 0.05),
        Slider("tissues", "Tissues", 2, 8, 1),
        Slider("count", "Genes", 1, 8, 1, live=False),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
)
