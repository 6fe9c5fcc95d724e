"""Structured covariances beside the unstructured one of the same size."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

TERMS = {
    "cs": "cs(0 + f | g)",
    "cs, hom": "cs(0 + f | g, hom = TRUE)",
    "ar1, hom": "ar1(0 + f | g)",
    "ar1, het": "ar1(0 + f | g, hom = FALSE)",
    "diag": "diag(0 + f | g)",
    "diag, hom": "diag(0 + f | g, hom = TRUE)",
}
GROUPS, ROWS, REPEATS = 18, 2, 5


def study(k: int) -> pd.DataFrame:
    """`k` times, two rows each, of 18 groups whose effects follow on one another."""
    rng = np.random.default_rng(k)
    cells = [(g, t) for g in range(GROUPS) for t in range(k) for _ in range(ROWS)]
    data = pd.DataFrame(cells, columns=["g", "t"])
    root = np.linalg.cholesky(0.6 ** np.abs(np.subtract.outer(range(k), range(k))))
    effects = rng.standard_normal((GROUPS, k)) @ root.T
    data["y"] = 10 + 0.5 * data["t"] + effects[data["g"], data["t"]] + 0.7 * rng.standard_normal(len(data))
    return data.assign(g="g" + data["g"].astype(str), f="t" + data["t"].astype(str))


def many_groups(k: int, groups: int, items: int) -> pd.DataFrame:
    """The same of more groups, crossed with items; and counts."""
    rng = np.random.default_rng(10 * k + items)
    cells = [(g, t) for g in range(groups) for t in range(k) for _ in range(ROWS)]
    data = pd.DataFrame(cells, columns=["g", "t"])
    root = np.linalg.cholesky(0.6 ** np.abs(np.subtract.outer(range(k), range(k))))
    effects = rng.standard_normal((groups, k)) @ root.T
    data["h"] = rng.integers(0, items, len(data))
    mean = 0.5 * data["t"] + effects[data["g"], data["t"]] + rng.normal(0, 0.5, items)[data["h"]]
    data["y"] = mean + 0.7 * rng.standard_normal(len(data))
    data["counts"] = rng.poisson(np.exp(0.5 * mean))
    return data.assign(
        g="g" + data["g"].astype(str), h="h" + data["h"].astype(str), f="t" + data["t"].astype(str)
    )


def seconds(formula: str, data: pd.DataFrame, family: str | None = None) -> float:
    """Processor time of the fastest of a few fits."""
    import lmmkit as lk

    taken = []
    for _ in range(REPEATS):
        begin = time.process_time()
        lk.lmer(formula, data) if family is None else lk.glmer(formula, data, family)
        taken.append(time.process_time() - begin)
    return min(taken)


def rows() -> list[str]:
    """A table with a row for each number of effects; the goal is at most 2."""
    lines = [
        "",
        "Structured terms: processor time over that of the unstructured term of the same size (goal: at most 2).",
        "",
        f"| effects | us, ms | {' | '.join(TERMS)} |",
        f"| --- | --- | {' | '.join('---' for _ in TERMS)} |",
    ]
    lines += [_row(str(k), "y ~ t + {}", study(k)) for k in range(2, 7)]
    for k, items in ((3, 5), (3, 30), (4, 10), (4, 50)):
        crossed = many_groups(k, 100, items)
        lines.append(_row(f"{k}, 100 groups crossed with {items}", "y ~ t + {} + (1 | h)", crossed))
    for groups in (18, 60):
        label = f"2, counts of {groups} groups (Poisson)"
        lines.append(_row(label, "counts ~ t + {}", many_groups(2, groups, 5), "poisson"))
    return lines


def _row(label: str, formula: str, data: pd.DataFrame, family: str | None = None) -> str:
    plain = seconds(formula.format("(0 + f | g)"), data, family)
    ratios = [f"{seconds(formula.format(term), data, family) / plain:.2f}" for term in TERMS.values()]
    return f"| {label} | {1e3 * plain:.1f} | {' | '.join(ratios)} |"
