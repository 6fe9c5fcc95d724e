"""Data with a known answer, made on request."""

from __future__ import annotations

import operator

import numpy as np
import pandas as pd

from .errors import DataError
from .numerics import arguments
from .numerics.r_names import answered

__all__ = ["simulate_simpson"]


#: Rows of a group, and groups.
MOST = 1_000_000


@answered
def simulate_simpson(
    n: int = 100, groups: int = 5, r: float = 0.95, difference: float = 1, seed: int | None = None
) -> pd.DataFrame:
    """Simulate Simpson's paradox: a trend within groups that turns round when the groups are pooled.

    In each group both variables have variance 1 and correlation `r`, exactly, whatever the seed: the sample
    moments are set, not only their expectations. Group i lies `i * difference` to the right of the origin and
    as far below it (above it when `r` is negative), against the trend within. So every seed gives the same
    estimates from a model that sees the data through these moments, such as `V2 ~ V1 + (1 | Group)`.

    Parameters
    ----------
    n : int
        Rows per group, at least 4.
    groups : int
        Number of groups.
    r : float
        Correlation of V1 and V2 within each group, from -1 to 1.
    difference : float
        Step from one group to the next, in standard deviations of V1.
    seed : int, optional
        For the same rows again.

    Returns
    -------
    pandas.DataFrame
        `n * groups` rows; columns `V1`, `V2` and the factor `Group` with levels `G_1`, …, `G_k` (padded with
        zeros from ten groups on: `G_01`).

    Raises
    ------
    DataError
        If `n` is below 4, `groups` below 1, or `r` is not a correlation.

    Notes
    -----
    The definition is that of `simulate_simpson` in the R package bayestestR. Its defaults are
    `r = 0.5, groups = 3`; ours are the values of the course.

    Examples
    --------
    >>> import lmmkit as lk
    >>> data = lk.simulate_simpson(seed=1)
    >>> by_group = data.groupby("Group", observed=True)
    >>> by_group[["V1", "V2"]].mean().round(10).loc["G_2"].tolist()
    [2.0, -2.0]
    >>> bool((by_group[["V1", "V2"]].corr().xs("V1", level=1)["V2"].round(10) == 0.95).all())
    True
    >>> float(data["V1"].corr(data["V2"])) < 0
    True
    """
    n, groups = _count("n", n, 4), _count("groups", groups, 1)
    real = isinstance(r, (int, float, np.integer, np.floating)) and not isinstance(r, bool)
    if not real or not -1 <= r <= 1:
        raise DataError(f"r = {arguments.shown(r)} is not a correlation; give a number from -1 to 1")
    difference = arguments.number("difference", difference)
    rng = np.random.default_rng(arguments.seed(seed))
    width = len(str(groups))
    names = [f"G_{i:0{width}d}" for i in range(1, groups + 1)]
    points = []
    for i in range(1, groups + 1):
        z = _standard_pair(n, rng)
        v2 = r * z[:, 0] + np.sqrt(1 - r**2) * z[:, 1]
        points.append(np.column_stack([z[:, 0], v2]) + difference * i * np.array([1.0, -np.sign(r)]))
    v1, v2 = np.concatenate(points).T
    group = pd.Categorical(np.repeat(names, n), categories=names)
    return pd.DataFrame({"V1": v1, "V2": v2, "Group": group})


def _standard_pair(n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 2) normal numbers with sample means 0, variances 1 and covariance 0, exactly."""
    z = rng.standard_normal((n, 2))
    z -= z.mean(axis=0)
    q, upper = np.linalg.qr(z)
    return q * np.sign(np.diag(upper)) * np.sqrt(n - 1)


def _count(name: str, value: int, least: int) -> int:
    """A whole number that is large enough."""
    try:
        count = operator.index(value)
    except TypeError:
        raise DataError(f"{name} = {arguments.shown(value)} is not a whole number") from None
    if count > MOST:
        raise DataError(f"{name} = {arguments.shown(value)} is too large; it may be at most {MOST}")
    if count < least:
        raise DataError(f"{name} = {count} is too small; it must be at least {least}")
    return count
