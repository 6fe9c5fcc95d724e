"""Random mixed-model designs from a seed: one to four terms, crossed, nested, unbalanced, some singular."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

LEFT_SIDES = ["1", "0 + x", "x", "0 + z", "x + z", "0 + x + z"]


@dataclass
class RandomDesign:
    formula: str
    data: pd.DataFrame
    weights: np.ndarray | None
    reml: bool


def random_design(seed: int) -> RandomDesign:
    """One design; redrawn until its random effects are fewer than 60 % of its rows."""
    rng = np.random.default_rng(seed)
    while True:
        candidate = _draw(rng)
        if candidate is not None:
            return candidate


def _draw(rng: np.random.Generator) -> RandomDesign | None:
    n = int(rng.integers(15, 200))
    x = rng.normal(2 * rng.normal(), np.exp(rng.normal()), n)
    data = pd.DataFrame({"x": x, "z": rng.normal(size=n)})
    nested = rng.random() < 0.4
    bars, effects, signal = [], 0, np.zeros(n)
    for number in range(int(rng.integers(1, 5))):
        codes = _codes(rng, n, data[f"g{number - 1}"].to_numpy() if nested and number else None)
        if len(np.unique(codes)) < 2:
            return None
        data[f"g{number}"] = codes
        left = str(rng.choice(LEFT_SIDES))
        bar = "||" if rng.random() < 0.2 else "|"
        bars.append(f"({left} {bar} g{number})")
        part, k = _contribution(rng, left, data, codes)
        signal += part
        effects += k * len(np.unique(codes))
    if effects >= 0.6 * n:
        return None
    fixed = ["1", "x", "x + z"][int(rng.integers(3))]
    data["y"] = signal + rng.normal() * x + np.exp(rng.normal()) * rng.normal(size=n)
    weights = rng.uniform(0.5, 2, n) if rng.random() < 0.2 else None
    return RandomDesign(f"y ~ {fixed} + " + " + ".join(bars), data, weights, bool(rng.random() < 0.6))


def _codes(rng: np.random.Generator, n: int, parent: np.ndarray | None) -> np.ndarray:
    if parent is not None:
        return parent * 100 + rng.integers(0, 4, n)
    levels = int(rng.integers(2, max(3, min(n // 3, 25))))
    return rng.choice(levels, n, p=rng.dirichlet(np.full(levels, rng.choice([0.5, 2, 50]))))


def _contribution(
    rng: np.random.Generator, left: str, data: pd.DataFrame, codes: np.ndarray
) -> tuple[np.ndarray, int]:
    names = left.replace("0 + ", "").split(" + ")
    columns = [np.ones(len(data)) if name == "1" else data[name].to_numpy() for name in names]
    if "0 +" not in left and left != "1":
        columns.insert(0, np.ones(len(data)))
    Z, k = np.column_stack(columns), len(columns)
    levels, place = np.unique(codes, return_inverse=True)
    if rng.random() < 0.3:  # one direction only: a singular covariance
        b = np.outer(rng.normal(size=len(levels)), rng.normal(size=k))
    else:
        b = rng.normal(size=(len(levels), k)) @ rng.normal(size=(k, k))
    return float(rng.choice([0, 0.1, 1, 3])) * np.einsum("nk,nk->n", Z, b[place]), k
