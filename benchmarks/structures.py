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


def seconds(formula: str, data: pd.DataFrame) -> float:
    """Processor time of the fastest of a few fits."""
    import lmmkit as lk

    taken = []
    for _ in range(REPEATS):
        begin = time.process_time()
        lk.lmer(formula, data)
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
    for k in range(2, 7):
        data = study(k)
        plain = seconds("y ~ t + (0 + f | g)", data)
        ratios = [f"{seconds(f'y ~ t + {term}', data) / plain:.2f}" for term in TERMS.values()]
        lines.append(f"| {k} | {1e3 * plain:.1f} | {' | '.join(ratios)} |")
    return lines
