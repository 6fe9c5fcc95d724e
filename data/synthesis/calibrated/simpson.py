"""Simpson's paradox as lecture 003 drew it: the first four rows as printed, the moments of each group exact.

No search is needed. The first rows are given, so the other 96 of the group must bring sums and cross-products to
what they have to be: any sample will do after one linear map of it.
"""

import numpy as np
import pandas as pd
from method.printed import rows, value_of

from lmmkit import simulate_simpson

SEED = 3


def first_rows() -> np.ndarray:
    """The rows that the lecture prints."""
    cells = {(int(key.level), key.term): float(printed) for key, printed in rows("", "simpson") if key.quantity == "row_value"}
    count = max(row for row, _ in cells)
    return np.array([[cells[row, name] for name in ("V1", "V2")] for row in range(1, count + 1)])


def make(seed: int = SEED) -> pd.DataFrame:
    groups, r = int(value_of("simpson", "n_groups")), value_of("simpson", "within_group_correlation")
    n = int(value_of("simpson", "nobs")) // groups
    data = simulate_simpson(n, groups, r, seed=seed)
    given, group = first_rows(), data[["V1", "V2"]].to_numpy()[:n].copy()
    rest = group[len(given) :]
    mean = (group.sum(axis=0) - given.sum(axis=0)) / len(rest)
    squares = group.T @ group - given.T @ given - len(rest) * np.outer(mean, mean)
    centred = rest - rest.mean(axis=0)
    now, wanted = np.linalg.cholesky(centred.T @ centred), np.linalg.cholesky(squares)
    data.loc[: n - 1, ["V1", "V2"]] = np.vstack([given, mean + centred @ np.linalg.inv(now).T @ wanted.T])
    return data.round(8)
