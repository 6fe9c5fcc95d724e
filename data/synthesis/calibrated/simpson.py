"""Simpson's paradox as lecture 003 drew it: the first four rows as printed, the moments of each group exact.

No search is needed. The first rows are given, so the other 96 of the group must bring sums and cross-products to
what they have to be: any sample will do after one linear map of it.
"""

import numpy as np
import pandas as pd
from method.figures import one_factor
from method.find import Fit, Setting
from method.printed import rows, targets, value, value_of

from lmmkit import simulate_simpson

SEED = 3


def first_rows() -> np.ndarray:
    """The rows that the lecture prints."""
    cells = {
        (int(key.level), key.term): float(printed)
        for key, printed in rows("", "simpson")
        if key.quantity == "row_value"
    }
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


NAMES = ("(Intercept)", "V1")


def fits(v: np.ndarray) -> list[Fit]:
    groups = np.repeat(np.arange(5), 100)
    y, X = v[:500], np.column_stack([np.ones(500), v[500:1000]])
    model = one_factor("Group", [f"G_{g + 1}" for g in groups], NAMES[:1], NAMES)
    return [Fit("simpson_ri", *model.figures(y, X, X[:, :1], v[1000:]))]


def setting() -> Setting:
    """For the verification alone."""
    theta = value("simpson_ri", "sd", "Group", term=NAMES[0]) / value("simpson_ri", "sigma")
    return Setting(
        start=lambda rng: np.r_[rng.normal(size=1000), theta],
        fits=fits,
        targets={"simpson_ri": targets("simpson_ri")},
        scale=np.ones(1001),
        n=500,
        frame=lambda v: pd.DataFrame({"V1": v[500:1000], "V2": v[:500]}),
        unknowns=lambda data: np.r_[data["V2"], data["V1"]],
        decimals={},
    )
