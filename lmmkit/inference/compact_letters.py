"""Compact letter displays: marginal means that share a letter were not found to differ (`cld`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..fitted.fit import Fit
from ..formatting.noted_table import Table
from ..numerics import arguments
from ..numerics.arrays import Array, Flags
from ..numerics.r_names import answered
from .coef_tests import Ddf
from .comparisons import Adjust, adjusted, checked_adjust
from .emmeans import Asked, emmeans, estimates
from .reference_grid import ReferenceGrid, rows_of_groups

__all__ = ["cld", "letters"]

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@answered
def cld(
    fit: Fit,
    specs: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    *,
    alpha: float = 0.05,
    adjust: Adjust = "tukey",
    ddf: Ddf | None = None,
    at: Mapping[str, Any] | None = None,
    weights: Literal["equal", "proportional"] = "equal",
    kind: Literal["link", "response"] = "link",
) -> pd.DataFrame:
    """Marginal means with letters: two that share none differ.

    Parameters
    ----------
    fit : fitted model
        Of `lmer`, `glmer`, `lm` or `glm`.
    specs, by : str or list of str
        As in :func:`lmmkit.emmeans`.
    alpha : float
        Two means differ if the adjusted p-value of their difference is below this.
    adjust : {"tukey", "holm", "bonferroni", "sidak", "fdr", "none"}
        For the p-values of all pairs, within each combination of `by`.
    ddf : str, optional
        As in :func:`lmmkit.emmeans`.
    at : dict, optional
        Other values for predictors in the grid.
    weights : {"equal", "proportional"}
        How cells are averaged.
    kind : {"link", "response"}
        The scale of the means; the letters are the same.

    Returns
    -------
    DataFrame
        As :func:`lmmkit.emmeans`, from the smallest mean to the largest, with a column ``letters``.

    Raises
    ------
    ModelError
        When there are means that the data leave open, an alpha not between 0 and 1, and as
        :func:`lmmkit.emmeans`.

    Notes
    -----
    As ``multcomp::cld`` of R's emmeans, by the algorithm of Piepho (2004), *Journal of Computational and
    Graphical Statistics* 13:456. Means that share a letter are not shown to be equal: the data cannot tell. The
    table of differences, ``contrasts="pairwise"``, says more, and how large they may be.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Weight ~ factor(Dose) + (1 | Strain)", lk.load_data("mouse"))
    >>> cld(fit, "Dose")[["Dose", "letters"]].to_dict("list")
    {'Dose': [5, 4, 3, 2, 1], 'letters': ['a', 'b', 'c', 'd', 'e']}
    """
    alpha = arguments.level(alpha, "alpha")
    means = emmeans(fit, specs, by, ddf=ddf, at=at, weights=weights, kind=kind)
    adjust = checked_adjust(adjust) or "tukey"
    asked = Asked.of(fit, specs, by, None, None, adjust, ddf, 0.95)
    grid = ReferenceGrid.of(fit, asked.within + asked.wanted[::-1], at)
    asked = asked.within_nests(grid)
    cells, rows = grid.averages(asked.within + asked.wanted[::-1], weights)
    L = grid.estimable(rows)
    if not np.isfinite(L).all():
        raise ModelError(
            "some means cannot be estimated, so letters cannot tell which differ; see lk.emmeans"
        )
    parts = []
    for members in rows_of_groups(cells, asked.within):
        differ = _different(asked, L[members], adjust, alpha)
        order = np.argsort(means["estimate"].to_numpy()[members], kind="stable")
        text = letters(differ[np.ix_(order, order)])
        parts.append(pd.DataFrame(means).iloc[members[order]].assign(letters=text))
    notes = [note for note in means.attrs.get("notes", []) if not note.startswith("P-values")]
    notes.append(
        f"Means that share a letter were not found to differ (p < {alpha:g}, adjusted: {adjust}); that is no sign "
        "that they are equal."
    )
    return Table(pd.concat(parts, ignore_index=True), notes=notes)


def _different(asked: Asked, L: Array, adjust: str, alpha: float) -> Flags:
    """Which pairs of means differ, (m, m)."""
    m = len(L)
    first, second = np.triu_indices(m, 1)
    out = np.zeros((m, m), dtype=bool)
    if len(first):
        estimate, std_error, df = estimates(asked.fit, L[first] - L[second], asked.ddf)
        out[first, second] = adjusted(estimate / std_error, df, adjust, m) < alpha
    return out | out.T


def letters(differ: Flags) -> list[str]:
    """One text of letters for each item, such that two share a letter exactly if they do not differ.

    Parameters
    ----------
    differ : array of bool, shape (m, m)
        Symmetric.

    Examples
    --------
    >>> letters(np.array([[False, False, True], [False, False, False], [True, False, False]]))
    ['a', 'ab', 'b']
    """
    m = len(differ)
    sets = [frozenset(range(m))]
    for i, j in zip(*np.nonzero(np.triu(differ)), strict=True):
        split: list[frozenset[int]] = []
        for one in sets:
            split += [one - {int(i)}, one - {int(j)}] if {i, j} <= one else [one]
        distinct = list(dict.fromkeys(split))
        sets = [one for one in distinct if not any(one < other for other in distinct)]
    sets.sort(key=lambda one: sorted(one))
    names = [ALPHABET[k] if len(sets) <= len(ALPHABET) else f"{k + 1} " for k in range(len(sets))]
    return [
        "".join(name for name, one in zip(names, sets, strict=True) if item in one).strip()
        for item in range(m)
    ]
